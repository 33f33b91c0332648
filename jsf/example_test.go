package jsf_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/kista-go/kista/jsf"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// Deposit is the struct {deposit,Who,Amount} of a contract.
type Deposit struct {
	_      struct{} `term:"deposit"`
	Who    ubfa.String
	Amount int
}

func Example() {
	text, err := jsf.Marshal(Deposit{Who: "joe", Amount: 5})
	fmt.Println(string(text), err)

	var d Deposit
	err = jsf.Unmarshal([]byte(`{"$T":[{"$A":"deposit"},{"$S":"robert"},7]}`), &d)
	fmt.Println(d.Who, d.Amount, err)

	err = jsf.Unmarshal([]byte(`{"$T":[{"$A":"deposit"},{"$S":"robert"},7`), &d)
	fmt.Println(err)
	// Output:
	// {"$T":[{"$A":"deposit"},{"$S":"joe"},5]} <nil>
	// robert 7 <nil>
	// jsf: text cut short at byte 41: the bytes end here
}

// Records have the names of their fields in JSON, and none in the term.
func Example_records() {
	records := jsf.NewRecords(jsf.Record{Name: "person", Fields: []string{"name", "age"}})
	t, err := jsf.Decoder{Records: records}.DecodeAll([]byte(`{"age":69,"$R":"person","name":"joe"}`))
	fmt.Println(term.String(t), err)
	text, err := jsf.Encoder{Records: records}.Encode(t)
	fmt.Println(string(text), err)
	// Output:
	// {person,<<"joe">>,69} <nil>
	// {"$R":"person","age":69,"name":"joe"} <nil>
}

// A conversation over a stream of bytes.
func Example_stream() {
	in := jsf.NewReader(strings.NewReader("{\"$A\":\"open\"}\n[1,2]\n"))
	out := jsf.NewWriter(os.Stdout)
	for {
		t, err := in.ReadTerm()
		if err != nil {
			fmt.Println(err)
			return
		}
		_ = out.WriteTerm(term.Tuple{term.Atom("ok"), t})
	}
	// Output:
	// {"$T":[{"$A":"ok"},{"$A":"open"}]}
	// {"$T":[{"$A":"ok"},[1,2]]}
	// EOF
}

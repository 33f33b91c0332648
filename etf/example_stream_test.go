package etf_test

import (
	"fmt"
	"net"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/term"
)

// Two ends of a connection exchange terms, as Erlang does with {packet,4}.
func ExampleReader() {
	here, there := net.Pipe()
	go func() {
		defer there.Close()
		request, err := etf.NewReader(there).ReadTerm()
		if err != nil {
			return
		}
		etf.NewWriter(there).WriteTerm(term.Tuple{term.Atom("ok"), request})
	}()
	if err := etf.NewWriter(here).WriteTerm(term.Atom("ping")); err != nil {
		fmt.Println(err)
	}
	fmt.Println(etf.NewReader(here).ReadTerm())
	// Output:
	// {ok,ping} <nil>
}

// A Go type goes over the wire as the term that it maps to.
func ExampleMarshal() {
	type withdraw struct {
		_      struct{} `term:"withdraw"`
		Who    term.Atom
		Amount uint64
	}
	b, _ := etf.Marshal(withdraw{Who: "joe", Amount: 30})
	fmt.Println(etf.DecodeAll(b))

	var w withdraw
	err := etf.Unmarshal(b, &w)
	fmt.Println(w.Who, w.Amount, err)
	// Output:
	// {withdraw,joe,30} <nil>
	// joe 30 <nil>
}

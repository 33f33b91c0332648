package term_test

import (
	"fmt"

	"github.com/kista-go/kista/term"
)

// Parse reads what Erlang would print, and more.
func ExampleParse() {
	t, err := term.Parse(`{ok, [{name, "joe"}, {blob, <<1,2,3:4>>}], #{1 => one, 1.0 => "float"}}.`)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t)
	m := t.(term.Tuple)[2].(term.Map)
	one, _ := m.Get(1)
	fmt.Println(one)

	_, err = term.Parse("{ok, }")
	fmt.Println(err)
	// Output:
	// {ok,[{name,"joe"},{blob,<<1,2,3:4>>}],#{1 => one,1.0 => "float"}}
	// one
	// term: syntax error at byte 5: a term cannot begin with '}'
}

// Text reads a name in whichever of the three ways it was sent.
func ExampleText() {
	for _, t := range []term.Term{term.Atom("joe"), term.Binary("joe"), term.Charlist("joe"), 5} {
		fmt.Println(term.Text(t))
	}
	// Output:
	// joe true
	// joe true
	// joe true
	//  false
}

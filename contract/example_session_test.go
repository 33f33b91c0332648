package contract_test

import (
	"errors"
	"fmt"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
)

// The program silly() of the talk reads from a file that it has closed. Each of its calls is right by itself; the contract
// knows that they are not right in this order.
func Example_session() {
	c, err := contract.ParseFile("testdata/file_server.con")
	if err != nil {
		fmt.Println(err)
		return
	}
	checker, err := contract.Compile(c)
	if err != nil {
		fmt.Println(err)
		return
	}
	s := checker.Session()
	handle := int64(7)
	name := term.Tuple{term.Atom("#S"), term.Charlist("foo.dat")}

	fmt.Println(s.Request(term.Tuple{term.Atom("open"), name, term.Atom("read")}))
	fmt.Println(s.Reply(term.Tuple{term.Atom("ok"), handle}, "ready"))
	fmt.Println(s.Request(term.Tuple{term.Atom("close"), handle}))
	fmt.Println(s.Reply(term.Atom("true"), "stop"))

	err = s.Request(term.Tuple{term.Atom("read_line"), handle})
	var v *contract.Violation
	if errors.As(err, &v) {
		fmt.Println(v.Blame, v.State, v.Elsewhere)
	}
	fmt.Println(err)
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// <nil>
	// client stop [ready]
	// contract: the client broke "file_server" in state stop: the request {read_line,7} is not allowed: no request is (it is allowed in state ready)
}

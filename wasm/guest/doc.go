// Package guest is for the authors of guests: programs that are compiled to
// WebAssembly and run as processes by package wasm. A guest is written as any server
// is: a state, a [Mux] with a function for each type of call, cast and message, and
// a function that makes the state.
//
//	type Deposit struct {
//		_      struct{} `term:"deposit"`
//		Amount int
//	}
//
//	type Account struct{ Balance int }
//
//	func init() {
//		m := new(guest.Mux[Account])
//		guest.OnCall(m, func(c *guest.Ctx, a *Account, q Deposit) (int, error) {
//			a.Balance += q.Amount
//			return a.Balance, nil
//		})
//		guest.Run(m, func(c *guest.Ctx, balance int) (*Account, error) {
//			return &Account{balance}, nil
//		})
//	}
//
//	func main() {}
//
// It is built with the standard toolchain, as a library that is called:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o account.wasm
//
// # What a guest is
//
// It is called back, for its start, for each message and for its end, one callback
// at a time. main does not run. Goroutines that it starts run during a callback
// only; between two of them everything stands still. A panic ends the guest, and
// nobody else: its text is in the exit reason.
//
// Everything outside is reached through the [Ctx]: sending, calling, timers,
// monitors, the log. There are no files, no network and no environment. The clock
// stands still unless the host grants one; use [Ctx.SendAfter].
//
// # Messages
//
// They are terms, mapped to Go as package term describes: a struct with a tag is
// the tuple of that form. PIDs are handles: they can be kept, compared and sent on,
// but mean something to this guest only.
//
// # State and upgrades
//
// The state is an S; its exported fields are what can be seen from outside and what
// is handed over when the code is replaced. The new code gets it back as it was, or
// through [OnRestore], which may refuse. What is not in an exported field, and what
// is in package-level variables, is lost then: so keep no state there.
//
// # Tests
//
// Outside WebAssembly a [Twin] stands for the host: a guest's behaviour is tested by
// go test like any other code.
package guest

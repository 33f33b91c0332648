package guest_test

import (
	"errors"
	"fmt"

	"github.com/kista-go/kista/wasm/guest"
)

type (
	// Account is the state of one guest.
	Account struct{ Balance int }
	// Deposit adds to the balance.
	Deposit struct {
		_      struct{} `term:"deposit"`
		Amount int
	}
	// Withdraw takes from it.
	Withdraw struct {
		_      struct{} `term:"withdraw"`
		Amount int
	}
)

func accounts() *guest.Mux[Account] {
	m := new(guest.Mux[Account])
	guest.OnCall(m, func(_ *guest.Ctx, a *Account, q Deposit) (int, error) {
		a.Balance += q.Amount
		return a.Balance, nil
	})
	guest.OnCall(m, func(_ *guest.Ctx, a *Account, q Withdraw) (int, error) {
		if q.Amount > a.Balance {
			return 0, errors.New("not enough")
		}
		a.Balance -= q.Amount
		return a.Balance, nil
	})
	return m
}

func open(_ *guest.Ctx, balance int) (*Account, error) { return &Account{balance}, nil }

// A guest's behaviour is ordinary code: it is tested with a twin of the host. In the
// guest itself an init function calls guest.Run(accounts(), open).
func Example() {
	twin, err := guest.NewTwin(accounts(), open, 100)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(twin.Call(Deposit{Amount: 5}))
	_, err = twin.Call(Withdraw{Amount: 1000})
	fmt.Println(err)
	state, _ := twin.State()
	fmt.Println(state)
	// Output:
	// 105 <nil>
	// not enough
	// #{balance => 105}
}

package heart_test

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/kista-go/kista/heart"
)

// A number that outlives the program, whatever that dies of. (Without a heart, as here, it begins anew each time.)
func Example_counter() {
	state, err := heart.Open("counter")
	if err != nil {
		fmt.Println(err)
		return
	}
	count := uint64(0)
	switch b, err := state.Load(); {
	case err == nil:
		count = binary.LittleEndian.Uint64(b)
	case errors.Is(err, heart.ErrNone): // the first life
	default:
		fmt.Println("begin anew:", err)
	}
	for range 3 {
		count++
		if err := state.Commit(binary.LittleEndian.AppendUint64(nil, count)); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(heart.Life(), heart.LastDeath() == nil, count)
	// Output:
	// 1 true 3
}

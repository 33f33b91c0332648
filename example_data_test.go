package kista_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
)

// catalogue never changes once it is made, and says so: messages share it.
type catalogue struct {
	kista.Immutable
	prices map[string]int
}

// Values of an immutable type pass without being copied. The kernel takes their
// author's word for it.
func ExampleImmutable() {
	big := &catalogue{prices: map[string]int{"box": 3}}
	same, err := kista.Copy(big)
	fmt.Println(same == big, err)

	prices, err := kista.Copy(big.prices) // a map by itself is copied
	prices["box"] = 4
	fmt.Println(big.prices["box"], err)
	// Output:
	// true <nil>
	// 3 <nil>
}

var triple = kista.Code("example.triple/1", func(x int) int { return 3 * x })

// A function is not data, but a message may name a registered one.
func ExampleCode() {
	n, _ := kista.Start(kista.Config{})
	defer n.Stop(context.Background())

	worker := n.Spawn(func(s *kista.Self) error {
		f, err := kista.Receive[kista.CodeHandle[func(int) int]](s)
		if err != nil {
			return err
		}
		fmt.Println(f, "of 14:", f.Func()(14))
		return nil
	})
	fmt.Println(kista.Send(worker, func(int) int { return 0 }) != nil)
	_ = kista.Send(worker, triple)
	_, _ = kista.Wait(context.Background(), worker)
	// Output:
	// true
	// example.triple/1 of 14: 42
}

package player_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/examples/player"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// Three boxes, a contract on each boundary: who breaks one is named.
func Example_boxes() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	defer node.Stop(ctx)
	boxes := player.Boxes{
		Songs: map[string][]int{"scale": {60, 62, 64}, "scratched": {60, 999}},
		Speak: func(note int) { fmt.Println("note", note) },
	}
	if _, err := node.Start(ctx, boxes.Program()); err != nil {
		fmt.Println(err)
		return
	}
	at := node.Name("player")
	play := func(song string) {
		answer, err := server.Call(ctx, at, player.Play{Song: ubfa.String(song)})
		var broken *contract.Violation
		if errors.As(err, &broken) {
			fmt.Printf("%q: the %v broke the contract %q in state %s\n", song, broken.Blame, broken.Contract, broken.State)
			return
		}
		fmt.Println(song, term.String(answer), err)
	}
	play("scale") // it is off
	fmt.Println(server.Call(ctx, at, player.On{}))
	play("scale")
	play("silence")
	play("scratched") // the library gives out what is no note
	// Output:
	// "scale": the client broke the contract "player" in state off
	// ok <nil>
	// note 60
	// note 62
	// note 64
	// scale {playing,3} <nil>
	// silence unknown <nil>
	// "scratched": the server broke the contract "library" in state none
}

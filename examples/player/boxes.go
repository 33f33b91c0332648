package player

import (
	"embed"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/contract/checked"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

//go:embed *.con
var contracts embed.FS

// Requests, as Go values. Their terms are what the contracts are about.
type (
	// On and Off switch the player.
	On struct {
		server.Replies[term.Atom]
		_ struct{} `term:"on"`
	}
	// Off is the other one.
	Off struct {
		server.Replies[term.Atom]
		_ struct{} `term:"off"`
	}
	// Play plays a song. The answer is {playing,Notes}, or unknown.
	Play struct {
		server.Replies[term.Term]
		_    struct{} `term:"play"`
		Song ubfa.String
	}
	find struct {
		server.Replies[term.Term]
		_    struct{} `term:"find"`
		Song ubfa.String
	}
	note struct {
		server.Replies[term.Atom]
		_ struct{} `term:"note"`
		N int
	}
)

// Boxes are the programs behind the contracts. Whoever has a better speaker puts it here.
type Boxes struct {
	// Songs are the notes of each song.
	Songs map[string][]int
	// Speak makes the sound of a note.
	Speak func(note int)
}

// Program describes all of it for a supervisor. The player's address has the name "player", and the others "library" and
// "speaker".
func (b Boxes) Program() kista.Program {
	return supervisor.Program(supervisor.Spec{
		Children: []supervisor.Child{
			{ID: "library", Start: guarded("library", library(b.Songs))},
			{ID: "speaker", Start: guarded("speaker", speaker(b.Speak))},
			{ID: "player", Start: guarded("player", player())},
		},
	}, supervisor.Opts{})
}

// guarded puts a box behind its contract, and gives the address the contract's name.
func guarded(name string, box kista.Program) kista.Program {
	text, err := contracts.ReadFile(name + ".con")
	var c *contract.Contract
	if err == nil {
		c, err = contract.Parse(name+".con", text)
	}
	var k *contract.Checker
	if err == nil {
		k, err = contract.Compile(c)
	}
	if err != nil {
		panic(err) // it is part of this program
	}
	return checked.Program(checked.Spec{Contract: k, Behind: box, Terms: ubfa.Registry(nil), Opts: kista.SpawnOpts{Name: name}})
}

func library(songs map[string][]int) kista.Program {
	m := new(server.Mux[map[string][]int])
	server.OnCall(m, func(_ *server.Ctx, songs *map[string][]int, q find) (term.Term, error) {
		notes, ok := (*songs)[string(q.Song)]
		if !ok {
			return term.Atom("nowhere"), nil
		}
		list := term.List{}
		for _, n := range notes {
			list = append(list, n)
		}
		return list, nil
	})
	return server.Child(server.Of(m, func(_ *server.Ctx, songs map[string][]int) (*map[string][]int, error) { return &songs, nil }), songs, server.Opts{})
}

func speaker(speak func(int)) kista.Program {
	m := new(server.Mux[struct{}])
	server.OnCall(m, func(_ *server.Ctx, _ *struct{}, q note) (term.Atom, error) {
		speak(q.N)
		return "ok", nil
	})
	return server.Child(server.Of(m, func(*server.Ctx, struct{}) (*struct{}, error) { return new(struct{}), nil }), struct{}{}, server.Opts{})
}

// player does not ask whether it is on.
func player() kista.Program {
	m := new(server.Mux[struct{}])
	server.OnCall(m, func(*server.Ctx, *struct{}, On) (term.Atom, error) { return "ok", nil })
	server.OnCall(m, func(*server.Ctx, *struct{}, Off) (term.Atom, error) { return "ok", nil })
	server.OnCall(m, func(c *server.Ctx, _ *struct{}, q Play) (term.Term, error) {
		found, err := server.Call(c, c.Node().Name("library"), find{Song: q.Song})
		if err != nil {
			return nil, fmt.Errorf("player: the library: %w", err)
		}
		notes, ok := found.(term.List)
		if !ok {
			return term.Atom("unknown"), nil
		}
		for _, n := range notes {
			if _, err := server.Call(c, c.Node().Name("speaker"), note{N: int(toInt(n))}); err != nil {
				return nil, fmt.Errorf("player: the speaker: %w", err)
			}
		}
		return term.Tuple{term.Atom("playing"), len(notes)}, nil
	})
	return server.Child(server.Of(m, func(*server.Ctx, struct{}) (*struct{}, error) { return new(struct{}), nil }), struct{}{}, server.Opts{})
}

// toInt is an element of a list that the contract has found to be a note.
func toInt(t term.Term) int64 {
	n, _ := term.Canonical(t).(int64)
	return n
}

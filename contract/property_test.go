package contract_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
)

// What is printed is read back to the same tree, exactly as UBF 2.x takes it.
func TestPrintedContractsAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genContract(t)
		text := c.String()
		back, err := contract.Parser{Dialect: contract.UBF2}.Parse("random.con", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if got := back.String(); got != text {
			t.Fatalf("read back\n%s\nprinted\n%s", got, text)
		}
		if got, want := back.Term(), c.Term(); !term.Identical(got, want) {
			t.Fatalf("read back\n%v\nwant\n%v", got, want)
		}
	})
}

// The compiled checker agrees with one that walks the tree, and its mismatches point at parts that are really wrong.
func TestCheckersAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genContract(t)
		k, err := contract.Compile(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range c.Types {
			v := genValue(t, c, d.Type, 8)
			want := naive{c}.is(&contract.Ref{Name: d.Name}, v, 1)
			err := k.Match(d.Name, v)
			if (err == nil) != want || k.Is(d.Name, v) != want {
				t.Fatalf("%s: %v: %v, want %v", d, v, err, want)
			}
			var m *contract.Mismatch
			if err == nil {
				continue
			}
			if !errors.As(err, &m) {
				t.Fatalf("%T", err)
			}
			if at, ok := follow(v, m.Path); !ok || !term.Identical(at, m.Seen) || m.Expected == "" {
				t.Fatalf("%s: %v: %+v: the path leads to %v", d, v, m, at)
			}
		}
	})
}

// Comparing a contract with itself finds nothing, and what Compare tells can be replayed.
func TestBreaksCanBeReplayed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, changed := genTalk(t), genTalk(t)
		if res := contract.Compare(old, old); len(res.Breaks) > 0 {
			t.Fatalf("a contract cannot replace itself:\n%s\n%v", old, res.Breaks)
		}
		olds, news := rapidCompile(t, old), rapidCompile(t, changed)
		for _, b := range contract.Compare(old, changed).Breaks {
			allows, refuses := olds, news
			if b.Kind == contract.BreakReply || b.Kind == contract.BreakEventOut {
				allows, refuses = news, olds
			}
			lines := b.Lines()
			if _, err := allows.Replay(lines); err != nil {
				t.Fatalf("%v: its sender's contract does not allow it: %v\n%s\n%s", b, err, old, changed)
			}
			if _, err := refuses.Replay(lines); err == nil {
				t.Fatalf("%v: it is allowed\n%s\n%s", b, old, changed)
			}
			text := b.String()
			read, err := contract.ReadTranscript(text)
			if err != nil || len(read) != len(lines) {
				t.Fatalf("%v: %q is not read back: %v", b, text, err)
			}
			for i := range lines {
				if !term.Identical(read[i].Message, lines[i].Message) || read[i].Answered && !term.Identical(read[i].Reply, lines[i].Reply) {
					t.Fatalf("line %d of %q is read as %v", i, text, read[i])
				}
			}
		}
	})
}

// genTalk draws a contract with two states over random types.
func genTalk(t *rapid.T) *contract.Contract {
	c := genContract(t)
	states := []term.Atom{"start", "next"}
	ref := func() *contract.Ref {
		return &contract.Ref{Name: rapid.SampledFrom([]string{"t1", "t2", "t3", "boolean", "integer"}).Draw(t, "message")}
	}
	for _, s := range states {
		st := &contract.State{Name: s}
		for range rapid.IntRange(1, 2).Draw(t, "rules") {
			r := &contract.Rule{Message: ref()}
			for range rapid.IntRange(1, 2).Draw(t, "outcomes") {
				r.Outcomes = append(r.Outcomes, &contract.Outcome{Reply: ref(), Next: rapid.SampledFrom([]term.Atom{"start", "next", "stop"}).Draw(t, "state")})
			}
			st.Rules = append(st.Rules, r)
		}
		if rapid.Bool().Draw(t, "event") {
			st.Rules = append(st.Rules, &contract.Rule{Kind: contract.RuleKind(rapid.IntRange(1, 2).Draw(t, "direction")), Message: ref()})
		}
		c.States = append(c.States, st)
	}
	if rapid.Bool().Draw(t, "any state") {
		c.AnyState = append(c.AnyState, &contract.Rule{Message: ref(), Outcomes: []*contract.Outcome{{Reply: ref()}}})
	}
	return c
}

func rapidCompile(t *rapid.T, c *contract.Contract) *contract.Checker {
	k, err := contract.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

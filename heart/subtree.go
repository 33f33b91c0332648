package heart

import (
	"fmt"
	"sync"

	"github.com/kista-go/kista"
)

// Subtree makes pr, with all that it spawns, a part of the program that the heart can leave out: its code carries the name in what the
// runtime writes when it dies (kista.SpawnOpts.Subtree), so the heart knows whose fault a fatal error was. After the same
// death again ([Config.Same] times in all), the program comes back without it: Subtree then returns, in place of pr, a process that does nothing. It has pr's
// place in the supervision tree, but not its name, so who calls that hears at once that nobody is there; its label says
// why, and it logs that once. The others never notice.
//
// The subtree stays away in all lives that follow until [Restore] is called, the program's file is another one than at the death, or
// the heart itself begins anew.
//
// A death that says nothing about who did it cannot be blamed on a subtree: os.Exit, a signal from outside, too much memory, and goroutines that were started
// elsewhere. Such deaths count, and after [Config.Bare] of them the program comes back without what was kept.
func Subtree(name string, pr kista.Program) kista.Program {
	pr.Opts.Subtree = name
	times := Quarantined()[name]
	if times == 0 {
		return pr
	}
	why := fmt.Sprintf("the subtree %s is left out: the program has died of it", name)
	o := kista.SpawnOpts{Label: why, Subtree: name, Shutdown: pr.Opts.Shutdown}
	return kista.BodyProgram(o, false, func(s *kista.Self) error {
		attrs := []any{"subtree", name, "times", times, "life", Life()}
		if d := LastDeath(); d != nil {
			attrs = append(attrs, "last_death", d.Text)
		}
		s.Logger().Error("heart: a subtree is left out, since the program has died of it", attrs...)
		for {
			if _, err := s.Receive(); err != nil {
				return err
			}
		}
	})
}

// restored are the subtrees that were restored in this life.
var restored sync.Map

// Quarantined returns the subtrees that are left out in this life, and how often each has been sent away.
func Quarantined() map[string]int {
	out := map[string]int{}
	c := theHeart()
	if c == nil {
		return out
	}
	for name, times := range c.welcome.Quarantined {
		if _, back := restored.Load(name); !back {
			out[name] = times
		}
	}
	return out
}

// Restore lets a subtree come back: in the next life, and wherever [Subtree] is called anew in this one, such as for a child that takes
// the place of the one that does nothing. Without a heart it does nothing.
func Restore(name string) error {
	c := theHeart()
	if c == nil {
		return nil
	}
	if err := c.restore(name); err != nil {
		return err
	}
	restored.Store(name, true)
	return nil
}

package heart

import (
	"fmt"
	"slices"
	"time"

	"github.com/kista-go/kista"
)

// Zombies says when a program is to be renewed because of code that does not return: see [Watch].
type Zombies struct {
	// Most is how many there may be. Zero: any number.
	Most int
	// Oldest is how long one may run on after its process's death. Zero: for ever.
	Oldest time.Duration
	// Every is how often they are looked at. Zero: ten seconds.
	Every time.Duration
	// LeaveOut has the subtrees of the zombies that are too many or too old left out in the next life ([Subtree]): what does not
	// return once rarely does the next time.
	LeaveOut bool
	// Before, if not nil, is called before the renewal, to commit what is to last. It has ten seconds.
	Before func()
}

// Watch describes a process that looks at its node's zombies, and ends this life of the program when there are too many of them, or one is too
// old: they hold memory and processors, and nothing else ends them. It logs who they are, and where they stand. Without a
// heart it logs, and goes on.
func Watch(z Zombies) kista.Program {
	if z.Every <= 0 {
		z.Every = 10 * time.Second
	}
	return kista.BodyProgram(kista.SpawnOpts{Label: "watches zombies"}, false, func(s *kista.Self) error {
		for {
			if err := s.Select(kista.After(z.Every, nil)); err != nil {
				return err
			}
			if why, whose := z.tooMuch(s.Node()); why != "" {
				z.renew(s, why, whose)
			}
		}
	})
}

// tooMuch says what is too much, "" if nothing is, and whose zombies they are.
func (z Zombies) tooMuch(n *kista.Node) (why string, whose []string) {
	const enough = 100_000
	all := n.Zombies(enough)
	if z.Most > 0 && len(all) > z.Most {
		return fmt.Sprintf("%d zombies, more than %d", len(all), z.Most), subtrees(all)
	}
	for _, x := range all {
		if z.Oldest > 0 && x.Since > z.Oldest {
			why := fmt.Sprintf("the zombie %v %q is %v old, more than %v", x.PID, x.Name, x.Since.Round(time.Millisecond), z.Oldest)
			return why, subtrees([]kista.Zombie{x})
		}
	}
	return "", nil
}

// subtrees names whose zombies they are, each once.
func subtrees(all []kista.Zombie) (out []string) {
	const most = 64
	for _, x := range all {
		if x.Subtree != "" && !slices.Contains(out, x.Subtree) && len(out) < most {
			out = append(out, x.Subtree)
		}
	}
	return out
}

func (z Zombies) renew(s *kista.Self, why string, whose []string) {
	if !z.LeaveOut {
		whose = nil
	}
	const named = 20
	for _, x := range s.Node().ZombieStacks(named) {
		s.Logger().Error("heart: code that does not return", "pid", x.PID.String(), "kind", x.Kind, "name", x.Name, "subtree", x.Subtree, "callback", x.Callback,
			"ended_with", x.Reason, "ended_for", x.Since, "stack", x.Stack)
	}
	if z.Before != nil {
		done := make(chan struct{})
		pid := s.Spawn(func(*kista.Self) error {
			defer close(done)
			z.Before()
			return nil
		})
		limit := time.NewTimer(10 * time.Second)
		defer limit.Stop()
		select {
		case <-done:
		case <-limit.C:
			s.Logger().Error("heart: what was to be done before the renewal does not return", "pid", pid.String())
		}
	}
	s.Logger().Error("heart: the program is renewed", "why", why, "without", whose, "heart", Present())
	_ = Renew(why, whose...)
}

package heart

import (
	"fmt"
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
			if why := z.tooMuch(s.Node()); why != "" {
				z.renew(s, why)
			}
		}
	})
}

// tooMuch says what is too much, "" if nothing is.
func (z Zombies) tooMuch(n *kista.Node) string {
	const enough = 100_000
	all := n.Zombies(enough)
	if z.Most > 0 && len(all) > z.Most {
		return fmt.Sprintf("%d zombies, more than %d", len(all), z.Most)
	}
	for _, x := range all {
		if z.Oldest > 0 && x.Since > z.Oldest {
			return fmt.Sprintf("the zombie %v %q is %v old, more than %v", x.PID, x.Name, x.Since.Round(time.Millisecond), z.Oldest)
		}
	}
	return ""
}

func (z Zombies) renew(s *kista.Self, why string) {
	const named = 20
	for _, x := range s.Node().ZombieStacks(named) {
		s.Logger().Error("heart: code that does not return", "pid", x.PID.String(), "kind", x.Kind, "name", x.Name, "callback", x.Callback,
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
	s.Logger().Error("heart: the program is renewed", "why", why, "heart", Present())
	_ = Renew(why)
}

package sys

import (
	"context"

	"github.com/kista-go/kista"
)

// Suspend makes a behaviour leave its mail where it is, until [Resume]; system
// requests are still answered, and those who call it meanwhile wait, and run out of
// time (statement 217). To suspend twice is no error, and one Resume ends both. If
// Suspend returns an error, nothing is suspended, also if it ran out of time.
//
// A process that suspends others (ctx is its *Self) and ends lets go of them, so
// that its crash does not hang them for good. Differs from OTP, where they stay
// suspended; so they do here if a plain goroutine suspends.
func Suspend(ctx context.Context, to kista.Addr) error {
	var holder kista.PID
	if me, is := kista.Caller(ctx); is {
		g, err := guardianOf(me)
		if err != nil {
			return err
		}
		if err := me.Send(g, hold{to}); err != nil {
			return err
		}
		holder = g
	}
	_, err := kista.System(ctx, to, kista.Suspend{Holder: holder})
	return err
}

// Resume ends a suspension, whoever has suspended the behaviour, and however
// often. What has waited is handled in order. It is no error if it was not
// suspended.
func Resume(ctx context.Context, to kista.Addr) error {
	_, err := kista.System(ctx, to, kista.Resume{})
	return err
}

// guardian is the process that holds what a process has suspended, and lets go of
// it when that one ends.
var guardian kista.Local[kista.PID]

// hold tells a guardian of one that is about to be suspended.
type hold struct{ to kista.Addr }

func guardianOf(me *kista.Self) (kista.PID, error) {
	if g, ok := guardian.Get(me); ok && me.Node().Alive(g) {
		return g, nil
	}
	owner := me.PID()
	g, _, err := me.SpawnWith(kista.SpawnOpts{Label: "holds what " + owner.String() + " suspends"}, func(s *kista.Self) error {
		return guard(s, owner)
	})
	if err != nil {
		return g, err
	}
	guardian.Set(me, g)
	return g, nil
}

func guard(s *kista.Self, owner kista.PID) error {
	over := s.Monitor(owner)
	held := map[kista.Ref]kista.Addr{}
	by := map[kista.Addr]kista.Ref{}
	for {
		msg, err := s.Receive()
		if err != nil {
			return err
		}
		switch m := msg.(type) {
		case hold:
			if _, known := by[m.to]; !known {
				ref := s.Monitor(m.to)
				held[ref], by[m.to] = m.to, ref
			}
		case kista.Down:
			if m.Ref == over {
				for _, to := range held {
					letGo(to, s.PID())
				}
				return nil
			}
			delete(by, held[m.Ref])
			delete(held, m.Ref)
		}
	}
}

// letGo sends a Resume and does not wait for the answer.
func letGo(to kista.Addr, holder kista.PID) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _ = kista.System(ctx, to, kista.Resume{Holder: holder})
}

package sys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kista-go/kista"
)

// ChangeCode replaces the code of a suspended behaviour (change_code, statement
// 220). code is what the behaviour's package makes for it (server.Upgrade, a
// supervisor.Spec or *supervisor.Pool, ...), or a [kista.CodeHandle] of it, whose name is then the
// version; extra is data for the migration. On an error the behaviour has its old
// code and state: [kista.ErrNotSuspended]; a [*kista.CodeError] if the code is
// not for it; a [*kista.CallbackError] if the migration returned an error,
// panicked, called Goexit, or did not return within [kista.DefaultHookTimeout].
// Only if the error is that ctx ended, it is not known whether the code has
// changed: [Status] tells.
//
// [Upgrade] does all of it for many processes.
func ChangeCode(ctx context.Context, to kista.Addr, code, extra any) error {
	_, err := kista.System(ctx, to, kista.ChangeCode{Code: code, Extra: extra})
	return err
}

// Plan is an upgrade of running processes.
type Plan struct {
	// Steps are done in their order.
	Steps []Step
	// Rolling upgrades one process after the other: each is suspended, changed and
	// resumed before the next one is touched. The pauses are short; if one fails,
	// those before it keep the new code. Without it, all change or none: all are
	// suspended, then all migrate, then all get their new code, then all resume.
	Rolling bool
	// SuspendTimeout is how long a process may take to come to its suspension.
	// Zero: five seconds.
	SuspendTimeout time.Duration
	// MigrateTimeout is how long the migration of one process may take. Zero:
	// [kista.DefaultHookTimeout].
	MigrateTimeout time.Duration
}

// Step is the new code for some processes.
type Step struct {
	PIDs  []kista.PID // of this program
	Code  any         // as for [ChangeCode]
	Extra any         // data for the migrations
}

// Upgraded is what an upgrade has done to one process.
type Upgraded struct {
	PID   kista.PID
	Gone  bool          // it ended meanwhile: there was nothing to change
	Done  bool          // it runs the new code
	Pause time.Duration // how long it was suspended
}

// UpgradeError says which process an upgrade has failed at, in which phase:
// "check", "suspend", "prepare" or "install". A plan that is not Rolling has changed
// nothing then, unless the phase is "install": somebody else has resumed or
// suspended the process in the midst of it.
type UpgradeError struct {
	PID    kista.PID
	Phase  string
	Reason error
}

func (e *UpgradeError) Error() string {
	return fmt.Sprintf("sys: the upgrade failed at %v, at its %s: %v", e.PID, e.Phase, e.Reason)
}

// Unwrap returns the reason.
func (e *UpgradeError) Unwrap() error { return e.Reason }

func init() {
	kista.RegisterError(ErrTwice)
	kista.RegisterErrorType(func(e *UpgradeError, f func(error) error) error {
		return &UpgradeError{PID: e.PID, Phase: e.Phase, Reason: f(e.Reason)}
	})
}

// Upgrade carries out a plan and tells what became of each process, in the plan's
// order (statement 236). Calls that reach the processes meanwhile wait, none is
// lost. A process that ends meanwhile is left out; one that is restarted starts
// with whatever code its supervisor has for it, so a plan should have a step for
// the supervisor too.
//
// The upgrade is a process of its own. If ctx ends, it is called off: what is not
// installed by then is not, all are resumed, and only then Upgrade returns, with
// ctx's error. Should the process be killed, what it has suspended goes on.
//
// The error is ctx's, or an [*UpgradeError]: for a process of another node with
// [kista.ErrRemote], for the caller itself with [kista.ErrCallingSelf], for one
// that the plan names twice with [ErrTwice].
func Upgrade(ctx context.Context, plan Plan) ([]Upgraded, error) {
	u := &upgrade{ctx: ctx, plan: plan, out: make(chan error, 1)}
	for _, step := range plan.Steps {
		for _, pid := range step.PIDs {
			u.targets = append(u.targets, &target{Upgraded: Upgraded{PID: pid}, step: step})
		}
	}
	report := u.report()
	if err := check(ctx, report); err != nil || len(report) == 0 {
		return report, err
	}
	if plan.SuspendTimeout < 0 || plan.MigrateTimeout < 0 {
		return report, fmt.Errorf("sys: a time of the plan is negative: %v, %v", plan.SuspendTimeout, plan.MigrateTimeout)
	}
	node := kista.NodeOf(report[0].PID)
	u.now = node.Now
	pid, err := node.SpawnWith(kista.SpawnOpts{Label: "upgrade"}, u.run)
	if err != nil {
		return report, err
	}
	why, _ := kista.Wait(context.Background(), pid) // it sees to it that it ends with ctx
	select {
	case err := <-u.out:
		return u.report(), err
	default: // killed: its code may still be on its way out
		return report, fmt.Errorf("sys: the process that upgrades was ended: %w", why)
	}
}

// check finds what is wrong with a plan before anything is done.
func check(ctx context.Context, targets []Upgraded) error {
	me, is := kista.Caller(ctx)
	seen := make(map[kista.PID]bool, len(targets))
	for _, t := range targets {
		var why error
		switch {
		case t.PID.IsZero():
			why = kista.ErrNoProcess
		case kista.NodeOf(t.PID) == nil:
			why = kista.ErrRemote
		case is && me.PID() == t.PID:
			why = kista.ErrCallingSelf
		case seen[t.PID]:
			why = ErrTwice
		}
		if why != nil {
			return &UpgradeError{PID: t.PID, Phase: "check", Reason: why}
		}
		seen[t.PID] = true
	}
	return nil
}

// ErrTwice says that a plan names a process twice.
var ErrTwice = errors.New("sys: the plan names the process twice")

type upgrade struct {
	ctx     context.Context // the caller's
	plan    Plan
	targets []*target
	now     func() time.Time
	out     chan error // has room for one
}

type target struct {
	Upgraded
	step      Step
	suspended bool
	since     time.Time
}

func (u *upgrade) report() []Upgraded {
	out := make([]Upgraded, len(u.targets))
	for i, t := range u.targets {
		out[i] = t.Upgraded
	}
	return out
}

func (u *upgrade) run(self *kista.Self) error {
	ctx, cancel := context.WithCancel(self)
	defer cancel()
	defer context.AfterFunc(u.ctx, cancel)()
	size := len(u.targets)
	if u.plan.Rolling {
		size = 1
	}
	var err error
	for ts := range slices.Chunk(u.targets, size) {
		if err = u.together(self, ctx, ts); err != nil {
			break
		}
	}
	if ctx.Err() != nil && self.Err() == nil && err != nil && !forward(err) {
		err = context.Cause(u.ctx)
	}
	if self.Err() == nil {
		u.out <- err
	}
	return nil
}

// forward tells whether an upgrade has failed when there was no way back.
func forward(err error) bool {
	var e *UpgradeError
	return errors.As(err, &e) && e.Phase == "install"
}

// together changes all of ts or none.
func (u *upgrade) together(self *kista.Self, ctx context.Context, ts []*target) error {
	defer u.resume(self, ts)
	for _, phase := range []struct {
		name string
		do   func(*kista.Self, context.Context, *target) error
	}{{"suspend", u.suspend}, {"prepare", u.prepare}} {
		for _, t := range ts {
			err := ctx.Err()
			if err == nil {
				err = t.unlessGone(phase.do(self, ctx, t))
			}
			if err != nil {
				return &UpgradeError{PID: t.PID, Phase: phase.name, Reason: err}
			}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var failed error
	for _, t := range ts { // from here on forwards
		switch err := t.unlessGone(u.install(self, t)); {
		case err == nil:
			t.Done = !t.Gone
		case failed == nil:
			failed = &UpgradeError{PID: t.PID, Phase: "install", Reason: err}
		}
	}
	return failed
}

// unlessGone forgives what fails because the process has ended.
func (t *target) unlessGone(err error) error {
	if err != nil && kista.NodeOf(t.PID) != nil && !kista.NodeOf(t.PID).Alive(t.PID) {
		t.Gone = true
		return nil
	}
	return err
}

func (u *upgrade) suspend(self *kista.Self, ctx context.Context, t *target) error {
	d := u.plan.SuspendTimeout
	if d <= 0 {
		d = kista.DefaultCallTimeout
	}
	g, err := guardianOf(self)
	if err != nil {
		return err
	}
	if err := self.Send(g, hold{t.PID}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	if _, err = kista.System(ctx, t.PID, kista.Suspend{Holder: g}); err == nil {
		t.suspended, t.since = true, u.now()
	}
	return err
}

func (u *upgrade) prepare(_ *kista.Self, ctx context.Context, t *target) error {
	if t.Gone {
		return nil
	}
	d := u.plan.MigrateTimeout
	if d <= 0 {
		d = kista.DefaultHookTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, d+kista.DefaultCallTimeout)
	defer cancel()
	_, err := kista.System(ctx, t.PID, kista.ChangeCode{
		Code: t.step.Code, Extra: t.step.Extra, Step: kista.ChangePrepare, Limit: d,
	})
	return err
}

func (u *upgrade) install(self *kista.Self, t *target) error {
	if t.Gone {
		return nil
	}
	_, err := kista.System(self, t.PID, kista.ChangeCode{Step: kista.ChangeInstall})
	return err
}

// resume lets all go on that were suspended. It resumes only on its own behalf.
func (u *upgrade) resume(self *kista.Self, ts []*target) {
	g, err := guardianOf(self)
	for _, t := range ts {
		if !t.suspended || err != nil {
			continue
		}
		_, _ = kista.System(self, t.PID, kista.Resume{Holder: g})
		t.Pause = u.now().Sub(t.since)
	}
}

// Running returns the processes of a node that run that version of some code, as
// their behaviours say ([kista.Self.SetVersion]), oldest first: whom a [Step] is
// for, and who was forgotten. Those that start or end meanwhile may or may not be
// among them.
func Running(n *kista.Node, version string) (out []kista.PID) {
	for pid := range n.Processes() {
		if info, ok := n.Info(pid); ok && info.Version == version {
			out = append(out, pid)
		}
	}
	return out
}

package supervisor

import (
	"errors"

	"github.com/kista-go/kista"
)

// ErrBusy says that a supervisor was about to start, restart or stop several
// children when it was suspended: resume it, and try the code change again.
var ErrBusy = errors.New("supervisor: several children are being started or stopped")

func init() { kista.RegisterError(ErrBusy) }

var (
	_ kista.CodeChanger  = (*behaviour)(nil)
	_ kista.StatusReader = (*behaviour)(nil)
)

// ChangeCode implements kista.CodeChanger. The new code of a supervisor is a
// [Spec], which is taken as [Update] takes it. That of a pool is a *[Pool], which is
// its handle from then on; children that run go on as they are.
func (b *behaviour) ChangeCode(ch kista.CodeChange) (kista.Migration, error) {
	var install func()
	var err error
	switch code := ch.Code.(type) {
	case Spec:
		spec := code.clone()
		err = b.core.checkUpdate(spec)
		install = func() { b.core.take(spec) }
	case interface{ parts() (Spec, *Child) }:
		spec, common := code.parts()
		if b.pool == nil {
			return nil, ErrNotPool
		}
		if err = Check(spec); err == nil {
			err = common.validateFlags(Never)
		}
		install = func() {
			b.core.take(spec)
			b.core.pool, b.owner = common, code
		}
	default:
		return nil, kista.WrongCode(ch.Code, "a supervisor.Spec, or of a pool a *supervisor.Pool")
	}
	switch {
	case err != nil:
		return nil, err
	case b.core.busy():
		return nil, ErrBusy
	}
	return func() (func(), error) {
		return func() {
			install()
			if ch.To != "" {
				b.self.SetVersion(ch.To)
			}
		}, nil
	}, nil
}

// FormatStatus implements kista.StatusReader.
func (b *behaviour) FormatStatus() kista.Formatted {
	k := b.core
	n := k.counts()
	return kista.Formatted{State: k.which(), Misc: map[string]any{
		"strategy": k.spec.Strategy.String(), "intensity": k.intensity, "period": k.period,
		"restarts": len(k.win.at), "specs": n.Specs, "active": n.Active, "pool": k.pool != nil,
	}}
}

package supervisor

import (
	"errors"

	"github.com/kista-go/kista"
)

// ErrBusy says that a supervisor was about to start or stop several children when
// it was suspended: resume it, and try the code change again.
var ErrBusy = errors.New("supervisor: several children are being started or stopped")

func init() { kista.RegisterError(ErrBusy) }

var (
	_ kista.CodeChanger  = (*behaviour)(nil)
	_ kista.StatusReader = (*behaviour)(nil)
)

// ChangeCode implements kista.CodeChanger: the new code of a supervisor is a
// [Spec], which is taken as [Update] takes it.
func (b *behaviour) ChangeCode(ch kista.CodeChange) (kista.Migration, error) {
	spec, ok := ch.Code.(Spec)
	if !ok {
		return nil, kista.ErrUnsupported
	}
	spec = spec.clone()
	if b.core.sweep.on {
		return nil, ErrBusy
	}
	if err := b.core.checkUpdate(spec); err != nil {
		return nil, err
	}
	install := func() {
		b.core.take(spec)
		if ch.To != "" {
			b.self.SetVersion(ch.To)
		}
	}
	return func() (func(), error) { return install, nil }, nil
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

package kista

import "errors"

// A supervisor that was killed leaves orphans: its children hear of it and stop,
// which takes the time that their own children need. The next incarnation of the
// subtree may be started meanwhile, and finds their names in use.

// orphan reports whether the process has outlived the one that spawned it.
func (p *proc) orphan() bool {
	return p.line != nil && !p.isFar && p.line.pid.p.gone()
}

// inherits decides, for a process about to be spawned, whether it waits for its
// name: err says who has it.
func (p *proc) inherits(name string, err error) bool {
	var taken *NameTakenError
	if !errors.As(err, &taken) || !taken.PID.p.orphan() {
		return false
	}
	p.heir = true
	p.own().heir = name
	return true
}

// inherit waits, in the new process, until the orphans that have its name are
// gone, and takes it. Whoever started the process bounds the wait.
func (p *proc) inherit() error {
	for p.heir {
		p.mu.Lock()
		err := p.self.stoppedLocked() // a dead process would keep the name for ever
		if err == nil {
			err = p.node.registerLocked(p.x.heir, p)
		}
		p.mu.Unlock()
		var taken *NameTakenError
		switch {
		case err == nil:
			p.heir = false
		case errors.As(err, &taken) && taken.PID.p.orphan():
			if _, err := Wait(&p.self, taken.PID); err != nil {
				return err
			}
		default:
			return err
		}
	}
	return nil
}

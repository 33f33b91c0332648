package app

import (
	"slices"
)

// start begins to start applications, alone or with what they need.
func (c *controller) start(j *job) {
	for _, name := range j.targets {
		a := c.apps[name]
		why := error(nil)
		switch {
		case a == nil:
			why = ErrNotLoaded
		case a.in != "":
			why = ErrIncluded
		case !j.all && a.status == Running:
			why = ErrAlreadyStarted
		}
		if why != nil {
			j.from.Fail(&Error{Op: "start", App: name, Reason: why})
			return
		}
	}
	c.goOn(j, nil)
}

// stop begins to stop an application.
func (c *controller) stop(j *job, name string) error {
	a := c.apps[name]
	switch {
	case a == nil:
		return ErrNotLoaded
	case a.in != "":
		return ErrIncluded
	case a.status == Loaded:
		return ErrNotStarted
	}
	a.stopBy = append(a.stopBy, j)
	if a.status != Stopping {
		c.tell(a)
	}
	return nil
}

// goOn takes the next step of a job. failed is why the application that it has
// been waiting for has not come up.
func (c *controller) goOn(j *job, failed error) {
	at := j.at
	j.at = ""
	switch {
	case j.done:
		_ = j.from.Reply(done{})
		return
	case j.err != nil:
		c.undo(j)
		return
	case c.halting:
		c.fail(j, &Error{Op: "start", App: j.targets[0], Reason: ErrStopping})
		return
	case failed != nil:
		c.fail(j, &Error{Op: "start", App: at, Reason: failed})
		return
	}
	for {
		a, err := c.next(j)
		if err != nil {
			c.fail(j, err)
			return
		}
		if a == nil {
			_ = j.from.Reply(j.started)
			return
		}
		if !c.wait(j, a) {
			return
		}
	}
}

// wait lets a job wait for an application that does not run: until it is up if
// it starts or can be started, until it is gone if it stops.
func (c *controller) wait(j *job, a *application) (goOn bool) {
	name := a.app.d.name
	switch a.status {
	case Stopping:
		a.stopBy = append(a.stopBy, j)
	case Starting:
		j.at = name
		a.startBy = append(a.startBy, j)
	case Loaded:
		if slices.Contains(j.started, name) { // and has ended since
			c.fail(j, &Error{Op: "start", App: name, Reason: ErrNotStarted})
			return false
		}
		j.at, j.started = name, append(j.started, name)
		a.startBy = append(a.startBy, j)
		c.launch(a, j.typ)
	}
	return false
}

// next returns the application that a job has to start now, nil if it is through.
func (c *controller) next(j *job) (*application, error) {
	for _, name := range j.targets {
		a := c.apps[name]
		if a == nil { // unloaded meanwhile
			return nil, &Error{Op: "start", App: name, Reason: ErrNotLoaded}
		}
		if a.status == Running {
			continue
		}
		if !j.all {
			return a, c.ready(a)
		}
		return c.lowest(a)
	}
	return nil, nil
}

// ready says which application is missing for the start of a.
func (c *controller) ready(a *application) error {
	for _, need := range needsOf(a.app) {
		if err := c.lacks(a, need); err != nil {
			return &Error{Op: "start", App: a.app.d.name, Reason: err}
		}
	}
	return nil
}

func (c *controller) lacks(a *application, need string) error {
	n := c.root(need)
	if n == a || n != nil && n.status == Running {
		return nil
	}
	return &NeedsError{By: a.app.d.name, Needs: need, Loaded: n != nil}
}

// root returns the application that starts the one of that name: itself, or the
// one that includes it.
func (c *controller) root(name string) *application {
	a := c.apps[name]
	for a != nil && a.in != "" {
		a = c.apps[a.in]
	}
	return a
}

// lowest returns the first application that is to be started so that a can.
// There is no circle: they are refused when they are loaded.
func (c *controller) lowest(a *application) (*application, error) {
	needs := needsOf(a.app)
	for i, need := range slices.Concat(needs, optionalOf(a.app)) {
		n := c.root(need)
		switch {
		case n == a || n != nil && n.status == Running || n == nil && i >= len(needs):
		case n == nil:
			return nil, &Error{Op: "start", App: a.app.d.name, Reason: c.lacks(a, need)}
		default:
			return c.lowest(n)
		}
	}
	return a, nil
}

// fail undoes what a job has started, and then tells why.
func (c *controller) fail(j *job, err error) {
	j.err = err
	c.undo(j)
}

// undo stops what a job has started, in reverse order, but for what has been
// started by others since and needs it.
func (c *controller) undo(j *job) {
	for len(j.started) > 0 {
		last := len(j.started) - 1
		a := c.apps[j.started[last]]
		j.started = j.started[:last]
		if a == nil || a.status == Loaded || a.status == Starting || c.needed(a) {
			continue
		}
		a.stopBy = append(a.stopBy, j)
		if a.status == Running {
			c.tell(a)
		}
		return
	}
	j.from.Fail(j.err)
}

// needed reports whether an application that others have started since needs this
// one.
func (c *controller) needed(a *application) bool {
	i := slices.Index(c.up, a.app.d.name)
	for name, b := range c.apps {
		since := b.status == Starting || b.status == Running && slices.Index(c.up, name) > i
		if since && slices.ContainsFunc(needsOf(b.app), func(need string) bool { return c.root(need) == a }) {
			return true
		}
	}
	return false
}

// needsOf returns what an application needs, and what those included in it need.
func needsOf(a App) (out []string) {
	return collect(a, func(d *description) []string { return d.needs })
}

func optionalOf(a App) []string {
	return collect(a, func(d *description) []string { return d.optional })
}

func collect(a App, of func(*description) []string) (out []string) {
	group := a.all()
	for _, in := range group {
		for _, need := range of(in.d) {
			inside := slices.ContainsFunc(group, func(b App) bool { return b.d.name == need })
			if !inside && !slices.Contains(out, need) {
				out = append(out, need)
			}
		}
	}
	return out
}

// circle returns applications of which each needs the next, and the last the
// first; nil if there is none. apps are all by name, those that are included by
// the one that includes them.
func circle(order []App) []string {
	by := map[string]App{}
	for _, a := range order {
		for _, in := range a.all() {
			by[in.d.name] = a
		}
	}
	const (
		seen = 1 + iota
		through
	)
	state := map[string]int{}
	var path []string
	var visit func(a App) []string
	visit = func(a App) []string {
		name := a.d.name
		switch state[name] {
		case through:
			return nil
		case seen:
			return slices.Clone(path[slices.Index(path, name):])
		}
		state[name] = seen
		path = append(path, name)
		for _, need := range slices.Concat(needsOf(a), optionalOf(a)) {
			if n, ok := by[need]; ok {
				if found := visit(n); found != nil {
					return found
				}
			}
		}
		path = path[:len(path)-1]
		state[name] = through
		return nil
	}
	for _, a := range order {
		if found := visit(a); found != nil {
			return found
		}
	}
	return nil
}

package app

import (
	"slices"
	"time"

	"github.com/kista-go/kista"
)

// Status is where an application is in its life.
type Status uint8

const (
	// Loaded: its description is known. It does not run.
	Loaded Status = iota
	// Starting: its start is under way.
	Starting
	// Running: its start is complete.
	Running
	// Stopping: it is being stopped, or its tree has ended and its callbacks run.
	Stopping
)

// String names the status.
func (s Status) String() string { return name(s, "loaded", "starting", "running", "stopping") }

// Info is what a controller knows of an application.
type Info struct {
	Name         string
	Version      string
	Description  string
	Applications []string // that must run before
	Included     []string // that are part of it
	In           string   // the application that it is part of; empty: none
	Status       Status
	Type         Type
	Master       kista.PID // the process that stands for it; zero: it does not run
	Age          time.Duration
}

// info describes it for those who ask.
func (a *application) info(now time.Time) Info {
	d := a.app.d
	i := Info{
		Name: d.name, Version: d.version, Description: d.about, Applications: slices.Clone(d.needs),
		In: a.in, Status: a.status, Type: a.typ, Master: a.master,
	}
	for _, in := range d.included {
		i.Included = append(i.Included, in.d.name)
	}
	if a.status == Running {
		i.Age = now.Sub(a.since)
	}
	return i
}

// belongs reports whether a process descends from master.
func belongs(info kista.ProcessInfo, master kista.PID) bool {
	return info.PID != master && slices.Contains(info.Ancestors, master.String())
}

// sweep ends the processes that descend from this one and have left the tree:
// they are part of the application, and end with it.
func sweep(s *kista.Self) {
	n := s.Node()
	const rounds = 10 // they may have been spawning others meanwhile
	for range rounds {
		found := false
		for pid := range n.Processes() {
			if info, ok := n.Info(pid); ok && belongs(info, s.PID()) {
				found = true
				_ = s.Exit(pid, kista.Kill)
			}
		}
		if !found {
			return
		}
	}
}

package sqlite

import (
	"fmt"
	"time"

	"github.com/kista-go/kista/store"
)

// Config is how a [Journal] is set up. The zero Config works.
type Config struct {
	// Limits bounds requests and the line in which writes wait for the disk.
	Limits store.Limits

	// MaxGroup is the number of writes that are committed together, with one
	// sync; 0 means 512.
	MaxGroup int

	// Readers is the number of connections that read; 0 means 4. Further
	// reads wait for one, each for the time of one page.
	Readers int

	// Now is the clock that stamps events and snapshots without a time; nil
	// means time.Now.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	c.Limits = c.Limits.WithDefaults()
	if c.MaxGroup == 0 {
		c.MaxGroup = 512
	}
	if c.Readers == 0 {
		c.Readers = 4
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func (c Config) validate() error {
	for name, v := range map[string]int{"MaxGroup": c.MaxGroup, "Readers": c.Readers} {
		if v < 0 {
			return &store.InvalidError{Problem: fmt.Sprintf("config %s is %d; it must be positive, or 0 for the default", name, v)}
		}
	}
	return c.Limits.Validate()
}

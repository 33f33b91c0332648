//go:build !linux

package heart

import (
	"io"
	"os"

	"github.com/kista-go/kista/heart/internal/parent"
)

// Config says how a heart works. Make one with [Default], and set Path.
type Config = parent.Config

// Default returns the defaults.
func Default() Config { return parent.Default() }

// Run fails: there are hearts on Linux only.
func Run(Config, io.Writer, <-chan os.Signal) (int, error) { return 1, ErrNoHeart }

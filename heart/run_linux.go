package heart

import (
	"io"
	"os"

	"github.com/kista-go/kista/heart/internal/parent"
)

// Config says how a heart works. Make one with [Default], and set Path.
type Config = parent.Config

// Default returns the defaults, which [Config] names.
func Default() Config { return parent.Default() }

// Run is a heart: it runs a program, one life after the other, and returns the status with which the OS process is to end, which
// should do nothing else. Its standard input and output are the program's; what the program writes to standard error, and the
// heart's own log, go to errs. signals are handed on; SIGTERM and SIGINT end it. As process 1 of a container it reaps what
// loses its parent.
func Run(cfg Config, errs io.Writer, signals <-chan os.Signal) (int, error) {
	return parent.Run(cfg, errs, signals)
}

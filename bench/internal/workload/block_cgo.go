//go:build cgo

package workload

// #include <unistd.h>
import "C"

import "time"

// With a C compiler there is one more way to block: in C.
func init() {
	methods = append(methods, struct {
		name    string
		prepare func(d time.Duration) (block, free func(), err error)
	}{"cgo", func(d time.Duration) (block, free func(), err error) {
		us := C.useconds_t(d.Microseconds())
		return func() { C.usleep(us) }, func() {}, nil
	}})
}

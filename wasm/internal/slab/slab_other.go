//go:build !linux

package slab

import "errors"

func reserve(slot, n int) ([]byte, error) {
	if n > 1 {
		return nil, errors.New("slab: one slot at a time")
	}
	return make([]byte, slot), nil
}

func release([]byte) {}

func wipe(b []byte) bool {
	clear(b)
	return true
}

var errNoSharing = errors.New("slab: memory is not shared on this system")

func share([]byte) (file int, err error) { return -1, errNoSharing }

func lay([]byte, int) error { return errNoSharing }

func drop(int) {}

package slab

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func reserve(slot, n int) ([]byte, error) {
	b, err := syscall.Mmap(-1, 0, slot*n, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err == nil {
		_ = syscall.Madvise(b, unix.MADV_NOHUGEPAGE) // one touched byte is to cost one small page
	}
	return b, err
}

func release(b []byte) { _ = syscall.Munmap(b) }

// wipe makes b what it was at first by giving its pages back, or else zero.
func wipe(b []byte) bool {
	if len(b) > 0 && syscall.Madvise(b, syscall.MADV_DONTNEED) != nil {
		clear(b)
		return false
	}
	return true
}

// share makes a file of memory that slots can map.
func share(content []byte) (file int, err error) {
	file, err = unix.MemfdCreate("kista-wasm-image", unix.MFD_CLOEXEC)
	if err != nil {
		return -1, err
	}
	for at := 0; at < len(content); {
		n, err := unix.Pwrite(file, content[at:], int64(at))
		if err != nil {
			drop(file)
			return -1, err
		}
		at += n
	}
	return file, nil
}

// lay maps the file over b, so that what is written stays private to b.
func lay(b []byte, file int) error {
	_, err := unix.MmapPtr(file, 0, unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_NORESERVE)
	return err
}

func drop(file int) { _ = unix.Close(file) }

package slab

import "syscall"

const noHugePages = 15 // MADV_NOHUGEPAGE: one touched byte is to cost one small page

func reserve(slot, n int) ([]byte, error) {
	b, err := syscall.Mmap(-1, 0, slot*n, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err == nil {
		_ = syscall.Madvise(b, noHugePages) // a kernel without huge pages refuses
	}
	return b, err
}

func release(b []byte) { _ = syscall.Munmap(b) }

// wipe makes b zero by giving its pages back.
func wipe(b []byte) {
	if len(b) > 0 && syscall.Madvise(b, syscall.MADV_DONTNEED) != nil {
		clear(b)
	}
}

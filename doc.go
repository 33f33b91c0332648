// Package kista is a process kernel: isolated processes that talk by messages,
// watch each other's end and learn its reason, in one Go program.
package kista

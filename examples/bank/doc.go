// Package bank is the bank of the talk, whole: accounts behind two ports, kept
// on disk, under supervision. It is the program to read after the kernel's
// essay, because everything the talk asks of a system is used in it once.
package bank

//go:build !race

package kista

const raced = false

//go:build !v2

package main

import "github.com/kista-go/kista/wasm/guest"

const version = 1

func migrate(*guest.Mux[State]) {}

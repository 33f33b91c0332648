package wasm

import "strings"

// HostInterface is the functions of the host interface with their types, in the
// letters of define.
func HostInterface() map[string]string {
	out := map[string]string{}
	letters := func(types []byte) (s string) {
		for _, t := range types {
			if t == i64 {
				s += "I"
			} else {
				s += "i"
			}
		}
		return s
	}
	for full, f := range hostFunctions {
		if name, ok := strings.CutPrefix(full, HostModule+"."); ok {
			out[name] = letters(f.params) + ">" + letters(f.results)
		}
	}
	return out
}

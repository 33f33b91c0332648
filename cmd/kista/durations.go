package main

import (
	"slices"
	"time"
)

func median(d []time.Duration) string {
	if len(d) == 0 {
		return "-"
	}
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2].Round(10 * time.Microsecond).String()
}

func slowest(d []time.Duration) string {
	if len(d) == 0 {
		return "-"
	}
	return slices.Max(d).Round(10 * time.Microsecond).String()
}

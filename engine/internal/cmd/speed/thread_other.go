//go:build unix && !linux

package main

// threadSeconds is the CPU time of the process: single requests run one after the other, but Badger's and the collector's
// work is in it.
func threadSeconds() float64 { return cpuSeconds() }

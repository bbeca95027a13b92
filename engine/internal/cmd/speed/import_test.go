//go:build unix

package main

import (
	"slices"
	"testing"
)

func TestMetricsOf(t *testing.T) {
	m := metricsOf("goos: linux\nBenchmarkX/triples=470k-2 \t 1\t 3 ns/op\t 0.9 of-raw\t 120 triples/s\nBenchmarkX/triples=470k-2 \t 1\t 3 ns/op\t 1.1 of-raw\nPASS\n")
	if !slices.Equal(m["of-raw"], []float64{0.9, 1.1}) || !slices.Equal(m["triples/s"], []float64{120}) {
		t.Errorf("got %v", m)
	}
}

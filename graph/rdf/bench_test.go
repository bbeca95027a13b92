//go:build unix

package rdf

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// BenchmarkRead reads 100 MiB in a stream: bytes a second of processor time, which other processes do not disturb, and all
// memory that the runtime took from the system, the collector's and the benchmark's own included.
func BenchmarkRead(b *testing.B) {
	var nt, ttl bytes.Buffer
	ttl.WriteString("@prefix r: <http://example.org/resource/> .\n@prefix p: <http://example.org/property/> .\n")
	for i := range 2000 {
		n := string(rune('a'+i%26)) + strings.Repeat("x", i%11) + string(rune('0'+i%10))
		nt.WriteString("<http://example.org/resource/" + n + "> <http://example.org/property/starring> <http://example.org/resource/y" + n + "> .\n" +
			"<http://example.org/resource/" + n + "> <http://example.org/property/abstract> \"A film about " + n + ", made in a hurry\"@en .\n")
		ttl.WriteString("r:" + n + " p:starring r:y" + n + " ;\n    p:abstract \"A film about " + n + ", made in a hurry\"@en .\n")
	}
	for _, c := range []struct {
		name string
		read reader
		in   []byte
	}{{"ntriples", NTriples, nt.Bytes()}, {"turtle", Turtle, ttl.Bytes()}} {
		b.Run(c.name, func(b *testing.B) {
			times := 100 << 20 / len(c.in)
			b.SetBytes(int64(times * len(c.in)))
			b.ReportAllocs()
			start, rounds := processor(b), 0
			for b.Loop() {
				rounds++
				parts := make([]io.Reader, times)
				for i := range parts {
					parts[i] = bytes.NewReader(c.in)
				}
				for _, err := range c.read(io.MultiReader(parts...), Options{}) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(rounds*times*len(c.in))/1e6/(processor(b)-start), "MB/cpu-s")
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-memory")
		})
	}
}

// processor is the processor time of this process, in seconds.
func processor(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

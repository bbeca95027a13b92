//go:build unix

package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// sample is what one run took, in seconds.
type sample struct {
	Wall  float64 `json:"wall"`
	CPU   float64 `json:"cpu"`
	Error string  `json:"error"`
}

// contestant is one way to do a job.
type contestant struct {
	name string
	run  func() (sample, error)
}

// ours measures f in this process.
func ours(name string, f func() error) contestant {
	return contestant{name, func() (sample, error) {
		runtime.GC() // garbage of what ran before is not our contestant's
		cpu, wall := cpuSeconds(), time.Now()
		err := f()
		return sample{Wall: time.Since(wall).Seconds(), CPU: cpuSeconds() - cpu}, err
	}}
}

// cpuSeconds returns the CPU time of this process.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// compare runs the contestants in turn, rounds times after one to warm up, and prints a row for each: medians, and the ratio to the
// first, which is ours.
func (b *bench) compare(job string, contestants ...contestant) error {
	wall, cpu := make([][]float64, len(contestants)), make([][]float64, len(contestants))
	for round := range b.rounds + 1 {
		for i, c := range contestants {
			s, err := c.run()
			if err != nil {
				return fmt.Errorf("%s, %s: %w", job, c.name, err)
			}
			if round > 0 {
				wall[i], cpu[i] = append(wall[i], s.Wall), append(cpu[i], s.CPU)
			}
		}
	}
	for i, c := range contestants {
		w, u := median(wall[i]), median(cpu[i])
		if i == 0 {
			b.printf("| %s | **%s** | %.4g | %.4g | | | |\n", job, c.name, u, w)
			continue
		}
		ratio := u / median(cpu[0])
		b.printf("| | %s | %.4g | %.4g | %.2f | %.2f | %s |\n", c.name, u, w, ratio, w/median(wall[0]), b.verdict(job, c.name, ratio))
	}
	return nil
}

// header begins a table.
func (b *bench) header(title string) {
	b.printf("\n### %s\n\n| job | who | CPU s | wall s | CPU ratio | wall ratio | goal |\n|---|---|---|---|---|---|---|\n", title)
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if len(s) == 0 {
		return math.NaN()
	}
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

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
	slow bool // has no round to warm up
}

// ours measures f in this process.
func ours(name string, f func() error) contestant {
	return contestant{name: name, run: func() (sample, error) {
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

// compare runs the contestants in turn and prints a row for each: medians, and the ratio to the first, which is ours.
func (b *bench) compare(job string, contestants ...contestant) error {
	all, err := b.medians(job, contestants...)
	if err != nil {
		return err
	}
	for i, c := range contestants {
		if i == 0 {
			b.printf("| %s | **%s** | %.4g | %.4g | | | |\n", job, c.name, all[i].CPU, all[i].Wall)
			continue
		}
		ratio := all[i].CPU / all[0].CPU
		b.printf("| | %s | %.4g | %.4g | %.2f | %.2f | %s |\n", c.name, all[i].CPU, all[i].Wall, ratio, all[i].Wall/all[0].Wall, b.verdict(job, c.name, ratio))
	}
	return nil
}

// leastTime is how long a job is measured at least: the median of five runs of 20 ms is a matter of luck on a shared machine.
const leastTime = 8 * time.Second

// medians runs the contestants in turn, at least rounds times after one to warm up, and returns the median of each.
func (b *bench) medians(job string, contestants ...contestant) ([]sample, error) {
	wall, cpu := make([][]float64, len(contestants)), make([][]float64, len(contestants))
	for round, begin := 0, time.Now(); round <= b.rounds || time.Since(begin) < leastTime; round++ {
		for i, c := range contestants {
			if round == 0 && c.slow {
				continue
			}
			s, err := c.run()
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", job, c.name, err)
			}
			if round > 0 {
				wall[i], cpu[i] = append(wall[i], s.Wall), append(cpu[i], s.CPU)
			}
		}
	}
	all := make([]sample, len(contestants))
	for i := range all {
		all[i] = sample{Wall: median(wall[i]), CPU: median(cpu[i])}
	}
	return all, nil
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

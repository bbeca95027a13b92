package kernel

import "os"

// Level is an instruction set.
type Level int

// The levels, each able to do what those before it do.
const (
	Generic Level = iota // plain Go
	AVX2                 // AVX2 and FMA
	AVX512               // AVX-512 F, DQ, BW and VL
)

var levelNames = [...]string{Generic: "generic", AVX2: "avx2", AVX512: "avx512"}

// String returns the name that KEN_KERNEL knows the level by.
func (l Level) String() string { return levelNames[l] }

// level is the instruction set in use.
var level = choose(os.Getenv("KEN_KERNEL"), supported())

// choose returns the level called name, or the best when there is none of that name or the machine cannot do it.
func choose(name string, best Level) Level {
	for l, n := range levelNames {
		if n == name && Level(l) <= best {
			return Level(l)
		}
	}
	return best
}

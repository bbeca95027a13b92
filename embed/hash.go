package embed

import (
	"context"
	"fmt"
	"math"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// hashVersion is part of the model name: any change of the features below must raise it.
const hashVersion = 1

// hashesPerFeature spreads each feature over several signed cells, so that a collision of two features in one cell
// leaves them distinct in the others.
const hashesPerFeature = 4

// Hash embeds texts by hashing their words, character n-grams and CJK n-grams. It needs no data, no memory and no
// network; texts are close when they share words or parts of words, whatever the language, and never across languages.
type Hash struct {
	dim int
}

// NewHash returns a hash embedder of dim dimensions, at least 1; 512 to 1,024 are useful.
func NewHash(dim int) *Hash { return &Hash{dim: max(1, dim)} }

// Model returns the name with the version of the features, and the dimension.
func (h *Hash) Model() Model {
	return Model{Name: fmt.Sprintf("builtin:hash-v%d-%d", hashVersion, h.dim), Dim: h.dim}
}

// Embed returns one unit vector per text. An empty text, or one of punctuation only, gets the first axis.
// It fails only when ctx is done.
func (h *Hash) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i, t := range texts {
		if err := ctx.Err(); err != nil {
			return out, fmt.Errorf("embed: hash: %w", err)
		}
		out[i] = h.vector(t)
	}
	return out, nil
}

// vector adds the features of text up and scales the sum to length 1.
func (h *Hash) vector(text string) []float32 {
	acc := make([]float32, h.dim)
	for _, run := range splitRuns(strings.ToLower(norm.NFKC.String(text))) {
		if run.cjk {
			h.addCJK(acc, run.runes)
		} else {
			h.addWord(acc, run.runes)
		}
	}
	if !normalise(acc) {
		clear(acc)
		acc[0] = 1 // a text without features, or whose features cancel out, still needs a vector with a norm
	}
	return acc
}

// addWord adds the word itself and its character 3- to 5-grams with the word's borders marked. The n-grams of one word
// together weigh as much as the word, else long words would drown short ones.
func (h *Hash) addWord(acc []float32, word []rune) {
	h.add(acc, "w"+string(word), 1)
	marked := append(append([]rune{'<'}, word...), '>')
	grams := 0
	for n := 3; n <= 5; n++ {
		grams += max(0, len(marked)-n+1)
	}
	if grams == 0 {
		return
	}
	weight := float32(1 / math.Sqrt(float64(grams)))
	for n := 3; n <= 5; n++ {
		for i := 0; i+n <= len(marked); i++ {
			h.add(acc, "c"+string(marked[i:i+n]), weight)
		}
	}
}

// addCJK adds the 1-, 2- and 3-grams of a run of characters of a script that writes no spaces; longer ones say more.
func (h *Hash) addCJK(acc []float32, run []rune) {
	for n, weight := range []float32{0.5, 1, 1} {
		for i := 0; i+n < len(run); i++ {
			h.add(acc, "k"+string(run[i:i+n+1]), weight)
		}
	}
}

// add spreads one feature over hashesPerFeature signed cells.
func (h *Hash) add(acc []float32, feature string, weight float32) {
	x := fnv64(feature)
	for range hashesPerFeature {
		x = mix64(x)
		cell := (x >> 1) % uint64(h.dim)
		if x&1 == 0 {
			acc[cell] += weight
		} else {
			acc[cell] -= weight
		}
	}
}

// hashRun is a maximal run of letters and digits of one writing kind.
type hashRun struct {
	runes []rune
	cjk   bool
}

// splitRuns cuts s at everything that is neither letter, mark nor digit, and where spaced and unspaced scripts meet.
func splitRuns(s string) []hashRun {
	var runs []hashRun
	var cur hashRun
	flush := func() {
		if len(cur.runes) > 0 {
			runs = append(runs, cur)
		}
		cur = hashRun{}
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			flush()
			continue
		}
		if cjk := isUnspaced(r); cjk != cur.cjk {
			flush()
			cur.cjk = cjk
		}
		cur.runes = append(cur.runes, r)
	}
	flush()
	return runs
}

// isUnspaced reports whether r belongs to a script that writes words without spaces between them.
func isUnspaced(r rune) bool {
	// The sound mark ー and the iteration mark 々 are of script Common in Unicode but stand inside Japanese words.
	return r == 'ー' || r == '々' || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// fnv64 is FNV-1a: stable over releases of Go, which hash/maphash is not.
func fnv64(s string) uint64 {
	x := uint64(14695981039346656037)
	for i := range len(s) {
		x = (x ^ uint64(s[i])) * 1099511628211
	}
	return x
}

// mix64 is the finaliser of SplitMix64: FNV's low bits alone are too regular to choose cells by.
func mix64(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

// normalise scales v to length 1 in place; it reports false when v is zero or not finite.
func normalise(v []float32) bool {
	var q float64
	for _, x := range v {
		q += float64(x) * float64(x)
	}
	if !(q > 0) || math.IsInf(q, 0) {
		return false
	}
	inv := float32(1 / math.Sqrt(q))
	for i := range v {
		v[i] *= inv
	}
	return true
}

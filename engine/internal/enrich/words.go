package enrich

import (
	"iter"
	"strings"
	"unicode"
)

// Words yields the terms of a text in order: lower-cased runs of letters and digits; of scripts written without spaces
// (Chinese, Japanese, Thai…) each character and each pair of neighbours.
func Words(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start := -1
		var before rune // previous character of a script without spaces
		at := 0         // its place
		for i, r := range text {
			switch {
			case unspaced(r):
				if start >= 0 && !yield(strings.ToLower(text[start:i])) {
					return
				}
				start = -1
				end := i + len(string(r))
				if !yield(text[i:end]) {
					return
				}
				if before != 0 && !yield(text[at:end]) {
					return
				}
				before, at = r, i
			case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
				before = 0
				if start < 0 {
					start = i
				}
			default:
				before = 0
				if start >= 0 && !yield(strings.ToLower(text[start:i])) {
					return
				}
				start = -1
			}
		}
		if start >= 0 {
			yield(strings.ToLower(text[start:]))
		}
	}
}

// unspaced reports whether a character belongs to a script that does not put spaces between words.
func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}

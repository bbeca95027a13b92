package engine

import (
	"errors"
	"strings"
	"unicode"

	"github.com/kenrec/ken/graph"
)

// trie finds names in texts, word by word.
type trie struct {
	next map[string]*trie
	id   string // of the node whose name ends here
}

func (t *trie) add(name []string, id string) {
	for _, w := range name {
		if t.next == nil {
			t.next = map[string]*trie{}
		}
		if t.next[w] == nil {
			t.next[w] = &trie{}
		}
		t = t.next[w]
	}
	t.id = id
}

// longest returns the node of the longest name that text begins with, and its words; 0 for none.
func (t *trie) longest(text []string) (id string, length int) {
	for i, w := range text {
		if t = t.next[w]; t == nil {
			break
		}
		if t.id != "" {
			id, length = t.id, i+1
		}
	}
	return id, length
}

// words splits a normalised text. Scripts that put no spaces between words stand one character a word, so that names are
// found in the middle of a sentence.
func words(s string) []string {
	var out []string
	for _, w := range strings.Fields(s) {
		from := 0
		for i, r := range w {
			if !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) {
				continue
			}
			if from < i {
				out = append(out, w[from:i])
			}
			from = i + len(string(r))
			out = append(out, w[i:from])
		}
		if from < len(w) {
			out = append(out, w[from:])
		}
	}
	return out
}

func joinWords(w []string) string { return strings.Join(w, " ") }

// ignoreMissing is nil for a node that was deleted meanwhile.
func ignoreMissing(err error) error {
	if errors.Is(err, graph.ErrNotFound) {
		return nil
	}
	return err
}

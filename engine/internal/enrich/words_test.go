package enrich

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWords(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string
		why        string
	}{
		{"empty", "", nil, "nothing in, nothing out"},
		{"no letters", " — … !?", nil, "punctuation separates and is no word"},
		{"latin", "The Thief's last JOB", []string{"the", "thief", "s", "last", "job"}, "lower case; an apostrophe separates"},
		{"digits", "Apollo-13 2001", []string{"apollo", "13", "2001"}, "years and numbers are words"},
		{"accents", "Amélie Ö", []string{"amélie", "ö"}, "letters beyond ASCII, lower-cased"},
		{"combining", "Ame\u0301lie x", []string{"ame\u0301lie", "x"}, "a mark does not split its word"},
		{"cyrillic", "Война и МИР", []string{"война", "и", "мир"}, "scripts with spaces are split at them"},
		{"chinese", "红高粱", []string{"红", "高", "红高", "粱", "高粱"}, "each character and each pair: no spaces to go by"},
		{"pairs end at punctuation", "你，好", []string{"你", "好"}, "characters apart from each other are no pair"},
		{"pairs end at a word", "東A京", []string{"東", "a", "京"}, "the same with a latin word between"},
		{"mixed", "Film电影2020年", []string{"film", "电", "影", "电影", "2020", "年"}, "a change of script ends the word"},
		{"kana", "もの", []string{"も", "の", "もの"}, "hiragana has no spaces either"},
		{"thai", "ไท", []string{"ไ", "ท", "ไท"}, "nor has Thai"},
		{"korean", "기생충 영화", []string{"기생충", "영화"}, "Hangul is written with spaces"},
		{"bad bytes", "a\xffb 红\xff高", []string{"a", "b", "红", "高"}, "what is not UTF-8 separates"},
		{"last word", "end", []string{"end"}, "a word at the end of the text counts"},
	} {
		if got := slices.Collect(Words(tc.text)); !slices.Equal(got, tc.want) {
			t.Errorf("%s: Words(%q) = %q, want %q: %s", tc.name, tc.text, got, tc.want, tc.why)
		}
	}
}

func TestWordsStopsWhenAsked(t *testing.T) {
	for _, text := range []string{"one two three", "一二三", "a 一 b", "a"} {
		all := slices.Collect(Words(text))
		for n := range all {
			var got []string
			for w := range Words(text) {
				got = append(got, w)
				if len(got) == n+1 {
					break
				}
			}
			if !slices.Equal(got, all[:n+1]) {
				t.Errorf("the first %d words of %q are %q, want %q", n+1, text, got, all[:n+1])
			}
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"", "The Thief", "红高粱 Film", "a\xffb", "İstanbul", "e\u0301", "ไทยabcไ", "\u3099ば"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := 0
		for w := range Words(text) {
			if n++; n > 2*len(text) {
				t.Fatalf("more than two words a byte of %q", text)
			}
			if w == "" || w != strings.ToLower(w) {
				t.Fatalf("word %q of %q", w, text)
			}
			if utf8.ValidString(text) && !utf8.ValidString(w) {
				t.Fatalf("word %q of %q is cut inside a character", w, text)
			}
			if strings.ContainsAny(w, " \t\n.,;:!?，。") {
				t.Fatalf("word %q of %q holds a separator", w, text)
			}
		}
	})
}

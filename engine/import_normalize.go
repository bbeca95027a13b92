package engine

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/kenrec/ken/graph"
)

// tidy trims white space at both ends of s and brings it to Unicode NFC when the import is to do so, and counts the
// fields that this changed. "é" may be written as one character or as two that look the same; ids of both forms would be
// two nodes.
func (r *record) tidy(src *Source, s string) string {
	if !src.Normalize {
		return s
	}
	clean := norm.NFC.String(strings.TrimSpace(s))
	if clean != s {
		r.tidied++
	}
	return clean
}

// tidyValue does the same with text in attributes.
func (r *record) tidyValue(src *Source, v graph.Value) graph.Value {
	if !src.Normalize {
		return v
	}
	before := r.tidied
	switch v.Kind() {
	case graph.KindString:
		v = graph.String(r.tidy(src, v.Text()))
	case graph.KindList:
		list := v.Strings()
		clean := make([]string, len(list))
		for i, s := range list {
			clean[i] = r.tidy(src, s)
		}
		v = graph.List(clean...)
	}
	r.tidied = min(r.tidied, before+1) // a list is one field
	return v
}

// isText reports whether a column holds text: numbers and moments are read as they stand.
func (f rowField) isText() bool {
	return f != fieldWeight && f != fieldConfidence && f != fieldTime && f != fieldVector
}

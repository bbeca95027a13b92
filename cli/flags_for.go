package cli

import (
	"path/filepath"
	"slices"
	"strings"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph/tabular"
)

// refuseFlags refuses a flag of the command line that would change nothing: who gave it expects something of it. owner tells
// what a flag is for, and whether that is what is asked.
func refuseFlags(c *ucli.Context, what string, owner func(flag string) (whose string, ok bool)) error {
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		if !c.IsSet(name) {
			continue
		}
		if whose, ok := owner(name); !ok {
			return usagef("--%s is for %s: it does nothing for %s", name, whose, what)
		}
	}
	return nil
}

// enrichWords are the words of `ken enrich` that each flag is for.
var enrichWords = map[string][]string{
	"schema": {"attributes"}, "threshold": {"attributes"},
	"type":      {"attributes", "schema", "link", "complete"},
	"tail-type": {"link"},
	"relation":  {"complete"}, "min-confidence": {"complete"}, "per-item": {"complete"},
	"limit":    {"attributes", "profiles", "link"},
	"sample":   {"schema"},
	"parallel": {"attributes", "profiles"}, "max-answer": {"attributes", "profiles"},
	"price-in": {"attributes", "profiles"}, "price-out": {"attributes", "profiles"},
	"history": {"profiles"}, "split": {"profiles"}, "fraction": {"profiles"}, "n": {"profiles"}, "seed": {"profiles"}, "test": {"profiles"},
	"dry-run": {"attributes", "profiles", "link", "complete"},
}

// refuseEnrichFlags refuses flags that are for other words than the one given.
func refuseEnrichFlags(c *ucli.Context, word string) error {
	return refuseFlags(c, "`ken enrich "+word+"`", func(flag string) (string, bool) {
		words := enrichWords[flag]
		if words == nil { // how a model is reached
			words = []string{"attributes", "profiles", "schema"}
		}
		return "`ken enrich " + strings.Join(words, "|") + "`", slices.Contains(words, word)
	})
}

// fileSort is what is known of a file before it is opened; the format is FormatAuto and the kind 0 where that is nothing.
type fileSort struct {
	kind   engine.Kind
	format engine.Format
}

func sortOf(src engine.Source, path string) fileSort {
	ext := strings.TrimPrefix(filepath.Ext(tabular.TrimCompression(path)), ".")
	s := fileSort{src.Kind, src.Format}
	if s.format == engine.FormatAuto {
		s.format, _ = engine.ParseFormat(ext) // others are told by what is in them
	}
	if s.rdf() {
		s.kind = engine.Triples
	}
	return s
}

func (s fileSort) is(formats ...engine.Format) bool { return slices.Contains(formats, s.format) }
func (s fileSort) rdf() bool                        { return s.is(engine.NTriples, engine.NQuads, engine.Turtle) }
func (s fileSort) may(kinds ...engine.Kind) bool {
	return s.kind == 0 || slices.Contains(kinds, s.kind)
}

// takes reports whether a flag of import says something about a file, and what the flag is for.
func (s fileSort) takes(flag string) (whose string, ok bool) {
	auto := s.format == engine.FormatAuto
	switch flag {
	case "type":
		return "nodes and interactions", s.may(engine.Nodes, engine.Interactions)
	case "source":
		return "triples", s.may(engine.Triples)
	case "modality", "model":
		return "vectors", s.may(engine.Vectors)
	case "user-prefix", "item-prefix":
		return "interactions and atomic files", s.may(engine.Interactions) && !s.rdf() || s.is(engine.Atomic)
	case "no-prefix":
		return "atomic files", auto || s.is(engine.Atomic)
	case "base", "lenient-iris", "language", "blank-scope", "predicate":
		return "RDF", s.rdf() || auto && s.may(engine.Triples)
	case "columns":
		return "tables", !s.rdf() && !s.is(engine.NPY, engine.Lists)
	case "header":
		return "tables", !s.rdf() && !s.is(engine.NPY, engine.Lists, engine.JSONL, engine.Parquet)
	}
	return "", true
}

// refuseImportFlags refuses flags that say nothing about any of the files.
func refuseImportFlags(c *ucli.Context, src engine.Source, files []string) error {
	return refuseFlags(c, strings.Join(files, ", "), func(flag string) (whose string, ok bool) {
		for _, path := range files {
			if whose, ok = sortOf(src, path).takes(flag); ok {
				return whose, true
			}
		}
		return whose, false
	})
}

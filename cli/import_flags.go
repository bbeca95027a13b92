package cli

import (
	"strings"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
)

type importOptions struct {
	format, columns, header, rejects string
	typ, origin, modality, model     string
	ids                              string
	userPrefix, itemPrefix           string
	noPrefix, strict, normalize      bool
	batchRows                        int
	rdf                              rdfOptions
}

// rdfOptions are about N-Triples, N-Quads and Turtle only.
type rdfOptions struct {
	base, language, blankScope string
	lenientIRIs                bool
	predicates                 ucli.StringSlice
}

func (o *importOptions) flags() []ucli.Flag {
	return append([]ucli.Flag{
		&ucli.StringFlag{Name: "input-format", Value: "auto", Usage: "tsv, csv, jsonl, ntriples, nquads, turtle, atomic, lists, spaces, parquet or npy", Destination: &o.format},
		&ucli.StringFlag{Name: "columns", Usage: "names of the columns, `A,B,-,C`; - leaves one out", Destination: &o.columns},
		&ucli.StringFlag{Name: "header", Value: "auto", Usage: "the first line names the columns: auto, yes or no", Destination: &o.header},
		boolFlag("normalize", "trim ids, names, texts and other text, and bring it to Unicode NFC; tells how many fields changed", &o.normalize),
		boolFlag("strict", "stop at the first bad row and store nothing of its batch", &o.strict),
		&ucli.StringFlag{Name: "rejects", Usage: "write the bad rows to `FILE`", Destination: &o.rejects},
		&ucli.StringFlag{Name: "type", Usage: "type of nodes or interactions whose row names none", Destination: &o.typ},
		&ucli.StringFlag{Name: "source", Usage: "where triples come from whose row does not say", Destination: &o.origin},
		&ucli.StringFlag{Name: "modality", Usage: "what vectors describe: image, audio, ...", DefaultText: "imported", Destination: &o.modality},
		&ucli.StringFlag{Name: "model", Usage: "what made the vectors", Destination: &o.model},
		&ucli.StringFlag{Name: "ids", Usage: "ids of the rows of a NumPy file, one a line in `FILE`", Destination: &o.ids},
		&ucli.StringFlag{Name: "user-prefix", Usage: "put `P` before each user id", Destination: &o.userPrefix},
		&ucli.StringFlag{Name: "item-prefix", Usage: "put `P` before each item id", Destination: &o.itemPrefix},
		boolFlag("no-prefix", "no user: and item: before the ids of atomic files", &o.noPrefix),
		&ucli.IntFlag{Name: "batch-rows", Usage: "store `N` rows at once", DefaultText: "10000", Destination: &o.batchRows},
	}, o.rdf.flags()...)
}

func (o *rdfOptions) flags() []ucli.Flag {
	return []ucli.Flag{
		&ucli.StringFlag{Name: "base", Usage: "RDF: resolve relative IRIs against `IRI`", Destination: &o.base},
		boolFlag("lenient-iris", "RDF: take relative IRIs as they stand", &o.lenientIRIs),
		&ucli.StringFlag{Name: "language", Usage: "RDF: preferred language of names and texts", DefaultText: "en", Destination: &o.language},
		&ucli.StringFlag{Name: "blank-scope", Usage: "RDF: put `S` into the ids of blank nodes", DefaultText: "the file name", Destination: &o.blankScope},
		&ucli.StringSliceFlag{Name: "predicate", Usage: "RDF: what a predicate means, `IRI=ROLE`; ROLE is " + strings.Join(roleNames(), ", ") + "; may be repeated", Destination: &o.predicates},
	}
}

// rdfRoles are the roles of --predicate.
var rdfRoles = [...]struct {
	name string
	role engine.RDFRole
}{
	{"default", engine.RDFDefault}, {"name", engine.RDFName}, {"text", engine.RDFText}, {"type", engine.RDFType}, {"skip", engine.RDFSkip},
}

func roleNames() []string {
	var names []string
	for _, r := range rdfRoles {
		names = append(names, r.name)
	}
	return names
}

// options makes the engine's options of the flags.
func (o *rdfOptions) options() (engine.RDFOptions, error) {
	out := engine.RDFOptions{Base: o.base, LenientIRIs: o.lenientIRIs, Language: o.language, BlankScope: o.blankScope}
	for _, p := range o.predicates.Value() {
		i := strings.LastIndexByte(p, '=') // IRIs may hold the sign, roles do not
		if i <= 0 {
			return out, usagef("--predicate %q is not of the form IRI=ROLE", p)
		}
		known := false
		for _, r := range rdfRoles {
			if r.name != p[i+1:] {
				continue
			}
			if out.Mapping == nil {
				out.Mapping = map[string]engine.RDFRole{}
			}
			out.Mapping[p[:i]], known = r.role, true
		}
		if !known {
			return out, oneOf("the role in --predicate", p[i+1:], roleNames()...)
		}
	}
	return out, nil
}

// arguments splits the arguments into kind and files. The kind may be missing when a file comes first: formats that
// imply it need none.
func (o *importOptions) arguments(args []string) (engine.Kind, []string, error) {
	const how = "`ken import nodes|triples|interactions|vectors FILE...`"
	if len(args) == 0 {
		return 0, nil, usagef("what to import? %s", how)
	}
	kind, err := engine.ParseKind(args[0])
	switch {
	case err == nil && len(args) == 1:
		return 0, nil, usagef("%s from which file? name one, or - for standard input", args[0])
	case err == nil:
		return kind, args[1:], nil
	case strings.ContainsAny(args[0], "./") || args[0] == "-":
		return 0, args, nil
	}
	return 0, nil, oneOf("the kind to import", args[0], "nodes", "triples", "interactions", "vectors")
}

// source returns what all files have in common.
func (o *importOptions) source(kind engine.Kind) (engine.Source, error) {
	format, err := engine.ParseFormat(o.format)
	if err != nil {
		return engine.Source{}, usagef("--input-format: %s", plain(err))
	}
	if err := oneOf("--header", o.header, "auto", "yes", "no"); err != nil {
		return engine.Source{}, err
	}
	if o.batchRows < 0 {
		return engine.Source{}, usagef("--batch-rows is %d: at least 1 is needed", o.batchRows)
	}
	columns, err := splitList("--columns", nonEmpty(o.columns))
	if err != nil {
		return engine.Source{}, err
	}
	rdf, err := o.rdf.options()
	if err != nil {
		return engine.Source{}, err
	}
	headers := map[string]engine.HeaderMode{"auto": engine.HeaderAuto, "yes": engine.HeaderYes, "no": engine.HeaderNo}
	return engine.Source{
		Kind: kind, Format: format, Columns: columns, Header: headers[o.header], Normalize: o.normalize, Strict: o.strict, BatchRows: o.batchRows,
		Type: o.typ, SourceTag: o.origin, Modality: o.modality, Model: o.model,
		UserPrefix: o.userPrefix, ItemPrefix: o.itemPrefix, NoPrefix: o.noPrefix, RDF: rdf,
	}, nil
}

package engine

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/rdf"
	"github.com/kenrec/ken/graph/tabular"
)

// RDFRole says what statements with a predicate are for. Statements about other predicates are triples when their
// object is an IRI or a blank node, and attributes of the subject when it is a literal.
type RDFRole int

// The roles. A value that finds its place taken by a better or an earlier one is kept as an attribute.
const (
	RDFDefault RDFRole = iota
	RDFName            // the literal is the node's name
	RDFText            // the literal is the node's text
	RDFType            // the local name of the class is the node's type; further classes are triples
	RDFSkip            // left out, and told in ImportReport.Ignored
)

// RDFOptions of Import. The zero value is strict about IRIs and has the usual mapping.
type RDFOptions struct {
	// Base resolves relative IRIs; LenientIRIs takes them as they stand where there is none.
	Base        string
	LenientIRIs bool
	// Language is preferred for name and text when there are several; "" means "en". Text without a language comes first.
	Language string
	// BlankScope stands in the ids of blank nodes, _:scope/label, since labels hold within one file only; "" means
	// the file name without its extensions.
	BlankScope string
	// Mapping overrides DefaultRDFMapping predicate by predicate.
	Mapping map[string]RDFRole
}

// DefaultRDFMapping returns the roles of predicates that Import knows: labels become names, descriptions texts, classes
// types. Literals with a language are also kept as attributes name@de, text@de; other literals as attributes under the
// predicate's IRI, with @language or ^^datatype where they have one that the kind of the value does not tell.
func DefaultRDFMapping() map[string]RDFRole {
	m := map[string]RDFRole{
		rdf.NamespaceRDF + "type":                        RDFType,
		"http://www.w3.org/2000/01/rdf-schema#label":     RDFName,
		"http://xmlns.com/foaf/0.1/name":                 RDFName,
		"http://www.w3.org/2004/02/skos/core#prefLabel":  RDFName,
		"http://www.w3.org/2000/01/rdf-schema#comment":   RDFText,
		"http://purl.org/dc/terms/description":           RDFText,
		"http://purl.org/dc/elements/1.1/description":    RDFText,
		"http://dbpedia.org/ontology/abstract":           RDFText,
		"http://www.w3.org/2004/02/skos/core#definition": RDFText,
		"http://purl.org/dc/terms/title":                 RDFName,
		"http://purl.org/dc/elements/1.1/title":          RDFName,
	}
	for _, schema := range [...]string{"http://schema.org/", "https://schema.org/"} {
		m[schema+"name"] = RDFName
		m[schema+"description"] = RDFText
	}
	return m
}

// ownIRI is put before ids that are no IRIs when triples are written as N-Triples: m1 is <urn:ken:m1>. Import takes it
// off again.
const ownIRI = "urn:ken:"

// statementReader makes records of RDF statements.
type statementReader struct {
	im      *importer
	pull    func() (rdf.Statement, error, bool)
	roles   map[string]RDFRole
	scope   string
	turtle  bool
	ids     map[string]string // predicates and graphs, by IRI
	skipped map[string]bool
	failed  error
}

func (im *importer) newStatements(format Format, r io.Reader) (recordReader, func(), error) {
	o := im.src.RDF
	if o.Base != "" && !rdf.ValidIRI(o.Base) {
		return nil, nil, fmt.Errorf("%w: base %s is no absolute IRI", ErrBadOption, briefID(o.Base))
	}
	if im.src.RDF.Language == "" {
		im.src.RDF.Language = "en"
	}
	read := map[Format]func(io.Reader, rdf.Options) iter.Seq2[rdf.Statement, error]{
		NTriples: rdf.NTriples, NQuads: rdf.NQuads, Turtle: rdf.Turtle,
	}[format]
	pull, stop := iter.Pull2(read(r, rdf.Options{Base: o.Base, LenientIRIs: o.LenientIRIs}))
	roles := DefaultRDFMapping()
	maps.Copy(roles, o.Mapping)
	scope := o.BlankScope
	if scope == "" {
		scope = path.Base(tabular.TrimCompression(im.src.Name))
		scope = strings.TrimSuffix(scope, path.Ext(scope))
	}
	return &statementReader{im: im, pull: pull, roles: roles, scope: "_:" + scope + "/", turtle: format == Turtle,
		ids: map[string]string{}, skipped: map[string]bool{}}, stop, nil
}

func (r *statementReader) next(rec *record) error {
	for {
		if r.failed != nil {
			return r.failed
		}
		s, err, ok := r.pull()
		if !ok {
			return io.EOF
		}
		var syntax *rdf.SyntaxError
		if errors.As(err, &syntax) {
			if r.turtle {
				r.failed = fmt.Errorf("%w; a Turtle document cannot be read on behind an error", err)
			}
			return &badRow{syntax.Line, 0, fmt.Sprintf("byte %d: %s", syntax.Column, syntax.Reason), string(syntax.Raw)}
		}
		if err != nil {
			return err
		}
		role := r.roles[s.Predicate.Value]
		if role == RDFSkip {
			if !r.skipped[s.Predicate.Value] {
				r.skipped[s.Predicate.Value] = true
				r.im.report.Ignored = append(r.im.report.Ignored, s.Predicate.Value)
			}
			continue
		}
		*rec = record{kind: Triples, line: s.Line}
		if err := r.record(rec, role, &s); err != nil {
			return &badRow{s.Line, 0, err.Error(), statementText(&s)}
		}
		return nil
	}
}

// record fills rec with what a statement says: a triple or a fact about its subject.
func (r *statementReader) record(rec *record, role RDFRole, s *rdf.Statement) error {
	head := r.id(s.Subject)
	if err := checkID("subject", head, head); err != nil {
		return err
	}
	if s.Object.Kind == rdf.Literal {
		f, err := newFact(role, s)
		if err != nil {
			return err
		}
		f.value = rec.tidyValue(&r.im.src, f.value)
		rec.fact, rec.node.ID = f, head
		rec.size = len(f.key) + len(s.Object.Value)
		return nil
	}
	rec.begin(&r.im.src)
	rec.triple.Head, rec.triple.Tail = head, r.id(s.Object)
	rec.triple.Relation = r.shared(s.Predicate)
	if rec.triple.Source == "" && s.Graph.Kind != 0 {
		rec.triple.Source = r.shared(s.Graph)
	}
	rec.size = len(head) + len(rec.triple.Tail)
	if role == RDFType {
		rec.fact, rec.node.ID = &fact{role: RDFType, value: graph.String(localName(rec.triple.Tail))}, head
	}
	return rec.finish(&r.im.src)
}

// id is the id of a node: the IRI, or the scoped label of a blank node.
func (r *statementReader) id(t rdf.Term) string {
	if t.Kind == rdf.Blank {
		return r.scope + t.Value
	}
	if rest, ok := strings.CutPrefix(t.Value, ownIRI); ok {
		if id, err := url.PathUnescape(rest); err == nil {
			return id
		}
	}
	return t.Value
}

// shared is id for terms that come again and again.
func (r *statementReader) shared(t rdf.Term) string {
	if id, ok := r.ids[t.Value]; ok && t.Kind == rdf.IRI {
		return id
	}
	id := r.id(t)
	if t.Kind == rdf.IRI && len(r.ids) < 1<<14 && len(t.Value) <= graph.MaxName {
		r.ids[t.Value] = id
	}
	return id
}

// localName is what stands behind the last #, / or : of an IRI.
func localName(iri string) string {
	if i := strings.LastIndexAny(iri, "#/:"); i >= 0 && i+1 < len(iri) {
		return iri[i+1:]
	}
	return iri
}

// statementText is a statement as N-Triples, for reports; the reader does not keep the text it came from.
func statementText(s *rdf.Statement) string {
	var b []byte
	for _, t := range []rdf.Term{s.Subject, s.Predicate, s.Object} {
		c, err := rdf.AppendTerm(slices.Clip(b), t)
		if err != nil {
			c = append(b, '<')
			c = append(append(c, t.Value...), '>')
		}
		b = append(c, ' ')
	}
	return string(append(b, '.'))
}

package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Why a fact is not proposed; the names stand in EnrichReport.Refused.
const (
	refusedRelation = "relation not in the schema"
	refusedSubject  = "about another node"
	refusedValue    = "no usable value"
	refusedList     = "value not in the list"
	refusedUnknown  = "no known tail"
	refusedItself   = "the item itself"
	refusedMany     = "more than 32"
	refusedTwice    = "said twice"
	refusedStore    = "not storable"
)

const (
	maxValueBytes = 200
	newConfidence = 0.8 // of a tail that nobody knew, as a share of what the model says
)

// nothing are the words of models for "there is none".
var nothing = []string{"unknown", "none", "n a", "na", "null", "nil", "not specified", "not available", "not mentioned", "unspecified"}

// check turns the facts of an item into proposals. Whatever the answer says, each is about this item, has a relation of
// the schema and a tail that the relation may have.
func (j *enrichJob) check(ctx context.Context, a *asked) []Proposal {
	var out []Proposal
	refuse := func(why string) { j.rep.Refused[why]++ }
	seen := map[[2]string]bool{}
	j.rep.Facts += len(a.facts)
	for _, f := range a.facts {
		if len(out) == maxFacts {
			refuse(refusedMany)
			continue
		}
		p, why := j.fact(ctx, a, f)
		if why == "" && seen[[2]string{p.Relation, p.Tail}] {
			why = refusedTwice
		}
		if why != "" {
			refuse(why)
			continue
		}
		seen[[2]string{p.Relation, p.Tail}] = true
		j.rep.Matched[p.Match]++
		out = append(out, p)
	}
	return out
}

// fact turns one fact into a proposal, or says why not.
func (j *enrichJob) fact(ctx context.Context, a *asked, f claim) (p Proposal, why string) {
	at := slices.IndexFunc(j.o.Schema.Relations, func(r EnrichRelation) bool { return r.Name == f.relation })
	if at < 0 {
		return p, refusedRelation
	}
	r := &j.o.Schema.Relations[at]
	if f.subject != "" && f.subject != a.node.ID && normalName(f.subject) != normalName(a.node.Name) {
		return p, refusedSubject
	}
	value, ok := cleanValue(f.value)
	if !ok {
		return p, refusedValue
	}
	if !r.allows(value) {
		return p, refusedList
	}
	p = Proposal{Head: a.node.ID, Relation: r.Name, Source: j.rep.Source, Value: value, Confidence: f.confidence}
	id, match, sure, err := j.tails[at].find(ctx, value, j.vectors, j.o.Threshold)
	switch {
	case err != nil:
		return p, refusedUnknown // ctx ended: the call ends with that
	case id == a.node.ID:
		return p, refusedItself
	case id != "":
		p.Tail, p.Match, p.Confidence = id, match, p.Confidence*sure
		return p, ""
	case r.KnownOnly:
		return p, refusedUnknown
	}
	if p.Tail = j.newTail(r, j.tails[at], value); p.Tail == "" {
		return p, refusedUnknown
	}
	if p.Tail == a.node.ID {
		return p, refusedItself
	}
	p.Match = matchNormalised
	if p.New = !j.tails[at].ids[p.Tail]; p.New {
		p.Match, p.Confidence = matchNew, p.Confidence*newConfidence
		p.TailName = j.fresh[p.Tail]
		if len(r.TailTypes) > 0 {
			p.TailType = r.TailTypes[0]
		}
	}
	return p, ""
}

// newTail returns the id of a tail that no node has the name of: the type or relation and the name in plain letters.
// Values with the same normalised name are one node. An id that is taken by something else gets a number.
func (j *enrichJob) newTail(r *EnrichRelation, known *tails, value string) string {
	kind := r.Name
	if len(r.TailTypes) > 0 {
		kind = r.TailTypes[0]
	}
	slug := strings.ReplaceAll(normalName(value), " ", "-")
	const tries = 20
	for n := 1; n <= tries && slug != ""; n++ {
		id := kind + ":" + slug
		if n > 1 {
			id = fmt.Sprintf("%s-%d", id, n)
		}
		if _, ok := j.fresh[id]; ok || known.ids[id] {
			return id
		}
		if _, taken, err := j.e.store.Lookup(id); err != nil || taken {
			continue
		}
		j.fresh[id] = value
		return id
	}
	return ""
}

// cleanValue returns a value on one line, and whether it can be the name of something.
func cleanValue(s string) (string, bool) {
	s = oneLine(s)
	name := normalName(s)
	return s, name != "" && len(s) <= maxValueBytes && utf8.ValidString(s) && !slices.Contains(nothing, name)
}

// oneLine folds white space and control characters into single spaces.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}), " ")
}

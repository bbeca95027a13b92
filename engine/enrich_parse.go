package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// claim is what an answer says, before anything of it is believed.
type claim struct {
	relation, value string
	subject         string // when the answer names one
	confidence      float32
}

const (
	maxParsed      = 256 // facts read from one answer
	maxDepth       = 32  // of nested JSON
	unsure         = 0.5 // confidence of a fact that comes without
	leastConfident = 0.01
)

var errNoFacts = errors.New("no JSON with facts")

// parseFacts reads the facts of an answer and is as lenient as it can be without guessing: words and fences around the
// JSON, other names for its keys, lists of values, objects by relation, and answers that break off after some facts are
// fine. relations are the names that may stand as keys. It fails when it finds no JSON at all.
func parseFacts(answer string, relations func(string) bool) ([]claim, error) {
	p := factParser{relations: relations}
	err := errNoFacts
	for at := 0; at < len(answer); {
		next := strings.IndexAny(answer[at:], "{[")
		if next < 0 {
			break
		}
		at += next
		dec := json.NewDecoder(strings.NewReader(answer[at:]))
		dec.UseNumber()
		_, broken := p.value(dec, 0)
		if broken == nil || len(p.facts) > 0 {
			return p.facts, nil
		}
		if err == errNoFacts {
			err = fmt.Errorf("%w: %w", errNoFacts, broken)
		}
		at++
		if p.tries++; p.tries > maxParsed { // each try may read to the end: a hostile answer must not take quadratic time
			break
		}
	}
	return nil, err
}

type factParser struct {
	relations func(string) bool
	facts     []claim
	tries     int
}

// value reads one JSON value and collects the facts in it. It returns the strings that the value consists of, if it is
// a string, a number or a list of those.
func (p *factParser) value(dec *json.Decoder, depth int) ([]string, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested more than %d deep", maxDepth)
	}
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case string:
		return []string{t}, nil
	case json.Number:
		return []string{t.String()}, nil
	case json.Delim:
		if t == '{' {
			return nil, p.object(dec, depth)
		}
		var all []string
		for dec.More() {
			some, err := p.value(dec, depth+1)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		_, err := dec.Token()
		return all, err
	}
	return nil, nil // true, false and null say nothing
}

// object reads the rest of an object: a fact, facts by relation, or something around facts. A key that stands twice
// counts with its last value.
func (p *factParser) object(dec *json.Decoder, depth int) error {
	var f claim
	var values []string
	f.confidence = unsure
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		got, err := p.value(dec, depth+1)
		if err != nil {
			return err
		}
		switch name := strings.ToLower(key); name {
		case "relation", "predicate", "property":
			f.relation = first(got)
		case "value", "tail", "object", "target", "values":
			values = got
		case "subject", "head", "item", "about":
			f.subject = first(got)
		case "confidence", "score", "probability":
			f.confidence = confidenceOf(first(got))
		default:
			if p.relations(key) {
				for _, v := range got {
					p.add(claim{relation: key, value: v, confidence: unsure})
				}
			}
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if f.relation != "" {
		for _, v := range values {
			f.value = v
			p.add(f)
		}
	}
	return nil
}

func (p *factParser) add(f claim) {
	if len(p.facts) < maxParsed {
		p.facts = append(p.facts, f)
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// confidenceOf reads a confidence: 0 to 1, or above that in percent.
func confidenceOf(s string) float32 {
	x, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(s), "%"), 32)
	switch {
	case err != nil || x != x:
		return unsure
	case x > 1 && x <= 100:
		x /= 100
	}
	return float32(min(1, max(leastConfident, x)))
}

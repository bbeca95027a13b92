package tabular

import (
	"fmt"
	"strconv"
	"strings"
)

// NPYMagic is how NumPy files begin.
const NPYMagic = "\x93NUMPY"

// npyHeader is what the header of a NumPy file says, checked.
type npyHeader struct {
	bytes         int // of one number: 2, 4 or 8
	rows, columns int64
}

// parseNPYHeader reads the Python dictionary {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
func parseNPYHeader(text string) (npyHeader, error) {
	p := pyText{rest: text}
	var h npyHeader
	var descr, order string
	var shape []int64
	p.expect("{")
	for p.ok() && !p.take("}") {
		key := p.quoted()
		p.expect(":")
		switch key {
		case "descr":
			descr = p.quoted()
		case "fortran_order":
			order = p.word()
		case "shape":
			shape = p.tuple()
		default:
			p.bad = true
		}
		if !p.take(",") && p.ok() && !strings.HasPrefix(p.rest, "}") {
			p.bad = true
		}
	}
	switch {
	case !p.ok() || strings.TrimSpace(p.rest) != "" || order != "True" && order != "False":
		return h, fmt.Errorf("%w: its header is malformed; arrays of records and objects are not read", ErrNPY)
	case order == "True":
		return h, fmt.Errorf("%w: it is in Fortran order: save numpy.ascontiguousarray(a)", ErrNPY)
	case len(shape) != 2:
		return h, fmt.Errorf("%w: it has %d dimensions, want 2: a row for each id", ErrNPY, len(shape))
	}
	sizes := map[string]int{"<f2": 2, "<f4": 4, "<f8": 8}
	if h.bytes = sizes[descr]; h.bytes == 0 {
		return h, fmt.Errorf("%w: it holds %q, want <f2, <f4 or <f8: save a.astype('<f4')", ErrNPY, descr)
	}
	h.rows, h.columns = shape[0], shape[1]
	return h, nil
}

// pyText reads the few Python literals that headers are made of. The first mistake sticks.
type pyText struct {
	rest string
	bad  bool
}

func (p *pyText) ok() bool { return !p.bad }

// take skips white space and s, if s comes next.
func (p *pyText) take(s string) bool {
	p.rest = strings.TrimLeft(p.rest, " \t\n")
	rest, found := strings.CutPrefix(p.rest, s)
	if found {
		p.rest = strings.TrimLeft(rest, " \t\n")
	}
	return found
}

func (p *pyText) expect(s string) {
	if !p.take(s) {
		p.bad = true
	}
}

// quoted reads 'text' or "text"; no header needs an escape.
func (p *pyText) quoted() string {
	quote := "'"
	if !p.take(quote) {
		quote = `"`
		p.expect(quote)
	}
	text, rest, found := strings.Cut(p.rest, quote)
	if !found || strings.ContainsAny(text, "\\\n") {
		p.bad = true
		return ""
	}
	p.rest = rest
	return text
}

// word reads letters.
func (p *pyText) word() string {
	p.take("")
	i := 0
	for i < len(p.rest) && (p.rest[i]|0x20 >= 'a' && p.rest[i]|0x20 <= 'z') {
		i++
	}
	w := p.rest[:i]
	p.rest = p.rest[i:]
	return w
}

// tuple reads (2, 3), (2,) or (); Python 2 wrote 2L. Negative numbers and those beyond 2^53 are mistakes.
func (p *pyText) tuple() []int64 {
	var out []int64
	p.expect("(")
	for p.ok() && !p.take(")") {
		i := 0
		for i < len(p.rest) && p.rest[i] >= '0' && p.rest[i] <= '9' {
			i++
		}
		n, err := strconv.ParseInt(p.rest[:i], 10, 54)
		if err != nil || len(out) == 32 {
			p.bad = true
			break
		}
		out = append(out, n)
		p.rest = p.rest[i:]
		p.take("L")
		if !p.take(",") && !strings.HasPrefix(p.rest, ")") {
			p.bad = true
		}
	}
	return out
}

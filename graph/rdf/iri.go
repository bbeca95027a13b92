package rdf

import (
	"strings"
	"unicode/utf8"
)

// ValidIRI reports whether s is an absolute IRI that N-Triples can hold.
func ValidIRI(s string) bool {
	if !hasScheme(s) || !utf8.ValidString(s) {
		return false
	}
	for i := range len(s) {
		if classes[s[i]]&notInIRI != 0 {
			return false
		}
	}
	return true
}

// hasScheme reports whether s starts with a scheme and a colon.
func hasScheme[T string | []byte](s T) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case classes[c]&nameStart != 0:
		case i > 0 && (classes[c]&digit != 0 || c == '+' || c == '-' || c == '.'):
		default:
			return i > 0 && c == ':'
		}
	}
	return false
}

// iriParts are the components of RFC 3986, section 3. The has fields tell an empty part from none.
type iriParts struct {
	scheme, authority, path, query, fragment string
	hasAuthority, hasQuery, hasFragment      bool
}

func splitIRI(s string) (p iriParts) {
	s, p.fragment, p.hasFragment = strings.Cut(s, "#")
	if hasScheme(s) {
		p.scheme, s, _ = strings.Cut(s, ":")
	}
	s, p.query, p.hasQuery = strings.Cut(s, "?")
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		p.hasAuthority = true
		end := strings.IndexByte(rest, '/')
		if end < 0 {
			end = len(rest)
		}
		p.authority, s = rest[:end], rest[end:]
	}
	p.path = s
	return p
}

func (p iriParts) String() string {
	var b strings.Builder
	if p.scheme != "" {
		b.WriteString(p.scheme + ":")
	}
	if p.hasAuthority {
		b.WriteString("//" + p.authority)
	}
	b.WriteString(p.path)
	if p.hasQuery {
		b.WriteString("?" + p.query)
	}
	if p.hasFragment {
		b.WriteString("#" + p.fragment)
	}
	return b.String()
}

// Resolve makes an absolute IRI of a reference. Source: RFC 3986, section 5.2, without normalisation beyond dot segments.
func Resolve(base, ref string) string {
	r := splitIRI(ref)
	if r.scheme != "" {
		r.path = removeDots(r.path)
		return r.String()
	}
	b := splitIRI(base)
	r.scheme = b.scheme
	if r.hasAuthority {
		r.path = removeDots(r.path)
		return r.String()
	}
	r.authority, r.hasAuthority = b.authority, b.hasAuthority
	switch {
	case r.path == "":
		r.path = b.path
		if !r.hasQuery {
			r.query, r.hasQuery = b.query, b.hasQuery
		}
	case r.path[0] == '/':
		r.path = removeDots(r.path)
	case b.hasAuthority && b.path == "":
		r.path = removeDots("/" + r.path)
	default:
		r.path = removeDots(b.path[:strings.LastIndexByte(b.path, '/')+1] + r.path)
	}
	return r.String()
}

// removeDots is remove_dot_segments of RFC 3986, section 5.2.4.
func removeDots(in string) string {
	if !strings.Contains(in, ".") {
		return in
	}
	var out []byte
	pop := func() {
		i := len(out) - 1
		for i >= 0 && out[i] != '/' {
			i--
		}
		out = out[:max(i, 0)]
	}
	for in != "" {
		switch {
		case strings.HasPrefix(in, "../"):
			in = in[3:]
		case strings.HasPrefix(in, "./"), strings.HasPrefix(in, "/./"):
			in = in[2:]
		case in == "/.":
			in = "/"
		case strings.HasPrefix(in, "/../"):
			in = in[3:]
			pop()
		case in == "/..":
			in = "/"
			pop()
		case in == ".", in == "..":
			in = ""
		default:
			end := strings.IndexByte(in[1:], '/') + 1
			if end == 0 {
				end = len(in)
			}
			out = append(out, in[:end]...)
			in = in[end:]
		}
	}
	return string(out)
}

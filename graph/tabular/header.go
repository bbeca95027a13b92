package tabular

import "strings"

// Column is one field of a header line, taken apart. Three dialects are known:
//
//	user_id, name            plain
//	user_id:token            RecBole atomic files: token, token_seq, float, float_seq
//	name:string, :ID(Movie)  neo4j-admin: a type or one of the roles ID, LABEL, START_ID, END_ID, TYPE, IGNORE
type Column struct {
	Name  string // may be empty when Role is not
	Type  string // in lower case, such as "token", "float", "string[]"; "" when the header has none
	Role  string // "id", "label", "start_id", "end_id", "type", "ignore" of neo4j-admin, else ""
	Group string // id space of neo4j-admin: Movie in :ID(Movie)
}

// ParseColumn takes a field of a header line apart. A text behind the last colon that is no known type belongs to the name.
func ParseColumn(field string) Column {
	field = strings.TrimSpace(field)
	name, suffix, found := cutLast(field, ':')
	if !found {
		return Column{Name: field}
	}
	c := Column{Name: name}
	if open := strings.IndexByte(suffix, '('); open >= 0 && strings.HasSuffix(suffix, ")") {
		c.Group = suffix[open+1 : len(suffix)-1]
		suffix = suffix[:open]
	} else if open := strings.IndexByte(suffix, '{'); open >= 0 && strings.HasSuffix(suffix, "}") {
		suffix = suffix[:open] // options of a type, such as datetime{timezone:UTC}, change nothing here
	}
	switch lower := strings.ToLower(suffix); lower {
	case "id", "label", "start_id", "end_id", "type", "ignore":
		// user:id in lower case is more likely a name than a neo4j role
		if suffix == strings.ToUpper(suffix) {
			c.Role = lower
			return c
		}
	case "token", "token_seq", "float", "float_seq",
		"int", "integer", "long", "double", "byte", "short", "number", "bool", "boolean", "char", "string",
		"time", "date", "datetime", "localdatetime", "localtime", "duration", "point",
		"string[]", "int[]", "integer[]", "long[]", "float[]", "double[]", "boolean[]", "short[]", "byte[]", "char[]":
		c.Type = lower
		return c
	}
	return Column{Name: field}
}

// cutLast cuts s at the last sep outside of braces and brackets.
func cutLast(s string, sep byte) (before, after string, found bool) {
	depth := 0
	for i := len(s) - 1; i >= 0; i-- {
		switch c := s[i]; {
		case c == ')', c == '}':
			depth++
		case c == '(', c == '{':
			depth--
		case c == sep && depth == 0:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

package engine

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/tabular"
)

// attributeOf makes a typed value of the text of a column. typ is the type that the header declares; without one, text
// that is a number in its shortest form is a number, true and false are truth values, everything else is a string, so
// that 007 keeps its zeros. ok is false for empty text, which is no value.
func attributeOf(typ, s string) (v graph.Value, ok bool, err error) {
	if s == "" {
		return v, false, nil
	}
	switch typ {
	case "":
		return guessValue(s), true, nil
	case "token_seq", "float_seq":
		return graph.List(strings.Fields(s)...), true, nil
	case "int", "integer", "long", "short", "byte", "float", "double", "number":
		f, err := tabular.ParseNumber(s)
		if err != nil {
			return v, false, err
		}
		if math.Abs(f) >= 1<<53 && !strings.ContainsAny(s, ".eE") {
			return graph.String(s), true, nil // a whole number that a float64 would round
		}
		return graph.Number(f), true, nil
	case "bool", "boolean":
		switch strings.ToLower(s) {
		case "true", "1", "yes":
			return graph.Bool(true), true, nil
		case "false", "0", "no":
			return graph.Bool(false), true, nil
		}
		return v, false, errors.New("not true or false")
	case "time", "date", "datetime", "localdatetime":
		t, err := tabular.ParseTime(s)
		return graph.Time(t), err == nil, err
	}
	if strings.HasSuffix(typ, "[]") {
		return graph.List(strings.Split(s, ";")...), true, nil
	}
	return graph.String(s), true, nil
}

func guessValue(s string) graph.Value {
	switch s {
	case "true", "false":
		return graph.Bool(s == "true")
	}
	if c := s[0]; len(s) > 24 || c != '-' && (c < '0' || c > '9') {
		return graph.String(s)
	}
	f, err := tabular.ParseNumber(s)
	if err != nil || strconv.FormatFloat(f, 'f', -1, 64) != s {
		return graph.String(s)
	}
	return graph.Number(f)
}

// fromJSON makes a value of a JSON value: arrays of scalars are lists of strings, {"time": …} is a time as Export
// writes it, null is no value. Other objects and nested arrays are kept as JSON text.
func fromJSON(j tabular.JSON) (v graph.Value, ok bool, err error) {
	switch j.Kind() {
	case 'n':
		return v, false, nil
	case 'b':
		return graph.Bool(j.Text == "true"), true, nil
	case '0':
		f, err := strconv.ParseFloat(j.Text, 64)
		if err != nil {
			return v, false, errors.New("not a finite number")
		}
		if math.Abs(f) >= 1<<53 && !strings.ContainsAny(j.Text, ".eE") {
			return graph.String(j.Text), true, nil
		}
		return graph.Number(f), true, nil
	case '[':
		if list, ok := j.Strings(); ok {
			return graph.List(list...), true, nil
		}
	case '{':
		if m, twice := j.Members(); len(m) == 1 && m[0].Key == "time" && twice == "" {
			if n, err := strconv.ParseInt(m[0].Value.Text, 10, 64); err == nil {
				return graph.Time(n), true, nil // seconds, whatever their size: Export wrote them
			}
			t, err := tabular.ParseTime(m[0].Value.Text)
			return graph.Time(t), err == nil, err
		}
	}
	return graph.String(j.Text), true, nil
}

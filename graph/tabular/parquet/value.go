package parquet

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/kenrec/ken/graph/tabular"
)

// leaf is one column that holds values.
type leaf struct {
	name     string
	repeated bool
	levels   int                                               // definition level of a value that is there
	text     func(pq.Value) (text string, ok bool, why string) // JSON without quotes; ok: a string
}

// leavesOf names the columns of a schema and settles how their values are read.
func leavesOf(s *pq.Schema) ([]leaf, error) {
	paths := s.Columns()
	if len(paths) > maxColumns {
		return nil, fmt.Errorf("%w: %d columns", ErrLimit, len(paths))
	}
	leaves := make([]leaf, len(paths))
	for i, path := range paths {
		c, ok := s.Lookup(path...)
		if !ok || c.ColumnIndex != i {
			return nil, fmt.Errorf("%w: the schema contradicts itself at column %d", ErrFile, i+1)
		}
		leaves[i] = leaf{name: nameOf(path), repeated: c.MaxRepetitionLevel > 0, levels: c.MaxDefinitionLevel, text: converter(c.Node.Type())}
	}
	return leaves, nil
}

// nameOf joins a path without the names that only say "list".
func nameOf(path []string) string {
	name := path[:1:1]
	for _, p := range path[1:] {
		switch p {
		case "list", "element", "item", "array", "bag", "array_element", "key_value":
		default:
			name = append(name, p)
		}
	}
	return strings.Join(name, ".")
}

// object turns a row into members and raw JSON. It returns why the row cannot be used.
func (r *Reader) object(row pq.Row) string {
	r.members, r.raw = r.members[:0], append(r.raw[:0], '{')
	reason := ""
	for column, values := range row.Range {
		if column >= len(r.leaves) {
			return "the row has more columns than the schema"
		}
		l := &r.leaves[column]
		value, why := l.json(values)
		if why != "" && reason == "" {
			reason = fmt.Sprintf("column %s %s", strconv.Quote(l.name), why)
		}
		if value.Text == "null" && value.Kind() == 'n' {
			continue
		}
		if slices.ContainsFunc(r.members, func(m tabular.Member) bool { return m.Key == l.name }) {
			continue // two paths with one name: the first counts
		}
		r.members = append(r.members, tabular.Member{Key: l.name, Value: value})
		r.raw = appendMember(r.raw, l.name, value)
	}
	r.raw = append(r.raw, '}')
	return reason
}

func appendMember(dst []byte, key string, v tabular.JSON) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst, _ = jsontext.AppendQuote(dst, strings.ToValidUTF8(key, "\uFFFD"))
	dst = append(dst, ':')
	if v.Kind() == 's' {
		dst, _ = jsontext.AppendQuote(dst, v.Text)
		return dst
	}
	return append(dst, v.Text...)
}

// json turns the values of one column of one row into one JSON value.
func (l *leaf) json(values []pq.Value) (tabular.JSON, string) {
	null := tabular.JSON{Text: "null"}
	if !l.repeated {
		if len(values) == 0 || values[0].IsNull() {
			return null, ""
		}
		text, quoted, why := l.text(values[0])
		switch {
		case why != "":
			return null, why
		case quoted:
			return tabular.JSONString(text), ""
		}
		return tabular.JSON{Text: text}, ""
	}
	out := []byte{'['}
	for _, v := range values {
		if v.IsNull() {
			continue
		}
		text, quoted, why := l.text(v)
		if why != "" {
			return null, why
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		if quoted {
			out, _ = jsontext.AppendQuote(out, text)
		} else {
			out = append(out, text...)
		}
	}
	if len(out) == 1 {
		return null, ""
	}
	return tabular.JSON{Text: string(append(out, ']'))}, ""
}

// converter returns how values of a type are written.
func converter(t pq.Type) func(pq.Value) (string, bool, string) {
	if lt := t.LogicalType(); lt != nil {
		switch x := lt.Value.(type) {
		case *format.TimestampType:
			if x.Unit.Value != nil {
				per := int64(time.Second / x.Unit.Value.Duration())
				return func(v pq.Value) (string, bool, string) { return moment(floorDiv(v.Int64(), per)) }
			}
		case *format.DateType:
			return func(v pq.Value) (string, bool, string) { return moment(int64(v.Int32()) * 86400) }
		case *format.DecimalType:
			return decimal(t.Kind(), int(x.Scale))
		case *format.IntType:
			if !x.IsSigned {
				return unsigned(t.Kind())
			}
		case *format.UUIDType:
			return func(v pq.Value) (string, bool, string) {
				b := v.ByteArray()
				if len(b) != 16 {
					return "", false, "is no UUID"
				}
				return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), true, ""
			}
		}
	}
	return plain(t.Kind())
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func moment(unix int64) (string, bool, string) {
	return `{"time":` + strconv.FormatInt(unix, 10) + "}", false, ""
}

func unsigned(k pq.Kind) func(pq.Value) (string, bool, string) {
	return func(v pq.Value) (string, bool, string) {
		if k == pq.Int32 {
			return strconv.FormatUint(uint64(v.Uint32()), 10), false, ""
		}
		return strconv.FormatUint(v.Uint64(), 10), false, ""
	}
}

func plain(k pq.Kind) func(pq.Value) (string, bool, string) {
	return func(v pq.Value) (string, bool, string) {
		switch k {
		case pq.Boolean:
			return strconv.FormatBool(v.Boolean()), false, ""
		case pq.Int32:
			return strconv.FormatInt(int64(v.Int32()), 10), false, ""
		case pq.Int64:
			return strconv.FormatInt(v.Int64(), 10), false, ""
		case pq.Int96: // nanoseconds of the day, then the Julian day
			x := v.Int96()
			nanos := int64(uint64(x[1])<<32 | uint64(x[0]))
			return moment((int64(x[2])-2440588)*86400 + floorDiv(nanos, 1e9))
		case pq.Float:
			return number(float64(v.Float()), 32)
		case pq.Double:
			return number(v.Double(), 64)
		}
		b := v.ByteArray()
		switch {
		case len(b) > tabular.MaxField:
			return "", false, "is longer than 1 MiB"
		case !utf8.Valid(b):
			return "", false, "is not valid UTF-8"
		case slices.Contains(b, 0):
			return "", false, "holds a NUL character"
		}
		return string(b), true, ""
	}
}

func number(f float64, bits int) (string, bool, string) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "", false, "is not a finite number"
	}
	return strconv.FormatFloat(f, 'g', -1, bits), false, ""
}

// decimal writes whole numbers with a point moved by scale places.
func decimal(k pq.Kind, scale int) func(pq.Value) (string, bool, string) {
	return func(v pq.Value) (string, bool, string) {
		if scale < 0 || scale > 100 {
			return "", false, "is a decimal of impossible scale"
		}
		n := new(big.Int)
		switch k {
		case pq.Int32:
			n.SetInt64(int64(v.Int32()))
		case pq.Int64:
			n.SetInt64(v.Int64())
		default:
			b := v.ByteArray()
			if len(b) > 64 {
				return "", false, "is a decimal of more than 64 bytes"
			}
			n.SetBytes(b)
			if len(b) > 0 && b[0] >= 0x80 { // two's complement
				n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
			}
		}
		digits := new(big.Int).Abs(n).String()
		if scale > 0 {
			if len(digits) <= scale {
				digits = strings.Repeat("0", scale-len(digits)+1) + digits
			}
			digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
		}
		if n.Sign() < 0 {
			digits = "-" + digits
		}
		return digits, false, ""
	}
}

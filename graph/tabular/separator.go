package tabular

import "bytes"

// separatorOf tells from the first line of a CSV file what separates its fields. Where the comma is the decimal mark
// programs write semicolons instead: a line that holds some is taken for one of theirs when each comma in it is part of
// a number. What stands in quotes counts for neither.
func separatorOf(line []byte) byte {
	bare := withoutQuoted(line)
	if bytes.IndexByte(bare, ';') < 0 {
		return ','
	}
	for field := range bytes.SplitSeq(bare, []byte{';'}) {
		if bytes.IndexByte(field, ',') >= 0 && !isDecimalComma(field) {
			return ','
		}
	}
	return ';'
}

func separatorName(c byte) string {
	if c == ';' {
		return "semicolon"
	}
	return "comma"
}

// withoutQuoted returns the line without what stands between double quotes.
func withoutQuoted(line []byte) []byte {
	var out []byte
	for i, part := range bytes.Split(line, []byte{'"'}) {
		if i%2 == 0 {
			out = append(out, part...)
		}
	}
	return out
}

// isDecimalComma reports whether b is a number such as -12,50: digits, one comma, digits.
func isDecimalComma(b []byte) bool {
	whole, fraction, ok := bytes.Cut(bytes.TrimLeft(b, "+-"), []byte{','})
	return ok && len(b)-len(whole)-len(fraction) <= 2 && digits(whole) && digits(fraction)
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// DecimalPoint returns the number b with a point where it has a comma for its decimal mark, anything else as it is.
func DecimalPoint(b []byte) []byte {
	if !isDecimalComma(b) {
		return b
	}
	return bytes.Replace(b, []byte{','}, []byte{'.'}, 1)
}

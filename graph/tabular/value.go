package tabular

import (
	"errors"
	"math"
	"strconv"
	"time"
)

// What ParseNumber and ParseTime return; the words go into reports.
var (
	errNumber = errors.New("not a number")
	errFinite = errors.New("not a finite number")
	errTime   = errors.New("not a time (Unix seconds or milliseconds, RFC 3339, YYYY-MM-DD or DD.MM.YYYY, perhaps with HH:MM[:SS])")
)

// ParseNumber reads a decimal number such as 5, -0.5 or 1e3. Words like NaN and Inf, hexadecimal and digits with
// underscores are refused, and so is what does not fit a float64.
func ParseNumber(s string) (float64, error) {
	if n := len(s); n > 0 && n <= 9 { // whole numbers of up to nine digits, nearly every rating there is
		v, i := 0, 0
		for i < n && s[i] >= '0' && s[i] <= '9' {
			v = v*10 + int(s[i]-'0')
			i++
		}
		if i == n {
			return float64(v), nil
		}
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			switch f, err := strconv.ParseFloat(s, 64); {
			case err == nil && (math.IsNaN(f) || math.IsInf(f, 0)):
				return 0, errFinite
			}
			return 0, errNumber
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if math.IsInf(f, 0) {
		return 0, errFinite
	}
	if err != nil {
		return 0, errNumber
	}
	return f, nil
}

var timeLayouts = [...]string{
	time.RFC3339, time.DateOnly, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04",
	"2.1.2006", "2.1.2006 15:04:05", "2.1.2006 15:04",
}

// ParseTime reads a moment and returns it in Unix seconds: a number of seconds (fractions are cut off), of milliseconds
// when its size is beyond 1e11, microseconds beyond 1e14, nanoseconds beyond 1e17; RFC 3339; or a date,
// 2024-06-17 or 17.06.2024, with or without a time of day, taken as UTC. Dates with slashes are refused: nobody can tell
// whether the day or the month comes first.
func ParseTime(s string) (int64, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return seconds(n), nil
	}
	if f, err := ParseNumber(s); err == nil {
		if math.Abs(f) > 9e18 {
			return 0, errTime
		}
		return seconds(int64(math.Floor(f))), nil
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Unix(), nil
		}
	}
	return 0, errTime
}

// seconds guesses the unit from the size: 1e11 seconds is the year 5138, 1e11 milliseconds is 1973.
func seconds(n int64) int64 {
	for _, unit := range [...]struct{ beyond, per int64 }{{1e17, 1e9}, {1e14, 1e6}, {1e11, 1e3}} {
		if n > unit.beyond || n < -unit.beyond {
			return n / unit.per
		}
	}
	return n
}

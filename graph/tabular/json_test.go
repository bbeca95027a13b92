package tabular

import (
	"fmt"
	"strings"
	"testing"
)

// TestRepeatedKeys: a member that is repeated counts once, and one with another value is named, among few members and
// among many, which are looked up in another way.
func TestRepeatedKeys(t *testing.T) {
	var wide strings.Builder
	for i := range 100 {
		fmt.Fprintf(&wide, `"k%d":%d,`, i, i)
	}
	for _, tt := range []struct {
		in      string
		members int
		twice   string
		why     string
	}{
		{`{"a":1,"b":1}`, 2, "", "no key is repeated"},
		{`{"a":"x","a":"x"}`, 1, "", "nothing is lost"},
		{`{"a":"x","b":1,"a":"y"}`, 2, "a", "one value would be lost"},
		{`{"a":"1","a":1}`, 1, "a", "a string is no number"},
		{`{"\u0061":1,"a":1}`, 1, "", "keys are compared after unescaping"},
		{`{"a":1,"a":null}`, 1, "a", "null is a value here"},
		{`{` + wide.String() + `"k0":0,"k99":99}`, 100, "", "the same among many"},
		{`{` + wide.String() + `"k16":0}`, 100, "k16", "the same among many"},
	} {
		r := NewJSON(strings.NewReader(tt.in + "\n" + `{"a":1}`))
		o, err := r.Read()
		if err != nil || len(o.Members) != tt.members || o.Twice != tt.twice {
			t.Errorf("%.40s: %d members, twice %q, %v: %s", tt.in, len(o.Members), o.Twice, err, tt.why)
		}
		if o, err = r.Read(); err != nil || o.Twice != "" {
			t.Errorf("%.40s: the line after it: %+v, %v", tt.in, o, err)
		}
	}
}

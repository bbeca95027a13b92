package cli

import (
	"errors"
	"testing"
)

// FuzzDomains checks that what --cross-domain takes says two names and what it does not is a mistake of the user.
func FuzzDomains(f *testing.F) {
	for _, s := range []string{"film:book", "film", ":", "a:b:c", "film:film", " : ", "\x00:\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseDomains(s)
		if err != nil {
			var usage *usageError
			if !errors.As(err, &usage) {
				t.Error(err)
			}
			return
		}
		if d.Source == "" || d.Target == "" || d.Source == d.Target || d.Source+":"+d.Target != s {
			t.Errorf("%q is read as %q and %q", s, d.Source, d.Target)
		}
	})
}

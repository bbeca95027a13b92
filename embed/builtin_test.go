package embed_test

import (
	"errors"
	"testing"

	"github.com/kenrec/ken/embed"
)

func TestBuiltinReportsDamagedWeights(t *testing.T) {
	b := embed.NewBuiltin("builtin:test", []byte("no model"), []byte("no archive"))
	for range 2 {
		if _, err := b.Embed(t.Context(), []string{"a"}); !errors.Is(err, embed.ErrWeights) {
			t.Errorf("error %v, want ErrWeights", err)
		}
	}
	if m := b.Model(); m.Name != "builtin:test" || m.Dim != 512 {
		t.Errorf("model %+v", m)
	}
}

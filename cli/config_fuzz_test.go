package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/engine"
)

// FuzzConfig checks that no configuration file makes the reader fail otherwise than by a mistake of the user, and that one
// that is accepted means the same when it is written and read again.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"factors": 8, "iterations": 2}`))
	f.Add([]byte(`{"relation_weights": {"a": 1e308}, "prior": "on"}`))
	f.Add([]byte(`{"factors": -1}`))
	f.Add([]byte("{}{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		read := func(b []byte) (engine.Config, error) {
			config := engine.DefaultConfig()
			err := newApp(bytes.NewReader(b), io.Discard, io.Discard).readConfig("--config", "-", &config)
			if err == nil {
				err = config.Validate()
			}
			return config, err
		}
		config, err := read(b)
		if err != nil {
			var usage *usageError
			if !errors.As(err, &usage) && !errors.Is(err, engine.ErrBadOption) {
				t.Error(err)
			}
			return
		}
		text, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		again, err := read(text)
		if diff := cmp.Diff(config, again); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	})
}

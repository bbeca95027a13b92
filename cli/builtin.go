//go:build !ken_small

package cli

import (
	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/usem3"
)

// defaultEmbedder is what --embedder stands on when nothing else is asked for.
const defaultEmbedder = embedderBuiltin

// openBuiltin returns the sentence encoder with its weights in the binary; it decodes them at the first text.
func openBuiltin() (embed.Embedder, error) { return usem3.New() }

//go:build ken_small

package cli

import (
	"errors"

	"github.com/kenrec/ken/embed"
)

// defaultEmbedder is what --embedder stands on when nothing else is asked for: this build has no weights.
const defaultEmbedder = embedderHash

var errNoWeights = errors.New("this build of ken has no sentence encoder: use --embedder hash or openai, or a build without the tag ken_small")

func openBuiltin() (embed.Embedder, error) { return nil, errNoWeights }

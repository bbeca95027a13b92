// Package usem3 carries the weights of Google's Universal Sentence Encoder Multilingual v3.
//
// Importing it makes a binary 33 MB larger; nothing else in this module imports it, so only those who want it pay.
// Licence and origin of the weights: LICENSE and NOTICE in this folder.
package usem3

import (
	_ "embed"
	"fmt"

	"github.com/kenrec/ken/embed"
)

// Name is the Model().Name of the embedder. The last part is the version of this port: it rises when vectors change.
const Name = "builtin:usem3-v1"

//go:embed sp.model
var tokenizer []byte

//go:embed weights.npz
var weights []byte

// The sizes of the files, to notice a checkout that carries placeholders or converted line ends instead of them.
const (
	tokenizerSize = 2_527_207
	weightsSize   = 30_377_056
)

// New returns the embedder. It costs nothing until the first Embed, which decodes the weights in about a second.
// Several embedders do not share what they decode: make one and pass it on.
// The error wraps embed.ErrWeights when the files built into the binary are not the ones this package was made for.
func New() (*embed.Builtin, error) {
	if len(tokenizer) != tokenizerSize || len(weights) != weightsSize {
		return nil, fmt.Errorf("usem3: %w: %d and %d bytes in the binary", embed.ErrWeights, len(tokenizer), len(weights))
	}
	return embed.NewBuiltin(Name, tokenizer, weights), nil
}

package embed

import "context"

// Model names what makes the vectors of an Embedder comparable. Two embedders with equal Models give vectors of one
// space; vectors of different Models must never meet in one computation.
type Model struct {
	Name string // provider, model and version, and the host for remote ones: "builtin:usem3-v1", "openai:bge-m3@localhost:11434"
	Dim  int    // length of every vector; 0 when a remote model has not answered yet and no dimension was asked for
}

// Embedder turns texts into vectors. Implementations are safe for concurrent use.
type Embedder interface {
	// Embed returns one vector per text, in the order of texts. All vectors have length Model().Dim after the call,
	// finite components and a norm above zero.
	//
	// When some texts cannot be embedded but the rest can, the result holds nil at the failed places and the error is
	// a *PartialError. With any other error what was done before it may be returned too: nil marks the missing ones.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
	// Model describes the vectors that Embed returns.
	Model() Model
}

// Cache keeps vectors by content key. It must be safe for concurrent use.
type Cache interface {
	// CacheLookup returns one vector per key, nil where the cache has none.
	CacheLookup(ctx context.Context, keys [][32]byte) ([][]float32, error)
	// CacheStore keeps vecs[i] under keys[i]; what it returned for is durable.
	CacheStore(ctx context.Context, keys [][32]byte, vecs [][]float32) error
}

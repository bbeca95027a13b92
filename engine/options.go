package engine

import (
	"log/slog"
	"runtime"

	"github.com/kenrec/ken/embed"
)

// Option sets a dependency of an engine at Open.
type Option func(*settings)

type settings struct {
	log      *slog.Logger
	embedder embed.Embedder
	workers  int
}

func newSettings(opts []Option) settings {
	s := settings{log: slog.New(slog.DiscardHandler), workers: runtime.GOMAXPROCS(0)}
	for _, o := range opts {
		o(&s)
	}
	return s
}

// WithLogger sends the engine's log records to l. Default: discarded. Texts and keys are never logged.
func WithLogger(l *slog.Logger) Option { return func(s *settings) { s.log = l } }

// WithEmbedder sets what turns node texts into vectors, in Embed and for texts of new nodes in Recommend.
func WithEmbedder(e embed.Embedder) Option { return func(s *settings) { s.embedder = e } }

// WithWorkers sets how many goroutines numeric work uses, at least 1. Default: GOMAXPROCS. Results do not depend on it.
func WithWorkers(n int) Option { return func(s *settings) { s.workers = max(1, n) } }

// Progress tells how far a long call has come. Total is 0 when it is not known.
type Progress struct {
	Stage string // "import", "embed", "train", "recommend", "evaluate", "tune"
	Done  int64
	Total int64
	Unit  string // "rows", "texts", "iterations", "users", "trials"
	Bytes int64  // input read so far, before decompression; import only
}

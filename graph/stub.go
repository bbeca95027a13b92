package graph

import (
	"context"
	"iter"
	"log/slog"
)

type Store struct{}
type Option func(*options)
type options struct{ log *slog.Logger }
type Batch struct{}

func Open(ctx context.Context, dir string, opts ...Option) (*Store, error) { return nil, ErrClosed }
func OpenInMemory(opts ...Option) (*Store, error)                          { return nil, ErrClosed }
func WithLogger(l *slog.Logger) Option                                     { return nil }
func (s *Store) Close() error                                              { return ErrClosed }
func (s *Store) NewBatch(ctx context.Context) (*Batch, error)              { return nil, ErrClosed }
func (b *Batch) PutNode(Node) (Change, error)                              { return 0, ErrClosed }
func (b *Batch) ReplaceNode(Node) (Change, error)                          { return 0, ErrClosed }
func (b *Batch) PutTriple(Triple) (Change, error)                          { return 0, ErrClosed }
func (b *Batch) PutInteraction(Interaction) (Change, error)                { return 0, ErrClosed }
func (b *Batch) PutVector(id, modality, model string, v []float32) (Change, error) {
	return 0, ErrClosed
}
func (b *Batch) DeleteNode(id string) error                         { return ErrClosed }
func (b *Batch) DeleteTriple(head, relation, tail string) error     { return ErrClosed }
func (b *Batch) DeleteInteraction(Interaction) error                { return ErrClosed }
func (b *Batch) DeleteVector(id, modality string) error             { return ErrClosed }
func (b *Batch) Commit(ctx context.Context) (seq uint64, err error) { return 0, ErrClosed }
func (b *Batch) Cancel()                                            {}
func (s *Store) Seq() uint64                                        { return 0 }
func (s *Store) Lookup(id string) (Idx, bool, error)                { return 0, false, ErrClosed }
func (s *Store) ID(Idx) (string, error)                             { return "", ErrClosed }
func (s *Store) SymName(Sym) string                                 { return "" }
func (s *Store) NodeCap() Idx                                       { return 0 }
func (s *Store) Node(ctx context.Context, id string) (Node, error)  { return Node{}, ErrClosed }
func (s *Store) Nodes(ctx context.Context) iter.Seq2[NodeRow, error] {
	return nil
}
func (s *Store) Triples(ctx context.Context) iter.Seq2[TripleRow, error]           { return nil }
func (s *Store) Interactions(ctx context.Context) iter.Seq2[InteractionRow, error] { return nil }
func (s *Store) Neighbours(ctx context.Context, id string, o NeighbourOptions) iter.Seq2[Triple, error] {
	return nil
}
func (s *Store) UserInteractions(ctx context.Context, id string) iter.Seq2[Interaction, error] {
	return nil
}
func (s *Store) ItemInteractions(ctx context.Context, id string) iter.Seq2[Interaction, error] {
	return nil
}
func (s *Store) Vectors(ctx context.Context, modality string) iter.Seq2[VectorRow, error] {
	return nil
}
func (s *Store) Vector(ctx context.Context, id, modality string) ([]float32, error) {
	return nil, ErrClosed
}
func (s *Store) Modalities(ctx context.Context) ([]Modality, error)        { return nil, ErrClosed }
func (s *Store) Relations(ctx context.Context) ([]Count, error)            { return nil, ErrClosed }
func (s *Store) Types(ctx context.Context) ([]Count, error)                { return nil, ErrClosed }
func (s *Store) InteractionTypes(ctx context.Context) ([]Count, error)     { return nil, ErrClosed }
func (s *Store) Stats(ctx context.Context) (Stats, error)                  { return Stats{}, ErrClosed }
func (s *Store) Meta(ctx context.Context, key string) ([]byte, error)      { return nil, ErrClosed }
func (s *Store) SetMeta(ctx context.Context, key string, val []byte) error { return ErrClosed }
func (s *Store) CacheLookup(ctx context.Context, keys [][32]byte) ([][]float32, error) {
	return nil, ErrClosed
}
func (s *Store) CacheStore(ctx context.Context, keys [][32]byte, vecs [][]float32) error {
	return ErrClosed
}

// Package graph stores a knowledge graph and the behaviour around it: nodes, triples, interactions, vectors and the
// cache of text embeddings. It is the only package that knows Badger, the key-value engine underneath.
//
//	PutNode ─┐                    ┌─ dictionary   id ↔ Idx
//	PutTriple ─┤                  ├─ nodes        type, name, text, attributes
//	PutInteraction ─┤─▶ Batch ──▶ ├─ triples      under head and under tail
//	PutVector ─┤      (atomic,    ├─ interactions under user and under item      ──▶ scans, look-ups
//	DeleteNode ─┘      durable)   ├─ vectors      by modality                        (snapshots)
//	                              └─ counters, sequence
//
// # Identity
//
// A node is its id, a triple is (head, relation, tail), an interaction is (user, item, type, time), a vector is (node,
// modality). Putting what has the same identity replaces it, so importing the same file twice changes nothing; the
// Change that each Put returns says which of the three it was.
//
// # Numbers for names
//
// Each id gets a dense number, its Idx, when it is first seen; relations, node types, interaction types and sources get a
// Sym. Both are kept for the life of the store and never given to another name. Deleting a node leaves a hole in Idx.
// Bulk scans speak in numbers only, so that training can fill arrays without touching a string.
//
// # Writing
//
// All writes go through a Batch. A batch is atomic, however large: after a crash all of it is there or nothing is. When
// Commit returns it is on disk. One batch is open at a time; NewBatch waits for the one before it.
//
// # Reading
//
// A Store is safe for concurrent use. Every read sees the state after some committed batch, never a part of one, and
// readers are not blocked by a writer. Scans are iterators over such a snapshot; what they yield is the caller's to keep.
// A scan holds its snapshot until the loop ends; Close waits for it, so do not call Close inside a scan's loop.
//
// # Damage
//
// Every value carries a CRC-32C over its key and its bytes; a read that does not match returns ErrCorrupt, never an empty
// value. No error of Badger leaves this package.
package graph

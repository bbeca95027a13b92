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
// Commit returns it is on disk. One batch is open at a time; NewBatch waits for the one before it. CommitBehind and
// NewBatchBehind fill a batch while the one before is on its way to the disk: a long import then waits for it less.
//
// # Reading
//
// A Store is safe for concurrent use. Every read sees the state after some committed batch, never a part of one, and
// readers are not blocked by a writer. Scans are iterators over such a snapshot; what they yield is the caller's to keep.
// A scan holds its snapshot until the loop ends; Close waits for it, so do not call Close inside a scan's loop.
//
// # Spaces
//
// Tenants are kept apart by a store each: SpaceDir names the directory of a space below that of a store, and whatever takes
// a directory takes that one. Nothing is shared, so nothing can be seen: dictionary, counters, sequence, embedding cache,
// proposals, journal, lock, backup and the model beside the store are each space's own. The other design, one key space with
// a prefix for each tenant, is cheaper by the tenant and safe only for as long as no key, counter, cache or file forgets
// the prefix. The price: an open space has the memory and the files of an open store, so a service with many tenants opens
// those in use; a text that two tenants have is embedded twice; and what spans spaces, such as the backup of all, is a loop
// over Spaces. The free-space floor is that of the disk they share.
//
// # Files and damage
//
//	ken.db/LOCK         held by the process that has the store open
//	ken.db/STORE        format, tables and a copy of Badger's MANIFEST, with a checksum
//	ken.db/SEQ          the last commit, as told by us and not by Badger
//	ken.db/kv-1/        Badger's files; Restore, Vacuum and Repair write kv-2 and swap it in by renaming STORE
//	ken.db/spaces/NAME/ the space NAME: a directory like ken.db
//	ken.db/lost+found/  what Badger would have deleted; it may be removed once Check finds nothing wrong
//
// Every value carries a CRC-32C over its key and its bytes; a read that does not match returns ErrCorrupt, never an empty
// value. Open compares MANIFEST, tables and sequence with what STORE and SEQ say before and after it lets Badger at them,
// and reads the tables: all of them after a crash, the first 256 MiB else and the rest while the store is in use. Badger
// takes a torn MANIFEST for an empty store, a damaged block for the end of its table and a damaged byte of its log for the
// end of that, and says nothing. Check, Repair, Backup and Restore are the tools for when something was found. No error of
// Badger leaves this package.
//
// The long form of the tests for all this runs with KEN_LONG=1: 500 kills, 50 power cuts, a thousand damages.
package graph

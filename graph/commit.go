package graph

import (
	"fmt"

	"golang.org/x/sync/errgroup"
)

// commitLocked makes writes durable as one commit and publishes st, whose timestamp it sets. It needs s.commits held.
// On an error nothing of the commit can be seen, now or after the next Open.
func (s *Store) commitLocked(writes []write, st state) error {
	if s.failed != nil {
		return s.failed
	}
	if err := s.room(); err != nil {
		return err
	}
	return s.commitAt(writes, st, s.last.ts+1, s.last.ts)
}

// commitAt is commitLocked at a timestamp above all that there are; prev is the commit before it in the journal, 0 to
// begin a new chain.
func (s *Store) commitAt(writes []write, st state, ts, prev uint64) error {
	st.ts = ts
	parts := s.kv.parts(writes)
	if len(parts) > maxParts {
		return tooManyParts(len(parts))
	}
	for i := range parts {
		last := i == len(parts)-1
		rec := journalRec{ts: st.ts, last: last}
		if last {
			rec.prev = prev
		}
		key := journalKey(uint16(st.ts%journalSlots), uint16(i))
		parts[i] = append(parts[i][:len(parts[i]):len(parts[i])], put(key, rec.encode()))
		if last {
			parts[i] = append(parts[i], put(stateKey(), st.encode())) // after all others: it makes the commit complete
		}
	}
	if err := s.writeParts(parts, st.ts); err != nil {
		// Some parts may be there, under a timestamp that no reader looks at. The next Open takes them back.
		s.failed = fmt.Errorf("graph: an earlier write failed, open the store again: %w", err)
		return err
	}
	s.last = st
	s.kv.advance(st.ts)
	s.seq.Store(st.seq)
	s.next.Store(uint32(st.next))
	if s.files == nil {
		return nil
	}
	s.files.letGo()
	if err := s.files.note(st); err != nil {
		// This commit is durable and stays; without a note of it a loss would not show, so it is the last one.
		s.log.Error("cannot note the sequence", "err", err)
		s.failed = fmt.Errorf("graph: the commit before could not be noted, open the store again: %w", err)
	}
	return nil
}

// writeParts writes all parts but the last, two at a time, and the last, which holds the state, when they are on disk.
func (s *Store) writeParts(parts [][]write, ts uint64) error {
	var g errgroup.Group
	g.SetLimit(2)
	for _, p := range parts[:len(parts)-1] {
		g.Go(func() error { return s.kv.commitPart(p, ts) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return s.kv.commitPart(parts[len(parts)-1], ts)
}

package graph

import (
	"context"
	"fmt"
	"sync"
)

// symbols is the dictionary Sym ↔ name, whole in memory: relations, types and sources are few.
type symbols struct {
	mu     sync.RWMutex
	names  []string // names[0] is ""
	byName map[string]Sym
}

func newSymbols() *symbols {
	return &symbols{names: []string{""}, byName: map[string]Sym{"": 0}}
}

// load reads all symbols of a store.
func (s *symbols) load(ctx context.Context, sn *snap) error {
	gap := false
	err := sn.scan(ctx, []byte{kindSym}, func(key, val []byte) bool {
		n, ok := parseU32Key(kindSym, key)
		if gap = !ok || int(n) != len(s.names); gap {
			return false
		}
		s.byName[string(val)] = Sym(n)
		s.names = append(s.names, string(val))
		return true
	})
	if err == nil && gap {
		err = fmt.Errorf("%w: symbol %d is missing", ErrCorrupt, len(s.names))
	}
	return err
}

func (s *symbols) lookup(name string) (Sym, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	y, ok := s.byName[name]
	return y, ok
}

func (s *symbols) name(y Sym) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if int(y) >= len(s.names) {
		return ""
	}
	return s.names[y]
}

func (s *symbols) len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.names)
}

func (s *symbols) add(names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range names {
		s.byName[n] = Sym(len(s.names))
		s.names = append(s.names, n)
	}
}

// drop takes back the last add of names, whose commit failed.
func (s *symbols) drop(names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = s.names[:len(s.names)-len(names)]
	for _, n := range names {
		delete(s.byName, n)
	}
}

// SymName returns the name of a relation, node type, interaction type, source or modality, "" for a Sym that is none.
func (s *Store) SymName(y Sym) string { return s.syms.name(y) }

// SymOf returns the Sym of a name; ok is false when the store has never had a relation, type, source or modality of it.
func (s *Store) SymOf(name string) (y Sym, ok bool) { return s.syms.lookup(name) }

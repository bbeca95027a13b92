package graph

import (
	"context"
	"fmt"
	"iter"
)

// PutInteraction stores an interaction. Missing nodes are created; a node without a type gets TypeUser as the user and
// TypeItem as the item. Errors: ErrBadID, ErrBadRecord (weight not finite), ErrBatchFull.
func (b *Batch) PutInteraction(x Interaction) (Change, error) {
	if err := checkInteraction(x); err != nil {
		return 0, err
	}
	if err := b.enter(edgeCost + 2*(nodeCost+idCost) + 2*len(x.User) + 2*len(x.Item)); err != nil {
		return 0, err
	}
	defer b.leave()
	user, err := b.ensureTyped(x.User, TypeUser)
	if err != nil {
		return 0, err
	}
	item, err := b.ensureTyped(x.Item, TypeItem)
	if err != nil {
		return 0, err
	}
	key := interKey{user, item, b.intern(x.Type), x.Time}
	e, known, err := b.inter(key)
	if err != nil {
		return 0, err
	}
	had, same := e.has, e.has && e.cur == x.Weight
	if same {
		return Unchanged, nil
	}
	if !known {
		b.size += edgeCost
	}
	b.puts++
	e.cur, e.has = x.Weight+0, true // negative zero is zero
	b.inters[key] = e
	return change(had, same), nil
}

func checkInteraction(x Interaction) error {
	if err := checkID(x.User); err != nil {
		return fmt.Errorf("user: %w", err)
	}
	if err := checkID(x.Item); err != nil {
		return fmt.Errorf("item: %w", err)
	}
	if err := checkName("type", x.Type); err != nil {
		return err
	}
	if !finite(x.Weight) {
		return fmt.Errorf("%w: weight of an interaction is not finite", ErrBadRecord)
	}
	return nil
}

// ensureTyped returns the number of id, creating the node if there is none, and gives it a type if it has none.
func (b *Batch) ensureTyped(id, typ string) (Idx, error) {
	i, err := b.find(id)
	if err != nil {
		return noIdx, err
	}
	if i == noIdx {
		return b.create(id, b.intern(typ)), nil
	}
	if b.nodes[i] == nil && b.s.types.of(i) != 0 {
		return i, nil
	}
	e, err := b.node(i)
	if err != nil {
		return noIdx, err
	}
	switch {
	case e.cur.typ == 0:
		n := e.cur
		n.typ = b.intern(typ)
		b.set(i, e, n)
	case b.nodes[i] == nil:
		b.s.types.set(i, e.cur.typ)
	}
	return i, nil
}

// inter returns the edit of an interaction, and whether the batch holds it already.
func (b *Batch) inter(k interKey) (e edit[float32], known bool, err error) {
	if e, known = b.inters[k]; known || b.fresh(k.user) || b.fresh(k.item) || b.never(k.user, b.s.edges.inter(k)) {
		return e, known, nil
	}
	if b.prev != nil {
		if e, ok := b.prev.inters[k]; ok {
			e.old, e.had = e.cur, e.has
			return e, false, nil
		}
	}
	key := k.userKey()
	p, ok, err := b.stored(key)
	if err != nil || !ok {
		return e, false, err
	}
	w, ok := decodeWeight(p)
	if !ok {
		return e, false, damaged(key)
	}
	return edit[float32]{old: w, cur: w, had: true, has: true}, false, nil
}

// DeleteInteraction deletes the interaction with the user, item, type and time of x, or returns ErrNotFound. The nodes
// stay.
func (b *Batch) DeleteInteraction(x Interaction) error {
	x.Weight = 0
	if err := checkInteraction(x); err != nil {
		return err
	}
	if err := b.enter(0); err != nil {
		return err
	}
	defer b.leave()
	missing := fmt.Errorf("%w: interaction of %s with %s", ErrNotFound, quoted(x.User), quoted(x.Item))
	user, err := b.find(x.User)
	if err != nil {
		return err
	}
	item, err := b.find(x.Item)
	if err != nil {
		return err
	}
	typ, ok := b.known(x.Type)
	if user == noIdx || item == noIdx || !ok {
		return missing
	}
	key := interKey{user, item, typ, x.Time}
	e, _, err := b.inter(key)
	if err != nil {
		return err
	}
	if !e.has {
		return missing
	}
	b.dropInter(key, e)
	return nil
}

func (b *Batch) dropInter(key interKey, e edit[float32]) {
	e.cur, e.has = 0, false
	b.inters[key] = e
	b.size += edgeCost
}

// Interactions yields all interactions as numbers, in the order of their users, then items, types and times.
func (s *Store) Interactions(ctx context.Context) iter.Seq2[InteractionRow, error] {
	return scanRows(ctx, s, []byte{kindUser}, interactionRow)
}

func interactionRow(key, val []byte) (InteractionRow, bool) {
	k, ok1 := parseInterKey(key)
	w, ok2 := decodeWeight(val)
	return InteractionRow{User: k.user, Item: k.item, Type: k.typ, Weight: w, Time: k.time}, ok1 && ok2
}

// UserInteractions yields what a user did, in the order of the items' numbers. It yields ErrNotFound when there is no
// such node.
func (s *Store) UserInteractions(ctx context.Context, id string) iter.Seq2[Interaction, error] {
	return s.interactionsOf(ctx, kindUser, id)
}

// ItemInteractions yields what was done with an item, in the order of the users' numbers. It yields ErrNotFound when
// there is no such node.
func (s *Store) ItemInteractions(ctx context.Context, id string) iter.Seq2[Interaction, error] {
	return s.interactionsOf(ctx, kindItem, id)
}

func (s *Store) interactionsOf(ctx context.Context, kind byte, id string) iter.Seq2[Interaction, error] {
	return func(yield func(Interaction, error) bool) {
		ofNode(ctx, s, id, func(sn *snap, n Idx) error {
			var inner error
			err := sn.scan(ctx, u32Key(kind, uint32(n)), func(key, val []byte) bool {
				row, ok := interactionRow(key, val)
				if !ok {
					inner = damaged(key)
					return false
				}
				x := Interaction{Type: s.syms.name(row.Type), Weight: row.Weight, Time: row.Time}
				if x.User, inner = s.dict.id(sn, row.User); inner == nil {
					x.Item, inner = s.dict.id(sn, row.Item)
				}
				return inner == nil && yield(x, nil)
			})
			if err == nil {
				err = inner
			}
			return err
		}, yield)
	}
}

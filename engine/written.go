package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/kenrec/ken/graph"
)

// A profile that was accepted is the text of its user; a note beside the store says whose words it is and which
// interactions the writer saw. Profiles must not be judged by what they were written from: see leaking.

// profileNote is what is remembered about a user's text that a model wrote.
type profileNote struct {
	Source string   `json:"source"`
	Tail   string   `json:"tail"`           // profileTail of the text: another text is not the model's
	From   []string `json:"from,omitempty"` // ids of the items of the interactions that it was written from
}

// profileTail names a text in place of the tail that a proposed triple has.
func profileTail(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "text:" + hex.EncodeToString(sum[:8])
}

// written is a profileNote in a dataset.
type written struct {
	source  string
	from    []uint64 // idHash of the items, ascending
	current bool     // the user's text is still this one
}

func idHash(id string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(id))
	return h.Sum64()
}

// loadWritten reads the notes about profiles.
func (d *dataset) loadWritten(ctx context.Context, s *graph.Store) error {
	for r, err := range s.Records(ctx, spaceProfile, "") {
		if err != nil {
			return fmt.Errorf("engine: read profiles: %w", err)
		}
		var note profileNote
		if err := json.Unmarshal(r.Value, &note); err != nil {
			return fmt.Errorf("%w: the note about a profile cannot be read: %w", ErrVersion, err)
		}
		n, ok, err := s.Lookup(r.Key)
		if err != nil {
			return fmt.Errorf("engine: read profiles: %w", err)
		}
		if !ok || !d.has(n) {
			continue
		}
		w := written{source: note.Source, current: d.nodes[n].text != "" && profileTail(d.nodes[n].text) == note.Tail}
		for _, id := range note.From {
			w.from = append(w.from, idHash(id))
		}
		slices.Sort(w.from)
		if d.written == nil {
			d.written = map[graph.Idx]written{}
		}
		d.written[n] = w
	}
	return nil
}

// leaking returns the users of held-out pairs whose profile was written from one of their pairs, in order. A text that
// was changed since counts too: its vector may still be that of the profile.
func (d *dataset) leaking(held []labelRow) []graph.Idx {
	var out []graph.Idx
	for _, r := range held {
		n := d.users[r.user]
		w, ok := d.written[n]
		if !ok || int(r.item) >= len(d.items) {
			continue
		}
		if _, saw := slices.BinarySearch(w.from, idHash(d.nodes[d.items[r.item]].id)); saw {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// silence takes the texts and text vectors of some nodes, in order, out of the dataset. What was read before keeps them.
func (d *dataset) silence(nodes []graph.Idx) {
	if len(nodes) == 0 {
		return
	}
	d.nodes = slices.Clone(d.nodes)
	for _, n := range nodes {
		d.nodes[n].text = ""
	}
	d.vectors = slices.Clone(d.vectors)
	for i, v := range d.vectors {
		if v.name == modalityText {
			d.vectors[i] = v.only(func(n graph.Idx) bool {
				_, out := slices.BinarySearch(nodes, n)
				return !out
			})
		}
	}
}

// leakWarning tells what silence was used for.
func leakWarning(left, all int) string {
	return fmt.Sprintf("%d of %d profiles were written from interactions that are held out here: they and their vectors are left out; `ken enrich profiles --split` with this split writes profiles that are not", left, all)
}

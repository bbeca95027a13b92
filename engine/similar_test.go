package engine

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestSimilar(t *testing.T) {
	e, d := world(t)
	linesTSV(t, e, Nodes, "fresh item Fresh", "blank item Blank")
	linesTSV(t, e, Triples, "fresh has_rel0 rel0:e1", "fresh has_rel1 rel1:e1", "fresh has_rel2 rel2:e1")
	linesTSV(t, e, Interactions, "guest item:1 1", "guest item:9 1", "guest item:17 1")
	// Item i, entity e and the tastes of a user belong to group i mod 8, most of the time.
	group := func(id string) int {
		n := 0
		for _, c := range id[strings.IndexAny(id, ":")+1:] {
			if c >= '0' && c <= '9' {
				n = 10*n + int(c-'0')
			}
		}
		return n % 8
	}
	for _, tc := range []struct {
		id, prefix string
		group      int // -1: not checked
		why        string
	}{
		{"item:1", "item:", 1, "a warm item beside items"},
		{d.ColdItems[0], "", group(d.ColdItems[0]), "a cold one, by what is known"},
		{"fresh", "item:", 1, "a new one, by what is known"},
		{"rel1:e1", "rel1:", -1, "an entity beside entities of its relation"},
		{"user:40", "user:", -1, "a user beside users"},
		{"guest", "user:", -1, "a new user beside users"},
	} {
		list, err := e.Similar(t.Context(), tc.id, 8)
		if err != nil || len(list) != 8 {
			t.Errorf("%s: %d nodes, %v: %s", tc.id, len(list), err, tc.why)
			continue
		}
		hits := 0
		for i, s := range list {
			if s.Rank != i+1 || s.ID == tc.id || s.Score > 1+1e-5 || i > 0 && s.Score > list[i-1].Score || !strings.HasPrefix(s.ID, tc.prefix) && s.Type != strings.TrimSuffix(tc.prefix, ":") {
				t.Errorf("%s: place %d holds %+v: %s", tc.id, i, s, tc.why)
			}
			if group(s.ID) == tc.group {
				hits++
			}
		}
		if tc.group >= 0 && hits < 4 {
			t.Errorf("%s: %d of 8 are of its group, want at least half: %+v", tc.id, hits, list)
		}
	}
	list, err := e.Similar(t.Context(), "item:1", math.MaxInt)
	if err != nil || len(list) != 201 {
		t.Errorf("k beyond all items: %d nodes, %v, want the other 199 and two new ones", len(list), err)
	}
	if !slices.ContainsFunc(list, func(s SimilarNode) bool { return s.ID == "fresh" }) {
		t.Error("the new item is like no other")
	}
	for _, tc := range []struct {
		id   string
		k    int
		want error
		why  string
	}{
		{"item:1", 0, ErrBadOption, "a list without length"},
		{"heat", 3, ErrNotFound, "an id that the graph does not hold"},
		{strings.Repeat("x", 5000), 3, ErrNotFound, "one that no graph holds"},
		{"guest2", 3, ErrNotFound, "a node that nothing is known about"},
	} {
		linesTSV(t, e, Nodes, "guest2 user")
		if _, err := e.Similar(t.Context(), tc.id, tc.k); !errors.Is(err, tc.want) || len(err.Error()) > 200 {
			t.Errorf("%.20s: %v, want %v: %s", tc.id, err, tc.want, tc.why)
		}
	}
}

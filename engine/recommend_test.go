package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/graph"
)

// Planted knowledge finds cold items for the users they are for, and items for users known by two triples.
func TestKnowledgeHelpsTheCold(t *testing.T) {
	e, d := world(t)
	held := map[string]map[string]bool{}
	for _, x := range d.Held {
		if held[x.User] == nil {
			held[x.User] = map[string]bool{}
		}
		held[x.User][x.Item] = true
	}
	cold := func(user string) bool { return slices.Contains(d.ColdUsers, user) }
	// mean place of the held-out items among k candidates, 0.5 by chance
	place := func(candidates []string, users func(string) bool) float64 {
		sum, n := 0.0, 0
		for _, taste := range d.Tastes {
			if !users(taste.User) {
				continue
			}
			r := recommend(t, e, Query{User: taste.User, K: 1000, Candidates: candidates})
			for _, x := range r.Items {
				if held[taste.User][x.Item] {
					sum += float64(x.Rank-1) / float64(len(r.Items)-1)
					n++
				}
			}
		}
		return sum / float64(n)
	}
	if p := place(d.ColdItems, func(u string) bool { return !cold(u) }); p > 0.25 {
		t.Errorf("cold items stand at %.2f of the lists of those who would choose them, want ≤ 0.25", p)
	}
	if p := place(nil, cold); p > 0.35 {
		t.Errorf("items stand at %.2f of the lists of cold users who would choose them, want ≤ 0.35", p)
	}
	for _, u := range d.ColdUsers {
		if r := recommend(t, e, Query{User: u}); r.Basis != BasisKnowledge {
			t.Errorf("%s: basis %q, want knowledge", u, r.Basis)
		}
	}
}

func TestQueries(t *testing.T) {
	e, d := world(t)
	const user = "user:40"
	all := recommend(t, e, Query{User: user, K: math.MaxInt32, IncludeSeen: true})
	unseen := recommend(t, e, Query{User: user, K: math.MaxInt32})
	seen := map[string]bool{}
	for _, x := range d.Interactions {
		if x.User == user {
			seen[x.Item] = true
		}
	}
	if len(all.Items) != 200 || len(unseen.Items) != 200-len(seen) || all.Basis != BasisTrained {
		t.Fatalf("%d items, %d unseen, %d seen, basis %q", len(all.Items), len(unseen.Items), len(seen), all.Basis)
	}
	for i, r := range all.Items {
		if r.Rank != i+1 || i > 0 && r.Score > all.Items[i-1].Score || r.Type != "item" || r.Name == "" {
			t.Fatalf("place %d holds %+v", i, r)
		}
		if r.Cold != slices.Contains(d.ColdItems, r.Item) {
			t.Errorf("%s: cold is %v", r.Item, r.Cold)
		}
	}
	top := idsOf(unseen)[:3]
	someSeen := idsOf(all)[slices.IndexFunc(all.Items, func(r Recommendation) bool { return seen[r.Item] })]
	for _, tc := range []struct {
		name string
		q    Query
		want []string
		why  string
	}{
		{"short", Query{User: user, K: 3}, top, "the head of the long list"},
		{"candidates", Query{User: user, K: 9, Candidates: []string{top[2], top[0]}}, []string{top[0], top[2]}, "only these, in order of score"},
		{"seen candidate", Query{User: user, K: 9, Candidates: []string{someSeen}}, nil, "a seen item stays out though asked for"},
		{"seen candidate, included", Query{User: user, K: 9, Candidates: []string{someSeen}, IncludeSeen: true}, []string{someSeen}, "unless seen ones are wanted"},
		{"no candidates", Query{User: user, K: 9, Candidates: []string{}}, nil, "an empty list of candidates admits none; nil admits all"},
		{"exclude", Query{User: user, K: 2, Exclude: []string{top[0], "unheard of"}}, top[1:], "an unknown id has nothing to exclude"},
		{"both", Query{User: user, K: 9, Candidates: top, Exclude: top[1:]}, top[:1], "exclusion goes after candidates"},
		{"type", Query{User: user, K: 3, Types: []string{"item", "x"}}, top, "items of this type"},
		{"other type", Query{User: user, K: 3, Types: []string{"rel0"}}, nil, "entities are no items"},
	} {
		if got := idsOf(recommend(t, e, tc.q)); !slices.Equal(got, tc.want) && len(got)+len(tc.want) > 0 {
			t.Errorf("%s: %q, want %q: %s", tc.name, got, tc.want, tc.why)
		}
	}
}

func TestQueryErrors(t *testing.T) {
	e, _ := world(t)
	for _, tc := range []struct {
		name string
		q    Query
		want error
		why  string
	}{
		{"nobody", Query{K: 3}, ErrBadOption, "neither a user nor likes"},
		{"k = 0", Query{User: "user:1"}, ErrBadOption, "a list without length"},
		{"k < 0", Query{User: "user:1", K: -1}, ErrBadOption, "a list without length"},
		{"user", Query{User: "ann", K: 3}, ErrNotFound, "an id that the graph does not hold"},
		{"long id", Query{User: strings.Repeat("x", 2000), K: 3}, ErrNotFound, "an id that no graph can hold is not there either"},
		{"likes", Query{Likes: []string{"item:1", "heat"}, K: 3}, ErrNotFound, "a liked item that the graph does not hold"},
		{"candidate", Query{User: "user:1", K: 3, Candidates: []string{"heat"}}, ErrNotFound, "a typo in the list of candidates must not pass in silence"},
		{"candidate is no item", Query{User: "user:1", K: 3, Candidates: []string{"rel0:e1"}}, ErrNotFound, "a node, but nothing to recommend"},
	} {
		if _, err := e.Recommend(t.Context(), tc.q); !errors.Is(err, tc.want) || !strings.HasPrefix(err.Error(), "engine: ") {
			t.Errorf("%s: %v, want %v: %s", tc.name, err, tc.want, tc.why)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range e.RecommendAll(ctx, BatchQuery{Query: Query{K: 1}}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
}

func TestRecommendAll(t *testing.T) {
	e, d := world(t)
	linesTSV(t, e, Interactions, "reader item:3 1", "reader item:11 1")
	linesTSV(t, e, Nodes, "idle user Idle")
	var users []string
	for r, err := range e.RecommendAll(t.Context(), BatchQuery{Query: Query{K: 2, Explain: true}}) {
		if err != nil {
			t.Fatal(err)
		}
		users = append(users, r.User)
		if len(users)%20 > 0 && len(users) <= len(d.Tastes) {
			continue
		}
		if want := recommend(t, e, Query{User: r.User, K: 2, Explain: true}); !cmp.Equal(r, want) {
			t.Errorf("%s: the batch differs from the single query:\n%s", r.User, cmp.Diff(want, r))
		}
	}
	if n := len(d.Tastes); len(users) != n+2 || users[n] != "reader" || users[n+1] != "idle" {
		t.Errorf("%d lists, the last ones of %q, want those of %d users and the two that came later", len(users), users[len(users)-2:], n)
	}
	var got []string
	for r, err := range e.RecommendAll(t.Context(), BatchQuery{Query: Query{K: 1}, Users: []string{"user:9", "user:2", "nobody", "user:3"}}) {
		if err != nil {
			if !errors.Is(err, ErrNotFound) {
				t.Error(err)
			}
			got = append(got, "error")
			continue
		}
		got = append(got, r.User)
	}
	if !slices.Equal(got, []string{"error"}) && !slices.Equal(got, []string{"user:9", "user:2", "error"}) {
		t.Errorf("got %q: the first error ends it", got)
	}
}

// A user who came after training is solved for from whatever is known about her.
func TestNewUsers(t *testing.T) {
	e, d := world(t)
	taste := d.Tastes[30] // of a warm user: somebody new with the same taste should get a similar list
	var liked []string
	for _, x := range d.Interactions {
		if x.User == taste.User && len(liked) < 8 {
			liked = append(liked, x.Item)
		}
	}
	var events, facts []string
	for _, i := range liked {
		events = append(events, "newA "+i+" 1")
	}
	for _, z := range taste.Entities {
		facts = append(facts, "newB prefers "+z)
	}
	linesTSV(t, e, Interactions, events...)
	linesTSV(t, e, Triples, facts...)
	linesTSV(t, e, Nodes, "newC user", "newD user D")
	want := idsOf(recommend(t, e, Query{User: taste.User, K: 30, IncludeSeen: true}))
	for _, tc := range []struct {
		name  string
		q     Query
		basis Basis
		share float64 // of the list that the warm user's holds too; 30 of 200 by chance
		why   string
	}{
		{"interactions", Query{User: "newA"}, BasisFoldedIn, 0.4, "her own deeds, after training"},
		{"triples", Query{User: "newB"}, BasisKnowledge, 0.3, "two or three preferences"},
		{"likes", Query{Likes: liked}, BasisFoldedIn, 0.4, "nobody in the store"},
		{"both", Query{User: "newC", Likes: liked}, BasisFoldedIn, 0.4, "likes are further history"},
		{"nothing", Query{User: "newC"}, BasisPopularity, 0, "a node and no more"},
		{"a name", Query{User: "newD"}, BasisPopularity, 0, "what somebody is called says nothing about taste"},
	} {
		tc.q.K, tc.q.IncludeSeen = 30, true
		r := recommend(t, e, tc.q)
		both := 0
		for _, id := range idsOf(r) {
			if slices.Contains(want, id) {
				both++
			}
		}
		if r.Basis != tc.basis || float64(both) < tc.share*30 {
			t.Errorf("%s: basis %q, %d of 30 in common; want %q and %.0f: %s", tc.name, r.Basis, both, tc.basis, tc.share*30, tc.why)
		}
		if tc.q.User == "" || tc.q.Likes != nil {
			continue
		}
		for _, x := range r.Items[:5] {
			checkExplained(t, e, tc.q.User, x)
		}
	}
	again := idsOf(recommend(t, e, Query{Likes: liked, K: 5}))
	if reversed := slices.Clone(liked); len(reversed) > 0 {
		slices.Reverse(reversed)
		if got := idsOf(recommend(t, e, Query{Likes: append(reversed, reversed...), K: 5})); !slices.Equal(got, again) {
			t.Errorf("the order and repeats of likes change the list: %q, %q", again, got)
		}
	}
	for _, id := range again {
		if slices.Contains(liked, id) {
			t.Errorf("%s is liked already and listed", id)
		}
	}
}

// A user's text alone, without a triple, is knowledge too.
func TestNewUserByText(t *testing.T) {
	e, err := OpenInMemory(WithEmbedder(embed.NewHash(64)))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	words := []string{"ocean waves sailing", "desert sand camels"}
	var people []graph.Node
	var events []graph.Interaction
	for u := range 40 {
		people = append(people, graph.Node{ID: fmt.Sprintf("u%d", u), Type: "user", Text: words[u%2] + " since " + fmt.Sprint(1980+u)})
		for j := range 6 {
			events = append(events, graph.Interaction{User: fmt.Sprintf("u%d", u), Item: fmt.Sprintf("i%d", (u%2)*10+(u+j)%10)})
		}
	}
	if err := errors.Join(e.AddNode(t.Context(), people...), e.AddInteraction(t.Context(), events...)); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Embed(t.Context(), EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	trainQuick(t, e)
	if err := e.AddNode(t.Context(), graph.Node{ID: "sailor", Type: "user", Text: "sailing on ocean waves"}, graph.Node{ID: "rider", Type: "user", Text: "camels in desert sand"}); err != nil {
		t.Fatal(err)
	}
	for user, from := range map[string]int{"sailor": 0, "rider": 10} {
		r := recommend(t, e, Query{User: user, K: 5})
		for _, x := range r.Items {
			var i int
			if _, err := fmt.Sscanf(x.Item, "i%d", &i); err != nil || i < from || i >= from+10 || r.Basis != BasisKnowledge {
				t.Errorf("%s, by %q, gets %s, want items %d to %d", user, r.Basis, x.Item, from, from+9)
			}
			checkExplained(t, e, user, x)
		}
	}
}

package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/graphtest"
)

// proposalsFor makes n proposals of a source about items of the synthetic graph, every third with a new tail.
func proposalsFor(source string, n int) []Proposal {
	out := make([]Proposal, n)
	for i := range out {
		out[i] = Proposal{Head: fmt.Sprintf("item:%d", i), Relation: fmt.Sprintf("has_theme%d", i%2), Tail: fmt.Sprintf("rel0:e%d", i%8),
			Source: source, Confidence: float32(i%10+1) / 10, Time: 100}
		if i%3 == 0 {
			out[i].Tail, out[i].New, out[i].TailType, out[i].TailName = fmt.Sprintf("theme:%d", i%7), true, "theme", fmt.Sprintf("Theme %d", i%7)
		}
	}
	return out
}

func propose(t *testing.T, e *Engine, ps ...Proposal) ProposeReport {
	t.Helper()
	rep, err := e.Propose(t.Context(), "tester", ps...)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func listed(t *testing.T, e *Engine, f ReviewFilter) []Proposal {
	t.Helper()
	ps, err := e.ReviewList(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

func reviewed(t *testing.T) func(ReviewReport, error) ReviewReport {
	return func(r ReviewReport, err error) ReviewReport {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

func checkStore(t *testing.T, e *Engine) {
	t.Helper()
	if rep, err := e.store.Check(t.Context()); err != nil || !rep.OK() {
		t.Errorf("check: %+v, %v", rep, err)
	}
}

// listsOf are the recommendations of a few users, with their scores.
func listsOf(t *testing.T, e *Engine) []Recommendation {
	t.Helper()
	var out []Recommendation
	for u := range 12 {
		out = append(out, recommend(t, e, Query{User: fmt.Sprintf("user:%d", u)}).Items...)
	}
	return out
}

// TestContainment guarantees that pending proposals count for nothing, that accepted ones count, and that taking a source
// back restores nodes, triples and, after training, the lists, to the last bit.
func TestContainment(t *testing.T) {
	e, _ := world(t)
	before, lists := graphtest.Dump(t, e.store), listsOf(t, e)
	const source = "llm:fake:attributes-1"
	if rep := propose(t, e, proposalsFor(source, 150)...); rep.Added != 150 {
		t.Fatalf("%+v", rep)
	}
	trainQuick(t, e)
	if diff := cmp.Diff(before, graphtest.Dump(t, e.store)); diff != "" {
		t.Errorf("proposals show in the graph:\n%s", diff)
	}
	if diff := cmp.Diff(lists, listsOf(t, e)); diff != "" {
		t.Errorf("proposals count before they are accepted:\n%s", diff)
	}
	rep := reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{Source: source}, "tester"))
	if rep.Proposals != 150 || rep.Triples != 150 || rep.Nodes != 7 {
		t.Errorf("accepted: %+v", rep)
	}
	if n, err := e.store.Node(t.Context(), "theme:3"); err != nil || n.Type != "theme" || n.Name != "Theme 3" {
		t.Errorf("new tail: %+v, %v", n, err)
	}
	trainQuick(t, e)
	if cmp.Equal(lists, listsOf(t, e)) {
		t.Error("accepted triples change nothing")
	}
	if _, err := e.Embed(t.Context(), EmbedOptions{}); err != nil { // vectors of the new nodes go with them
		t.Fatal(err)
	}
	checkStore(t, e)
	rep = reviewed(t)(e.ReviewRemove(t.Context(), source, "tester"))
	if rep.Proposals != 150 || rep.Triples != 150 || rep.Nodes != 7 {
		t.Errorf("removed: %+v", rep)
	}
	if diff := cmp.Diff(before, graphtest.Dump(t, e.store)); diff != "" {
		t.Errorf("the graph is not what it was:\n%s", diff)
	}
	trainQuick(t, e)
	if diff := cmp.Diff(lists, listsOf(t, e)); diff != "" {
		t.Errorf("the lists are not what they were:\n%s", diff)
	}
	checkStore(t, e)
	if ps := listed(t, e, ReviewFilter{State: Removed}); len(ps) != 150 || ps[0].By != "tester" {
		t.Errorf("%d proposals removed", len(ps))
	}
	if rep := propose(t, e, proposalsFor(source, 150)...); rep.Known != 150 || len(listed(t, e, ReviewFilter{})) != 0 {
		t.Errorf("what was taken back is proposed again: %+v", rep)
	}
}

// TestRemoveLeavesWhatIsOthers guarantees that taking back a source touches neither triples that were there before it, nor
// those another accepted source proposed too, nor nodes that others use or filled in.
func TestRemoveLeavesWhatIsOthers(t *testing.T) {
	e, _ := world(t)
	theme := func(source, item, tail string, fresh bool) Proposal {
		return Proposal{Head: item, Relation: "about", Tail: tail, New: fresh, TailType: "theme", TailName: tail, Source: source, Confidence: .5, Time: 1}
	}
	linesTSV(t, e, Triples, "item:1 about rel0:e1")
	propose(t, e, theme("llm:a:1", "item:1", "rel0:e1", false), theme("llm:a:1", "item:2", "t1", true), theme("llm:a:1", "item:3", "t2", true),
		theme("llm:a:1", "item:5", "t3", true), theme("llm:b:1", "item:2", "t1", true), theme("llm:b:1", "item:4", "t1", true))
	want := graphtest.Dump(t, e.store)
	want.Nodes = append(want.Nodes, graph.Node{ID: "t1", Type: "theme", Name: "t1"}, graph.Node{ID: "t3", Type: "theme", Name: "t3", Text: "mine"})
	want.Triples = append(want.Triples,
		graph.Triple{Head: "item:2", Relation: "about", Tail: "t1", Weight: 1, Confidence: .5, Source: "llm:b:1"},
		graph.Triple{Head: "item:4", Relation: "about", Tail: "t1", Weight: 1, Confidence: .5, Source: "llm:b:1"})
	want.Sort()
	rep := reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{}, "tester"))
	if rep != (ReviewReport{Proposals: 6, Triples: 4, Nodes: 3, Present: 2}) {
		t.Errorf("accepted: %+v", rep)
	}
	if err := e.AddNode(t.Context(), graph.Node{ID: "t3", Text: "mine"}); err != nil {
		t.Fatal(err)
	}
	if rep := reviewed(t)(e.ReviewRemove(t.Context(), "llm:a:1", "tester")); rep.Nodes != 1 {
		t.Errorf("removed: %+v, want t2 alone gone", rep)
	}
	if diff := cmp.Diff(want, graphtest.Dump(t, e.store)); diff != "" {
		t.Errorf("after taking back a (-want +got):\n%s", diff)
	}
	if rep := reviewed(t)(e.ReviewRemove(t.Context(), "llm:b:1", "tester")); rep.Nodes != 1 || rep.Triples != 2 {
		t.Errorf("removed b: %+v", rep)
	}
	if _, err := e.ReviewRemove(t.Context(), "llm:c:1", "tester"); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown source: %v", err)
	}
	checkStore(t, e)
}

func TestReviewFilters(t *testing.T) {
	e, _ := world(t)
	propose(t, e, append(proposalsFor("llm:a:1", 60), proposalsFor("llm:b:1", 30)...)...)
	for _, tt := range []struct {
		name string
		f    ReviewFilter
		want int
		why  string
	}{
		{"all", ReviewFilter{}, 90, "all are pending"},
		{"source", ReviewFilter{Source: "llm:b:1"}, 30, "one source"},
		{"half a source", ReviewFilter{Source: "llm:b"}, 0, "sources are whole names"},
		{"relation", ReviewFilter{Relation: "has_theme1"}, 45, "every second"},
		{"confidence", ReviewFilter{MinConfidence: .8}, 27, "0.8, 0.9 and 1 of ten steps, bounds included"},
		{"head", ReviewFilter{Head: "item:7"}, 2, "one of each source"},
		{"state", ReviewFilter{State: Accepted}, 0, "nothing is accepted yet"},
		{"sample", ReviewFilter{Source: "llm:a:1", Sample: 7, Seed: 3}, 7, "so many of them"},
		{"large sample", ReviewFilter{Source: "llm:b:1", Sample: 500}, 30, "no more than there are"},
	} {
		got := listed(t, e, tt.f)
		if len(got) != tt.want {
			t.Errorf("%s: %d, want %d: %s", tt.name, len(got), tt.want, tt.why)
		}
		if diff := cmp.Diff(got, listed(t, e, tt.f)); diff != "" {
			t.Errorf("%s differs the second time:\n%s", tt.name, diff)
		}
	}
	if cmp.Equal(listed(t, e, ReviewFilter{Sample: 9, Seed: 1}), listed(t, e, ReviewFilter{Sample: 9, Seed: 2})) {
		t.Error("two seeds draw the same sample")
	}
	for _, f := range []ReviewFilter{{State: "maybe"}, {Sample: -1}, {MinConfidence: 2}} {
		if _, err := e.ReviewList(t.Context(), f); !errors.Is(err, ErrBadOption) {
			t.Errorf("%+v: %v", f, err)
		}
	}
	if rep := reviewed(t)(e.ReviewReject(t.Context(), ReviewFilter{Source: "llm:b:1"}, "tester")); rep.Proposals != 30 || rep.Triples != 0 {
		t.Errorf("rejected: %+v", rep)
	}
	if rep := propose(t, e, proposalsFor("llm:b:1", 30)...); rep.Known != 30 || len(listed(t, e, ReviewFilter{Source: "llm:b:1"})) != 0 {
		t.Error("what was rejected comes back")
	}
	if rep := reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{Source: "llm:b:1", State: Rejected, Sample: 5}, "second thoughts")); rep.Triples != 5 {
		t.Errorf("second thoughts: %+v", rep)
	}
	if _, err := e.ReviewReject(t.Context(), ReviewFilter{State: Accepted}, "x"); !errors.Is(err, ErrBadOption) {
		t.Errorf("reject accepted ones: %v", err)
	}
}

// TestReviewLog guarantees that each step is in the log, in order, with who, what and when, and no id of a node.
func TestReviewLog(t *testing.T) {
	e, _ := world(t)
	propose(t, e, proposalsFor("llm:a:1", 4)...)
	propose(t, e, proposalsFor("llm:a:1", 4)...) // nothing new
	reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{MinConfidence: .3, Head: "item:3"}, "ann"))
	reviewed(t)(e.ReviewReject(t.Context(), ReviewFilter{Relation: "has_theme0"}, "bo"))
	reviewed(t)(e.ReviewRemove(t.Context(), "llm:a:1", "cy"))
	log, err := e.ReviewLog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, l := range log {
		got = append(got, fmt.Sprintf("%s %s %d [%s] %d", l.Who, l.Action, l.Count, l.Filter, len(l.Changes)))
		if l.Time == 0 || i > 0 && l.Seq <= log[i-1].Seq {
			t.Errorf("entry %d: time %d, sequence %d", i, l.Time, l.Seq)
		}
	}
	want := []string{"tester propose 4 [] 2", "ann accept 1 [head=one min-confidence=0.3] 1", "bo reject 2 [relation=has_theme0] 1", "cy remove 2 [] 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s := fmt.Sprint(log); strings.Contains(s, "item:") || strings.Contains(s, "theme:") {
		t.Errorf("the log holds ids: %s", s)
	}
}

func TestProposalsThatAreRefused(t *testing.T) {
	e, _ := world(t)
	ok := Proposal{Head: "item:1", Relation: "r", Tail: "rel0:e0", Source: "llm:a:1", Confidence: .5}
	for _, tt := range []struct {
		name   string
		change func(*Proposal)
		why    string
	}{
		{"unknown head", func(p *Proposal) { p.Head = "nobody" }, "only about what is in the graph"},
		{"itself", func(p *Proposal) { p.Tail = p.Head }, "says nothing"},
		{"no relation", func(p *Proposal) { p.Relation = "" }, "cannot be stored"},
		{"no confidence", func(p *Proposal) { p.Confidence = 0 }, "0 would be stored as 1"},
		{"too sure", func(p *Proposal) { p.Confidence = 1.5 }, "above 1"},
		{"unknown tail", func(p *Proposal) { p.Tail = "nowhere" }, "it does not say that it is new"},
		{"known tail as new", func(p *Proposal) { p.New = true }, "a new node must not change one that is there"},
		{"endless tail", func(p *Proposal) { p.Tail, p.New = strings.Repeat("x", 2000), true }, "no id is so long"},
	} {
		p := ok
		tt.change(&p)
		if rep := propose(t, e, p); rep.Refused != 1 || rep.Added != 0 {
			t.Errorf("%s: %+v, want it refused: %s", tt.name, rep, tt.why)
		}
	}
	ok.Source = ""
	if _, err := e.Propose(t.Context(), "x", ok); !errors.Is(err, ErrBadRecord) {
		t.Errorf("no source: %v", err)
	}
}

// TestEraseForgetsProposals guarantees that nothing about an erased node waits in quarantine, and that a proposal whose
// end was deleted in another way is left alone instead of bringing the node back.
func TestEraseForgetsProposals(t *testing.T) {
	e, _ := world(t)
	propose(t, e, proposalsFor("llm:a:1", 6)...)
	if _, err := e.Erase(t.Context(), []string{"item:1", "rel0:e2"}); err != nil {
		t.Fatal(err)
	}
	if ps := listed(t, e, ReviewFilter{}); len(ps) != 4 {
		t.Errorf("%d proposals left of 6, two were about what was erased", len(ps))
	}
	b, err := e.store.NewBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteNode("item:4"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	rep := reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{}, "x"))
	if rep.Gone != 1 || rep.Proposals != 3 {
		t.Errorf("%+v", rep)
	}
	if _, ok, err := e.store.Lookup("item:4"); ok || err != nil {
		t.Errorf("a deleted node came back: %v", err)
	}
	checkStore(t, e)
}

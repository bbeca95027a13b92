package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/embed/chat"
	"github.com/kenrec/ken/embed/chat/chattest"
	"github.com/kenrec/ken/graph"
	"github.com/kenrec/ken/graph/graphtest"
)

// echo answers with a profile made of the names in the prompt, so that what a profile says shows what its writer saw.
func echo() *chattest.Model {
	return &chattest.Model{Name: "toy@host", Reply: func(r chat.Request) (string, error) {
		h, err := historyIn(r)
		if err != nil {
			return "", err
		}
		text := strings.Join(h.Said, ", ")
		for _, c := range h.Chose {
			text += " " + c.Name
		}
		b, err := json.Marshal(map[string]string{"profile": "Likes" + text + "."})
		return string(b), err
	}}
}

type promptHistory struct {
	Said  []string
	Chose []struct {
		Name, Kind, Did string
		Weight          float32
		About           []string
	}
}

// historyIn reads the data out of a prompt.
func historyIn(r chat.Request) (h promptHistory, err error) {
	data := strings.TrimSuffix(strings.TrimPrefix(r.Messages[1].Content, "<history>"), "</history>")
	return h, json.Unmarshal([]byte(data), &h)
}

func profilesWith(t *testing.T, e *Engine, m chat.Completer, o ProfileOptions) ProfileReport {
	t.Helper()
	rep, err := e.EnrichProfiles(t.Context(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

const profileSource = "llm:toy:profiles-1"

// TestProfilePrompt guarantees what a model is told about a user and what not.
func TestProfilePrompt(t *testing.T) {
	e := filmStore(t)
	linesTSV(t, e, Triples, "f1 directed_by p1", "f1 has_genre genre:crime", "u:secret prefers genre:crime")
	linesTSV(t, e, Interactions, "u:secret f1 5 100 rate", "u:secret f2 5 200 rate", "u:secret f3 -1 300 rate", "u:secret f1 3 400 view", "u:other f1 1 100 rate")
	if err := e.AddNode(t.Context(), graph.Node{ID: "u:secret", Type: "user", Name: "Jane Doe"}, graph.Node{ID: "u:told", Type: "user", Text: "I like westerns."},
		graph.Node{ID: "u:empty", Type: "user"}); err != nil {
		t.Fatal(err)
	}
	m := echo()
	rep := profilesWith(t, e, m, ProfileOptions{MaxAnswer: 77})
	if rep.Users != 2 || rep.Told != 1 || rep.Unknown != 1 || rep.Sent != 2 || rep.Proposed != 2 || rep.Source != profileSource {
		t.Errorf("%+v", rep)
	}
	i := slices.IndexFunc(m.Asked(), func(r chat.Request) bool { return strings.Contains(r.Messages[1].Content, "Alien") })
	r := m.Asked()[i]
	if all := r.Messages[0].Content + r.Messages[1].Content; strings.Contains(all, "secret") || strings.Contains(all, "Jane") || r.MaxTokens != 77 {
		t.Errorf("the prompt names the user, or %d tokens are not 77:\n%s", r.MaxTokens, all)
	}
	h, err := historyIn(r)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range h.Chose {
		got = append(got, fmt.Sprint(c.Name, " ", c.Kind, " ", c.Did, " ", c.Weight, " ", c.About))
	}
	// equal weights: the latest first; of two interactions with an item the stronger; dislikes last
	want := []string{"Alien film rate 5 []", "Heat film rate 5 [directed_by: Michael Mann has_genre: genre:crime]", "Amélie film rate -1 []"}
	if diff := cmp.Diff(want, got); diff != "" || len(h.Said) != 1 || h.Said[0] != "prefers: genre:crime" {
		t.Errorf("said %q, chose (-want +got):\n%s", h.Said, diff)
	}
	p := listed(t, e, ReviewFilter{Head: "u:secret", Relation: relationProfile})
	if len(p) != 1 || !slices.Equal(p[0].From, []string{"f1", "f2", "f3"}) || p[0].Confidence != 4./6 || p[0].Text == "" || p[0].Source != profileSource {
		t.Errorf("%+v", p)
	}
	if h.Chose = nil; len(profilePromptOf(t, e, 2).Chose) != 2 {
		t.Error("a prompt holds more than History interactions")
	}
}

// profilePromptOf returns what a prompt with so many interactions holds.
func profilePromptOf(t *testing.T, e *Engine, history int) promptHistory {
	t.Helper()
	m := echo()
	profilesWith(t, e, m, ProfileOptions{History: history, Limit: 1})
	h, err := historyIn(m.Asked()[0])
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestProfilesAreContained guarantees that profiles count for nothing while they wait, that accepted ones are used, and
// that taking them back restores store and lists to the last bit.
func TestProfilesAreContained(t *testing.T) {
	for _, nameless := range []bool{false, true} { // vectors of names must come back, and nothing where there was no name
		t.Run(fmt.Sprintf("nameless=%v", nameless), func(t *testing.T) {
			e, d := world(t)
			if nameless {
				for _, n := range d.Nodes {
					if n.Type == "user" {
						replaceNode(t, e, graph.Node{ID: n.ID, Type: n.Type})
					}
				}
				embedAll(t, e)
				trainQuick(t, e)
			}
			before, lists := graphtest.Dump(t, e.store), listsOf(t, e)
			m := echo()
			if rep := profilesWith(t, e, m, ProfileOptions{DryRun: true, Price: chat.Price{In: 1e6}}); rep.Sent != 150 || rep.Cost < 1000 || len(m.Asked()) != 0 {
				t.Errorf("dry run: %+v, asked %d", rep, len(m.Asked()))
			}
			rep := profilesWith(t, e, m, ProfileOptions{By: "tester"})
			if rep.Users != 150 || rep.Sent != 150 || rep.Proposed != 150 {
				t.Fatalf("%+v", rep)
			}
			if rep := profilesWith(t, e, m, ProfileOptions{}); rep.Cached != 150 || rep.Sent != 0 || rep.Known != 150 || len(m.Asked()) != 150 {
				t.Errorf("again: %+v, asked %d", rep, len(m.Asked()))
			}
			embedAll(t, e)
			trainQuick(t, e)
			if diff := cmp.Diff(before, graphtest.Dump(t, e.store)) + cmp.Diff(lists, listsOf(t, e)); diff != "" {
				t.Errorf("profiles count before they are accepted:\n%s", diff)
			}
			if r := reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{Source: profileSource}, "tester")); r.Texts != 150 || r.Triples != 0 {
				t.Errorf("accepted: %+v", r)
			}
			if n, err := e.store.Node(t.Context(), "user:3"); err != nil || !strings.HasPrefix(n.Text, "Likes") || n.Type != "user" {
				t.Errorf("%+v, %v", n, err)
			}
			embedAll(t, e)
			if v, err := e.store.Vector(t.Context(), "user:3", modalityText); err != nil || len(v) != 32 {
				t.Errorf("vector of a profile: %v, %v", v, err)
			}
			trainQuick(t, e)
			if cmp.Equal(lists, listsOf(t, e)) {
				t.Error("accepted profiles change nothing")
			}
			checkStore(t, e)
			if r := reviewed(t)(e.ReviewRemove(t.Context(), profileSource, "tester")); r.Texts != 150 || r.Proposals != 150 {
				t.Errorf("removed: %+v", r)
			}
			if diff := cmp.Diff(before, graphtest.Dump(t, e.store)); diff != "" {
				t.Errorf("the store is not what it was:\n%.2000s", diff)
			}
			trainQuick(t, e)
			if diff := cmp.Diff(lists, listsOf(t, e)); diff != "" {
				t.Errorf("the lists are not what they were:\n%.2000s", diff)
			}
			checkStore(t, e)
		})
	}
}

// replaceNode stores a node as it is given and takes its text vector out.
func replaceNode(t *testing.T, e *Engine, n graph.Node) {
	t.Helper()
	if _, err := e.commit(t.Context(), "test", func(b *graph.Batch) error {
		if _, err := b.ReplaceNode(n); err != nil {
			return err
		}
		return b.DeleteVector(n.ID, modalityText)
	}); err != nil {
		t.Fatal(err)
	}
}

func embedAll(t *testing.T, e *Engine) {
	t.Helper()
	if _, err := e.Embed(t.Context(), EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
}

// profileOf makes a proposal of a text about a user.
func profileOf(source, user, text string, from ...string) Proposal {
	return Proposal{Head: user, Relation: relationProfile, Tail: profileTail(text), Text: text, From: from, Source: source, Confidence: .5, Time: 1}
}

// TestProfilesTakeTurns guarantees what becomes of several texts about one user: a pending one gives way to a newer one of
// its source, an accepted one to the next accepted one and back, and people's own words to none.
func TestProfilesTakeTurns(t *testing.T) {
	e, _ := world(t)
	text := func() string {
		t.Helper()
		n, err := e.store.Node(t.Context(), "user:1")
		if err != nil {
			t.Fatal(err)
		}
		return n.Text
	}
	accept := func() ReviewReport {
		t.Helper()
		return reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{}, "tester"))
	}
	replaceNode(t, e, graph.Node{ID: "user:1", Type: "user"})
	before := graphtest.Dump(t, e.store)
	propose(t, e, profileOf("llm:a:1", "user:1", "old", "item:1"))
	propose(t, e, profileOf("llm:a:1", "user:1", "new", "item:1", "item:2"))
	if ps := listed(t, e, ReviewFilter{}); len(ps) != 1 || ps[0].Text != "new" {
		t.Errorf("waiting: %+v", ps)
	}
	accept()
	propose(t, e, profileOf("llm:b:1", "user:1", "other"))
	accept()
	embedAll(t, e)
	if text() != "other" {
		t.Errorf("text %q, want that accepted last", text())
	}
	reviewed(t)(e.ReviewRemove(t.Context(), "llm:b:1", "tester"))
	if text() != "new" {
		t.Errorf("text %q after b was taken back, want that of a", text())
	}
	if v, err := e.store.Vector(t.Context(), "user:1", modalityText); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("the vector of a text that is gone is still there: %v, %v", v, err)
	}
	embedAll(t, e)
	reviewed(t)(e.ReviewRemove(t.Context(), "llm:a:1", "tester"))
	if diff := cmp.Diff(before, graphtest.Dump(t, e.store)); diff != "" {
		t.Errorf("all taken back:\n%s", diff)
	}

	propose(t, e, profileOf("llm:c:1", "user:1", "third"))
	accept()
	embedAll(t, e)
	if err := e.AddNode(t.Context(), graph.Node{ID: "user:1", Text: "I say it myself."}); err != nil {
		t.Fatal(err)
	}
	propose(t, e, profileOf("llm:d:1", "user:1", "fourth"))
	if r := accept(); r.Present != 1 || r.Texts != 0 || text() != "I say it myself." {
		t.Errorf("%+v, text %q: a model's words took the place of a person's", r, text())
	}
	reviewed(t)(e.ReviewRemove(t.Context(), "llm:c:1", "tester"))
	reviewed(t)(e.ReviewRemove(t.Context(), "llm:d:1", "tester"))
	if _, err := e.store.Vector(t.Context(), "user:1", modalityText); text() != "I say it myself." || !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("text %q, vector %v: her words stay, the vector of the profile goes", text(), err)
	}
	bad := profileOf("llm:e:1", "user:1", "x")
	bad.Tail = "item:1"
	if rep := propose(t, e, bad, profileOf("llm:e:1", "nobody", "x"), profileOf("llm:e:1", "user:1", strings.Repeat("x", maxProfileBytes+1))); rep.Refused != 3 {
		t.Errorf("%+v, want all refused", rep)
	}
	checkStore(t, e)
}

// TestProfilesNeverPayTwice guarantees that a run that was cut short goes on where it stopped, that a changed history is
// asked about again, and that another limit of answers is another question.
func TestProfilesNeverPayTwice(t *testing.T) {
	e, _ := world(t)
	ctx, kill := context.WithCancel(t.Context())
	m := echo()
	reply := m.Reply
	m.Reply = func(r chat.Request) (string, error) {
		if len(m.Asked()) == 20 {
			kill()
		}
		return reply(r)
	}
	o := ProfileOptions{Parallel: 1}
	if rep, err := e.EnrichProfiles(ctx, m, o); !errors.Is(err, context.Canceled) || rep.Sent != 20 || rep.Proposed != 20 {
		t.Fatalf("%+v, %v", rep, err)
	}
	if rep := profilesWith(t, e, m, o); rep.Cached != 20 || rep.Sent != 130 || len(m.Asked()) != 150 {
		t.Errorf("%+v, asked %d times in all", rep, len(m.Asked()))
	}
	linesTSV(t, e, Interactions, "user:5 item:199 9 4000000000")
	if rep := profilesWith(t, e, m, o); rep.Cached != 149 || rep.Sent != 1 || rep.Proposed != 1 || len(listed(t, e, ReviewFilter{})) != 150 {
		t.Errorf("after one more interaction: %+v, %d pending", rep, len(listed(t, e, ReviewFilter{})))
	}
}

// TestEraseForgetsProfiles guarantees that nothing a model wrote about an erased user is left, nor a profile that may
// name an erased item.
func TestEraseForgetsProfiles(t *testing.T) {
	e, d := world(t)
	profilesWith(t, e, echo(), ProfileOptions{})
	reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{}, "tester"))
	embedAll(t, e)
	item := d.Interactions[0].Item
	var fans []string
	for _, p := range listed(t, e, ReviewFilter{State: Accepted}) {
		if slices.Contains(p.From, item) {
			fans = append(fans, p.Head)
		}
	}
	if _, err := e.Erase(t.Context(), []string{"user:9", item}); err != nil {
		t.Fatal(err)
	}
	if len(fans) == 0 || !slices.Contains(fans, d.Interactions[0].User) {
		t.Fatalf("fans of %s: %q", item, fans)
	}
	for _, id := range append(fans, "user:9") {
		if note, ok, err := e.profileNote(t.Context(), id); ok || err != nil {
			t.Errorf("note about %s: %+v, %v", id, note, err)
		}
		if ps := listed(t, e, ReviewFilter{State: Accepted, Head: id}); len(ps) != 0 {
			t.Errorf("proposals about %s: %d", id, len(ps))
		}
		if n, err := e.store.Node(t.Context(), id); err == nil && n.Text != "" {
			t.Errorf("%s is still called %q", id, n.Text)
		}
		for r, err := range e.store.Records(t.Context(), spaceAnswer, string(appendParts(nil, id))) {
			t.Errorf("an answer about %s is left: %v, %v", id, r, err)
		}
	}
	if rest := listed(t, e, ReviewFilter{State: Accepted}); len(rest)+len(fans)+1 < 150 || len(rest) == 0 {
		t.Errorf("%d profiles left beside %d that may name the item", len(rest), len(fans))
	}
	checkStore(t, e)
}

func TestProfileFailures(t *testing.T) {
	e, _ := world(t)
	broken := &chattest.Model{Reply: func(r chat.Request) (string, error) {
		if len(r.Messages) > 2 {
			return `{"profile": "At last."}`, nil
		}
		return "{}", nil
	}}
	if rep := profilesWith(t, e, broken, ProfileOptions{Limit: 3}); rep.Repaired != 3 || rep.Proposed != 3 || rep.Users != 3 {
		t.Errorf("%+v", rep)
	}
	for name, err := range map[string]error{"key": embed.ErrAuth, "refused": embed.ErrRefused} {
		m := &chattest.Model{Name: name, Reply: func(chat.Request) (string, error) { return "", err }}
		if rep, got := e.EnrichProfiles(t.Context(), m, ProfileOptions{Parallel: 1}); !errors.Is(got, err) || rep.Failed > enrichChunk || rep.Proposed != 0 {
			t.Errorf("%s: %+v, %v", name, rep, got)
		}
	}
	for name, o := range map[string]ProfileOptions{
		"parallel": {Parallel: -1}, "limit": {Limit: -1}, "answer": {MaxAnswer: 1 << 20}, "history": {History: 1001}, "folds": {Split: SplitKFold}, "split": {Split: "x"},
	} {
		if _, err := e.EnrichProfiles(t.Context(), echo(), o); !errors.Is(err, ErrBadOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := memory(t).EnrichProfiles(t.Context(), echo(), ProfileOptions{}); !errors.Is(err, ErrNoData) {
		t.Errorf("no users: %v", err)
	}
}

func TestParseProfile(t *testing.T) {
	for _, tt := range []struct{ answer, want, why string }{
		{`{"profile":"Likes crime."}`, "Likes crime.", "as asked"},
		{"Sure!\n```json\n{\"profile\": \"Likes\\n  crime.\"}\n```", "Likes crime.", "words and fences around it, white space within"},
		{`{"Profile":"Likes crime."}`, "Likes crime.", "another case"},
		{`{"profile":"Likes crime and slow`, "Likes crime and slow", "broken off"},
		{`{"profile":"Likes \"Heat\" and caf\u00`, `Likes "Heat" and caf`, "broken off within an escape"},
		{"Likes crime.", "Likes crime.", "no JSON at all"},
		{"Likes\x00\u200b crime.", "Likes crime.", "control and format characters"},
		{`{"profile":""}`, "", "nothing said"},
		{`{"profile":"..."}`, "", "the shape, not an answer"},
		{`{"summary":"x"}`, "", "another question"},
		{`{"profile":["x"]}`, "", "no text"},
		{"", "", "nothing"},
	} {
		got, err := parseProfile(tt.answer)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q: %q, %v, want %q: %s", tt.answer, got, err, tt.want, tt.why)
		}
	}
	if got, err := parseProfile(strings.Repeat("é", maxProfileBytes)); err != nil || len(got) > maxProfileBytes || len(got) < maxProfileBytes-1 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// FuzzParseProfile: whatever an answer says, a profile is one line of UTF-8 of bounded length, or an error.
func FuzzParseProfile(f *testing.F) {
	for _, s := range []string{`{"profile":"x"}`, `{"profile":"x\u12`, "text", `{"profile":"\\`, "{{{", "\xff{\"profile\":\"\xff\"}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		text, err := parseProfile(answer)
		if (err == nil) != (text != "") || len(text) > maxProfileBytes || strings.ContainsAny(text, "\n\r\x00") || strings.ToValidUTF8(text, "") != text {
			t.Errorf("%q, %v", text, err)
		}
	})
}

package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kenrec/ken/embed/chat"
	"github.com/kenrec/ken/embed/chat/chattest"
	"github.com/kenrec/ken/fixtures/synth"
)

// blanked returns an engine with the synthetic graph without texts, and with the attributes of every second item, the
// cold ones first, blanked when blank is set.
func blanked(t *testing.T, d synth.Data, blank map[string]bool) *Engine {
	t.Helper()
	e, err := OpenInMemory(WithWorkers(2))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	d.Nodes = slices.Clone(d.Nodes)
	for i := range d.Nodes {
		d.Nodes[i].Text = "" // the attributes are to be all that is known about an item
	}
	d.Triples = slices.DeleteFunc(slices.Clone(d.Triples), func(x synth.Triple) bool { return blank[x.Head] })
	fillWorld(t, e, d)
	if _, err := e.Import(t.Context(), Source{Kind: Interactions, Format: TSV, Header: HeaderNo, Reader: bytes.NewReader(d.HeldTSV())}); err != nil {
		t.Fatal(err)
	}
	return e
}

// oracle answers with the true attributes of the item that it is asked about.
func oracle(t *testing.T, d synth.Data) *chattest.Model {
	names, say := map[string]string{}, map[string][]map[string]any{}
	for _, n := range d.Nodes {
		names[n.ID] = n.Name
	}
	for _, x := range d.Triples {
		if x.Relation != synth.Prefers {
			say[names[x.Head]] = append(say[names[x.Head]], map[string]any{"relation": x.Relation, "value": names[x.Tail], "confidence": 1})
		}
	}
	return &chattest.Model{Reply: func(r chat.Request) (string, error) {
		var item struct{ Name string }
		data := strings.TrimSuffix(strings.TrimPrefix(r.Messages[1].Content, "<item>"), "</item>")
		if err := json.Unmarshal([]byte(data), &item); err != nil {
			t.Errorf("item: %v", err)
		}
		b, err := json.Marshal(map[string]any{"facts": say[item.Name]})
		return string(b), err
	}}
}

// coldNDCG is how well cold items are ranked when whole items are held out: the measure of what is known about them.
func coldNDCG(t *testing.T, e *Engine) float64 {
	t.Helper()
	rep := reportOf(t, e, EvaluateOptions{Split: SplitColdItems, K: 10, Seed: 5, NoBaselines: true, Config: &Config{Factors: 24, Iterations: 6}})
	return rowNamed(t, rep, "ken").NDCG.Value
}

// TestPlantedKnowledge guarantees that knowledge comes through whole: with the attributes of half of the items blanked and
// told by a model, cold items are ranked at least 90 % as well as with the attributes themselves, and while the proposals
// wait they help nothing.
func TestPlantedKnowledge(t *testing.T) {
	c := synth.Small()
	c.Items, c.ColdItems, c.Users, c.PerUser = 300, 60, 300, 24
	d, err := synth.Graph(c)
	if err != nil {
		t.Fatal(err)
	}
	blank := map[string]bool{}
	for i := range c.Items {
		if i%2 == 0 {
			blank[fmt.Sprintf("item:%d", i)] = true
		}
	}
	truth := coldNDCG(t, blanked(t, d, nil))
	e := blanked(t, d, blank)
	without := coldNDCG(t, e)
	schema, err := e.ProposeSchema(t.Context(), nil, EnrichSchemaOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rep := enrichWith(t, e, oracle(t, d), EnrichOptions{Schema: schema, Threshold: 2})
	waiting := coldNDCG(t, e)
	reviewed(t)(e.ReviewAccept(t.Context(), ReviewFilter{}, "tester"))
	with := coldNDCG(t, e)
	reviewed(t)(e.ReviewRemove(t.Context(), rep.Source, "tester"))
	back := coldNDCG(t, e)
	t.Logf("NDCG@10 of cold items: %.4f with all attributes, %.4f with half, %.4f waiting, %.4f accepted, %.4f taken back", truth, without, waiting, with, back)
	if with < 0.9*truth {
		t.Errorf("%.4f with what the model told, %.4f with the truth", with, truth)
	}
	if without > 0.8*truth || waiting != without || back != without {
		t.Errorf("%.4f without, %.4f waiting, %.4f taken back, %.4f with the truth: the attributes are to matter, proposals not", without, waiting, back, truth)
	}
	if rep.Items != c.Items || rep.Failed != 0 || rep.Matched[matchNew] != 0 {
		t.Errorf("%+v", rep)
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

// verdict is what evaluate.py prints.
type verdict struct {
	Recall  float64 `json:"recall@20"`
	NDCG    float64 `json:"ndcg@20"`
	Users   int     `json:"users"`
	Missing int     `json:"users_without_list"`
	Items   int     `json:"items_recommended"`
	Seen    int     `json:"seen_items_recommended"`
}

// referee writes the lists that Recommend gives the users of a held-out file and lets evaluate.py judge them.
// nil without an interpreter.
func (b *bench) referee(ctx context.Context, e *engine.Engine, j job) (*verdict, error) {
	if b.python == "" {
		return nil, nil
	}
	users, err := known(e.Graph(), distinct(j.pairs, userOf))
	if err != nil {
		return nil, err
	}
	candidates, err := known(e.Graph(), j.candidates)
	if err != nil {
		return nil, err
	}
	var lists []engine.Recommendations
	for l, err := range e.RecommendAll(ctx, engine.BatchQuery{Query: engine.Query{K: 20, Candidates: candidates}, Users: users}) {
		if err != nil {
			return nil, err
		}
		lists = append(lists, l)
	}
	recs, err := b.writeLists(filepath.Join(j.set.folder, j.test.name+".lists.tsv"), lists)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, b.python, filepath.Join(b.script, "evaluate.py"), "--recs", recs, "--test", j.testFile, "--train", j.trainFile)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err = cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		b.logf("evaluate.py is not run: %v", err)
		return nil, nil
	}
	var v verdict
	if json.Unmarshal(out.Bytes(), &v) != nil { // exit 1 with a verdict: seen items are listed
		return nil, fmt.Errorf("evaluate.py: %w: %s", err, complaint.String())
	}
	b.logf("%s: evaluate.py says %+v", j.test.name, v)
	return &v, nil
}

// known returns the ids that the store holds.
func known(s *graph.Store, ids []string) ([]string, error) {
	var held []string
	for _, id := range ids {
		_, ok, err := s.Lookup(id)
		if err != nil {
			return nil, err
		}
		if ok {
			held = append(held, id)
		}
	}
	return held, nil
}

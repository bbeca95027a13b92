package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kenrec/ken/graph"
)

// AuditEntry is one step in the store's log of proposals and decisions. The log only grows. It holds no ids of nodes, so
// that Erase leaves none behind; each proposal says itself who decided it and when.
type AuditEntry struct {
	Seq     uint64       `json:"seq"`  // of the store after the step
	Time    int64        `json:"time"` // Unix seconds
	Who     string       `json:"who"`
	Action  string       `json:"action"`           // propose, accept, reject, remove
	Filter  string       `json:"filter,omitempty"` // what selected them
	Count   int          `json:"count"`            // proposals whose state changed
	Changes []AuditCount `json:"changes"`          // the same by source and relation
}

// AuditCount is a part of an AuditEntry.
type AuditCount struct {
	Source   string `json:"source"`
	Relation string `json:"relation"`
	Count    int    `json:"count"`
}

// count adds a proposal to the entry.
func (a *AuditEntry) count(p Proposal) {
	a.Count++
	for i := range a.Changes {
		if c := &a.Changes[i]; c.Source == p.Source && c.Relation == p.Relation {
			c.Count++
			return
		}
	}
	a.Changes = append(a.Changes, AuditCount{p.Source, p.Relation, 1})
}

// append writes the entry to the log with the batch; an entry about nothing is left out.
func (a *AuditEntry) append(b *graph.Batch) error {
	if a.Count == 0 {
		return nil
	}
	a.Time = time.Now().Unix()
	slices.SortFunc(a.Changes, func(x, y AuditCount) int {
		return compareProposals(Proposal{Source: x.Source, Relation: x.Relation}, Proposal{Source: y.Source, Relation: y.Relation})
	})
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadRecord, err)
	}
	return b.AppendLog(text)
}

// ReviewLog returns the whole log, oldest entries first. Errors: ErrVersion, ErrClosed, an error wrapping ctx.Err().
func (e *Engine) ReviewLog(ctx context.Context) (_ []AuditEntry, err error) {
	defer border(&err)
	out := []AuditEntry{}
	for l, err := range e.store.Log(ctx) {
		if err != nil {
			return nil, fmt.Errorf("engine: log: %w", err)
		}
		var a AuditEntry
		if err := json.Unmarshal(l.Text, &a); err != nil {
			return nil, fmt.Errorf("engine: log: %w: %w", ErrVersion, err)
		}
		a.Seq = l.Seq
		out = append(out, a)
	}
	return out, nil
}

// String says what the filter selects; a head it only mentions, see AuditEntry.
func (f ReviewFilter) String() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	add("source", f.Source)
	add("relation", f.Relation)
	if f.Head != "" {
		add("head", "one")
	}
	if f.MinConfidence > 0 {
		add("min-confidence", fmt.Sprint(f.MinConfidence))
	}
	add("state", string(f.State))
	if f.Sample > 0 {
		add("sample", fmt.Sprintf("%d seed=%d", f.Sample, f.Seed))
	}
	return strings.Join(parts, " ")
}

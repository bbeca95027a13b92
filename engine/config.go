package engine

import (
	"fmt"
	"math"

	"github.com/kenrec/ken/engine/internal/mf"
)

// Config is the hyper-parameters of a model: plain data, saved with it. Zero fields are automatic: filled in from the
// data by the rules stated at DefaultConfig, and reported in TrainReport.Config.
type Config struct {
	Factors       int      `json:"factors"`                // factor size f, 1 to 512
	Iterations    int      `json:"iterations"`             // sweeps, 1 to 1000
	Alpha         float64  `json:"alpha"`                  // weight of an unobserved (user, warm item) cell against an observed one
	Reg           float64  `json:"reg"`                    // λ, scaled by the mass of a row's terms
	RegExponent   float64  `json:"reg_exponent"`           // ν: how far λ grows with the mass
	ContextAlpha  float64  `json:"context_alpha"`          // weight of all absent (item, context) cells of a relation against all present ones
	ContextWeight float64  `json:"context_weight"`         // weight of a triple whose relation has weight 1
	Hops          int      `json:"hops,omitempty"`         // over how many triples facts reach an item or a user, 1 to 3; 1: its own facts only, see DefaultConfig
	Prior         string   `json:"prior,omitempty"`        // how far features hold warm items: "on", "off", "" for a share of 0.3, and all when they are settled; see DefaultConfig
	Ridge         float64  `json:"ridge"`                  // regularisation of the maps from features to factors
	HeadReg       float64  `json:"head_reg"`               // λ of the knowledge head, which scores cold items
	WarmAlpha     float64  `json:"warm_alpha,omitempty"`   // α of the sweeps that settle users and warm items at the end; with 0 on sparse data there are none
	WarmReg       float64  `json:"warm_reg,omitempty"`     // λ of those sweeps
	Seed          uint64   `json:"seed"`                   // of starting factors and random projections
	Relations     []Weight `json:"relations,omitempty"`    // weights of relations and attributes against the others; 0 leaves one out, with what it would hand down
	Blocks        []Weight `json:"blocks,omitempty"`       // weights of feature blocks: text, words, structure, neighbours, image, …; 0 leaves one out
	Sources       []Weight `json:"sources,omitempty"`      // weights of triples by their source; 0 leaves out its triples and the profiles it wrote
	RatingSlope   float64  `json:"rating_slope,omitempty"` // how far the size of a positive weight moves what it says, see ratings; below 0: not at all
	HalfLife      float64  `json:"half_life,omitempty"`    // days after which an interaction weighs half, counted from the newest one; 0: nothing ages
	Types         []Weight `json:"types,omitempty"`        // strengths of interaction types; 0 leaves one out
	FilterPower   float64  `json:"filter_power,omitempty"` // of the scorer co-choice: how far an item's popularity is divided out, 0 to 1; 0: 0.15
	Scorers       []Weight `json:"scorers,omitempty"`      // shares of the scorers co-choice, item-item and like-minded, together below 1; the factorisation has the rest
}

// Weight is the weight of one named source, 0 or more.
type Weight struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// weightOf returns the weight of a name, otherwise when the list does not have it.
func weightOf(list []Weight, name string, otherwise float64) float64 {
	for _, w := range list {
		if w.Name == name {
			return w.Value
		}
	}
	return otherwise
}

// counts reports whether a relation counts at all. One of weight 0 hands nothing down either, see handDown.
func (c Config) counts(relation string) bool { return weightOf(c.Relations, relation, 1) > 0 }

// Validate reports the first field out of range. Zero fields are automatic and always valid.
func (c Config) Validate() error {
	if err := c.filled(scale{users: 1, items: 1, events: 1}).factorisation().Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrBadOption, err)
	}
	if !(c.ContextWeight >= 0 && c.ContextWeight <= 1e6) {
		return fmt.Errorf("%w: context weight is %g, want 0 to 1e6", ErrBadOption, c.ContextWeight)
	}
	if c.Hops < 0 || c.Hops > maxHops {
		return fmt.Errorf("%w: hops are %d, want 1 to %d", ErrBadOption, c.Hops, maxHops)
	}
	if !(c.RatingSlope >= -1 && c.RatingSlope <= 2) {
		return fmt.Errorf("%w: rating slope is %g, want 0 for automatic, -1 for none or up to 2", ErrBadOption, c.RatingSlope)
	}
	if !(c.FilterPower >= 0 && c.FilterPower <= 1) {
		return fmt.Errorf("%w: filter power is %g, want 0 to 1", ErrBadOption, c.FilterPower)
	}
	if !(c.HalfLife >= 0 && c.HalfLife <= 1e6) {
		return fmt.Errorf("%w: half-life is %g days, want 0 to 1e6", ErrBadOption, c.HalfLife)
	}
	for _, w := range c.Scorers {
		if w.Name != scorerCoChoice && w.Name != scorerItemItem && w.Name != scorerLikeMinded {
			return fmt.Errorf("%w: there is no scorer %q, want %s, %s or %s", ErrBadOption, w.Name, scorerCoChoice, scorerItemItem, scorerLikeMinded)
		}
	}
	for _, list := range [][]Weight{c.Relations, c.Blocks, c.Sources, c.Types, c.Scorers} {
		for _, w := range list {
			if !(w.Value >= 0) || math.IsInf(w.Value, 0) {
				return fmt.Errorf("%w: weight of %q is %g, want a number of at least 0", ErrBadOption, w.Name, w.Value)
			}
		}
	}
	return nil
}

// seed is the given seed, else 1.
func (c Config) seed() uint64 { return max(c.Seed, 1) }

// factorisation returns the part that package mf takes.
func (c Config) factorisation() mf.Config {
	return mf.Config{
		Factors: c.Factors, Iterations: c.Iterations, Alpha: c.Alpha, Reg: c.Reg, RegExponent: c.RegExponent,
		ContextAlpha: c.ContextAlpha, Prior: mf.PriorMode(c.Prior), Ridge: c.Ridge, HeadReg: c.HeadReg, Seed: c.Seed,
		WarmAlpha: c.WarmAlpha, WarmReg: c.WarmReg,
	}
}

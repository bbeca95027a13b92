package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/kenrec/ken/engine/internal/tune"
	"github.com/kenrec/ken/graph"
)

// knob is one hyper-parameter that Tune turns.
type knob struct {
	tune.Dimension
	labels []string // of the choices
	// set writes a choice other than the starting one; s is what automatic values depend on.
	set func(c *Config, choice int, s scale)
}

// dimensions is the plan as package tune sees it.
func dimensions(knobs []knob) []tune.Dimension {
	dims := make([]tune.Dimension, len(knobs))
	for i, k := range knobs {
		dims[i] = k.Dimension
	}
	return dims
}

// configure returns the configuration of a point. What stays at its start is left as it is: automatic values stay
// automatic, and multiples of them fit themselves to the rows that are trained on.
func configure(start Config, knobs []knob, p tune.Point, s scale) Config {
	c := start
	for i, k := range knobs {
		if p[i] != k.Start {
			k.set(&c, p[i], s)
		}
	}
	return c
}

// The grids. A start that is not in its grid is added.
var (
	gridItemItem = []float64{0, 0.2, 0.4, 0.5}
	gridCoChoice = []float64{0, 0.1, 0.2, 0.3}
	// less than 1 with the largest of the others
	gridLikeMinded = []float64{0, 0.08, 0.15}
	gridPower      = []float64{0.05, 0.15, 0.3}
	gridSlope      = []float64{0, 0.15, 0.3, 0.5}
	gridHalfLife   = []float64{0, 7, 30, 90, 365, 1095} // days
	gridFactors    = []float64{64, 128, 256, 512}
	gridReg        = []float64{0.3, 0.55, 1, 1.8, 3}
	gridHops       = []float64{1, 2, 3}
	gridTimes      = []float64{0.3, 1, 3}
	gridWeight     = []float64{0, 0.3, 1, 3}
	gridOrigin     = []float64{0, 0.3, 1}
	gridBlock      = []float64{0, 0.3, 1}
)

// knobs lists what is searched, in order of what it is expected to bring.
func (t *tuning) knobs() []knob {
	var all []knob
	_, warm := t.warmPart()
	if warm {
		all = append(all, t.shareKnobs(len(all))...)
	}
	if t.d.weightsVary() {
		all = append(all, t.slopeKnob())
	}
	if t.ages() {
		all = append(all, valueKnob("half-life in days", gridHalfLife, t.o.Config.HalfLife, func(c *Config) *float64 { return &c.HalfLife }))
	}
	all = append(all,
		timesKnob("alpha", gridTimes, func(c *Config) *float64 { return &c.Alpha }),
		timesKnob("regularisation", gridReg, func(c *Config) *float64 { return &c.Reg }))
	links := t.base.itemLinks.NNZ() > 0
	if t.base.h.Rows > 0 {
		all = append(all, t.priorKnob())
	}
	sources := t.relations()
	context := -1
	if links {
		context = len(all)
		all = append(all, contextKnob(sources))
		if t.base.deep {
			k := t.hopsKnob()
			k.Active = func(p tune.Point) bool { return p[context] != contextOff }
			all = append(all, k)
		}
	}
	if slices.ContainsFunc(t.search[0].parts, func(p tunePart) bool { return p.name == partColdItems || p.name == partGiven && !p.warm }) && t.knows() {
		all = append(all, timesKnob("regularisation of the knowledge head", gridTimes, func(c *Config) *float64 { return &c.HeadReg }))
	}
	all = append(all, t.factorsKnob())
	for _, s := range sources {
		k := weightKnob("relation "+s.name, gridWeight, s.weight, func(c *Config, w float64) {
			for _, name := range s.relations {
				c.Relations = setWeight(c.Relations, name, w)
			}
		})
		k.Active = func(p tune.Point) bool { return p[context] != contextOff }
		all = append(all, k)
	}
	all = append(all, t.originKnobs()...)
	all = append(all, t.blockKnobs()...)
	return append(all, t.typeKnobs()...)
}

// shareKnobs turn the shares of the item-to-item scorers. A model is blended anew, not fitted: all choices are tried in
// full, and once more when the factorisation is settled. offset is how many knobs come before.
func (t *tuning) shareKnobs(offset int) []knob {
	coChoice, itemItem := t.o.Config.shares(t.scale)
	share := func(name string, grid []float64, start float64) knob {
		k := weightKnob(name+" share", grid, start, func(c *Config, w float64) {
			both := []Weight{{scorerCoChoice, coChoice}, {scorerItemItem, itemItem}, {scorerLikeMinded, t.o.Config.likeMinded(t.scale)}}
			for _, w := range c.Scorers {
				both = setWeight(both, w.Name, w.Value)
			}
			c.Scorers = setWeight(both, name, w)
		})
		k.Direct, k.Again = true, true
		return k
	}
	var all []knob
	if t.scale.items <= easeItems {
		all = append(all, share(scorerItemItem, gridItemItem, itemItem))
	}
	at := len(all) + offset
	choices := share(scorerCoChoice, gridCoChoice, coChoice)
	none := slices.Index(withStart(gridCoChoice, coChoice), 0)
	power := valueKnob("co-choice power", gridPower, cmp.Or(t.o.Config.FilterPower, filterPower), func(c *Config) *float64 { return &c.FilterPower })
	power.Direct = true
	power.Active = func(p tune.Point) bool { return p[at] != none }
	if likeMinded := t.o.Config.likeMinded(t.scale); likeMinded > 0 || !t.scale.dense() {
		all = append(all, choices, power, share(scorerLikeMinded, gridLikeMinded, likeMinded))
		return all
	}
	return append(all, choices, power)
}

// priorKnob turns how far the features' prior holds warm items.
func (t *tuning) priorKnob() knob {
	modes := []string{"off", "", "on"}
	k := knob{
		Dimension: tune.Dimension{Name: "prior of warm items", Choices: 3, Start: slices.Index(modes, t.o.Config.Prior), Again: true},
		labels:    []string{"off", "auto", "on"},
	}
	k.set = func(c *Config, choice int, _ scale) { c.Prior = modes[choice] }
	return k
}

// contextOff is the choice of contextKnob that leaves all triples out.
const contextOff = 0

// contextKnob turns the weight of all triples together, off included.
func contextKnob(sources []tuneSource) knob {
	k := timesKnob("weight of all relations", []float64{0, 0.3, 1, 3}, func(c *Config) *float64 { return &c.ContextWeight })
	times := k.set
	k.labels[contextOff], k.Ordered = "off", false
	k.set = func(c *Config, choice int, s scale) {
		if choice != contextOff {
			times(c, choice, s)
			return
		}
		c.noRelations(sources)
	}
	return k
}

// hopsKnob turns over how many triples facts reach items and users.
func (t *tuning) hopsKnob() knob {
	k := valueKnob("hops", gridHops, float64(cmp.Or(t.o.Config.Hops, maxHops)), nil)
	k.set = func(c *Config, choice int, _ scale) { c.Hops = int(gridHops[choice]) }
	return k
}

// noRelations sets the weight of all relations to 0.
func (c *Config) noRelations(sources []tuneSource) {
	for _, s := range sources {
		for _, name := range s.relations {
			c.Relations = setWeight(c.Relations, name, 0)
		}
	}
}

// slopeKnob turns the slope of ratings; 0 is none.
func (t *tuning) slopeKnob() knob {
	start := max(t.o.Config.filled(t.scale).RatingSlope, 0)
	grid := withStart(gridSlope, start)
	k := valueKnob("rating slope", grid, start, nil)
	k.set = func(c *Config, choice int, _ scale) {
		if c.RatingSlope = grid[choice]; c.RatingSlope == 0 {
			c.RatingSlope = -1 // 0 in a configuration is automatic
		}
	}
	return k
}

// factorsKnob walks over factor sizes.
func (t *tuning) factorsKnob() knob {
	start := float64(t.o.Config.filled(t.scale).Factors)
	grid := withStart(gridFactors, start)
	k := valueKnob("factors", grid, start, nil)
	k.set = func(c *Config, choice int, _ scale) { c.Factors = int(grid[choice]) }
	k.Ordered = true
	return k
}

// blockKnobs turn the blocks of features: those there are, and those that are off unless asked for.
func (t *tuning) blockKnobs() []knob {
	weights := map[string]float64{}
	var names []string
	if f := t.base.itemFeatures; f != nil {
		for _, b := range f.blocks {
			if b.name != blockPopularity {
				names = append(names, b.name)
			}
		}
	}
	if t.base.itemLinks.NNZ() > 0 {
		names = append(names, blockStructure)
		if slices.ContainsFunc(t.d.vectors, func(v vectorSet) bool { return v.name == modalityText }) {
			names = append(names, blockNeighbours)
		}
	}
	var all []knob
	for _, name := range names {
		if _, done := weights[name]; done {
			continue
		}
		weights[name] = weightOf(t.o.Config.Blocks, name, weightOf(blockDefaults, name, 1))
		all = append(all, weightKnob("features "+name, gridBlock, weights[name], func(c *Config, w float64) {
			c.Blocks = setWeight(c.Blocks, name, w)
		}))
	}
	return all
}

// originKnobs turn the weights of who said what: sources of triples and profiles.
func (t *tuning) originKnobs() []knob {
	var all []knob
	for _, name := range t.d.origins() {
		start := weightOf(t.o.Config.Sources, name, 1)
		all = append(all, weightKnob("source "+name, gridOrigin, start, func(c *Config, w float64) {
			c.Sources = setWeight(c.Sources, name, w)
		}))
	}
	return all
}

// typeKnobs turn the strengths of interaction types where there are several.
func (t *tuning) typeKnobs() []knob {
	const most = 4
	count := map[graph.Sym]int{}
	var types []graph.Sym
	for _, e := range t.d.events {
		if count[e.typ] == 0 {
			types = append(types, e.typ)
		}
		count[e.typ]++
	}
	if len(types) < 2 {
		return nil
	}
	slices.SortFunc(types, func(a, b graph.Sym) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	var all []knob
	for _, typ := range types[1:min(len(types), most+1)] { // the first is what the others are measured against
		name := t.d.symName(typ)
		k := weightKnob("interactions "+name, gridWeight, weightOf(t.o.Config.Types, name, 1), func(c *Config, w float64) {
			c.Types = setWeight(c.Types, name, w)
		})
		all = append(all, k)
	}
	return all
}

// ages reports whether a half-life can show what it is worth: the interactions have times, and what is looked for may be
// newer than what is trained on. In a random part it is as old, and forgetting can only lose.
func (t *tuning) ages() bool {
	if t.o.Objective != ObjectiveByTime && t.o.Valid == nil {
		return false
	}
	return slices.ContainsFunc(t.d.events, func(e event) bool { return e.time != t.d.events[0].time })
}

// tuneSource is a relation or attribute with a weight of its own, or the rest of them under one.
type tuneSource struct {
	name      string
	relations []string
	weight    float64
}

// relations lists the relations and attributes of items, those with the most links first.
func (t *tuning) relations() []tuneSource {
	groups := groupRelations(t.base, t.d.symName)
	out := make([]tuneSource, len(groups))
	for i, g := range groups {
		out[i] = tuneSource{name: g.name, relations: g.relations, weight: weightOf(t.o.Config.Relations, g.relations[0], 1)}
	}
	return out
}

// timesKnob multiplies what the field is, automatic or not.
func timesKnob(name string, times []float64, field func(*Config) *float64) knob {
	k := knob{Dimension: tune.Dimension{Name: name, Choices: len(times), Start: slices.Index(times, 1), Ordered: true}}
	for _, x := range times {
		k.labels = append(k.labels, fmt.Sprintf("× %g", x))
	}
	k.set = func(c *Config, choice int, s scale) {
		full := c.filled(s)
		*field(c) = times[choice] * *field(&full)
	}
	return k
}

// weightKnob turns a weight whose value 0 leaves something out.
func weightKnob(name string, grid []float64, start float64, set func(*Config, float64)) knob {
	grid = withStart(grid, start)
	k := valueKnob(name, grid, start, nil)
	k.set = func(c *Config, choice int, _ scale) { set(c, grid[choice]) }
	return k
}

// valueKnob sets a field to a value of the grid.
func valueKnob(name string, grid []float64, start float64, field func(*Config) *float64) knob {
	grid = withStart(grid, start)
	k := knob{Dimension: tune.Dimension{Name: name, Choices: len(grid), Start: slices.Index(grid, start)}}
	for _, v := range grid {
		k.labels = append(k.labels, strconv.FormatFloat(v, 'g', 4, 64))
	}
	k.set = func(c *Config, choice int, _ scale) { *field(c) = grid[choice] }
	return k
}

// withStart is the grid with the starting value in its place.
func withStart(grid []float64, start float64) []float64 {
	at, found := slices.BinarySearch(grid, start)
	if found {
		return grid
	}
	return slices.Insert(slices.Clone(grid), at, start)
}

// setWeight returns the list with the weight of a name set; the list given stays as it is.
func setWeight(list []Weight, name string, value float64) []Weight {
	out := slices.Clone(list)
	for i := range out {
		if out[i].Name == name {
			out[i].Value = value
			return out
		}
	}
	return append(out, Weight{name, value})
}

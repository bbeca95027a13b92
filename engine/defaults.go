package engine

import (
	"cmp"
	"math"
)

// DefaultConfig returns the configuration that Train uses when neither the caller nor Tune chose one: every field is
// automatic and filled in from the data when training starts. TrainReport.Config says with what.
//
// With n users and m items that have interactions, p the density of interactions and s the links between items and
// contexts, the rules and where they come from are:
//
//	Factors      256, at most the smaller of n and m rounded up to 16. 128 loses 3–7 % on large sets, 512 gains 5 % on one.
//	Iterations   8. 16 is the same.
//	Alpha        6p within [0.01, 0.3]: all blanks together weigh six times all interactions. 10p ranks warm items of anime
//	             7 % better, those of ml-100k 1 % and of facebook-book 1 to 4 % worse.
//	WarmAlpha    on dense data (15 interactions a user and item, on average) 15p, at most 0.3: the last sweeps, over users and
//	             warm items alone. 10p is 1 % less on anime, 0.3 % once blended; on sparse data there are no such sweeps.
//	WarmReg      λ by the rule for WarmAlpha.
//	Reg          c·√p (1/√n + 1/√m)/(α + p), c = 4000/(n+m) within [0.1, 0.5]. The rest is the largest singular value that
//	             noise of this density reaches once rows and columns are scaled by their masses; a factor weaker than λ dies.
//	             A fixed λ loses every factor on sparse data.
//	RegExponent  1 (frequency-scaled); 0 to 1.5 differ by less than 3 %.
//	ContextWeight interactions/Σ rarity within [0.5, 5]: triples weigh as much as interactions. One weight for all relations.
//	ContextAlpha 1: absent links of a relation weigh as much as present ones.
//	Hops         3: what an item or user points to hands down its own facts (a category its parent, an author the movement),
//	             and what those point to theirs: at half the weight a hop, the shortest way first, at most 64 to one node. None
//	             come from users and items, nor from a node with more than 16 such facts, nor against the direction of a triple.
//	             A context is named by the last triple of the way, and weighs as that relation does. 1 where no triple joins
//	             two nodes that are neither users nor items: nothing changes there. On book-kg, where three of four do, NDCG@20
//	             of a random part is .1042, with 1 hop .1033 (p .004), of cold items .0485 and .0479 (p .31).
//	Prior        a share of 0.3 for warm items, the whole for cold ones and for warm ones in the last sweeps: those of anime
//	             gain 1.4 % by it (blended with EASE), ml-100k's nothing; on sparse data the whole cost up to 5 %.
//	Ridge        5; 3 to 10 are the same. For warm items it is doubled, up to 5,120, for as long as features foretell better
//	             what behaviour alone makes of an item when the item is left out: 5 to 10 comes out where texts mean
//	             something, 80 to 320, which leave the mean item, where they were dealt to other items.
//	HeadReg      λ.
//	Blocks       text, words and the constant 1, structure 0.5, neighbours 0: what the exact context terms do not hold.
//	Scorers      EASE 0.4 on dense data of up to 12,000 items, co-choice 0.2 and like-minded 0.15 on
//	             sparse data (like-minded less below 5,000 users), see Config.shares and Config.likeMinded.
//	HalfLife     0: nothing ages. On ml-100k, trained on the older four fifths, 14 days give recall@20 .1368 against .1267 and
//	             NDCG@20 .3305 against .3262 (p .44); with each user's last item held out there is no difference.
//	RatingSlope  0.15 where the positive weights of each type look like ratings: 2 to 20 different ones, and no more than 15 %
//	             at the least, which may be a count of one or stand for no rating at all. NDCG@20 on validation parts where every
//	             held-out rating counts, at 0, 0.15 and 0.3: ml-100k .3039 .3059 .3035, uci-restaurant .3839 .3988 .4047, anime
//	             .2890 .2896 .2863; where only liked ones do: ml-100k .2891 .2996 .3048, uci-restaurant .3493 .3610 .3610. Else −1,
//	             none: a few of many counts are huge.
//
// Each rule was chosen on validation parts of seven public data sets at once (densities 0.0005 to 0.06, 138 to 30,000 users)
// for being flat around its value on all of them. Tried and left out: weights by user activity, PageRank and FastRP vectors,
// low ratings as negatives, several seeds: NDCG@20 with one of 256 factors, one of 512 and the mean of two of 256, which costs
// as much to serve, `ken evaluate --split per-user --fraction 0.1 --seed 5`: ml-100k .2311 .2320 .2313, ml-1m without text
// vectors .2144 .2139 .2146, anime .2628 .2634 .2629, facebook-book .1017 .1018 .1021, citeulike-a .1876 .1891 .1874, a sixth
// of gowalla .0945 .0918 .0948.
func DefaultConfig() Config { return Config{} }

// scale is what automatic values depend on.
type scale struct {
	users, items, events int     // of the warm part
	links                float64 // sum of the rarities of all links between items and contexts
	slope                float64 // of ratings; 0: weights are none
}

// denseEvents is how many interactions a user or item dense data have: linear models need pairs that meet often.
const denseEvents = 15

// dense reports whether users and items have many interactions each.
func (s scale) dense() bool { return s.events > 0 && s.events >= denseEvents*(s.users+s.items) }

// filled returns c with every automatic field set, see DefaultConfig.
func (c Config) filled(s scale) Config {
	set := func(field *float64, v float64) {
		if *field == 0 {
			*field = v
		}
	}
	n, m := float64(max(s.users, 1)), float64(max(s.items, 1))
	density := float64(max(s.events, 1)) / (n * m)
	if c.Factors == 0 {
		c.Factors = min(256, (max(min(s.users, s.items), 1)+15)/16*16)
	}
	if c.Iterations == 0 {
		c.Iterations = 8
	}
	set(&c.Alpha, min(max(6*density, 0.01), 0.3))
	edge := math.Sqrt(density) * (1/math.Sqrt(n) + 1/math.Sqrt(m)) / (c.Alpha + density)
	set(&c.Reg, min(max(4000/(n+m), 0.1), 0.5)*edge)
	set(&c.RegExponent, 1)
	set(&c.ContextAlpha, 1)
	if s.links > 0 {
		set(&c.ContextWeight, min(max(float64(s.events)/s.links, 0.5), 5))
	}
	set(&c.ContextWeight, 1)
	c.Hops = cmp.Or(c.Hops, maxHops)
	set(&c.Ridge, 5)
	set(&c.HeadReg, c.Reg)
	if s.dense() {
		set(&c.WarmAlpha, max(min(2.5*c.Alpha, 0.3), c.Alpha))
	}
	if c.WarmAlpha > 0 {
		set(&c.WarmReg, c.Reg*(c.Alpha+density)/(c.WarmAlpha+density))
	}
	set(&c.RatingSlope, s.slope)
	set(&c.RatingSlope, -1)
	c.Seed = c.seed()
	return c
}

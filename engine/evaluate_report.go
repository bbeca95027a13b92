package engine

// EvaluateReport says how well each model's lists agree with what was held out, and how that was measured: split,
// candidates, seed, who was left out and why. The same store, options and seed give the same report but for Seconds.
type EvaluateReport struct {
	Split      SplitKind  `json:"split"`
	Fraction   float64    `json:"fraction,omitempty"` // held out, for the splits that have one
	N          int        `json:"n,omitempty"`        // items a user, or folds
	Seed       uint64     `json:"seed"`
	K          int        `json:"k"`
	Candidates Candidates `json:"candidates"`      // the rule used: warm, test or all
	Ranked     int        `json:"candidate_items"` // items ranked; in k-fold, on average
	TrainRows  int        `json:"train_rows"`      // in k-fold, on average, like the next
	TestPairs  int        `json:"test_pairs"`      // distinct held-out pairs that count

	Types   []string `json:"types,omitempty"`   // of the items ranked, when not all were
	Domains *Domains `json:"domains,omitempty"` // with SplitCrossDomain
	InBoth  int      `json:"in_both,omitempty"` // users who liked something in both domains

	Users    int           `json:"users"`    // means are over these
	LeftOut  []LeftOut     `json:"left_out"` // users that no mean contains
	Rows     []EvaluateRow `json:"rows"`
	Buckets  []BucketRow   `json:"buckets,omitempty"`
	FoldIn   []FoldInRow   `json:"fold_in,omitempty"`
	Warnings []string      `json:"warnings,omitempty"`
	Seconds  float64       `json:"seconds"`
}

// LeftOut counts users that no mean contains.
type LeftOut struct {
	Reason string `json:"reason"`
	Users  int    `json:"users"`
}

// EvaluateRow is one model in the table. T is a user's held-out items; definitions are those of the field's judges:
// recall = hits/|T|, precision = hits/k, HR = any hit, MRR = 1/rank of the first hit, MAP = Σ precision at each
// hit / min(k, |T|), NDCG with the ideal over min(k, |T|); means over users with a non-empty T.
type EvaluateRow struct {
	Name      string       `json:"name"`
	Recall    Estimate     `json:"recall"`
	Precision Estimate     `json:"precision"`
	HR        Estimate     `json:"hr"`
	MRR       Estimate     `json:"mrr"`
	MAP       Estimate     `json:"map"`
	NDCG      Estimate     `json:"ndcg"`
	Catalogue Catalogue    `json:"catalogue"`
	Labels    *LabelScores `json:"labels,omitempty"` // with EvaluateOptions.Labels
	Versus    []Comparison `json:"versus,omitempty"` // against plain MF, against the scorers of an ablation, and against the first configuration
	Seconds   float64      `json:"seconds"`          // fitting and ranking
	Config    *Config      `json:"config,omitempty"` // with EvaluateOptions.Compare
}

// Estimate is a mean over users with its 95 % bootstrap interval.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Catalogue tells what the lists show beside being right.
type Catalogue struct {
	Coverage   float64 `json:"coverage"`            // candidates in at least one list, share
	Novelty    float64 `json:"novelty"`             // mean −log2 share of users who have the item, bits
	Gini       float64 `json:"gini"`                // inequality of exposure, 0 even, 1 all on one item
	Popularity float64 `json:"popularity"`          // mean number of training users of the items shown
	Diversity  float64 `json:"diversity,omitempty"` // mean 1 − cosine of two items' training users, within 200 lists; 0 on cold candidates
}

// LabelScores are the metrics over held-out labelled or weighted rows, half of which fit calibrations and thresholds; the
// other half is measured. A row is positive when its weight is above 0 and at least EvaluateOptions.MinWeight.
type LabelScores struct {
	Rows        int     `json:"rows"` // measured on; as many again were used to fit
	Positives   int     `json:"positives"`
	RMSE        float64 `json:"rmse"` // of a linear model of all features and the mean weights of user and item, in units of the weights
	*Separation         // nil when a half has one label only
}

// Separation says how well positive rows are told from others, by a logistic regression on
//
//	score       what the model ranks by; it is made to rank items for one user, not rows of all users
//	popularity  how many positive and negative training rows the item has: the same for every model
//	model       score, popularity, and what each part of the model makes of the row: factorisation, knowledge head,
//	            item-to-item scorers, shared contexts
//	counts      all that and how many positive and negative training rows the user has
//
// What the user's counts add is seldom knowledge: where negatives were drawn, one for each positive of a user, they give
// away how many of her other rows must be positive. So AUC, F1 and log-loss without a prefix are of the model's.
type Separation struct {
	AUC           float64 `json:"auc"`
	F1            float64 `json:"f1"`        // at Threshold
	Threshold     float64 `json:"threshold"` // of the probability, best F1 on the rows that fitted it
	LogLoss       float64 `json:"log_loss"`  // nats
	ScoreAUC      float64 `json:"score_auc"`
	ScoreF1       float64 `json:"score_f1"`
	PopularityAUC float64 `json:"popularity_auc"`
	PopularityF1  float64 `json:"popularity_f1"`
	CountsAUC     float64 `json:"counts_auc"`
	CountsF1      float64 `json:"counts_f1"`
}

// Comparison is a paired permutation test over users against another row.
type Comparison struct {
	Against string     `json:"against"`
	Recall  Difference `json:"recall"`
	NDCG    Difference `json:"ndcg"`
}

// Difference is a mean difference and how often chance alone gives one as large.
type Difference struct {
	Delta float64 `json:"delta"` // this row minus the other
	Low   float64 `json:"low"`   // of its 95 % bootstrap interval
	High  float64 `json:"high"`
	P     float64 `json:"p"` // two-sided, in (0, 1]
}

// BucketRow is one model on one range of activity.
type BucketRow struct {
	Of     string   `json:"of"` // see the constants
	Low    int      `json:"low"`
	High   int      `json:"high"`
	N      int      `json:"n"` // users, or held-out pairs for buckets of items
	Row    string   `json:"row"`
	Recall float64  `json:"recall"`         // of users: the mean; of items: held-out pairs found
	NDCG   *float64 `json:"ndcg,omitempty"` // of users only
}

// What a BucketRow parts by.
const (
	BucketUsers = "users" // training items of the user
	BucketItems = "items" // training users of the held-out item
	BucketLinks = "links" // triples of the held-out item
)

// FoldInRow compares users or items that were taken out of training and folded in with the same ones trained. The interval
// is that of the mean difference, by bootstrap over lists: it tells the luck of whom was taken out, not that of the seed.
type FoldInRow struct {
	Of      string  `json:"of"`      // see the constants
	N       int     `json:"n"`       // lists
	Trained float64 `json:"trained"` // NDCG@k
	Folded  float64 `json:"folded"`
	Ratio   float64 `json:"ratio"` // folded / trained, 0 when trained is 0
	Low     float64 `json:"low"`   // 95 % interval of the ratio
	High    float64 `json:"high"`
}

// What a FoldInRow is about.
const (
	FoldInUsers  = "users"           // the lists of users folded in
	FoldInStayed = "other users"     // the lists of the users who were not taken out, before the fold-in: what the model itself lost
	FoldInItems  = "items"           // lists of the items folded in alone
	FoldInAmong  = "items among all" // lists of all items, in which those folded in are looked for
	FoldInLists  = "all lists"       // lists of all items, with those folded in among them
)

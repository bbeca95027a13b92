package metrics

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

func TestAUCByHand(t *testing.T) {
	tests := []struct {
		name   string
		scores []float64
		labels []bool
		want   float64
		why    string
	}{
		{"perfect", []float64{3, 2, 1}, []bool{true, true, false}, 1, "both positives above the negative"},
		{"reversed", []float64{1, 2, 3}, []bool{true, true, false}, 0, "both below"},
		{"one pair of four wrong", []float64{4, 3, 2, 1}, []bool{true, false, true, false}, .75, "pairs won: 2 + 1 of 4"},
		{"all tied", []float64{5, 5, 5}, []bool{true, false, false}, .5, "ties count half"},
		{"one tie", []float64{2, 1, 1}, []bool{true, true, false}, .75, "1 won, 1 tied of 2 pairs"},
		{"negative scores", []float64{-1, -2}, []bool{false, true}, 0, "only the order matters"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AUC(tt.scores, tt.labels)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "auc ("+tt.why+")", got, tt.want)
		})
	}
}

// AUC equals the share of pairs in the right order, counted one by one.
func TestAUCCountsPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		n := 2 + rng.IntN(30)
		scores, labels := make([]float64, n), make([]bool, n)
		for i := range scores {
			scores[i], labels[i] = float64(rng.IntN(8)), rng.IntN(2) == 0
		}
		labels[0], labels[1] = true, false
		won, pairs := 0.0, 0.0
		for i := range n {
			for j := range n {
				if labels[i] && !labels[j] {
					pairs++
					switch {
					case scores[i] > scores[j]:
						won++
					case scores[i] == scores[j]:
						won += .5
					}
				}
			}
		}
		got, err := AUC(scores, labels)
		if err != nil || math.Abs(got-won/pairs) > 1e-12 {
			t.Fatalf("AUC = %v, %v; pairs say %v", got, err, won/pairs)
		}
	}
}

func TestF1ByHand(t *testing.T) {
	scores, labels := []float64{.9, .8, .4, .3, .1}, []bool{true, false, true, true, false}
	tests := []struct {
		threshold, want float64
		why             string
	}{
		{.85, .5, "TP 1, FN 2: 2/(1 called + 3 actual)"},
		{.4, 2. / 3, "the threshold itself is called positive: 2·2/(3+3)"},
		{.3, 6. / 7, "TP 3, FP 1"},
		{0, .75, "all called: 6/(5+3)"},
		{2, 0, "none called"},
	}
	for _, tt := range tests {
		got, err := F1(scores, labels, tt.threshold)
		if err != nil {
			t.Fatal(err)
		}
		near(t, tt.why, got, tt.want)
	}
	threshold, best, err := BestThreshold(scores, labels)
	if err != nil || threshold != .3 {
		t.Errorf("best threshold %v, %v, want .3", threshold, err)
	}
	near(t, "best F1", best, 6./7)
	if got, err := F1([]float64{1}, []bool{false}, 0); got != 0 || err != nil {
		t.Errorf("no positive row: %v, %v", got, err)
	}
}

// The threshold found beats every other score as a threshold, equal scores included.
func TestBestThresholdIsBest(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		n := 2 + rng.IntN(20)
		scores, labels := make([]float64, n), make([]bool, n)
		for i := range scores {
			scores[i], labels[i] = float64(rng.IntN(6)), rng.IntN(2) == 0
		}
		labels[0], labels[1] = true, false
		threshold, best, err := BestThreshold(scores, labels)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := F1(scores, labels, threshold); got != best {
			t.Fatalf("F1 at the threshold %v is %v, promised %v", threshold, got, best)
		}
		for _, s := range scores {
			if f, _ := F1(scores, labels, s); f > best {
				t.Fatalf("threshold %v gives %v > %v", s, f, best)
			}
		}
	}
}

func TestLosses(t *testing.T) {
	if got, err := LogLoss([]float64{.5, .5}, []bool{true, false}); err != nil || math.Abs(got-math.Ln2) > 1e-12 {
		t.Errorf("coin: %v, %v, want ln 2", got, err)
	}
	got, _ := LogLoss([]float64{.8, .3}, []bool{true, false})
	near(t, "−(ln .8 + ln .7)/2", got, .2899)
	if got, _ := LogLoss([]float64{0}, []bool{true}); math.IsInf(got, 0) || got < 30 {
		t.Errorf("sure and wrong = %v, want large and finite", got)
	}
	got, _ = RMSE([]float64{1, 2, 3}, []float64{1, 4, 6})
	near(t, "√(13/3)", got, 2.0817)
	if got, err := RMSE(nil, nil); got != 0 || err != nil {
		t.Errorf("no rows: %v, %v", got, err)
	}
}

func TestLabelledErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	errOf := func(_ float64, err error) error { return err }
	tests := []struct {
		name string
		err  error
		want error
	}{
		{"auc lengths", errOf(AUC([]float64{1}, nil)), ErrLength},
		{"auc one class", errOf(AUC([]float64{1, 2}, []bool{true, true})), ErrOneClass},
		{"auc empty", errOf(AUC(nil, nil)), ErrOneClass},
		{"auc NaN", errOf(AUC([]float64{nan, 1}, []bool{true, false})), ErrNotFinite},
		{"auc infinite", errOf(AUC([]float64{inf, 1}, []bool{true, false})), ErrNotFinite},
		{"f1 lengths", errOf(F1([]float64{1}, nil, 0)), ErrLength},
		{"log-loss lengths", errOf(LogLoss([]float64{1}, nil)), ErrLength},
		{"log-loss NaN", errOf(LogLoss([]float64{nan}, []bool{true})), ErrNotFinite},
		{"rmse lengths", errOf(RMSE([]float64{1}, nil)), ErrLength},
		{"rmse infinite", errOf(RMSE([]float64{inf}, []float64{0})), ErrNotFinite},
	}
	for _, tt := range tests {
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, tt.err, tt.want)
		}
	}
	if _, _, err := BestThreshold([]float64{1}, []bool{true}); !errors.Is(err, ErrOneClass) {
		t.Errorf("best threshold of one class: %v", err)
	}
}

func FuzzLabelled(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4}, uint64(5))
	f.Fuzz(func(t *testing.T, raw []byte, mask uint64) {
		raw = raw[:min(len(raw), 64)]
		scores, labels := make([]float64, len(raw)), make([]bool, len(raw))
		for i, b := range raw {
			scores[i], labels[i] = float64(b)/255, mask>>i&1 == 1
		}
		auc, err := AUC(scores, labels)
		if err == nil && !(auc >= 0 && auc <= 1) {
			t.Errorf("AUC %v", auc)
		}
		if _, best, err := BestThreshold(scores, labels); err == nil && !(best > 0 && best <= 1) {
			t.Errorf("best F1 %v", best)
		}
		if ll, err := LogLoss(scores, labels); err != nil || !(ll >= 0) || math.IsInf(ll, 0) {
			t.Errorf("log-loss %v, %v", ll, err)
		}
	})
}

package kernel

// ScoreCols is the number of items in a packed panel.
const ScoreCols = 32

// ScoreRows returns the number of users that Score and ScoreInt8 take at once.
func ScoreRows() int { return level.scoreRows() }

// HasInt8 reports whether ScoreInt8 is available.
func HasInt8() bool { return level == AVX512 && vnni }

// Score computes the scores of rows users for the 32 items of a panel, rows being 1 or ScoreRows(): bias[j] + Σ_p users[p*rows+i]·panel[p*32+j], p below
// k. Bit j of masks[i] says whether the score of item j reaches thr[i]. Score reports whether any does; only then
// is c[i*32+j] valid, and only where the mask is set.
func Score(rows, k int, users, panel, bias, thr, c []float32, masks []uint32) bool {
	if rows != 1 && rows != level.scoreRows() || k < 1 {
		panic("kernel: Score wants 1 or ScoreRows users")
	}
	_, _, _, _, _, _ = users[k*rows-1], panel[k*ScoreCols-1], bias[ScoreCols-1], thr[rows-1], c[rows*ScoreCols-1], masks[rows-1]
	return level.score(rows, k, users, panel, bias, thr, c, masks)
}

// Int8Users are packed users for ScoreInt8.
type Int8Users struct {
	Codes []int8    // 4 bytes of each user for each of steps steps
	Init  []int32   // −128 times the sum of the user's codes
	Terms []float32 // three a user: factors of an item's norm, error and bias
}

// Int8Panel are 32 packed items for ScoreInt8.
type Int8Panel struct {
	Codes []uint8   // 4 bytes of each item, 128 added, for each step
	Terms []float32 // 32 scales, 32 norms, 32 errors
	Bias  []float32 // 32 biases
}

// ScoreInt8 sets bit j of masks[i] when the bound of user i and item j reaches thr[i], and reports whether any does. The bound is
//
//	scale[j]·(codes of i · codes of j) + norm[j]·terms[i][0] + err[j]·terms[i][1] + bias[j]·terms[i][2]
//
// with the sum over 4·steps products exact. rows is 1 or ScoreRows(). It panics unless HasInt8.
func ScoreInt8(rows, steps int, u Int8Users, p Int8Panel, thr []float32, masks []uint32) bool {
	if rows != 1 && rows != level.scoreRows() || steps < 1 || !HasInt8() {
		panic("kernel: ScoreInt8 wants 1 or ScoreRows users and a machine that has it")
	}
	_, _, _ = u.Codes[4*steps*rows-1], u.Init[rows-1], u.Terms[3*rows-1]
	_, _, _ = p.Codes[4*steps*ScoreCols-1], p.Terms[3*ScoreCols-1], p.Bias[ScoreCols-1]
	_, _ = thr[rows-1], masks[rows-1]
	return scoreInt8(rows, steps, u, p, thr, masks)
}

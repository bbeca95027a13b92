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
	Codes     []int8    // 4 bytes of each user for each of steps steps
	Init      []int32   // −128 times the sum of the user's codes
	Norm, Err []float32 // of each user: factors of a panel's norm and error
	Unit      float32   // of a single user: factor of a bonus
}

// Int8Panels are packed items for ScoreInt8, 32 a panel.
type Int8Panels struct {
	Codes []uint8   // of a panel: 4 bytes of each item, 128 added, for each step
	Terms []float32 // of a panel: norm, error, inverse of the scale, and one that is not used
	Bonus []float32 // for a single user, finite: 32 of each panel, or 32 that all have
}

// ScoreInt8 multiplies the codes of rows users and of the items of panel after panel, exactly, until in one of them a product
// reaches what the user asks of the panel:
//
//	product + bonus·Unit/scale ≥ (thr − norm·Norm − err·Err)/scale
//
// It returns how many panels came before that one, all of them when there is none. Of that panel bit j of masks[i] says whether user i's
// product with item j reaches it, and products[i*32+j] is the product, with the bonus of a single user rounded up; what is 2²⁹
// or more may be less than it should. Where a number overflows the item counts as reaching it. rows is 1 or ScoreRows(), steps
// at most MaxInt8Steps. It panics unless HasInt8.
func ScoreInt8(rows, steps, panels int, u Int8Users, p Int8Panels, thr []float32, products []int32, masks []uint32) int {
	if rows != 1 && rows != level.scoreRows() || rows > 1 && p.Bonus != nil || steps < 1 || steps > MaxInt8Steps || panels < 1 || !HasInt8() {
		panic("kernel: ScoreInt8 wants 1 or ScoreRows users and a machine that has it")
	}
	_, _, _, _ = u.Codes[4*steps*rows-1], u.Init[rows-1], u.Norm[rows-1], u.Err[rows-1]
	_, _ = p.Codes[4*steps*ScoreCols*panels-1], p.Terms[4*panels-1]
	_, _, _ = thr[rows-1], masks[rows-1], products[rows*ScoreCols-1]
	return scoreInt8(rows, steps, panels, u, p, thr, products, masks)
}

// MaxInt8Steps is up to how many steps sums of products stay far from the limits of 32 bits.
const MaxInt8Steps = 1 << 11

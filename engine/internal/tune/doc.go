// Package tune searches a grid of hyper-parameters one coordinate at a time.
//
//	start ──▶ for each dimension: alternatives ──▶ screened at low fidelity ──▶ the better half judged in full
//	                                                     │
//	          the point moves when the gain is more than noise, or when the simplest choice is as good ◀──┘
//
// The package knows points and the values that a Judge gives for them, user by user; what they mean is the caller's.
// It draws no random numbers: the same judge leads to the same end, so a run can be repeated from recorded values.
package tune

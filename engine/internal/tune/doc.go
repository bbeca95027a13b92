// Package tune searches a grid of hyper-parameters one coordinate at a time.
//
//	start ──▶ for each dimension: alternatives ──▶ halved after a part of the training, and again ──▶ the rest in full
//	                                                                                                       │
//	                                        the point moves when the gain is more than noise ◀─────────────┘
//	end ──▶ against the start on fresh values ──▶ all changes, or the surest of them, or none
//
// The package knows points and the values that a Judge gives for them, user by user; what they mean is the caller's.
// It draws no random numbers: the same judge leads to the same end, so a run can be repeated from recorded values.
package tune

// Package itemitem fits item-to-item scorers: sparse matrices S such that a user's scores are r_u S, r_u being what she chose.
//
//	users × items ──▶ Filter: normalised co-choice counts, strongest neighbours per item ──▶ S
//	                 └─▶ Local: each item predicted from its neighbours in that filter ──▶ S
//	users × items ──▶ EASE: the linear model that predicts each item from the others ─────▶ S
//
// Alone they are weaker than the factorisation on most data; blended with it they add what few factors cannot hold: exact
// pairs. Both are closed forms, and the same bytes for any number of workers.
package itemitem

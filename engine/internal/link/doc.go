// Package link predicts the missing links of items, one relation at a time: which authors, genres or series an item has
// that nobody has written down.
//
//	items alike by several views ──▶ how many of them have the end ─┐
//	factors of item and end ────────────────────────────────────────┼──▶ logistic regression ──▶ confidence
//	how many items have the end at all ─────────────────────────────┘
//
// Ends are what stands at the other end of a relation: its tails, or its heads where items are the tails.
package link

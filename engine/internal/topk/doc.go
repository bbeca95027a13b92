// Package topk finds the items with the highest scores for users, exactly.
//
//	item factors ──▶ NewItems (packed once a model) ──▶ Search: scan, threshold, exact scores ──▶ k items a user
//	ready scores ─────────────────────────────────────▶ Select
//
// Equal scores rank the lower item first, everywhere.
package topk

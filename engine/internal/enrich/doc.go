// Package enrich turns what is known about a node into features: fixed vectors that the factorisation's prior maps to
// factors. Nothing in it is trained on behaviour, so cold and warm nodes are treated alike.
//
//	text vectors ──▶ fill from neighbours ──▶ centre, soft-whiten ──▶ block "text"
//	words of the texts ──▶ tf-idf ──▶ truncated SVD (LSA) ─────────▶ block "words"
//	contexts (relation, direction, end) ──▶ rarity ──▶ SVD ────────▶ block "structure"
//	text vectors ──▶ mean over the neighbourhood, L hops ──────────▶ block "neighbours"
//	any imported vectors (image, audio, …) ──▶ centre, whiten ─────▶ block of that name
//
// Each block is a Transform that is kept with the model, so that a node which comes after training gets the same features.
package enrich

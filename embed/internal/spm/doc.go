// Package spm cuts text into the pieces of a SentencePiece unigram model.
//
//	sp.model ──Parse──▶ Model{ charsmap, byte trie, scores }
//	text ──▶ normalise (charsmap, spaces to U+2581) ──▶ Viterbi over the trie ──▶ piece numbers
//
// Sources: Kudo 2018, "Subword Regularization", for the unigram model; the double-array trie of the charsmap is
// darts-clone's. Only what the embedder needs is here: no sampling, no decoding back to text.
package spm

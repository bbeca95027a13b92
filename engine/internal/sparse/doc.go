// Package sparse holds float32 matrices in compressed sparse rows: who chose what, and what is linked to what.
//
//	triplets ──▶ CSR ──▶ rows (half-steps), Transpose (the other side), MulDenseInto (propagation over the graph)
package sparse

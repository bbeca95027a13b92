// Package dense holds row-major float32 matrices and the linear algebra the engine needs on them.
//
//	factors, features ──▶ Gram, MulInto, MulTransAInto, MulTransBInto ──▶ EigenSym (half-steps)
//	                                                                 └──▶ SolveSPD (ridge), InvertSPD (item-item model)
//
// Results have the same bytes for any number of workers on one instruction set: sums over rows are made in fixed
// chunks that are added in order.
package dense

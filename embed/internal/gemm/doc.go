// Package gemm multiplies small row-major float32 matrices by constant ones: the inner loop of the built-in embedder.
//
//	weights ──Pack──▶ Matrix ──┐
//	activations ───────────────┴─Mul──▶ activations
//
// Mul gives each row of its result from one row of its left operand alone, by additions in an order that depends on
// neither the number of rows nor their position. A text therefore has the same vector, bit for bit, in any batch.
// The instruction set does change the last bits: the assembly fuses multiplication and addition, the Go code does not.
package gemm

// Package kernel holds the inner loops of the engine: float32 and float64 vector and small matrix kernels.
//
//	dense, sparse, solve, topk ──▶ kernel ──▶ AVX-512 │ AVX2+FMA │ plain Go
//
// The instruction set is chosen once, when the program starts: the best one that processor and system support, or a lower one named by
// the environment variable KEN_KERNEL (generic, avx2, avx512). Other platforms and builds with the tag purego have plain Go
// only. Results of one instruction set are repeatable to the bit; those of different ones differ by rounding.
//
// Functions check the lengths of their slices, never the numbers in an index list: callers check those once, when the list is
// made. Nothing here allocates or keeps its arguments, and everything is safe for concurrent use on disjoint outputs.
package kernel

//go:generate sh -c "cd gen && go run . -pkg kernel -out ../kernels_amd64.s -stubs ../kernels_amd64.go"

// Command gen writes the SIMD kernels of package kernel: kernels_amd64.s and its Go declarations.
//
// It is a module of its own, so that users of the engine never download the assembler generator. Run it by
// go generate in the kernel folder; the output is committed.
package main

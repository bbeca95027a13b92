//go:build !amd64 || purego

package gemm

// best is the kernel that Mul uses.
var best kernel = tileGo

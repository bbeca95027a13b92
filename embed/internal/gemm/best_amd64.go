//go:build amd64 && !purego

package gemm

import "golang.org/x/sys/cpu"

//go:generate go -C gen run . -out ../kernel_amd64.s -stubs ../kernel_amd64.go -pkg gemm

// best is the kernel that Mul uses, chosen once by what the processor has.
var best = choose()

func choose() kernel {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		return tileAVX2
	}
	return tileGo
}

// tileAVX2 passes a tile to the assembly for its number of rows. The slicing checks what the assembly will touch.
func tileAVX2(rows, k int, a []float32, lda int, panel []float32, c []float32, ldc int, add bool) {
	_ = a[(rows-1)*lda+k-1]
	_ = panel[k*panelCols-1]
	_ = c[(rows-1)*ldc+panelCols-1]
	switch rows {
	case 6:
		tile6(k, &a[0], lda, &panel[0], &c[0], ldc, add)
	case 5:
		tile5(k, &a[0], lda, &panel[0], &c[0], ldc, add)
	case 4:
		tile4(k, &a[0], lda, &panel[0], &c[0], ldc, add)
	case 3:
		tile3(k, &a[0], lda, &panel[0], &c[0], ldc, add)
	case 2:
		tile2(k, &a[0], lda, &panel[0], &c[0], ldc, add)
	default:
		tile1(k, &a[0], lda, &panel[0], &c[0], ldc, add)
	}
}

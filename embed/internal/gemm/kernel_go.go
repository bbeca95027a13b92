package gemm

// tileGo is the kernel in plain Go: two rows by four columns at a time, whose eight sums stay in registers.
func tileGo(rows, k int, a []float32, lda int, panel []float32, c []float32, ldc int, add bool) {
	for i := 0; i < rows; i += 2 {
		// An odd last row is computed twice; the copy goes to where the row itself goes.
		next := min(i+1, rows-1)
		r0, r1 := a[i*lda:][:k], a[next*lda:][:k]
		d0, d1 := c[i*ldc:][:panelCols], c[next*ldc:][:panelCols]
		for j := 0; j < panelCols; j += 4 {
			s := dot2x4(r0, r1, panel[j:])
			if add {
				for t := range 4 {
					s[t] += d0[j+t]
					s[4+t] += d1[j+t]
				}
			}
			copy(d0[j:], s[:4])
			copy(d1[j:], s[4:])
		}
	}
}

// dot2x4 returns the products of two rows with four neighbouring columns of a panel.
func dot2x4(r0, r1, panel []float32) [8]float32 {
	var s00, s01, s02, s03, s10, s11, s12, s13 float32
	r1 = r1[:len(r0)]
	for p, x := range r0 {
		w := panel[p*panelCols : p*panelCols+4 : p*panelCols+4]
		y := r1[p]
		s00 += x * w[0]
		s01 += x * w[1]
		s02 += x * w[2]
		s03 += x * w[3]
		s10 += y * w[0]
		s11 += y * w[1]
		s12 += y * w[2]
		s13 += y * w[3]
	}
	return [8]float32{s00, s01, s02, s03, s10, s11, s12, s13}
}

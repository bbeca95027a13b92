//go:build unix

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/kenrec/ken/engine/internal/dense"
	"github.com/kenrec/ken/engine/internal/par"
	"github.com/kenrec/ken/engine/internal/sparse"
)

// zipf draws n distinct pairs of users and items; the weight of a user falls with rank^-0.5, of an item with rank^-0.8.
func zipf(users, items, n int) *sparse.CSR {
	rng := par.Stream(1, 1)
	byUser, byItem := cumulative(users, 0.5), cumulative(items, 0.8)
	userOf, itemOf := rng.Perm(users), rng.Perm(items)
	seen := make(map[int64]struct{}, n)
	r, c := make([]int32, 0, n), make([]int32, 0, n)
	for len(r) < n {
		u, i := userOf[draw(byUser, rng)], itemOf[draw(byItem, rng)]
		key := int64(u)*int64(items) + int64(i)
		if _, dup := seen[key]; !dup {
			seen[key] = struct{}{}
			r, c = append(r, int32(u)), append(c, int32(i))
		}
	}
	return sparse.FromTriplets(users, items, r, c, nil, nil)
}

// cumulative returns the running sums of rank^-power.
func cumulative(n int, power float64) []float64 {
	sums, sum := make([]float64, n), 0.0
	for i := range sums {
		sum += math.Pow(float64(i+1), -power)
		sums[i] = sum
	}
	return sums
}

// draw returns a rank.
func draw(sums []float64, rng *rand.Rand) int {
	at, _ := slices.BinarySearch(sums, rng.Float64()*sums[len(sums)-1])
	return min(at, len(sums)-1)
}

// gaussian returns a matrix of normal numbers.
func gaussian(rows, cols int, seed uint64) dense.Matrix {
	m, rng := dense.New(rows, cols), par.Stream(seed, 7)
	for i := range rows {
		row := m.Row(i)
		for j := range row {
			row[j] = float32(rng.NormFloat64())
		}
	}
	return m
}

// compact returns m without padding.
func compact(m dense.Matrix) []float32 {
	data := make([]float32, 0, m.Rows*m.Cols)
	for i := range m.Rows {
		data = append(data, m.Row(i)...)
	}
	return data
}

// saveCSR writes a matrix for the script.
func (b *bench) saveCSR(name string, m *sparse.CSR) error {
	return errors.Join(b.save(name+".shape", []int64{int64(m.Rows), int64(m.Cols)}), b.save(name+".ptr", m.Ptr),
		b.save(name+".idx", m.Idx), b.save(name+".val", m.Val))
}

// load reads a matrix that the script wrote.
func (b *bench) load(name string, m dense.Matrix) error {
	raw, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		return fmt.Errorf("load %s: %w", name, err)
	}
	data := make([]float32, m.Rows*m.Cols)
	if err := binary.Read(bytes.NewReader(raw), binary.LittleEndian, data); err != nil {
		return fmt.Errorf("load %s: %w", name, err)
	}
	for i := range m.Rows {
		copy(m.Row(i), data[i*m.Cols:])
	}
	return nil
}

package topk

import (
	"fmt"
	"testing"

	"github.com/kenrec/ken/engine/internal/kernel"
)

func BenchmarkSearch(b *testing.B) {
	for _, s := range []struct{ items, f, k, users int }{{20_000, 128, 20, 2000}, {100_000, 128, 20, 1000}} {
		v, users := random(s.items, s.f, 1), random(s.users, s.f, 2)
		for _, bytes := range []bool{false, true} {
			b.Run(fmt.Sprintf("items=%d/f=%d/k=%d/int8=%v", s.items, s.f, s.k, bytes), func(b *testing.B) {
				if bytes && !kernel.HasInt8() {
					b.Skip("no byte products here")
				}
				it := newItems(v, bytes)
				b.ReportAllocs()
				for b.Loop() {
					if _, _, err := it.Search(b.Context(), Request{Users: users, K: s.k}, 1); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(s.users)*float64(b.N)/b.Elapsed().Seconds(), "users/s")
			})
		}
	}
}

func BenchmarkSearchOne(b *testing.B) {
	const items, f, k = 100_000, 128, 20
	v, user := random(items, f, 1), random(1, f, 2)
	for name, it := range variants(v) {
		b.Run(fmt.Sprintf("items=%d/f=%d/k=%d/%s", items, f, k, name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := it.Search(b.Context(), Request{Users: user, K: k}, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

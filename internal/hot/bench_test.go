package hot

import (
	"fmt"
	"testing"

	"github.com/rapport-cx/rapport/internal/hot/hottest"
)

func BenchmarkSeal(b *testing.B) {
	s := newSealer(secret)
	for _, size := range []int{200, 20_000} {
		value := s.close(slab, "rapport:{survey/acme/nps.network}:20000", Anchor{Seq: 7}, make([]byte, size))
		b.Run(fmt.Sprintf("open=%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, ok := s.open(slab, "rapport:{survey/acme/nps.network}:20000", value); !ok {
					b.Fatal("not believed")
				}
			}
		})
	}
}

// BenchmarkGetResult is a result read from Redis, by one caller and by many
// who share round trips.
func BenchmarkGetResult(b *testing.B) {
	c := open(b, hottest.Redis(b), Options{})
	c.PutResult(b.Context(), "acme", Fingerprint{}, make([]byte, 300))
	flush(b, c)
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism((callers + 1) / 2)
			read := func() {
				if _, ok := c.GetResult(b.Context(), "acme", Fingerprint{}); !ok {
					b.Error("miss")
				}
			}
			if callers == 1 {
				for b.Loop() {
					read()
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					read()
				}
			})
		})
	}
}

// BenchmarkGetMany is thirty slabs of a measure in one round trip.
func BenchmarkGetMany(b *testing.B) {
	c := open(b, hottest.Redis(b), Options{})
	var keys []Key
	for day := range int32(30) {
		keys = append(keys, Key{Brand: "acme", Measure: "nps", Day: day})
		c.Put(b.Context(), keys[day], Anchor{Seq: 1}, make([]byte, 20_000))
	}
	flush(b, c)
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range c.GetMany(b.Context(), keys) {
			if !e.Found {
				b.Fatal("miss")
			}
		}
	}
}

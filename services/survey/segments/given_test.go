package segments

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// What a caller sends is read as it was written, in all forms that bitmaps take.
func TestGivenIsWhatWasSent(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 60 {
		set := roaring64.New()
		for range r.IntN(4) {
			from := r.Uint64N(1 << 19)
			set.AddRange(from, from+r.Uint64N(1<<uint(r.IntN(18))))
		}
		for range r.IntN(10_000) {
			set.Add(r.Uint64N(1 << 20))
		}
		if round%2 == 0 {
			set.RunOptimize()
		}
		sent, err := set.ToBytes()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Given(sent)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		set.Remove(0)
		var n uint64
		for i := range int64(len(got)) * 64 {
			if got.Has(i) {
				n++
				if !set.Contains(uint64(i)) {
					t.Fatalf("round %d: %d was not sent", round, i)
				}
			}
		}
		if n != set.GetCardinality() {
			t.Fatalf("round %d: %d of %d", round, n, set.GetCardinality())
		}
	}
}

// Nothing that is sent may fell the service or make it hold more than the bound.
func FuzzGiven(f *testing.F) {
	for _, set := range []*roaring64.Bitmap{roaring64.New(), roaring64.BitmapOf(0), roaring64.BitmapOf(1, 2, 1<<27), roaring64.BitmapOf(1 << 40)} {
		sent, err := set.ToBytes()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(sent)
	}
	f.Add(binary.LittleEndian.AppendUint64(nil, 1<<62))
	f.Fuzz(func(t *testing.T, sent []byte) {
		got, err := Given(sent)
		if err == nil && (len(got) > MostGiven/64 || got.Has(0)) {
			t.Fatalf("%d words", len(got))
		}
	})
}

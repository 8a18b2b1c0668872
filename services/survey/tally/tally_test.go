package tally

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// randomTally makes a believable answer: a store below a region below the
// network, sometimes two sellers, sometimes no subject at all.
func randomTally(r *rand.Rand, row int64) *Tally {
	t := &Tally{
		Sign: 1, Row: row, Day: 17000, Live: 17000 + int32(r.IntN(2)),
		Quarter: uint8(r.IntN(100)), Hour: uint8(r.IntN(24)),
		Channel: uint8(r.IntN(12)), Mode: uint8(r.IntN(11)), Survey: uint32(r.IntN(3)),
		Commented: r.IntN(3) == 0, Customer: int64(r.IntN(4)) * 1e6,
	}
	switch r.IntN(4) {
	case 0:
		seller := uint32(100 + r.IntN(20))
		t.Named = []uint32{seller, seller + 30}
		t.Path = t.Named
	case 1, 2:
		store := uint32(10 + r.IntN(40))
		t.Named, t.Path = []uint32{store}, []uint32{0, 1 + store%8, store}
	}
	if r.IntN(2) == 0 {
		t.Facets = []Facet{{"locale", []string{"", "ru", "en"}[r.IntN(3)]}}
	}
	if r.IntN(5) > 0 {
		t.Scores = append(t.Scores, Score{Metric: LowShare, Score: uint8(r.IntN(2))},
			Score{Metric: 3, Score: uint8(r.IntN(11))})
	}
	if r.IntN(3) > 0 {
		t.Scores = append(t.Scores, Score{Metric: 4, Score: uint8(1 + r.IntN(10)), Importance: uint8(1 + r.IntN(10))},
			Score{Metric: 4, Score: uint8(1 + r.IntN(10)), Importance: uint8(1 + r.IntN(10))})
	}
	return t
}

func TestRecordIsReadAsItWasWritten(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range int64(500) {
		want := randomTally(r, i%2*i)
		packed := want.Append(nil)
		got, err := Parse(packed)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		for cut := range packed {
			if _, err := Parse(packed[:cut]); err == nil {
				t.Fatalf("record cut at %d of %d bytes was accepted", cut, len(packed))
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for i := range int64(20) {
		f.Add(randomTally(r, i).Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		parsed, err := Parse(b)
		if err != nil {
			return
		}
		if got := parsed.Append(nil); !bytes.Equal(got, b) {
			t.Fatalf("one record has two forms:\n%x\n%x", b, got)
		}
		for _, day := range []int32{parsed.Day, parsed.Live} {
			for _, m := range Measures(parsed, day, nil) {
				slab, again := New(m), New(m)
				slab.Apply(day, parsed)
				if err := again.UnmarshalBinary(slab.AppendBinary(nil)); err != nil {
					t.Fatalf("%s: %v", m, err)
				}
			}
		}
	})
}

func FuzzSlabs(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	names := []string{"day:3", "live:4", "day.rows:0", "live.rows:4"}
	for which, m := range names {
		slab := New(m)
		for i := range int64(50) {
			slab.Apply(17000, randomTally(r, i))
		}
		f.Add(uint8(which), slab.AppendBinary(nil))
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		slab := New(names[int(which)%len(names)])
		if slab.UnmarshalBinary(b) != nil {
			return
		}
		again := New(names[int(which)%len(names)])
		packed := slab.AppendBinary(nil)
		if err := again.UnmarshalBinary(packed); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		slab.Apply(17000, randomTally(rand.New(rand.NewPCG(7, 8)), 3))
	})
}

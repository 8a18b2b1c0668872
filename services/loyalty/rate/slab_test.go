package rate

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/loyalty/record"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
)

// randomFact is what some movement counts for, with signs of all kinds.
func randomFact(r *rand.Rand) *Fact {
	n := func(top int64) int64 { return r.Int64N(2*top) - top }
	f := &Fact{programme: "club", who: 1 + r.Int64N(300), active: r.IntN(2) == 0, spender: r.IntN(2) == 0, owed: n(3)}
	if r.IntN(9) == 0 {
		f.to, f.who = 1+r.Int64N(300), r.Int64()
	}
	for range r.IntN(3) {
		place := packPlace(commonv1.Channel(r.IntN(4)), []*commonv1.SubjectRef{{Kind: 3, Id: fmt.Sprint(r.IntN(3))}})
		f.flows = append(f.flows, flow{rowKey{f.who, 100 - r.Int32N(3), place}, [flowWidth]int64{n(3), n(3), n(3), n(2)}})
		f.parts = append(f.parts, part{f.who, lotKey{100 - r.Int32N(9), []int64{Never, n(5), r.Int64()}[r.IntN(3)]}, [lotWidth]int64{n(3), n(2), n(2)}})
		f.counted = append(f.counted, counting{countKey{f.who, 100 - r.Int32N(5)}, [countWidth]int64{n(3), n(3)}})
	}
	if r.IntN(4) == 0 {
		return &Fact{who: 1 + r.Int64N(300), amount: n(9)}
	}
	return f
}

func measuresOf(programme string) []string {
	return []string{FlowMeasure(programme), LotMeasure(programme), StockMeasure(programme), RowMeasure(programme), CountMeasure(programme), CrowdMeasure(programme), Receipts}
}

// The same facts in another order, with slabs written and read in between, are the same
// bytes; and what was written is believed, changed in any byte or not at all.
func TestSlabsAreTheirFacts(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		facts := make([]*Fact, 1+r.IntN(900))
		for i := range facts {
			facts[i] = randomFact(r)
		}
		one, other := folded(t, facts, nil), map[string][]byte{}
		r.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		other = folded(t, facts, r)
		for measure, want := range one {
			if !bytes.Equal(want, other[measure]) {
				t.Fatalf("seed %d: %s differs", seed, measure)
			}
			damaged(t, measure, want, r)
		}
	}
}

func folded(t *testing.T, facts []*Fact, r *rand.Rand) map[string][]byte {
	t.Helper()
	slabs := map[string]fold.Slab[*Fact]{}
	for _, m := range measuresOf("club") {
		slabs[m] = New(m)
	}
	for _, f := range facts {
		for _, m := range Measures(f, 0, nil) {
			slabs[m].Apply(0, f)
			if r != nil && r.IntN(50) == 0 {
				again := New(m)
				if err := again.UnmarshalBinary(slabs[m].AppendBinary(nil)); err != nil {
					t.Fatalf("%s: %v", m, err)
				}
				slabs[m] = again
			}
		}
	}
	out := map[string][]byte{}
	for m, s := range slabs {
		out[m] = s.AppendBinary(nil)
		if s.Size() < len(out[m])/4 {
			t.Errorf("%s says it holds %d bytes, %d packed", m, s.Size(), len(out[m]))
		}
	}
	return out
}

// damaged bytes are refused, or are the only form of something else.
func damaged(t *testing.T, measure string, packed []byte, r *rand.Rand) {
	t.Helper()
	for range 20 {
		b := bytes.Clone(packed)
		if r.IntN(2) == 0 {
			b = b[:r.IntN(len(b))]
		} else {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		s := New(measure)
		if err := s.UnmarshalBinary(b); err == nil && !bytes.Equal(s.AppendBinary(nil), b) {
			t.Fatalf("%s believes what it would not write", measure)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{1, 4, 'c', 'l', 'u', 'b', 3, 2, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		fact, ok, err := Decode("demo", &feed.Fact{Kind: record.Movement, Data: data})
		if err != nil || !ok {
			return
		}
		for _, m := range Measures(fact, 0, nil) {
			New(m).Apply(0, fact)
		}
	})
}

// A programme may have any name that the contract allows, and none is another's.
func TestMeasuresArePerProgramme(t *testing.T) {
	seen := map[string]bool{}
	for _, id := range []string{"club", "club-2", "flow", "lots"} {
		for _, m := range measuresOf(id)[:6] {
			if seen[m] {
				t.Errorf("%s is of two programmes", m)
			}
			seen[m] = true
		}
	}
	if _, unknown := New("other:club").(void); !unknown {
		t.Error("an unknown measure is counted")
	}
}

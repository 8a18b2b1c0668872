package tally

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-cx/rapport/internal/fold"
)

var everyMeasure = []string{
	"day:0", "live:0", "day.rows:0", "live.rows:0",
	"day:3", "live:3", "day.rows:3", "live.rows:3",
	"day:4", "live:4", "day.rows:4", "live.rows:4",
}

// foldAll gives every fact to the slabs of the measures it moves, as the engine does.
func foldAll(facts []*Tally) map[string]fold.Slab[*Tally] {
	slabs := map[string]fold.Slab[*Tally]{}
	for _, m := range everyMeasure {
		slabs[m] = New(m)
	}
	for _, f := range facts {
		for _, m := range Measures(f, f.Day, nil) {
			slabs[m].Apply(f.Day, f)
		}
	}
	return slabs
}

func reversalOf(t *Tally) *Tally {
	back := *t
	back.Sign = -1
	return &back
}

// history returns the facts of a day on which some responses are amended and
// some retracted, and the versions that count in the end. All are of one day:
// Live is set to it.
func history(r *rand.Rand, n int) (facts, left []*Tally) {
	for i := range n {
		t := randomTally(r, int64(i))
		t.Live = t.Day
		facts = append(facts, t)
		switch r.IntN(4) {
		case 0:
			facts = append(facts, reversalOf(t))
		case 1:
			amended := randomTally(r, int64(n+i))
			amended.Live = amended.Day
			facts = append(facts, reversalOf(t), amended)
			left = append(left, amended)
		default:
			left = append(left, t)
		}
	}
	return facts, left
}

func TestAnyOrderFoldsToTheSameBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for range 10 {
		facts, left := history(r, 400)
		slices.SortFunc(left, func(a, b *Tally) int { return int(a.Row - b.Row) })
		want := foldAll(left)
		r.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		got := foldAll(facts)
		for _, m := range everyMeasure {
			a, b := want[m].AppendBinary(nil), got[m].AppendBinary(nil)
			if !bytes.Equal(a, b) {
				t.Fatalf("%s depends on the order of facts", m)
			}
			if err := got[m].(interface{ Check() error }).Check(); err != nil {
				t.Fatal(err)
			}
			again := New(m)
			if err := again.UnmarshalBinary(b); err != nil {
				t.Fatalf("%s: %v", m, err)
			}
			if !bytes.Equal(again.AppendBinary(nil), b) {
				t.Fatalf("%s changes when read back", m)
			}
		}
	}
}

// A slab read back goes on like the one that was written.
func TestReadSlabMovesOn(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	facts, _ := history(r, 600)
	want := foldAll(facts)
	half := foldAll(facts[:300])
	for _, m := range everyMeasure {
		slab := New(m)
		if err := slab.UnmarshalBinary(half[m].AppendBinary(nil)); err != nil {
			t.Fatal(err)
		}
		for _, f := range facts[300:] {
			if slices.Contains(Measures(f, f.Day, nil), m) {
				slab.Apply(f.Day, f)
			}
		}
		if !bytes.Equal(slab.AppendBinary(nil), want[m].AppendBinary(nil)) {
			t.Fatalf("%s went another way after it was read", m)
		}
	}
}

// The histogram is what the rows say.
func TestHistogramIsTheSumOfRows(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	facts, left := history(r, 3000)
	slabs := foldAll(facts)
	for _, pair := range [][2]string{{"live:0", "live.rows:0"}, {"live:3", "live.rows:3"}, {"live:4", "live.rows:4"}} {
		h, rows := slabs[pair[0]].(*Hist), slabs[pair[1]].(*Rows)
		want := map[Cell]int64{}
		n := int64(0)
		for i := range rows.Len() {
			if rows.Score[i] == NoScore {
				continue
			}
			n++
			c := cellOf(rows.Channel[i], rows.Quarter[i], rows.Importance[i], rows.Score[i])
			want[firstOf(Whole)|c]++
			for _, p := range rows.Sets()[rows.Set[i]].Path {
				want[firstOf(p)|c]++
			}
		}
		got, whole := map[Cell]int64{}, int64(0)
		for _, run := range h.Runs() {
			for i, c := range run.Cells {
				if run.Counts[i] != 0 {
					got[c] += run.Counts[i]
				}
				if c.Subject() == Whole {
					whole += run.Counts[i]
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s: %s", pair[0], diff)
		}
		if whole != n {
			t.Fatalf("%s: buckets sum to %d, there are %d answers", pair[0], whole, n)
		}
	}
	if got := slabs["day.rows:0"].(*Rows).Len(); got != len(left) {
		t.Fatalf("the index of responses has %d rows for %d responses", got, len(left))
	}
}

func TestReversalWithoutItsResponseIsReported(t *testing.T) {
	f := randomTally(rand.New(rand.NewPCG(1, 1)), 7)
	f.Scores = []Score{{Metric: 3, Score: 9}}
	for _, m := range []string{"day:3", "day.rows:3"} {
		slab := New(m)
		slab.Apply(f.Day, reversalOf(f))
		if slab.(interface{ Check() error }).Check() == nil {
			t.Errorf("%s: a count below zero went unnoticed", m)
		}
	}
}

// Counts go past what 16 and 32 bits hold.
func TestCountsDoNotOverflow(t *testing.T) {
	h := NewHist(3, false)
	f := &Tally{Sign: 1 << 30, Day: 1, Live: 1, Scores: []Score{{Metric: 3, Score: 10}}}
	for range 8 {
		h.Apply(1, f)
	}
	again := NewHist(3, false)
	if err := again.UnmarshalBinary(h.AppendBinary(nil)); err != nil {
		t.Fatal(err)
	}
	if got := again.Of(Whole)[0].Counts[0]; got != 8<<30 {
		t.Errorf("counted %d, want %d", got, int64(8)<<30)
	}
}

func TestApart(t *testing.T) {
	h := NewHist(3, false)
	count := func(named, path []uint32) {
		h.Apply(1, &Tally{Sign: 1, Named: named, Path: path, Scores: []Score{{Metric: 3, Score: 1}}})
	}
	count([]uint32{10}, []uint32{0, 1, 10})
	count([]uint32{11}, []uint32{0, 1, 11})
	for _, c := range []struct {
		subjects []uint32
		apart    bool
	}{{nil, true}, {[]uint32{1}, true}, {[]uint32{10, 11}, true}, {[]uint32{1, 10}, false}} {
		if got := h.Apart(c.subjects); got != c.apart {
			t.Errorf("apart %v = %v", c.subjects, got)
		}
	}
	count([]uint32{10, 11}, []uint32{0, 1, 10, 11})
	if h.Apart([]uint32{10, 11}) {
		t.Error("an answer counts in both of 10 and 11")
	}
}

func BenchmarkHistApply(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	h := NewHist(3, false)
	facts := make([]*Tally, 20000)
	for i := range facts {
		store := uint32(10 + r.IntN(1000))
		facts[i] = &Tally{Sign: 1, Channel: uint8(r.IntN(7)), Named: []uint32{store}, Path: []uint32{0, 1 + store%8, store},
			Scores: []Score{{Metric: 3, Score: uint8(r.IntN(11))}}}
		h.Apply(1, facts[i])
	}
	i := 0
	for b.Loop() {
		h.Apply(1, facts[i%len(facts)])
		i++
	}
}

func BenchmarkHistRead(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	h := NewHist(3, false)
	for range 10000 {
		store := uint32(10 + r.IntN(1000))
		h.Apply(1, &Tally{Sign: 1, Channel: uint8(r.IntN(7)), Named: []uint32{store}, Path: []uint32{0, 1 + store%8, store},
			Scores: []Score{{Metric: 3, Score: uint8(r.IntN(11))}}})
	}
	packed := h.AppendBinary(nil)
	b.ReportMetric(float64(len(packed)), "bytes")
	for b.Loop() {
		if err := h.UnmarshalBinary(packed); err != nil {
			b.Fatal(err)
		}
	}
}

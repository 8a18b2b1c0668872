package trial

import (
	"fmt"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/stat"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

func experiment(id string, holdOut int32, weights ...int32) *segmentationv1.Experiment {
	e := &segmentationv1.Experiment{Id: id, SegmentId: "all", HoldOutBp: holdOut}
	for i, w := range weights {
		e.Arms = append(e.Arms, &segmentationv1.Arm{Name: string(rune('a' + i)), Weight: w})
	}
	return Weighted(e)
}

func upTo(n uint64) *roaring64.Bitmap {
	set := roaring64.New()
	set.AddRange(1, n+1)
	return set
}

// Shares are what was asked for, up to chance: all of many experiments together would be
// off by χ² once in a million, where each is off once in a thousand.
func TestSplitHasItsShares(t *testing.T) {
	all := upTo(20_000)
	off, square, degrees := 0, 0.0, 0
	for i, e := range []*segmentationv1.Experiment{
		experiment("", 1000, 1), experiment("", 9900, 1), experiment("", 0, 1, 1), experiment("", 5000, 1, 1), experiment("", 333, 1, 2, 3, 1000), experiment("", 1, 7, 0),
	} {
		for n := range 40 {
			e.Id = fmt.Sprintf("e%d-%d", i, n)
			sets := NewSplitter(secret, "shop", e).Split(all)
			counts, sum := make([]int64, len(sets)), int64(0)
			for k, set := range sets {
				counts[k] = int64(set.GetCardinality())
				sum += counts[k]
			}
			if sum != 20_000 {
				t.Fatalf("%s: %v", e.GetId(), counts)
			}
			told, p, mismatch := Ratio(e, counts)
			if mismatch {
				off++
			}
			if p < 1e-7 {
				t.Errorf("%s: %v, p = %v", e.GetId(), told, p)
			}
			for _, c := range told {
				if away := float64(c.GetPersons()) - c.GetExpected(); c.GetExpected() > 50 {
					square += away * away / c.GetExpected() / (1 - c.GetExpected()/20_000)
					degrees++
				}
			}
		}
	}
	if off > 4 {
		t.Errorf("%d of 240 splits are off", off)
	}
	// Parts of one split depend on each other, so that this is near χ², not it.
	if p := stat.ChiSquareTail(square, degrees); p < 1e-6 || p > 1-1e-6 {
		t.Errorf("χ² of %v with %d degrees of freedom: p = %v", square, degrees, p)
	}
}

// Which arm a person is in says nothing about another experiment, brand or secret.
func TestSplitsAreIndependent(t *testing.T) {
	e := experiment("one", 2500, 1, 1, 1)
	other := experiment("two", 2500, 1, 1, 1)
	first := NewSplitter(secret, "shop", e)
	for name, second := range map[string]*Splitter{
		"experiment": NewSplitter(secret, "shop", other), "brand": NewSplitter(secret, "other", e), "secret": NewSplitter([]byte("another"), "shop", e),
	} {
		var together [4][4]float64
		const n = 40_000
		for id := uint64(1); id <= n; id++ {
			together[first.Arm(id)][second.Arm(id)]++
		}
		square := 0.0
		for _, row := range together {
			for _, x := range row {
				square += (x - n/16) * (x - n/16) / (n / 16)
			}
		}
		if p := stat.ChiSquareTail(square, 15); p < 1e-5 {
			t.Errorf("another %s: %v, p = %v", name, together, p)
		}
	}
}

// A split follows members who come and go as if it were made of the last ones; the same
// experiment splits alike whenever it is asked.
func TestSplitFollows(t *testing.T) {
	e := experiment("one", 1000, 2, 1)
	s := NewSplitter(secret, "shop", e)
	was, is := upTo(5000), upTo(7000)
	is.RemoveRange(100, 900)
	sets := s.Split(was)
	s.Follow(sets, is)
	s.Follow(sets, is)
	for i, want := range NewSplitter(secret, "shop", e).Split(is) {
		if !sets[i].Equals(want) {
			t.Errorf("arm %d has %d persons, want %d", i, sets[i].GetCardinality(), want.GetCardinality())
		}
	}
}

// To hold out more takes people from the arms, and puts nobody into another arm.
func TestHoldOutTakesFromAll(t *testing.T) {
	less, more := NewSplitter(secret, "shop", experiment("one", 1000, 1, 1)), NewSplitter(secret, "shop", experiment("one", 3000, 1, 1))
	for id := uint64(1); id <= 10_000; id++ {
		a, b := less.Arm(id), more.Arm(id)
		if a != b && b != 2 {
			t.Fatalf("person %d went from %d to %d", id, a, b)
		}
	}
}

// Splits are kept in logs and asked for by other programs: they must not change.
func TestSplitIsWhatItWas(t *testing.T) {
	s := NewSplitter(secret, "shop", experiment("one", 2000, 1, 3))
	got := ""
	for id := uint64(1); id <= 40; id++ {
		got += fmt.Sprint(s.Arm(id))
	}
	if want := "1110111011111101101111211021121102212011"; got != want {
		t.Errorf("arms are %s, want %s", got, want)
	}
}

// BenchmarkSplit sorts a million persons into arms.
func BenchmarkSplit(b *testing.B) {
	all, s := upTo(1_000_000), NewSplitter(secret, "shop", experiment("one", 1000, 1, 1))
	for b.Loop() {
		s.Split(all)
	}
}

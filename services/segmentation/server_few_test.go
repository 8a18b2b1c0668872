package segmentation

import (
	"math/rand/v2"
	"testing"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/few"
)

func bought(persons, buyers int64) *segmentationv1.GroupValue {
	return &segmentationv1.GroupValue{Persons: persons, Buyers: buyers, Purchases: buyers, Spent: 100 * buyers, AverageCheck: new(100.0)}
}

// emptied tells whether a value is hidden; then it must tell persons alone.
func emptied(t *testing.T, v *segmentationv1.GroupValue) bool {
	t.Helper()
	if !v.GetSuppressed() {
		return false
	}
	if v.GetBuyers() != 0 || v.GetPurchases() != 0 || v.GetSpent() != 0 || v.AverageCheck != nil || v.GetPersons() == 0 {
		t.Errorf("hidden, and told: %v", v)
	}
	return true
}

func TestPanelsOfFew(t *testing.T) {
	for what, c := range map[string]struct {
		chosen, others, buyers int64
		all, value             bool // everything is hidden, and the value is
	}{
		"many":            {50, 50, 20, false, false},
		"few":             {4, 96, 4, true, true},
		"all but few":     {97, 3, 20, true, true},
		"everybody":       {100, 0, 20, false, false},
		"nobody":          {0, 100, 0, false, false},
		"few of them buy": {50, 50, 2, false, true},
	} {
		group := func(n int64) *segmentationv1.PanelGroup {
			return &segmentationv1.PanelGroup{Persons: n, Value: bought(n, min(n, c.buyers)), Distributions: []*segmentationv1.Distribution{
				{Field: "city", Buckets: []*segmentationv1.DistributionBucket{{Value: "Kazan", Persons: n}}, Mean: new(1.0)},
			}}
		}
		out := &segmentationv1.QueryPanelResponse{Persons: c.chosen + c.others, Chosen: group(c.chosen), Rest: group(c.others)}
		if got := hidePanel(out); got != c.all {
			t.Errorf("%s: hidden %v", what, got)
		}
		if got := out.GetChosen().GetValue().GetSuppressed(); got != c.value || out.GetRest().GetValue().GetSuppressed() != c.value {
			t.Errorf("%s: value hidden %v", what, got)
		}
		for _, g := range []*segmentationv1.PanelGroup{out.GetChosen(), out.GetRest()} {
			d := g.GetDistributions()[0]
			if told := len(d.GetBuckets()) > 0 || d.Mean != nil; told == c.all || c.all && d.GetHidden() != g.GetPersons() {
				t.Errorf("%s: %v", what, d)
			}
		}
	}
}

// Of every segment, and of all, the combinations that are hidden are none or not few.
func TestOverlapsOfFew(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for range 300 {
		ids := []string{"a", "b", "c"}
		out, truth := &segmentationv1.Overlap{}, map[*segmentationv1.Combination]int64{}
		for m := 1; m < 8; m++ {
			var in []string
			for i, id := range ids {
				if m>>i&1 == 1 {
					in = append(in, id)
				}
			}
			n := r.Int64N(15) + 1
			c := &segmentationv1.Combination{SegmentIds: in, Value: bought(n, n)}
			truth[c] = n
			out.Combinations = append(out.Combinations, c)
		}
		hideOverlap(out)
		for _, id := range append(ids, "") {
			count, sum, shown := 0, int64(0), 0
			for _, c := range out.GetCombinations() {
				within := id == ""
				for _, of := range c.GetSegmentIds() {
					within = within || of == id
				}
				switch {
				case !within:
				case emptied(t, c.GetValue()):
					count, sum = count+1, sum+truth[c]
				case few.Few(truth[c]):
					t.Fatalf("%d are told of", truth[c])
				default:
					shown++
				}
			}
			if count > 0 && shown > 0 && (count < 2 || sum < few.Least) {
				t.Fatalf("of %q %d combinations with %d persons are hidden", id, count, sum)
			}
		}
	}
}

func TestMigrationsAndGridsOfFew(t *testing.T) {
	moves := &segmentationv1.Migration{}
	grid := &segmentationv1.GetRfmGridResponse{}
	for from := range 4 {
		for to := range 4 {
			n := int64(10 + from*4 + to)
			if from == 1 && to == 2 {
				n = 3
			}
			moves.Cells = append(moves.Cells, &segmentationv1.MigrationCell{From: string(rune('a' + from)), To: string(rune('a' + to)), Units: n, Value: bought(n, n)})
			grid.Cells = append(grid.Cells, &segmentationv1.RfmCell{Recency: int32(from), Frequency: int32(to), Monetary: 1, Persons: n, Purchases: n, Spent: n})
		}
	}
	hideMigration(moves)
	hideGrid(grid)
	for what, hidden := range map[string]func(i int) bool{
		"migration": func(i int) bool { return emptied(t, moves.GetCells()[i].GetValue()) },
		"grid": func(i int) bool {
			c := grid.GetCells()[i]
			if c.GetSuppressed() && (c.GetPurchases() != 0 || c.GetSpent() != 0) {
				t.Errorf("hidden, and told: %v", c)
			}
			return c.GetSuppressed()
		},
	} {
		rows, columns, all := map[int]int{}, map[int]int{}, 0
		for i := range 16 {
			if hidden(i) {
				rows[i/4]++
				columns[i%4]++
				all++
			}
		}
		if !hidden(6) || rows[1] < 2 || columns[2] < 2 || all == 16 {
			t.Errorf("%s: rows %v, columns %v", what, rows, columns)
		}
		for _, lines := range []map[int]int{rows, columns} {
			for line, n := range lines {
				if n == 1 {
					t.Errorf("%s: line %d has one hidden cell, which the others leave", what, line)
				}
			}
		}
	}
}

func TestDifferencesOfFew(t *testing.T) {
	for n, hidden := range map[int64]bool{0: false, 3: true, 5: false} {
		d := &segmentationv1.Difference{Before: &segmentationv1.Reading{N: 50, Value: new(1.0)}, After: &segmentationv1.Reading{N: n, Value: new(2.0)}, Change: new(1.0), Significant: true}
		arm := &segmentationv1.ArmResult{Arm: "x", Difference: d, Total: new(5.0)}
		hideArms([]*segmentationv1.ArmResult{arm})
		told := d.Change != nil || d.GetAfter().Value != nil || d.GetBefore().Value != nil || arm.Total != nil || d.GetSignificant()
		if told == hidden || d.GetAfter().GetN() != n || (arm.GetMissing() != "") != hidden {
			t.Errorf("%d: %v", n, arm)
		}
	}
}

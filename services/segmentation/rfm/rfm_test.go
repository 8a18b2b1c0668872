package rfm

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		values []int64
		want   Cuts
	}{
		{[]int64{7}, Cuts{7, 7, 7, 7}},
		{[]int64{2, 1}, Cuts{1, 1, 2, 2}},
		{[]int64{5, 4, 3, 2, 1}, Cuts{1, 2, 3, 4}},
		{[]int64{6, 5, 4, 3, 2, 1}, Cuts{2, 3, 4, 5}},
		{[]int64{1, 1, 1, 1, 1, 1, 1, 1, 1, 9}, Cuts{1, 1, 1, 1}},
	} {
		if got := Cut(slices.Clone(c.values)); got != c.want {
			t.Errorf("%v: got %v, want %v", c.values, got, c.want)
		}
	}
}

// randomRows are persons ascending with few values, so that many are equal.
func randomRows(r *rand.Rand, n int) []Row {
	rows := make([]Row, n)
	person := int64(0)
	for i := range rows {
		person += 1 + r.Int64N(3)
		rows[i] = Row{person, r.Int64N(9), 1 + r.Int64N(4), r.Int64N(30) - 3}
	}
	return rows
}

// Equal values have equal scores, a better value never has a lower one, at most a
// fifth is above each cut, and the cells sum to the rows.
func TestScoresOfAnyRows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		rows := randomRows(r, 1+r.IntN(60))
		m := MeasureOf(rows)
		var above [3][5]int
		for i := range rows {
			a := m.Score(&rows[i])
			above[0][m.Recency.exceeded(rows[i].Days)]++
			above[1][a.Frequency-1]++
			above[2][a.Monetary-1]++
			for j := range rows {
				b := m.Score(&rows[j])
				if rows[i].Days <= rows[j].Days && a.Recency < b.Recency || rows[i].Purchases <= rows[j].Purchases && a.Frequency > b.Frequency ||
					rows[i].Spent <= rows[j].Spent && a.Monetary > b.Monetary {
					t.Fatalf("%+v is %v, %+v is %v", rows[i], a, rows[j], b)
				}
			}
		}
		for _, counts := range above {
			for k, left := 4, 0; k > 0; k-- {
				if left += counts[k]; 5*left > len(rows)*(5-k) {
					t.Fatalf("%d of %d are above cut %d", left, len(rows), k)
				}
			}
		}
		grid, sum := NewGrid(m), segmentationv1.RfmCell{}
		for i := range rows {
			grid.Add(&rows[i])
			sum.Spent -= rows[i].Spent
		}
		for _, c := range grid.Cells() {
			sum.Persons += c.GetPersons()
			sum.Spent += c.GetSpent()
		}
		if sum.Persons != int64(len(rows)) || sum.Spent != 0 {
			t.Fatalf("cells of %d rows differ by %d, %d", len(rows), sum.Persons, sum.Spent)
		}
	}
}

func TestCellsAreNumbered(t *testing.T) {
	for i := range cells {
		if got := scoreOf(i).cell(); got != i {
			t.Errorf("cell %d is read as %d", i, got)
		}
	}
}

// Numbers of one person are one row: the last purchase of any, the sums of all.
func TestJoin(t *testing.T) {
	got := join([]Row{{1, 9, 1, 10}, {4, 3, 2, 20}, {1, 5, 1, 5}, {2, 7, 1, 1}, {4, 8, 1, 1}})
	if diff := cmp.Diff([]Row{{1, 5, 2, 15}, {2, 7, 1, 1}, {4, 3, 3, 21}}, got); diff != "" {
		t.Error(diff)
	}
}

func unpacked(t *testing.T, b []byte) (rows []Row) {
	t.Helper()
	if err := unpack(b, func(r *Row) bool { rows = append(rows, *r); return true }); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestPack(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		rows := randomRows(r, 1+r.IntN(blockRows))
		b := pack(rows)
		if !slices.Equal(rows, unpacked(t, b)) {
			t.Fatal("rows changed")
		}
		if err := unpack(b[:len(b)-1], func(*Row) bool { return true }); err == nil {
			t.Fatal("a block cut short was read")
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(pack([]Row{{1, 2, 3, 4}, {7, 0, 1, -1}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var rows []Row
		if unpack(b, func(r *Row) bool { rows = append(rows, *r); return true }) != nil {
			return
		}
		if !slices.Equal(rows, unpacked(t, pack(rows))) {
			t.Error("what was read is not what is written")
		}
		if !slices.IsSortedFunc(rows, func(a, b Row) int { return int(a.Person - b.Person) }) {
			t.Error("persons are not in order")
		}
	})
}

// A book knows its runs in the order of the log, whoever reads meanwhile.
func TestBook(t *testing.T) {
	b := NewBook()
	if b.Newest() != nil || b.Run(0) != nil || b.Run(1) != nil || len(b.Last(5)) != 0 {
		t.Error("an empty book has a run")
	}
	if s, err := b.Scores(t.Context(), nil, ""); s != nil || err != nil {
		t.Errorf("got %v, %v", s, err)
	}
	for id := range int64(5) {
		f, err := record.Cut(&segmentationv1.RfmRun{Id: id + 1, Day: "2026-03-02"})
		if err == nil {
			err = b.Apply(&f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	last := b.Last(2)
	if b.Newest().GetId() != 5 || b.Run(3).GetId() != 3 || b.Run(6) != nil || len(last) != 2 || last[0].GetId() != 5 || last[1].GetId() != 4 {
		t.Errorf("newest %v, last %v", b.Newest(), last)
	}
	again, _ := record.Cut(b.Newest())
	first, _ := record.Cut(b.Run(5))
	if !bytes.Equal(again.Body, first.Body) {
		t.Error("equal runs are other bytes")
	}
}

// A fifth at the top is what the last cut leaves, and a share is never more than that.
func TestTop(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 200 {
		values := make([]int64, 1+r.IntN(300))
		for i := range values {
			values[i] = r.Int64N(1 + r.Int64N(100))
		}
		if cuts := Cut(slices.Clone(values)); Top(slices.Clone(values), 20) != cuts[3] {
			t.Errorf("%v: %d, want %d", values, Top(values, 20), cuts[3])
		}
		percent, above := 1+r.Int64N(50), int64(0)
		cut := Top(slices.Clone(values), percent)
		for _, v := range values {
			if v > cut {
				above++
			}
		}
		if n := int64(len(values)); !slices.Contains(values, cut) || 100*above > n*percent {
			t.Errorf("%d of %d are above %d, for %d %%", above, n, cut, percent)
		}
	}
}

package analysis

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// realRows reads a file of real data by the names of its columns; in CI it must be
// there.
func realRows(t *testing.T, name string, row func(cell func(string) string)) {
	t.Helper()
	dir := os.Getenv("RAPPORT_DATA")
	if dir == "" {
		dir = "../../../../shared/data"
	}
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no real data: %v", err)
		}
		t.Skipf("no real data: %v", err)
	}
	defer file.Close()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(zipped).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, title := range rows[0] {
		column[title] = i
	}
	for _, cells := range rows[1:] {
		row(func(title string) string { return cells[column[title]] })
	}
}

// receipts are the receipt phase of a permit process: the cases in the file's order.

func receipts(t *testing.T) []happened {
	t.Helper()
	var out []happened
	cases := map[string]int64{}
	realRows(t, "eventlog/receipt.csv.gz", func(cell func(string) string) {
		id := cell("case:concept:name")
		if _, ok := cases[id]; !ok {
			cases[id] = int64(len(cases))
		}
		at, err := time.Parse("2006-01-02 15:04:05.999999-07:00", cell("time:timestamp"))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, happened{unit: cases[id], at: at.UnixMicro(), number: int64(len(out)), kind: cell("concept:name")})
	})
	return out
}

func TestReceiptLog(t *testing.T) {
	events := receipts(t)
	paths := ways(t, Paths{Top: 20}, events)
	if len(events) != 8577 || paths.Units != 1434 || paths.OtherPaths != 116-20 || paths.Paths[0].Units != 713 {
		t.Errorf("%d events, %d cases, %d variants, commonest %d; want 8577, 1434, 116, 713",
			len(events), paths.Units, paths.OtherPaths+20, paths.Paths[0].Units)
	}
	if diff := cmp.Diff(plainPaths(Paths{Top: 20}, events), paths); diff != "" {
		t.Errorf("paths (-want +got)\n%s", diff)
	}
	q := Transitions{Top: 1000}
	pairs := follows(t, q, events)
	if diff := cmp.Diff(plainTransitions(q, events), pairs); diff != "" {
		t.Errorf("transitions (-want +got)\n%s", diff)
	}
	if pairs.Units != 1434 || pairs.Events != 8577 || pairs.OtherTransitions != 0 {
		t.Errorf("transitions of %d units, %d events", pairs.Units, pairs.Events)
	}
}

// orders are the milestones of Olist's orders, in their local time.
func orders(t *testing.T) []happened {
	t.Helper()
	var out []happened
	unit := int64(0)
	realRows(t, "olist/olist_orders_dataset.csv.gz", func(cell func(string) string) {
		unit++
		for _, m := range [][2]string{
			{"order.placed", "order_purchase_timestamp"}, {"order.approved", "order_approved_at"},
			{"order.shipped", "order_delivered_carrier_date"}, {"order.delivered", "order_delivered_customer_date"},
		} {
			if cell(m[1]) == "" {
				continue
			}
			at, err := time.Parse(time.DateTime, cell(m[1]))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, happened{unit: unit, at: at.UnixMicro(), number: int64(len(out)), kind: m[0]})
		}
	})
	return out
}

// Purchase → approval and carrier → customer over all orders that have both, also
// the three that reached the customer before the carrier had them.
func TestStagesOfOlist(t *testing.T) {
	stage := func(from, to string) Stage {
		return Stage{From: Filter{Kinds: []string{from}}, To: Filter{Kinds: []string{to}}}
	}
	q := Durations{
		Stages: []Stage{stage("order.placed", "order.approved"), stage("order.shipped", "order.delivered"),
			stage("order.approved", "order.shipped")},
		Begin: math.MinInt64, End: math.MaxInt64,
	}
	events := orders(t)
	got, err := q.Ask(context.Background(), lay(events, 3))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plainStages(q, events), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for i, want := range []struct {
		n, reversed int64
		hours       float64
	}{{7989, 0, 0.3447}, {5170, 3, 171.5917}, {6353, 77, 43.8647}} {
		s := got[i]
		if s.Took.N != want.n || s.Reversed != want.reversed || math.Abs(s.Took.Median.Hours()-want.hours) > 5e-5 {
			t.Errorf("stage %d: n %d, reversed %d, median %.4f h; want %+v",
				i, s.Took.N, s.Reversed, s.Took.Median.Hours(), want)
		}
	}
}

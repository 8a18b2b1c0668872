package measure

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/journey/record"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

// world is days of slabs, as the engine folds them.
type world struct {
	t    testing.TB
	days map[calendar.Day]map[string]fold.Slab[*tally.Fact]
}

func newWorld(t testing.TB) *world {
	return &world{t: t, days: map[calendar.Day]map[string]fold.Slab[*tally.Fact]{}}
}

func (w *world) event(day calendar.Day, who int64, p record.Packed) {
	w.fact(day, &feed.Fact{Kind: record.Event, Who: who, Data: p.Append(nil)})
}

func (w *world) outcome(day calendar.Day, o record.Order) {
	w.fact(day, &feed.Fact{Kind: record.Outcome, Data: o.Append(nil)})
}

func (w *world) fact(day calendar.Day, f *feed.Fact) {
	w.t.Helper()
	f.Seq, f.Day, f.Day2 = 1, int32(day), int32(day)
	d, ok, err := tally.Decode("b", f)
	if err != nil || !ok {
		w.t.Fatal(ok, err)
	}
	slabs := w.days[day]
	if slabs == nil {
		slabs = map[string]fold.Slab[*tally.Fact]{}
		w.days[day] = slabs
	}
	for _, m := range tally.Measures(d, f.Day, nil) {
		if slabs[m] == nil {
			slabs[m] = tally.New(m)
		}
		slabs[m].Apply(f.Day, d)
	}
}

// events calls fn with the slab of a kind on every day that has one, in order.
func (w *world) events(days calendar.Days, kind string, fn func(calendar.Day, *tally.Events)) {
	for day := days.From; day < days.Until; day++ {
		if e, ok := w.days[day][tally.KindMeasure(kind)].(*tally.Events); ok {
			fn(day, e)
		}
	}
}

func (w *world) orders(days calendar.Days, fn func(calendar.Day, *tally.Orders)) {
	for day := days.From; day < days.Until; day++ {
		if o, ok := w.days[day][tally.OrdersMeasure].(*tally.Orders); ok {
			fn(day, o)
		}
	}
}

func nobodyElse(number int64) int64 { return number }

// table calls fn with each row of a real file, by column name.
func table(t *testing.T, name string, fn func(get func(column string) string)) {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../../shared/data", name))
	if errors.Is(err, os.ErrNotExist) && os.Getenv("CI") != "true" {
		t.Skip("real data are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(z)
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string]int{}
	for i, name := range head {
		columns[name] = i
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		fn(func(column string) string { return row[columns[column]] })
	}
}

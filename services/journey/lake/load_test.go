package lake

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// A question asked again gets the very same columns; a new event moves its customer
// alone, and no sealing moves anybody.
func TestWarm(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.days(calendar.Days{From: start - 5, Until: start}, 200)
		l := w.lake(1 << 20)
		w.seal(l, false)
		load := func() (units, parts int, at *int64) {
			t.Helper()
			all, err := l.Load(t.Context(), brand, person, Ever)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range all.Parts {
				units += len(p.Units)
			}
			return units, len(all.Parts), &all.Parts[0].At[0]
		}
		units, parts, at := load()
		if units != 200 || parts != Buckets {
			t.Errorf("%d units in %d parts", units, parts)
		}
		if _, _, again := load(); again != at {
			t.Error("nothing came, and columns moved")
		}
		w.record(fact(happening(7, "late", start-2, 3), record.Event, 0))
		if units, _, again := load(); units != 200 || again != at {
			t.Errorf("one event came: %d units, columns moved: %v", units, again != at)
		}
		w.today(start + 10)
		w.seal(l, true)
		if _, _, again := load(); again != at {
			t.Error("a month was sealed, and columns moved")
		}
		book := people.NewBook()
		book.Merge(7, 9)
		w.people = book.Now()
		if units, _, again := load(); units != 199 || again != at {
			t.Errorf("two became one: %d units, columns moved: %v", units, again != at)
		}
		w.check(l, "merged", person, Ever)
		book.Unmerge(7)
		w.people = book.Now()
		if units, _, again := load(); units != 200 || again != at {
			t.Errorf("and two again: %d units, columns moved: %v", units, again != at)
		}
		w.check(l, "unmerged", person, Ever)
	})
}

// A small window reads the files of its days alone.
func TestWindowReadsItsDays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.days(calendar.Days{From: start - 45, Until: start}, 30)
		l := w.lake(0)
		w.seal(l, true)
		days := calendar.Days{From: start - 40, Until: start - 29} // of December, and of January
		want := w.expected(person, days)
		m := newManifest(0, w.files(l))
		inside := map[string]bool{}
		for _, s := range m.within(days) {
			for _, f := range s.files {
				inside[f.Path] = true
			}
		}
		for _, f := range m.files {
			if !inside[f.Path] {
				if err := os.Remove(l.local(f.Path)); err != nil {
					t.Fatal(err)
				}
			}
		}
		// Nor does it ask the log for them.
		h := newHeld(key{brand, person, days})
		head, err := w.log.Head(t.Context(), brand)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.fill(t.Context(), h, m, head); err != nil {
			t.Fatal(err)
		}
		trails, _ := h.view(nobody, 10)
		if diff := gocmp.Diff(want, got(t, trails)); diff != "" || len(inside) == len(m.files) {
			t.Errorf("%d of %d files: -want +got\n%s", len(inside), len(m.files), diff)
		}
	})
}

// Memory is bounded: what was not used for longest goes, and what is too large stays
// with its caller alone.
func TestCacheBudget(t *testing.T) {
	c := newCache(100)
	hold := func(day calendar.Day, bytes int64) *held {
		h := c.get(key{brand: brand, days: calendar.Days{From: day}})
		c.weigh(h, bytes)
		return h
	}
	a, b := hold(1, 40), hold(2, 40)
	if hold(1, 40) != a || c.used != 80 {
		t.Errorf("used %d", c.used)
	}
	hold(3, 50)
	if c.used != 90 || hold(1, 40) != a {
		t.Errorf("used %d, and the one used last is gone", c.used)
	}
	if hold(2, 10) == b {
		t.Error("the one not used for longest stayed")
	}
	hold(4, 1000)
	if c.used > 100 {
		t.Errorf("used %d", c.used)
	}
	c.weigh(b, 1000)
	if c.used > 100 {
		t.Error("what was let go of weighs")
	}
}

func TestLoadEndsWithItsCaller(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.days(calendar.Days{From: start - 3, Until: start}, 30)
		l := w.lake(1 << 20)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := l.Load(ctx, brand, person, Ever); !errors.Is(err, context.Canceled) {
			t.Errorf("loaded for nobody: %v", err)
		}
		w.check(l, "after one who left", person, Ever)
	})
}

// What a row says is what the packed event said.
func TestRow(t *testing.T) {
	for _, subjects := range [][]record.Subject{nil, {{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, ID: `a "b" <c>:d,e`}},
		{{Kind: commonv1.SubjectKind_SUBJECT_KIND_SELLER, ID: "продавец"}, {Kind: 77, ID: ""}}} {
		read, err := parseSubjects(subjectsText(subjects))
		if err != nil || len(read) != len(subjects) || len(read) > 0 && gocmp.Diff(subjects, read) != "" {
			t.Errorf("%v became %v: %v", subjects, read, err)
		}
	}
	for c := range commonv1.Channel(14) {
		if read, err := parseChannel(channelText(c)); err != nil || read != uint8(c) {
			t.Errorf("channel %d became %d: %v", c, read, err)
		}
	}
	for _, bad := range []string{"", "{}", `["x:1"]`} {
		if got, err := parseSubjects(bad); err == nil {
			t.Errorf("%q is %v", bad, got)
		}
	}
}

// Where an event lies may never change: files of one release are read by the next.
func TestBucketsStay(t *testing.T) {
	if got := [...]int{bucket(1, ""), bucket(2, "x"), bucket(1e6, ""), bucket(0, ""), bucket(0, "order-1")}; got != [...]int{5, 10, 6, 11, 3} {
		t.Errorf("buckets %v", got)
	}
}

func TestUnitsOfOrders(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		// One order, three customers and nobody: four buckets, one journey.
		for i, who := range []int64{1, 2, 3, 0} {
			p := happening(who, "order.placed", start-1, i)
			p.Order = "together"
			w.record(fact(p, record.Event, 0))
		}
		for _, l := range []*Lake{w.lake(0), w.lake(1 << 20)} {
			w.seal(l, false)
			all, err := l.Load(t.Context(), brand, journeyv1.Unit_UNIT_ORDER, Ever)
			if err != nil || len(all.Parts) != 1 || len(all.Parts[0].At) != 4 {
				t.Errorf("parts %+v, %v", all, err)
			}
			w.check(l, "order", journeyv1.Unit_UNIT_ORDER, Ever)
		}
	})
}

func TestExportByDay(t *testing.T) {
	type answer struct {
		ID    int64     `parquet:"id,delta"`
		Score string    `parquet:"score,dict"`
		At    time.Time `parquet:"at,timestamp(microsecond)"`
	}
	folder := t.TempDir()
	for range 2 { // again replaces what was there
		d := NewDays[answer](folder, "responses", brand)
		for i := range 5000 {
			day := start + calendar.Day(i%3)
			if err := d.Add(day, answer{ID: int64(i), Score: "9", At: calendar.UTC.StartOf(day)}); err != nil {
				t.Fatal(err)
			}
		}
		paths, err := d.Close()
		if err != nil || len(paths) != 3 {
			t.Fatalf("wrote %v: %v", paths, err)
		}
	}
	rows, err := parquet.ReadFile[answer](folder + "/responses/brand=acme/month=2025-02/2025-02-01.parquet")
	if err != nil || len(rows) != 1667 || rows[1].ID != 4 || !rows[1].At.Equal(calendar.UTC.StartOf(start+1)) {
		t.Errorf("read %d rows: %v", len(rows), err)
	}
	d := NewDays[answer](folder, "responses", brand)
	if err := d.Add(start+9, answer{}); err != nil {
		t.Fatal(err)
	}
	d.Abort()
	found, err := os.ReadDir(folder + "/responses/brand=acme/month=2025-02")
	if err != nil || len(found) != 2 {
		t.Errorf("left %v: %v", found, err)
	}
}

package segments

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/survey/segments/segmentstest"
)

// world is a cache before a real server, and a time that moves when told.
type world struct {
	*segmentstest.Server
	t   *testing.T
	c   *Cache
	mu  sync.Mutex
	now time.Time
}

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	w := &world{Server: segmentstest.New(t), t: t, now: noon}
	w.c = New(w.Client, func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.now
	})
	return w
}

func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) members(b Bits) string {
	var out []int64
	for n := int64(-70); n < 200; n++ {
		if b.Has(n) {
			out = append(out, n)
		}
	}
	return fmt.Sprint(out)
}

// held is who is in a segment now, nobody merged.
func (w *world) held(id string) string {
	w.t.Helper()
	set, err := w.c.Now(w.t.Context(), "demo", id)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.members(set.Bits(&people.Mapping{}))
}

func (w *world) want(got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Fatalf("members %s, want %s", got, want)
	}
}

func (w *world) calls(want, sent int) {
	w.t.Helper()
	if n, m := w.Calls(); n != want || m != sent {
		w.t.Fatalf("asked %d times and sent %d, want %d and %d", n, m, want, sent)
	}
}

func TestSetsAreAskedForAgainAndSentWhenTheyMoved(t *testing.T) {
	w := newWorld(t)
	w.Begin("a", "2026-03-01", 1, 2, 64, 130)
	w.want(w.held("a"), "[1 2 64 130]")
	w.want(w.held("a"), "[1 2 64 130]")
	w.calls(1, 1)
	w.later(Recent)
	w.want(w.held("a"), "[1 2 64 130]")
	w.calls(2, 1)
	w.Change("a", "2026-03-10", []uint64{3}, []uint64{130})
	w.want(w.held("a"), "[1 2 64 130]") // just asked for
	w.later(Recent)
	w.want(w.held("a"), "[1 2 3 64]")
	w.calls(3, 2)
	w.Begin("a", "2026-03-10")
	w.later(Recent)
	w.want(w.held("a"), "[]")
}

func TestUnknownSegmentsAreNotKept(t *testing.T) {
	w := newWorld(t)
	_, err := w.c.Now(t.Context(), "demo", "b")
	if !fault.Is(err, commonv1.Reason_REASON_SEGMENT_UNKNOWN) || len(w.c.held) != 0 {
		t.Fatalf("%v, %d held", err, len(w.c.held))
	}
	w.Begin("b", "2026-03-01", 7)
	w.want(w.held("b"), "[7]")
}

func TestTheLastSetServesForMinutesWhileNobodyAnswers(t *testing.T) {
	w := newWorld(t)
	w.Begin("a", "2026-03-01", 1)
	w.Begin("never", "2026-03-01", 1)
	w.want(w.held("a"), "[1]")
	w.Away(true)
	w.Change("a", "2026-03-10", []uint64{2}, nil)
	w.later(Enough - time.Second)
	w.want(w.held("a"), "[1]")
	if _, err := w.c.Now(t.Context(), "demo", "never"); !fault.Is(err, commonv1.Reason_REASON_UNAVAILABLE) {
		t.Fatalf("never seen: %v", err)
	}
	w.later(time.Second)
	if _, err := w.c.Now(t.Context(), "demo", "a"); !fault.Is(err, commonv1.Reason_REASON_UNAVAILABLE) {
		t.Fatalf("too old: %v", err)
	}
	w.Away(false)
	w.later(restless)
	w.want(w.held("a"), "[1 2]")
}

// Whoever leaves says nothing about the neighbour.
func TestACallerThatLeavesFailsNobodyElse(t *testing.T) {
	w := newWorld(t)
	w.Begin("a", "2026-03-01", 1)
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := w.c.Now(gone, "demo", "a"); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	w.want(w.held("a"), "[1]")
}

func TestManyAskOnce(t *testing.T) {
	w := newWorld(t)
	w.Begin("a", "2026-03-01", 1)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := w.c.Now(t.Context(), "demo", "a"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.calls(1, 1)
}

// Every day of a history is what a replay of the log gives, however often it is
// asked for and whatever happened since.
func TestHistoryIsTheReplayOfTheLog(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(5, 6))
	zone := calendar.UTC
	first := zone.DayOf(noon) - 60
	days := calendar.Days{From: first - 5, Until: first + 70}
	w.Begin("a", first.String(), 1, 2, 3)
	at := first
	for range 40 {
		for range r.IntN(3) {
			w.Change("a", at.String(), []uint64{uint64(1 + r.IntN(150))}, []uint64{uint64(1 + r.IntN(150))})
		}
		at = min(at+calendar.Day(r.IntN(9)), zone.DayOf(w.now))
		w.UpTo(zone.StartOf(at))
		w.later(Recent)
		h, err := w.c.Then(t.Context(), "demo", "a", days, zone)
		if err != nil {
			t.Fatal(err)
		}
		for d := days.From; d < days.Until; d++ {
			day := d.String()
			out, _, err := w.c.fetch(t.Context(), w.c.segment("demo", "a"), day, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			w.want(day+w.members(h.On(d).Bits(&people.Mapping{})), day+w.members(out.persons))
		}
	}
	before, _ := w.Calls()
	if _, err := w.c.Then(t.Context(), "demo", "a", days, zone); err != nil {
		t.Fatal(err)
	}
	if after, _ := w.Calls(); after != before {
		t.Errorf("%d days were asked for again", after-before)
	}
}

// Days on which nothing happened are not asked for.
func TestQuietDaysAreNotAskedFor(t *testing.T) {
	w := newWorld(t)
	zone := calendar.UTC
	today := zone.DayOf(noon)
	w.Begin("a", (today - 900).String(), 1)
	w.Change("a", (today - 400).String(), []uint64{2}, nil)
	w.UpTo(noon)
	h, err := w.c.Then(t.Context(), "demo", "a", calendar.Days{From: today - 1000, Until: today + 1}, zone)
	if err != nil {
		t.Fatal(err)
	}
	for back, want := range map[calendar.Day]string{950: "[]", 900: "[1]", 401: "[1]", 400: "[1 2]", 0: "[1 2]"} {
		w.want(w.members(h.On(today-back).Bits(&people.Mapping{})), want)
	}
	if n, _ := w.Calls(); n > 30 {
		t.Errorf("asked %d times for three sets", n)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	w := newWorld(t)
	w.c.budget = 2000
	for i := range 20 {
		id := fmt.Sprint("s", i)
		w.Begin(id, "2026-03-01", uint64(1000+i))
		w.held(id)
		if w.c.size > w.c.budget {
			t.Fatalf("%d bytes", w.c.size)
		}
	}
	if n := len(w.c.held); n == 0 || n > 5 {
		t.Errorf("%d held", n)
	}
}

// A number is in the widened set if and only if anybody of its person is in the set.
func TestWidenedSetsHoldWholePersons(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		book := people.NewBook()
		for range r.IntN(60) {
			if r.IntN(4) == 0 {
				book.Unmerge(1 + r.Int64N(150))
			} else {
				book.Merge(1+r.Int64N(150), 1+r.Int64N(150))
			}
		}
		set := roaring64.New()
		for range r.IntN(40) {
			set.Add(uint64(r.IntN(150)))
		}
		packed, err := set.ToBytes()
		if err != nil {
			t.Fatal(err)
		}
		persons, err := read(packed)
		if err != nil {
			t.Fatal(err)
		}
		m := book.Now()
		wide := widen(persons, m)
		for n := int64(1); n < 200; n++ {
			want := false
			for _, id := range m.Members(n) {
				want = want || set.Contains(uint64(id))
			}
			if wide.Has(n) != want {
				t.Fatalf("%d of %v is in: %t, want %t", n, m.Members(n), wide.Has(n), want)
			}
		}
		if wide.Has(0) || wide.Has(-1) {
			t.Fatal("an unknown customer is in")
		}
	}
}

// What cannot be read is an error and no panic.
func FuzzRead(f *testing.F) {
	set := roaring64.New()
	set.AddMany([]uint64{1, 70, 1 << 20})
	packed, _ := set.ToBytes()
	f.Add(packed)
	f.Add(packed[:len(packed)-3])
	f.Fuzz(func(t *testing.T, b []byte) {
		if bits, err := read(b); err == nil && len(bits) > mostBits/64 {
			t.Fatal(len(bits))
		}
	})
}

package lake

import (
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/journey/record"
)

const person = journeyv1.Unit_UNIT_PERSON

// days records an event of each of some customers on each of some days.
func (w *world) days(days calendar.Days, customers int64) []feed.Fact {
	var facts []feed.Fact
	for d := days.From; d < days.Until; d++ {
		for who := range customers {
			facts = append(facts, fact(happening(1+who, "visit", d, int(who)), record.Event, 0))
		}
	}
	return w.record(facts...)
}

func spansOf(files []File) []calendar.Days {
	var out []calendar.Days
	for _, s := range newManifest(0, files).spans {
		out = append(out, s.Days)
	}
	return out
}

func TestSeal(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.lake(0)
		facts := w.days(calendar.Days{From: start - 1, Until: start + 2}, 40)
		if done := w.seal(l, true); done.Events != 40 || done.Files == 0 {
			t.Errorf("sealed %+v, not yesterday's 40 events alone", done)
		}
		if done := w.seal(l, true); done != (Sealed{}) {
			t.Errorf("sealed %+v again", done)
		}

		// A late event makes the file of its bucket anew, and no other.
		before := w.files(l)
		late := w.record(fact(happening(7, "late", start-1, 3), record.Event, 0))[0]
		if done := w.seal(l, false); done.Files != 1 || done.Events < 2 {
			t.Errorf("resealed %+v", done)
		}
		after := w.files(l)
		changed := 0
		for i, f := range after {
			if f.UptoSeq < late.Seq {
				t.Errorf("%s is true up to %d only", f.Path, f.UptoSeq)
			}
			if f.Path != before[i].Path {
				changed++
			}
		}
		if changed != 1 {
			t.Errorf("%d files changed", changed)
		}

		// When the month is over its days become one.
		w.today(start + 1)
		w.seal(l, false)
		if got := spansOf(w.files(l)); len(got) != 2 {
			t.Errorf("days before joining: %v", got)
		}
		w.seal(l, true)
		january := calendar.Days{From: calendar.DayOn(2025, 1, 1), Until: calendar.DayOn(2025, 2, 1)}
		if diff := gocmp.Diff([]calendar.Days{january}, spansOf(w.files(l))); diff != "" {
			t.Errorf("months: -want +got\n%s", diff)
		}

		// An event that is taken out leaves the month's file of its bucket.
		p, _ := record.ParseEvent(&facts[0])
		w.record(fact(p, record.Reversal, facts[0].Seq))
		if done := w.seal(l, false); done.Files != 1 {
			t.Errorf("resealed %+v", done)
		}
		w.check(l, "in the end", person, Ever)
		w.sound(l)
	})
}

// sound fails if the lake is not what the log says.
func (w *world) sound(l *Lake) {
	w.t.Helper()
	if drift := w.verify(l); len(drift) > 0 {
		w.t.Errorf("drift: %+v", drift)
	}
}

func (w *world) verify(l *Lake) (drift []floor.Drift) {
	w.t.Helper()
	n, err := l.Verify(w.t.Context(), brand, func(d floor.Drift) { drift = append(drift, d) })
	if err != nil || n != len(w.files(l)) {
		w.t.Fatalf("verified %d files: %v", n, err)
	}
	return drift
}

// Sealers that race lose nothing and leave nothing behind but what a sweep removes.
func TestSealersRace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.days(calendar.Days{From: start - 40, Until: start}, 20)
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				if _, err := w.lake(0).Seal(t.Context(), brand, i%2 == 0); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		l := w.lake(0)
		w.seal(l, true)
		w.sound(l)
		w.check(l, "after the race", person, Ever)
		w.move(2 * time.Hour)
		if _, err := l.Sweep(t.Context(), brand); err != nil {
			t.Fatal(err)
		}
		var named, found []string
		for _, f := range w.files(l) {
			named = append(named, f.Path)
		}
		there, err := l.walk(brand)
		if err != nil {
			t.Fatal(err)
		}
		for path := range there {
			found = append(found, path)
		}
		slices.Sort(named)
		slices.Sort(found)
		if diff := gocmp.Diff(named, found); diff != "" {
			t.Errorf("files named and found: -want +got\n%s", diff)
		}
	})
}

func TestSwapIsGuarded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l, ctx := w.lake(0), t.Context()
		a := File{Path: "a", Days: calendar.Days{From: 1, Until: 2}, Bucket: 3, Events: 4, UptoSeq: 5, Size: 6, SealedAt: 7}
		b := a
		b.Path = "b"
		if err := l.store.swap(ctx, brand, 0, swap{days: a.Days, upto: 5, born: []File{a}}, w.clock()); err != nil {
			t.Fatal(err)
		}
		if err := l.store.swap(ctx, brand, 0, swap{days: a.Days, upto: 9, dead: []File{a}, born: []File{b}}, w.clock()); !errors.Is(err, errMoved) {
			t.Errorf("an old manifest was changed: %v", err)
		}
		m, err := l.store.manifest(ctx, brand)
		if diff := gocmp.Diff([]File{a}, m.files); diff != "" || err != nil || m.version != 1 {
			t.Errorf("version %d, %v: -want +got\n%s", m.version, err, diff)
		}
		if err := l.store.swap(ctx, brand, 1, swap{days: a.Days, upto: 9, dead: []File{a}, born: []File{b}}, w.clock()); err != nil {
			t.Fatal(err)
		}
		if died, err := l.store.all(ctx, brand); err != nil || died["a"] == 0 || died["b"] != 0 || len(died) != 2 {
			t.Errorf("files %v, %v", died, err)
		}
		if err := l.store.forget(ctx, brand, []string{"a", "b"}); err != nil {
			t.Fatal(err)
		}
		if died, err := l.store.all(ctx, brand); err != nil || len(died) != 1 {
			t.Errorf("the living was forgotten: %v, %v", died, err)
		}
		for range 2 {
			if ok, err := l.store.claim(ctx, brand, "x", w.clock(), time.Minute); !ok || err != nil {
				t.Errorf("claim: %v %v", ok, err)
			}
		}
		if ok, err := l.store.claim(ctx, brand, "y", w.clock(), time.Minute); ok || err != nil {
			t.Errorf("claim of a twin: %v %v", ok, err)
		}
		w.move(2 * time.Minute)
		if ok, err := l.store.claim(ctx, brand, "y", w.clock(), time.Minute); !ok || err != nil {
			t.Errorf("claim behind the lease: %v %v", ok, err)
		}
	})
}

// A file that is gone or broken costs time, and no answer.
func TestDamagedFiles(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.lake(0)
		w.days(calendar.Days{From: start - 10, Until: start}, 40)
		w.seal(l, false)
		files := w.files(l)
		broken := []File{files[0], files[20], files[40]}
		if err := os.Remove(l.local(broken[0].Path)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(l.local(broken[1].Path), []byte("PAR1"), 0o644); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(l.local(broken[2].Path))
		if err != nil {
			t.Fatal(err)
		}
		for i := 4; i < len(content)/2; i++ {
			content[i] = 0xff
		}
		if err := os.WriteFile(l.local(broken[2].Path), content, 0o644); err != nil {
			t.Fatal(err)
		}
		w.check(l, "damaged", person, Ever)
		if drift := w.verify(l); len(drift) != 3 {
			t.Errorf("drift %+v", drift)
		}
		for _, f := range broken {
			w.days(calendar.Days{From: f.Days.From, Until: f.Days.From + 1}, 40)
		}
		w.seal(l, false)
		w.sound(l)
		w.check(l, "mended", person, Ever)
		if err := l.Forget(t.Context(), brand); err != nil {
			t.Fatal(err)
		}
		w.check(l, "forgotten", person, Ever)
		w.seal(l, true)
		w.sound(l)
	})
}

// What replaced files and crashes leave behind goes when nobody can need it.
func TestSweep(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.lake(0)
		w.today(start)
		w.days(calendar.Days{From: start - 1, Until: start}, 1)
		w.seal(l, false)
		old := w.files(l)[0]
		w.days(calendar.Days{From: start - 1, Until: start}, 1)
		w.seal(l, false)
		orphan := l.local(strings.Replace(old.Path, written, "-crashed"+written, 1))
		for _, path := range []string{orphan, orphan + unfinished} {
			if err := os.WriteFile(path, []byte("PAR1"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, w.clock(), w.clock()); err != nil {
				t.Fatal(err)
			}
		}
		sweep := func(want int) {
			t.Helper()
			if n, err := l.Sweep(t.Context(), brand); n != want || err != nil {
				t.Errorf("swept %d, %v, not %d", n, err, want)
			}
		}
		sweep(0)
		if _, err := os.Stat(l.local(old.Path)); err != nil {
			t.Errorf("gone within its grace: %v", err)
		}
		w.move(2 * time.Hour)
		sweep(3)
		sweep(0)
		if _, err := os.Stat(l.local(old.Path)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("still there: %v", err)
		}
		w.sound(l)
		list, err := os.ReadFile(l.local(listOf(brand)))
		if err != nil || strings.Count(string(list), "\n") != 2 || !strings.Contains(string(list), w.files(l)[0].Path) {
			t.Errorf("list of live files: %v\n%s", err, list)
		}
	})
}

// The background leaves days alone until they are quiet, and gives an import's months
// the time to become whole.
func TestBackground(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.lake(0)
		k, twin := l.newKeeper(brand), w.lake(0).newKeeper(brand)
		step := func(k *keeper, want int, what string) {
			t.Helper()
			if err := k.step(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := spansOf(w.files(l)); len(got) != want {
				t.Errorf("%s: %v", what, got)
			}
		}
		w.today(start)
		w.days(calendar.Days{From: start - 40, Until: start}, 2)
		step(k, 0, "just came")
		w.days(calendar.Days{From: start - 40, Until: start - 35}, 2)
		w.move(11 * time.Second)
		step(twin, 0, "the other has the lease")
		step(k, 30, "days are quiet, the month is not")
		w.move(11 * time.Second)
		step(k, 31, "December is quiet and becomes one")
		w.today(start + 1)
		w.days(calendar.Days{From: start, Until: start + 1}, 2)
		step(k, 31, "the day is not quiet")
		w.move(11 * time.Second)
		step(k, 32, "the day is")
		w.move(11 * time.Minute)
		step(k, 2, "January is over")
		w.sound(l)
	})
}

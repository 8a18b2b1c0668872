package occasion

import (
	"math/rand/v2"
	"testing"
	"time"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

const (
	quarters = reportv1.Cadence_EVERY_QUARTER_HOUR
	days     = reportv1.Cadence_EVERY_DAY
	weeks    = reportv1.Cadence_EVERY_WEEK
	months   = reportv1.Cadence_EVERY_MONTH
)

func zone(t testing.TB, name string) *calendar.Zone {
	t.Helper()
	z, err := calendar.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func moment(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestAfter(t *testing.T) {
	daily := &reportv1.Cadence{Every: days, Hour: 9}
	night := &reportv1.Cadence{Every: days, Hour: 2, Minute: 30}
	last := &reportv1.Cadence{Every: months, Day: 31, Hour: 8}
	for _, c := range []struct {
		cadence    *reportv1.Cadence
		zone       string
		after, due string
	}{
		{daily, "Europe/Moscow", "2026-03-02T05:59:59Z", "2026-03-02T06:00:00Z"},
		{daily, "Europe/Moscow", "2026-03-02T06:00:00Z", "2026-03-03T06:00:00Z"}, // strictly after
		{daily, "Europe/Berlin", "2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z"}, // 23 hours
		{daily, "Europe/Berlin", "2026-10-24T07:00:00Z", "2026-10-25T08:00:00Z"}, // 25 hours
		{night, "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"}, // there is no 02:30
		{night, "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"}, // the first of two
		{night, "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}, // and not the second
		{daily, "Pacific/Apia", "2011-12-29T19:00:00Z", "2011-12-30T19:00:00Z"},  // the 31st: the 30th was none
		{&reportv1.Cadence{Every: weeks, Hour: 9}, "Europe/Moscow", "2026-03-02T06:00:00Z", "2026-03-09T06:00:00Z"},
		{&reportv1.Cadence{Every: weeks, Weekday: 7}, "Europe/Moscow", "2026-03-02T06:00:00Z", "2026-03-07T21:00:00Z"},
		{&reportv1.Cadence{Every: months, Hour: 9}, "Europe/Moscow", "2026-02-01T06:00:00Z", "2026-03-01T06:00:00Z"},
		{last, "Europe/Moscow", "2026-01-31T05:00:00Z", "2026-02-28T05:00:00Z"},
		{last, "Europe/Moscow", "2028-01-31T05:00:00Z", "2028-02-29T05:00:00Z"},
		{last, "Europe/Moscow", "2026-02-28T05:00:00Z", "2026-03-31T05:00:00Z"}, // it goes back to the 31st
		{last, "Europe/Moscow", "2026-03-31T05:00:00Z", "2026-04-30T05:00:00Z"},
		{&reportv1.Cadence{Every: quarters}, "Asia/Kathmandu", "2026-03-02T00:00:00Z", "2026-03-02T00:15:00Z"},
		{&reportv1.Cadence{Every: quarters}, "Europe/Moscow", "2026-03-02T00:14:59.9Z", "2026-03-02T00:15:00Z"},
	} {
		got := Cadence{c.cadence, zone(t, c.zone)}.After(moment(t, c.after))
		if !got.Equal(moment(t, c.due)) {
			t.Errorf("%v in %s after %s: %s, want %s", c.cadence, c.zone, c.after, got.UTC().Format(time.RFC3339), c.due)
		}
	}
}

var everywhere = []string{
	"UTC", "Europe/Moscow", "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Sao_Paulo", "Australia/Lord_Howe",
	"Pacific/Apia", "Pacific/Chatham", "Asia/Kathmandu", "Africa/Casablanca", "Asia/Gaza", "Antarctica/Troll", "America/Caracas",
}

// some is any cadence.
func some(r *rand.Rand) *reportv1.Cadence {
	return &reportv1.Cadence{
		Every: reportv1.Cadence_Every(1 + r.IntN(4)), Hour: int32(r.IntN(24)), Minute: int32(r.IntN(60)), Weekday: int32(r.IntN(8)), Day: int32(r.IntN(32)),
	}
}

// After is strictly later, within reach, the same from wherever between two occasions
// it is asked, and what it gives stands where the cadence says.
func TestAfterOfAnything(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range everywhere {
		z := zone(t, name)
		for range 2000 {
			c := Cadence{some(r), z}
			from := time.Unix(915_148_800+r.Int64N(40*366*86400), r.Int64N(1e9))
			next := c.After(from)
			if !next.After(from) || next.Sub(from) > c.Reach() {
				t.Fatalf("%s %v: after %s comes %s", name, c.Cadence, from.UTC(), next.UTC())
			}
			between := from.Add(time.Duration(r.Int64N(int64(next.Sub(from)))))
			if again := c.After(between); !again.Equal(next) {
				t.Fatalf("%s %v: after %s comes %s, after %s %s", name, c.Cadence, from.UTC(), next.UTC(), between.UTC(), again.UTC())
			}
			stands(t, c, next)
		}
	}
}

// stands checks where an occasion lies, which moves only where clocks do.
func stands(t *testing.T, c Cadence, at time.Time) {
	t.Helper()
	at = at.In(c.Zone.Location())
	if c.GetEvery() == quarters {
		if at.Minute()%15 != 0 || at.Second() != 0 || at.Nanosecond() != 0 {
			t.Fatalf("%s is no quarter hour", at)
		}
		return
	}
	if _, before := at.Add(-time.Second).Zone(); at.Hour() != int(c.GetHour()) || at.Minute() != int(c.GetMinute()) {
		if _, now := at.Zone(); before == now {
			t.Fatalf("%v: due at %s, where the clock does not change", c.Cadence, at)
		}
		return
	}
	if c.GetEvery() == weeks && (int32(at.Weekday())+6)%7+1 != max(c.GetWeekday(), 1) {
		t.Fatalf("%v: due on %s", c.Cadence, at)
	}
	last := at.AddDate(0, 0, 1).Day() == 1
	if c.GetEvery() == months && int32(at.Day()) != max(c.GetDay(), 1) && (!last || int32(at.Day()) > c.GetDay()) {
		t.Fatalf("%v: due on %s", c.Cadence, at)
	}
}

// However long nobody was there, one report is due: the last, and all others are
// counted.
func TestDueIsTheLastOne(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, name := range everywhere {
		z := zone(t, name)
		for range 200 {
			c := Cadence{some(r), z}
			due := c.After(time.Unix(1_500_000_000+r.Int64N(15*366*86400), 0))
			now := due.Add(time.Duration(r.Int64N(int64(5 * c.Reach()))))
			last, missed := c.Due(due, now)
			if last.Before(due) || last.After(now) || !c.After(last).After(now) {
				t.Fatalf("%s %v: due %s, now %s: %s", name, c.Cadence, due, now, last)
			}
			count := 0
			for at := due; at.Before(last); at = c.After(at) {
				count++
			}
			if count != missed {
				t.Fatalf("%s %v: %d missed, counted %d", name, c.Cadence, missed, count)
			}
		}
	}
	// A clock that went back finds what was due due once more; it has its id already.
	c := Cadence{&reportv1.Cadence{Every: days, Hour: 9}, calendar.UTC}
	due := moment(t, "2026-03-02T09:00:00Z")
	if last, missed := c.Due(due, due.Add(-time.Hour)); !last.Equal(due) || missed != 0 {
		t.Error(last, missed)
	}
}

func TestWindow(t *testing.T) {
	moscow := zone(t, "Europe/Moscow")
	for _, c := range []struct {
		every       reportv1.Cadence_Every
		at          string
		days        int32
		from, until string
	}{
		{quarters, "2026-03-02T09:15:00Z", 0, "2026-03-02", "2026-03-03"},
		{quarters, "2026-03-01T21:00:00Z", 0, "2026-03-01", "2026-03-02"}, // Moscow's midnight ends the 1st
		{quarters, "2026-03-01T21:15:00Z", 0, "2026-03-02", "2026-03-03"},
		{days, "2026-03-02T06:00:00Z", 0, "2026-03-01", "2026-03-02"},
		{days, "2026-03-02T06:00:00Z", 28, "2026-02-02", "2026-03-02"},
		{days, "2026-03-01T22:00:00Z", 0, "2026-03-01", "2026-03-02"}, // it is the 2nd in Moscow
		{weeks, "2026-03-02T06:00:00Z", 0, "2026-02-23", "2026-03-02"},
		{months, "2026-03-01T06:00:00Z", 0, "2026-02-01", "2026-03-01"},
		{months, "2026-03-31T06:00:00Z", 0, "2026-02-01", "2026-03-01"},
		{months, "2026-01-01T06:00:00Z", 0, "2025-12-01", "2026-01-01"},
		{months, "2026-03-01T06:00:00Z", 90, "2025-12-01", "2026-03-01"},
	} {
		got := Cadence{&reportv1.Cadence{Every: c.every}, moscow}.Window(moscow, moment(t, c.at), c.days)
		if got.From.String() != c.from || got.Until.String() != c.until {
			t.Errorf("%v at %s: %s to %s", c.every, c.at, got.From, got.Until)
		}
	}
}

// One window follows the other: nothing is told twice and nothing is left out.
func TestWindowsTile(t *testing.T) {
	for _, name := range everywhere {
		recipient := zone(t, name)
		for _, c := range []*reportv1.Cadence{{Every: days, Hour: 9}, {Every: weeks, Hour: 9, Weekday: 3}, {Every: months, Hour: 9, Day: 31}} {
			cadence := Cadence{c, recipient}
			// The recipient's own brand: elsewhere a day may come twice when either's clock changes.
			at := cadence.After(moment(t, "2025-01-15T00:00:00Z"))
			before := cadence.Window(recipient, at, 0)
			for range 500 {
				at = cadence.After(at)
				now := cadence.Window(recipient, at, 0)
				if now.From != before.Until {
					t.Fatalf("%s %v: %s to %s after %s to %s", name, c, now.From, now.Until, before.From, before.Until)
				}
				before = now
			}
		}
	}
}

func TestIDs(t *testing.T) {
	at := moment(t, "2026-03-02T09:00:00Z")
	if ID("demo", "a", at) != ID("demo", "a", at.In(zone(t, "Asia/Kathmandu").Location())) {
		t.Error("the same moment in another zone has another id")
	}
	seen := map[string]bool{}
	for _, id := range []string{
		ID("demo", "a", at), ID("demo", "b", at), ID("sfo", "a", at), ID("demo", "a", at.Add(quarter)), ID("dem", "oa", at),
		TrialID("demo", "a", "1"), TrialID("demo", "a", "2"), TrialID("demo", "a1", ""),
	} {
		if len(id) != 32 || seen[id] {
			t.Errorf("id %s", id)
		}
		seen[id] = true
	}
}

func TestPause(t *testing.T) {
	least := time.Duration(0)
	for n := range 100 {
		low, high := Pause(n, 0), Pause(n, 0.999)
		if low < least || low < firstPause*3/4 || high > longestPause*5/4 || high <= low {
			t.Fatalf("after %d attempts %s to %s", n, low, high)
		}
		least = low
	}
	if Pause(1, 0.5) != 15*time.Second || Pause(2, 0.5) != 30*time.Second || Pause(50, 0.5) != time.Hour {
		t.Error(Pause(1, 0.5), Pause(2, 0.5), Pause(50, 0.5))
	}
}

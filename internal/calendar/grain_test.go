package calendar

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var allGrains = []Grain{GrainQuarterHour, GrainHour, GrainDay, GrainWeek, GrainMonth, GrainQuarter, GrainYear}

func TestGrainDays(t *testing.T) {
	for _, tt := range []struct {
		grain            Grain
		day, first, next string
	}{
		{GrainDay, "2024-02-29", "2024-02-29", "2024-03-01"},
		{GrainWeek, "2024-03-03", "2024-02-26", "2024-03-04"}, // a Sunday ends its week
		{GrainWeek, "2024-03-04", "2024-03-04", "2024-03-11"},
		{GrainWeek, "1969-12-31", "1969-12-29", "1970-01-05"},
		{GrainMonth, "2024-02-29", "2024-02-01", "2024-03-01"},
		{GrainMonth, "2024-12-31", "2024-12-01", "2025-01-01"},
		{GrainQuarter, "2024-02-29", "2024-01-01", "2024-04-01"},
		{GrainQuarter, "2024-12-01", "2024-10-01", "2025-01-01"},
		{GrainYear, "2024-02-29", "2024-01-01", "2025-01-01"},
	} {
		d := day(t, tt.day)
		if got := tt.grain.First(d); got != day(t, tt.first) {
			t.Errorf("%s of %s begins %s, want %s", tt.grain, d, got, tt.first)
		}
		if got := tt.grain.Next(d); got != day(t, tt.next) {
			t.Errorf("%s after %s begins %s, want %s", tt.grain, d, got, tt.next)
		}
	}
}

// The buckets of any range, of any grain, in any zone tile it exactly, each
// belongs to one bucket of the grain, and only the ends may be partial.
func TestBucketsTileTheRange(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, name := range oddZones {
		z := load(t, name)
		for _, g := range allGrains {
			for range 20 {
				start := time.UnixMicro(random.Int64N(1_900_000_000_000_000))
				end := start.Add(time.Duration(random.Int64N(int64(40*24*time.Hour)) * int64(g)))
				if random.IntN(2) == 0 {
					start = z.Truncate(g, start)
				}
				checkTiles(t, z, g, start, end)
			}
		}
	}
}

func checkTiles(t *testing.T, z *Zone, g Grain, start, end time.Time) {
	t.Helper()
	at := start
	for b := range z.Buckets(g, start, end) {
		if !b.Start.Equal(at) || !b.End.After(b.Start) || b.End.After(end) {
			t.Fatalf("%s %s: bucket %v after %v", z, g, b, at)
		}
		first := z.Truncate(g, b.Start)
		if !z.Truncate(g, b.End.Add(-1)).Equal(first) {
			t.Fatalf("%s %s: bucket %v is not one bucket", z, g, b)
		}
		whole := first.Equal(b.Start) && z.Next(g, b.Start).Equal(b.End)
		if whole == b.Partial || (b.Partial && !b.Start.Equal(start) && !b.End.Equal(end)) {
			t.Fatalf("%s %s: bucket %v, whole %v", z, g, b, whole)
		}
		at = b.End
	}
	if end.After(start) && !at.Equal(end) {
		t.Fatalf("%s %s: buckets of [%s, %s) end at %s", z, g, start, end, at)
	}
}

func TestBucketsAcrossOddDays(t *testing.T) {
	for _, tt := range []struct {
		zone, from, until string
		grain             Grain
		want              int
	}{
		{"Europe/Berlin", "2024-10-27", "2024-10-28", GrainHour, 25},
		{"Europe/Berlin", "2024-03-31", "2024-04-01", GrainHour, 23},
		{"Europe/Berlin", "2024-03-31", "2024-04-01", GrainQuarterHour, 92},
		{"America/Sao_Paulo", "2017-10-01", "2017-11-01", GrainDay, 31},
		{"Pacific/Apia", "2011-12-01", "2012-01-01", GrainDay, 30}, // one date vanished
		{"Pacific/Apia", "2011-12-30", "2011-12-31", GrainDay, 0},
		{"Asia/Beirut", "2024-03-25", "2024-04-01", GrainWeek, 1},
		{"Europe/Moscow", "2024-01-15", "2024-03-15", GrainMonth, 3},
		{"Europe/Moscow", "2024-03-15", "2024-01-15", GrainMonth, 0},
		{"Europe/Moscow", "2024-01-15", "2024-03-15", Grain(0), 0},
	} {
		z := load(t, tt.zone)
		start, end := z.StartOf(day(t, tt.from)), z.StartOf(day(t, tt.until))
		if got := len(slices.Collect(z.Buckets(tt.grain, start, end))); got != tt.want {
			t.Errorf("%s: %d buckets of a %s in [%s, %s), want %d", tt.zone, got, tt.grain, tt.from, tt.until, tt.want)
		}
	}
}

func TestSplitTilesTheRun(t *testing.T) {
	for _, g := range []Grain{GrainDay, GrainWeek, GrainMonth, GrainQuarter, GrainYear} {
		run := Days{day(t, "2023-11-15"), day(t, "2025-02-03")}
		at := run.From
		for days := range run.Split(g) {
			if days.From != at || days.Len() < 1 || g.First(days.Until-1) != g.First(days.From) {
				t.Fatalf("%s: %v after %s", g, days, at)
			}
			at = days.Until
		}
		if at != run.Until {
			t.Errorf("%s: the run ends at %s", g, at)
		}
	}
}

func TestDaysIn(t *testing.T) {
	z := load(t, "America/Sao_Paulo")
	first, last := day(t, "2017-10-14"), day(t, "2017-10-16")
	start, end := z.StartOf(first), z.StartOf(last)
	for _, tt := range []struct {
		start, end time.Time
		want       Days
		whole      bool
	}{
		{start, end, Days{first, last}, true},
		{start, end.Add(time.Microsecond), Days{first, last + 1}, false},
		{start.Add(time.Microsecond), end, Days{first, last}, false},
		{start, start, Days{first, first}, true},
	} {
		if days, whole := z.DaysIn(tt.start, tt.end); days != tt.want || whole != tt.whole {
			t.Errorf("[%s, %s) is %v, whole %v", tt.start, tt.end, days, whole)
		}
	}
}

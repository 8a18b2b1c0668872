package calendar

import (
	"math/rand/v2"
	"testing"
	"time"
)

// oddZones have all that can happen to a day: whole and half hours, clocks that
// change at midnight or just after it, dates that vanish or come twice.
var oddZones = []string{
	"UTC", "Europe/Moscow", "Europe/Berlin", "America/New_York", "America/Los_Angeles",
	"America/Sao_Paulo", "America/St_Johns", "America/Havana", "America/Juneau", "Asia/Beirut", "Asia/Gaza",
	"Asia/Kathmandu", "Asia/Tehran", "Asia/Manila", "Africa/Casablanca", "Australia/Lord_Howe",
	"Antarctica/Casey", "Antarctica/Troll", "Pacific/Apia", "Pacific/Kwajalein", "Pacific/Kiritimati",
}

func load(t testing.TB, name string) *Zone {
	t.Helper()
	z, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func day(t testing.TB, text string) Day {
	t.Helper()
	d, err := ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestDaysBeginAndLast(t *testing.T) {
	for _, tt := range []struct {
		zone, day, start string
		quarters         int
	}{
		{"UTC", "1970-01-01", "1970-01-01T00:00:00Z", 96},
		{"UTC", "1969-12-31", "1969-12-31T00:00:00Z", 96},
		{"Europe/Moscow", "2017-06-01", "2017-05-31T21:00:00Z", 96},
		{"Europe/Berlin", "2024-03-31", "2024-03-30T23:00:00Z", 92},
		{"Europe/Berlin", "2024-10-27", "2024-10-26T22:00:00Z", 100},
		{"Australia/Lord_Howe", "2024-10-06", "2024-10-05T13:30:00Z", 94},
		{"Australia/Lord_Howe", "2024-04-07", "2024-04-06T13:00:00Z", 98},
		// Midnight does not exist: the day begins at 01:00.
		{"America/Sao_Paulo", "2017-10-15", "2017-10-15T03:00:00Z", 92},
		{"Asia/Beirut", "2024-03-31", "2024-03-30T22:00:00Z", 92},
		// 23:00-24:00 comes twice; both belong to the day that shows it.
		{"America/Sao_Paulo", "2017-02-18", "2017-02-18T02:00:00Z", 100},
		{"America/Sao_Paulo", "2017-02-19", "2017-02-19T03:00:00Z", 96},
		// 00:00-01:00 comes twice: the day has begun with the first.
		{"America/Havana", "2024-11-03", "2024-11-03T04:00:00Z", 100},
		// A vanished day is empty and starts where the next one does.
		{"Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", 96},
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0},
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", 96},
		// At 00:01 clocks go back to 23:01: yesterday is not over.
		{"America/St_Johns", "2010-11-06", "2010-11-06T02:30:00Z", 100},
		{"America/St_Johns", "2010-11-07", "2010-11-07T03:30:00Z", 96},
	} {
		z, d := load(t, tt.zone), day(t, tt.day)
		start := z.StartOf(d)
		if want := instant(t, tt.start); !start.Equal(want) {
			t.Errorf("%s: %s starts %s, want %s", tt.zone, tt.day, start.UTC(), want)
		}
		if got := z.Quarters(d); got != tt.quarters {
			t.Errorf("%s: %s has %d quarter hours, want %d", tt.zone, tt.day, got, tt.quarters)
		}
		if got := len(z.ClockHours(d)); got != tt.quarters {
			t.Errorf("%s: %s has %d clock hours, want %d", tt.zone, tt.day, got, tt.quarters)
		}
	}
}

// In every zone, days cut time into unbroken pieces in order, each instant falls
// into the piece of its day, and the day is the date on the wall clock but where
// a date shows itself before its time.
func TestEveryInstantHasOneDay(t *testing.T) {
	for _, name := range oddZones {
		z := load(t, name)
		for d := day(t, "1980-01-01"); d < day(t, "2040-01-01"); d++ {
			start, end := z.StartOf(d), z.StartOf(d+1)
			if end.Before(start) {
				t.Fatalf("%s: %s ends before it starts", name, d)
			}
			if start.Equal(end) {
				continue
			}
			for _, at := range []time.Time{start, start.Add(end.Sub(start) / 2), end.Add(-1)} {
				if got := z.DayOf(at); got != d {
					t.Fatalf("%s: %s is in %s, want %s", name, at, got, d)
				}
				_, q := z.Quarter(at)
				if from := z.StartOfQuarter(d, q); q >= z.Quarters(d) || from.After(at) || !from.Add(15*time.Minute).After(at) {
					t.Fatalf("%s: %s is in quarter hour %d of %s", name, at, q, d)
				}
				y, m, date := at.Date()
				if shown := DayOn(y, m, date); shown != d && !(shown == d+1 && z.DayOf(at.Add(2*time.Hour)) == shown) {
					t.Fatalf("%s: %s counts as %s", name, at, d)
				}
			}
		}
	}
}

func TestDayNeverGoesBack(t *testing.T) {
	for _, name := range oddZones {
		z := load(t, name)
		last := z.dayOf(-4_000_000_000)
		for unix := int64(-4_000_000_000); unix < 3_000_000_000; unix += 47 * 60 * 60 / 5 {
			d := z.dayOf(unix)
			if d < last {
				t.Fatalf("%s: day %s after %s at %s", name, d, last, time.Unix(unix, 0).In(z.loc))
			}
			last = d
		}
	}
}

func TestClockHourIsWhatTheClockShows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range oddZones {
		z := load(t, name)
		for range 2000 {
			at := time.Unix(random.Int64N(4_000_000_000)-1_000_000_000, random.Int64N(1e9))
			if got, want := z.ClockHour(at), at.In(z.loc).Hour(); got != want {
				t.Fatalf("%s: %s is hour %d, want %d", name, at, got, want)
			}
		}
	}
	hours := load(t, "Europe/Berlin").ClockHours(day(t, "2024-10-27"))
	if hours[8] != 2 || hours[11] != 2 || hours[12] != 2 || hours[15] != 2 || hours[16] != 3 {
		t.Errorf("the hour that comes twice is not one hour of the day: %v", hours)
	}
}

func TestQuarterCountsElapsedTime(t *testing.T) {
	z := load(t, "Europe/Berlin")
	for text, want := range map[string]int{
		"2024-10-27T02:30:00+02:00":        10, // the first 02:30
		"2024-10-27T02:30:00+01:00":        14, // the second
		"2024-10-27T23:59:59.999999+01:00": 99,
		"2024-03-31T03:00:00+02:00":        8,
		"2024-03-31T23:45:00+02:00":        91,
	} {
		if _, got := z.Quarter(instant(t, text)); got != want {
			t.Errorf("%s is in quarter hour %d, want %d", text, got, want)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, name := range []string{"", "Local", "Moscow", "../etc/passwd"} {
		if _, err := Load(name); err == nil {
			t.Errorf("zone %q was accepted", name)
		}
	}
}

func TestAddMonths(t *testing.T) {
	for _, tt := range []struct {
		day  string
		n    int
		want string
	}{
		{"2023-01-31", 1, "2023-02-28"},
		{"2024-01-31", 1, "2024-02-29"},
		{"2023-01-31", 2, "2023-03-31"},
		{"2023-12-31", 2, "2024-02-29"},
		{"2023-03-31", -1, "2023-02-28"},
		{"2023-01-15", -1, "2022-12-15"},
		{"2023-05-31", 12, "2024-05-31"},
		{"1969-12-31", 1, "1970-01-31"},
	} {
		if got := day(t, tt.day).AddMonths(tt.n); got != day(t, tt.want) {
			t.Errorf("%s + %d months = %s, want %s", tt.day, tt.n, got, tt.want)
		}
	}
	for _, bad := range []string{"", "2023-02-29", "2023-1-1", "31.01.2023"} {
		if d, err := ParseDay(bad); err == nil {
			t.Errorf("date %q was read as %s", bad, d)
		}
	}
}

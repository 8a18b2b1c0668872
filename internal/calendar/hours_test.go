package calendar

import (
	"math/rand/v2"
	"testing"
	"time"
)

// shop is open Monday to Friday 09:00-13:00 and 14:00-18:00, Saturday 10:00-14:00.
func shop(t testing.TB, zone string, holidays ...string) *Hours {
	t.Helper()
	var week Week
	for d := time.Monday; d <= time.Friday; d++ {
		week[d] = []Opening{{14 * 60, 18 * 60}, {9 * 60, 13 * 60}}
	}
	week[time.Saturday] = []Opening{{10 * 60, 14 * 60}}
	return hours(t, zone, week, holidays...)
}

func hours(t testing.TB, zone string, week Week, holidays ...string) *Hours {
	t.Helper()
	var days []Day
	for _, text := range holidays {
		days = append(days, day(t, text))
	}
	h, err := NewHours(load(t, zone), week, days)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func everyDay(openings ...Opening) (week Week) {
	for d := range week {
		week[d] = openings
	}
	return week
}

func TestDue(t *testing.T) {
	moscow := shop(t, "Europe/Moscow", "2024-06-12")
	night := hours(t, "Europe/Berlin", everyDay(Opening{0, 4 * 60}))
	whole := hours(t, "Europe/Berlin", everyDay(Opening{0, 24 * 60}))
	vanished := hours(t, "Pacific/Apia", everyDay(Opening{9 * 60, 17 * 60}))
	for _, tt := range []struct {
		name, start string
		hours       *Hours
		d           time.Duration
		want        string
	}{
		{"within an opening", "2024-06-10T10:00:00+03:00", moscow, 2 * time.Hour, "2024-06-10T12:00:00+03:00"},
		{"over lunch", "2024-06-10T12:00:00+03:00", moscow, 2 * time.Hour, "2024-06-10T15:00:00+03:00"},
		{"ends with the day", "2024-06-10T16:00:00+03:00", moscow, 2 * time.Hour, "2024-06-10T18:00:00+03:00"},
		{"over a holiday", "2024-06-11T17:00:00+03:00", moscow, 2 * time.Hour, "2024-06-13T10:00:00+03:00"},
		{"from a closed Sunday", "2024-06-09T12:00:00+03:00", moscow, time.Hour, "2024-06-10T10:00:00+03:00"},
		{"over a weekend", "2024-06-07T17:30:00+03:00", moscow, 5 * time.Hour, "2024-06-10T09:30:00+03:00"},
		{"nothing to do", "2024-06-09T12:00:00+03:00", moscow, 0, "2024-06-09T12:00:00+03:00"},
		{"an opening that loses an hour", "2024-03-31T00:00:00+01:00", night, 3 * time.Hour, "2024-03-31T04:00:00+02:00"},
		{"an opening that gains an hour", "2024-10-27T00:00:00+02:00", night, 5 * time.Hour, "2024-10-27T04:00:00+01:00"},
		{"all day, day of 25 hours", "2024-10-27T00:00:00+02:00", whole, 25 * time.Hour, "2024-10-28T00:00:00+01:00"},
		{"over a day that vanished", "2011-12-29T16:00:00-10:00", vanished, 2 * time.Hour, "2011-12-31T10:00:00+14:00"},
		{"always open", "2024-10-27T00:00:00+02:00", AlwaysOpen(load(t, "Europe/Berlin")), 24 * time.Hour, "2024-10-27T23:00:00+01:00"},
	} {
		start, want := instant(t, tt.start), instant(t, tt.want)
		if got := tt.hours.Due(start, tt.d); !got.Equal(want) {
			t.Errorf("%s: due %s, want %s", tt.name, got, want)
		}
		if got := tt.hours.Between(start, want); got != tt.d {
			t.Errorf("%s: %s of business time, want %s", tt.name, got, tt.d)
		}
	}
}

// Due and Between undo one another, Between adds up, and Due is the first such
// instant; in every zone and for odd hours.
func TestDueAndBetweenAgree(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, name := range oddZones {
		kinds := []*Hours{
			AlwaysOpen(load(t, name)), shop(t, name, "2011-12-30", "2024-06-12"),
			hours(t, name, everyDay(Opening{0, 24 * 60})),
			hours(t, name, everyDay(Opening{0, 3 * 60}, Opening{22 * 60, 24 * 60})),
		}
		for i := range 400 {
			h := kinds[i%len(kinds)]
			start := time.UnixMicro(random.Int64N(1_900_000_000_000_000))
			d := time.Duration(random.Int64N(int64(200 * time.Hour)))
			due := h.Due(start, d)
			if got := h.Between(start, due); got != d {
				t.Fatalf("%s: %s + %s is due %s, which is %s", name, start, d, due, got)
			}
			if got := h.Between(start, due.Add(-1)); d > 0 && got != d-1 {
				t.Fatalf("%s: %s + %s is due %s, but not first then", name, start, d, due)
			}
			middle := start.Add(due.Sub(start) / 3)
			if got := h.Between(start, middle) + h.Between(middle, due); got != d {
				t.Fatalf("%s: [%s, %s) and the rest until %s make %s, not %s", name, start, middle, due, got, d)
			}
		}
	}
}

func TestOpenAllDayIsAlwaysOpen(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for _, name := range oddZones {
		h := hours(t, name, everyDay(Opening{0, 24 * 60}))
		for range 200 {
			a := time.UnixMicro(random.Int64N(1_900_000_000_000_000))
			b := a.Add(time.Duration(random.Int64N(int64(500 * time.Hour))))
			if got := h.Between(a, b); got != b.Sub(a) {
				t.Fatalf("%s: %s open between %s and %s, want %s", name, got, a, b, b.Sub(a))
			}
		}
	}
}

func TestNewHoursRefuses(t *testing.T) {
	for name, week := range map[string]Week{
		"never open":      {},
		"backwards":       everyDay(Opening{600, 540}),
		"empty":           everyDay(Opening{600, 600}),
		"past 24:00":      everyDay(Opening{600, 1441}),
		"before midnight": everyDay(Opening{-1, 600}),
	} {
		if _, err := NewHours(UTC, week, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestOverlappingOpeningsCountOnce(t *testing.T) {
	h := hours(t, "UTC", everyDay(Opening{600, 720}, Opening{540, 660}, Opening{720, 730}))
	start := instant(t, "2024-06-10T00:00:00Z")
	if got := h.Between(start, start.Add(24*time.Hour)); got != 190*time.Minute {
		t.Errorf("open for %s", got)
	}
}

func TestParseOpening(t *testing.T) {
	for text, want := range map[string]Opening{"09:00-18:30": {540, 1110}, "00:00-24:00": {0, 1440}, "9:00-10:05": {540, 605}} {
		if got, err := ParseOpening(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "09:00", "9-18", "18:00-09:00", "09:60-10:00", "09:00-24:01", "09:00-18:00 x", "09:00-18:00x", "-1:00-02:00"} {
		if got, err := ParseOpening(bad); err == nil {
			t.Errorf("%q was read as %v", bad, got)
		}
	}
}

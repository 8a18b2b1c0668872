package calendar

import (
	"testing"
	"time"
)

func TestAtClock(t *testing.T) {
	for _, c := range []struct {
		zone, day    string
		hour, minute int
		want         string
	}{
		{"Europe/Moscow", "2026-03-02", 9, 0, "2026-03-02T06:00:00Z"},
		// Berlin skips 02:00 to 03:00 and shows it twice in autumn.
		{"Europe/Berlin", "2026-03-29", 2, 30, "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "2026-03-29", 3, 0, "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "2026-03-29", 1, 59, "2026-03-29T00:59:00Z"},
		{"Europe/Berlin", "2026-10-25", 2, 30, "2026-10-25T00:30:00Z"},
		{"Europe/Berlin", "2026-10-25", 3, 0, "2026-10-25T02:00:00Z"},
		// Half an hour only.
		{"Australia/Lord_Howe", "2026-10-04", 2, 15, "2026-10-03T15:30:00Z"},
		// A midnight that was skipped, and a day that was.
		{"America/Sao_Paulo", "2017-10-15", 0, 0, "2017-10-15T03:00:00Z"},
		{"Pacific/Apia", "2011-12-30", 9, 0, "2011-12-30T10:00:00Z"},
	} {
		z, err := Load(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		d, err := ParseDay(c.day)
		if err != nil {
			t.Fatal(err)
		}
		if got := z.AtClock(d, c.hour, c.minute).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s %s %02d:%02d is %s, want %s", c.zone, c.day, c.hour, c.minute, got, c.want)
		}
	}
}

// The moment shows the time asked for unless no moment does, and is the first that does
// not show an earlier one.
func TestAtClockOfEveryMinute(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Chatham"} {
		z, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for d := DayOn(2009, 1, 1); d < DayOn(2019, 1, 1); d++ {
			if !changes(z, d) {
				continue
			}
			before := z.AtClock(d, 0, 0)
			for m := range 24 * 60 {
				at := z.AtClock(d, m/60, m%60)
				shown := at.Hour()*60 + at.Minute()
				year, month, day := at.Date()
				later := DayOn(year, month, day) > d || shown > m
				if DayOn(year, month, day) < d || shown < m && !later {
					t.Fatalf("%s %s: %d minutes give %s", name, d, m, at)
				}
				if later {
					// Nothing shows it: a moment before, the clock was behind.
					y, mo, dd := at.Add(-time.Second).Date()
					if w := at.Add(-time.Second); DayOn(y, mo, dd) == d && w.Hour()*60+w.Minute() >= m {
						t.Fatalf("%s %s: %d minutes are shown before %s", name, d, m, at)
					}
				}
				if at.Before(before) && shown >= m {
					t.Fatalf("%s %s: %d minutes come before the minute before", name, d, m)
				}
				before = at
			}
		}
	}
}

func changes(z *Zone, d Day) bool {
	return z.startOf(d+2)-z.startOf(d-1) != 3*secondsPerDay
}

func TestVanished(t *testing.T) {
	z, err := Load("Pacific/Apia")
	if err != nil {
		t.Fatal(err)
	}
	for d := DayOn(2011, 12, 1); d < DayOn(2012, 2, 1); d++ {
		if got := z.Vanished(d); got != (d == DayOn(2011, 12, 30)) {
			t.Errorf("%s vanished: %v", d, got)
		}
	}
}

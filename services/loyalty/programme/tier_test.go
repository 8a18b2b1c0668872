package programme

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

func day(t *testing.T, text string) calendar.Day {
	t.Helper()
	d, err := calendar.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The top tier is reached with 1,000 a year, lasts to the end of the next year, and a
// return takes what it gave at once.
func TestCalendarYear(t *testing.T) {
	rules := beauty().GetTiers()
	history := []Counted{{day(t, "2025-02-01"), 34_999}, {day(t, "2025-03-01"), 1}, {day(t, "2025-12-31"), 65_000}}
	for _, c := range []struct {
		on               string
		tier, projected  int
		since, until     string
		missing, counted int64
	}{
		{"2025-02-28", 0, 0, "", "", 1, 34_999},
		{"2025-03-01", 1, 1, "2025-03-01", "2026-12-31", 65_000, 35_000},
		{"2025-12-31", 2, 2, "2025-12-31", "2026-12-31", 0, 100_000},
		{"2026-12-31", 2, 0, "2025-12-31", "2026-12-31", 0, 0},
		{"2027-01-01", 0, 0, "2027-01-01", "", 35_000, 0},
	} {
		s := Stand(rules, history, day(t, c.on))
		if s.Tier != c.tier || s.Projected != c.projected || s.Missing != c.missing || s.Qualifying != c.counted {
			t.Errorf("%s: %+v", c.on, s)
		}
		if s.Always != (c.since == "") || !s.Always && s.Since.String() != c.since {
			t.Errorf("%s: since %s, %v", c.on, s.Since, s.Always)
		}
		if s.Ever != (c.until == "") || !s.Ever && s.Until.String() != c.until {
			t.Errorf("%s: until %s, %v", c.on, s.Until, s.Ever)
		}
	}
	history[2].Amount -= 1 // a line of it came back
	if s := Stand(rules, history, day(t, "2026-02-01")); s.Tier != 1 || s.Multiplier(rules) != 12_500 {
		t.Errorf("%+v", s)
	}
}

func TestRollingWindow(t *testing.T) {
	rules := beauty().GetTiers()
	rules.WindowDays, rules.GraceDays = 10, 3
	history := []Counted{{100, 20_000}, {105, 80_000}}
	for _, c := range []struct {
		on, want Standing
	}{
		{Standing{Since: 104}, Standing{Always: true, Ever: true, Window: calendar.Days{From: 95, Until: 105}, Qualifying: 20_000, Missing: 15_000, Falls: []Counted{{110, 20_000}}}},
		{Standing{Since: 109}, Standing{Tier: 2, Since: 105, Until: 112, Window: calendar.Days{From: 100, Until: 110}, Qualifying: 100_000, Projected: 2, Falls: []Counted{{110, 20_000}, {115, 80_000}}}},
		{Standing{Since: 112}, Standing{Tier: 2, Since: 105, Until: 112, Window: calendar.Days{From: 103, Until: 113}, Qualifying: 80_000, Projected: 1, Falls: []Counted{{115, 80_000}}}},
		{Standing{Since: 113}, Standing{Tier: 1, Since: 113, Until: 117, Window: calendar.Days{From: 104, Until: 114}, Qualifying: 80_000, Projected: 1, Missing: 20_000, Falls: []Counted{{115, 80_000}}}},
		{Standing{Since: 118}, Standing{Tier: 0, Since: 118, Ever: true, Window: calendar.Days{From: 109, Until: 119}, Missing: 35_000}},
	} {
		if diff := cmp.Diff(c.want, Stand(rules, history, c.on.Since)); diff != "" {
			t.Errorf("day %d: %s", c.on.Since, diff)
		}
	}
	rules.OneStepDown, rules.WindowDays, rules.GraceDays = true, 5, 0
	for on, tier := range map[calendar.Day]int{100: 2, 104: 2, 105: 1, 106: 0} {
		if s := Stand(rules, []Counted{{100, 100_000}}, on); s.Tier != tier {
			t.Errorf("day %d: %+v", on, s)
		}
	}
}

// plain walks through every single day.
func plain(rules *loyaltyv1.TierRules, history []Counted, today calendar.Day) (tier int, since calendar.Day) {
	since = noDay
	below, again := calendar.Day(0), false
	falling := false
	for d := history[0].Day; d <= today; d++ {
		sums := [2]int64{}
		year, _, _ := d.Date()
		for _, c := range history {
			if c.Day > d {
				continue
			}
			y, _, _ := c.Day.Date()
			switch w := calendar.Day(rules.GetWindowDays()); {
			case w > 0 && c.Day > d-w, w == 0 && y == year:
				sums[0] += c.Amount
			case w == 0 && y == year-1:
				sums[1] += c.Amount
			}
		}
		level := 0
		for i, t := range rules.GetTiers() {
			if max(sums[0], sums[1]) >= t.GetThreshold() {
				level = i
			}
		}
		if level >= tier {
			if level > tier {
				tier, since = level, d
			}
			falling = false
			continue
		}
		if !falling {
			falling, below, again = true, d, false
		}
		patience := calendar.Day(rules.GetGraceDays())
		if again {
			patience = max(patience, 1)
		}
		if d < below+patience {
			continue
		}
		if rules.GetOneStepDown() {
			level = tier - 1
		}
		tier, since, below, again = level, d, d, true
	}
	return tier, since
}

func TestStandEqualsDayByDay(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 9))
	for round := range 400 {
		rules := beauty().GetTiers()
		rules.GraceDays, rules.OneStepDown = r.Int32N(3)*r.Int32N(40), r.IntN(2) == 0
		rules.WindowDays = r.Int32N(2) * (1 + r.Int32N(200))
		var history []Counted
		d := calendar.DayOn(2024, time.Month(1+r.IntN(12)), 1+r.IntN(28))
		first := d
		for range 1 + r.IntN(12) {
			history = append(history, Counted{d, r.Int64N(60_000) - 5_000})
			d += 1 + calendar.Day(r.IntN(150))
		}
		for today := first; today < d+400; today += 1 + calendar.Day(r.IntN(60)) {
			s := Stand(rules, history, today)
			tier, since := plain(rules, history, today)
			if s.Tier != tier || s.Always != (since == noDay) || !s.Always && s.Since != since {
				t.Fatalf("round %d, %v, day %s of %v: tier %d since %s, want %d since %s", round, rules, today, history, s.Tier, s.Since, tier, since)
			}
			known := history
			for len(known) > 0 && known[len(known)-1].Day > today {
				known = known[:len(known)-1]
			}
			if s.Ever {
				continue
			}
			last, _ := plain(rules, known, s.Until)
			fallen, _ := plain(rules, known, s.Until+1)
			if last < s.Tier || fallen >= s.Tier {
				t.Fatalf("round %d: until %s, but %d then and %d behind", round, s.Until, last, fallen)
			}
		}
	}
}

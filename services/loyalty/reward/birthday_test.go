package reward

import (
	"testing"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

func day(text string) calendar.Day {
	d, err := calendar.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

func TestBirthdayGift(t *testing.T) {
	long := day("2000-01-01")
	born := func(month time.Month, dom int, set calendar.Day) Birthday {
		return Birthday{Known: true, Month: month, Day: dom, Set: set}
	}
	for _, c := range []struct {
		name          string
		b             Birthday
		before, after int32
		today         string
		taken         []string
		allowed       bool
		until         string
	}{
		{"on the day", born(5, 10, long), 0, 0, "2026-05-10", nil, true, ""},
		{"the day before", born(5, 10, long), 0, 0, "2026-05-09", nil, false, "2026-05-10"},
		{"the day after", born(5, 10, long), 0, 0, "2026-05-11", nil, false, "2027-05-10"},
		{"days around, first", born(5, 10, long), 7, 3, "2026-05-03", nil, true, ""},
		{"days around, last", born(5, 10, long), 7, 3, "2026-05-13", nil, true, ""},
		{"days around, behind", born(5, 10, long), 7, 3, "2026-05-14", nil, false, "2027-05-03"},
		{"over the end of the year, before", born(1, 3, long), 7, 7, "2025-12-28", nil, true, ""},
		{"over the end of the year, after", born(12, 30, long), 0, 7, "2026-01-05", nil, true, ""},
		{"not known", Birthday{}, 60, 60, "2026-05-10", nil, false, ""},
		{"set today", born(5, 10, day("2026-05-10")), 0, 0, "2026-05-10", nil, false, "2027-05-10"},
		{"set 29 days ago", born(5, 10, day("2026-04-11")), 0, 0, "2026-05-10", nil, false, "2027-05-10"},
		{"set 30 days ago", born(5, 10, day("2026-04-10")), 0, 0, "2026-05-10", nil, true, ""},
		{"set 29 days ago, and there is time", born(5, 10, day("2026-04-11")), 0, 3, "2026-05-10", nil, false, "2026-05-11"},
		{"29 February in a leap year, the 28th", born(2, 29, long), 0, 0, "2028-02-28", nil, false, "2028-02-29"},
		{"29 February in a leap year", born(2, 29, long), 0, 0, "2028-02-29", nil, true, ""},
		{"29 February in a common year", born(2, 29, long), 0, 0, "2026-02-28", nil, true, ""},
		{"29 February in a common year, 1 March", born(2, 29, long), 0, 0, "2026-03-01", nil, false, "2027-02-28"},
		{"29 February in 1900 was none", born(2, 29, day("1890-01-01")), 0, 0, "1900-02-28", nil, true, ""},
		{"28 February in a leap year", born(2, 28, long), 0, 0, "2028-02-28", nil, true, ""},
		{"taken this year", born(5, 10, long), 7, 7, "2026-05-12", []string{"2026-05-04"}, false, "2027-05-03"},
		{"taken last year", born(5, 10, long), 7, 7, "2026-05-03", []string{"2025-05-17"}, true, ""},
		{"taken over the end of the year", born(1, 3, long), 7, 7, "2026-01-04", []string{"2025-12-28"}, false, "2026-12-27"},
		{"moved after it was taken", born(10, 1, day("2026-03-05")), 0, 0, "2026-10-01", []string{"2026-03-01"}, false, "2027-10-01"},
		{"moved to before", born(3, 1, day("2025-10-05")), 0, 0, "2026-03-01", []string{"2025-10-01"}, false, "2027-03-01"},
	} {
		var taken []calendar.Day
		for _, text := range c.taken {
			taken = append(taken, day(text))
		}
		g := c.b.Judge(day(c.today), c.before, c.after, taken)
		until := ""
		if g.Until != 0 {
			until = g.Until.String()
		}
		if (g.Why == "") != c.allowed || until != c.until {
			t.Errorf("%s: %+v until %q, want %v until %q", c.name, g, until, c.allowed, c.until)
		}
	}
}

// However a birthday is moved about, of any year of life one gift is had.
func TestOneBirthdayGiftAYear(t *testing.T) {
	first := day("2024-01-01")
	for move := calendar.Day(0); move < 366; move += 7 {
		b := Birthday{Known: true, Month: time.January, Day: 20, Set: first - 100}
		var taken []calendar.Day
		for today := first; today < first+3*366; today++ {
			if today == first+60 {
				_, month, dom := (first + move).Date()
				b.Month, b.Day, b.Set = month, dom, today
			}
			if b.Judge(today, 5, 5, taken).Why == "" {
				taken = append(taken, today)
			}
		}
		for i := 1; i < len(taken); i++ {
			if taken[i]-taken[i-1] < 300 && len(taken) > 3 {
				t.Errorf("moved by %d: taken on %v", move, taken)
			}
		}
		if len(taken) > 3 {
			t.Errorf("moved by %d: %d gifts in 3 years", move, len(taken))
		}
	}
}

func TestSensitiveDayOfBirthday(t *testing.T) {
	r := &loyaltyv1.Reward{Id: "cake", Kind: loyaltyv1.Reward_KIND_BIRTHDAY, DaysAfter: 5}
	m := &Member{
		Zone: calendar.UTC, Birthday: Birthday{Known: true, Month: 2, Day: 28, Set: day("2020-01-01")},
		Sensitive: []Date{{2, 29}, {3, 1}, {3, 2}},
	}
	for today, want := range map[string]string{"2027-02-28": "2027-03-03", "2028-02-28": "", "2028-02-29": "2028-03-03", "2027-03-03": ""} {
		no := Examine(r, nil, m, &Counted{}, calendar.UTC.StartOf(day(today)))
		got := ""
		for _, o := range no {
			if o.GetRule() == loyaltyv1.RewardObstacle_RULE_SENSITIVE {
				got = calendar.UTC.DayOf(o.GetUntil().AsTime()).String()
			}
		}
		if got != want {
			t.Errorf("%s: silent until %q, want %q (%v)", today, got, want, no)
		}
	}
}

package value

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rapport-cx/rapport/internal/calendar"
)

func TestFormulas(t *testing.T) {
	check := func(what string, got float64, ok bool, want float64) {
		t.Helper()
		if !ok || math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: got %v, %v, want %v", what, got, ok, want)
		}
	}
	average, ok := AverageCheck(150_000, 60)
	check("average check", average, ok, 2500)
	often, ok := Frequency(60, 10, 0.5)
	check("frequency", often, ok, 12)
	check("lifetime value", Lifetime(average, often, 3), true, 90_000)
	p := Period{Start: 200, End: 190, New: 30, Active: 250, Lost: 20}
	crr, ok := p.Retention()
	check("CRR", crr, ok, 80)
	churn, ok := p.Churn()
	check("churn", churn, ok, 8)
	spent, ok := Redemption(13, 100)
	check("redemption", spent, ok, 13)
	check("years", Relationship(calendar.DayOn(2020, 1, 1), calendar.DayOn(2023, 12, 31)), true, 4)
	check("one day", 365.25*Relationship(7, 7), true, 1)
}

// What nobody bought, issued or was, has no value: it is not zero.
func TestNothingIsAbsent(t *testing.T) {
	p := &Period{}
	for what, of := range map[string]func() (float64, bool){
		"average check": func() (float64, bool) { return AverageCheck(0, 0) },
		"frequency":     func() (float64, bool) { return Frequency(5, 0, 1) },
		"no time":       func() (float64, bool) { return Frequency(5, 1, 0) },
		"retention":     p.Retention,
		"churn":         p.Churn,
		"redemption":    func() (float64, bool) { return Redemption(0, 0) },
	} {
		if got, ok := of(); ok || got != 0 {
			t.Errorf("%s of nothing is %v", what, got)
		}
	}
}

// A purchase makes active from the day after it, for so many days.
func TestPeriod(t *testing.T) {
	over := calendar.Days{From: 100, Until: 130}
	for _, c := range []struct {
		what   string
		bought []calendar.Day
		want   Period
	}{
		{"never", nil, Period{}},
		{"long ago", []calendar.Day{9}, Period{}},
		{"on the last day that counts", []calendar.Day{10}, Period{Start: 1, Active: 1, Lost: 1}},
		{"until the end", []calendar.Day{40}, Period{Start: 1, End: 1, Active: 1}},
		{"on the first day", []calendar.Day{100}, Period{End: 1, New: 1, Active: 1}},
		{"came back", []calendar.Day{5, 129}, Period{End: 1, New: 1, Active: 1}},
		{"after the period", []calendar.Day{130}, Period{}},
		{"all the time", []calendar.Day{20, 60, 99, 110, 140}, Period{Start: 1, End: 1, Active: 1}},
	} {
		var p Period
		if p.Add(c.bought, over, DefaultActive); p != c.want {
			t.Errorf("%s: got %+v, want %+v", c.what, p, c.want)
		}
	}
}

// Whoever bought whenever: those who are there and those who are lost are all who
// were active, and no percentage leaves its bounds.
func TestAnyPeriodBalances(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	for range 500 {
		var p Period
		over := calendar.Days{From: 100, Until: 101 + calendar.Day(r.IntN(60))}
		active := 1 + r.IntN(100)
		for range r.IntN(40) {
			var days []calendar.Day
			for range r.IntN(5) {
				days = append(days, calendar.Day(r.IntN(200)))
			}
			slices.Sort(days)
			p.Add(days, over, active)
		}
		if p.End+p.Lost != p.Active || p.New > p.End || p.End-p.New > p.Start {
			t.Fatalf("%+v", p)
		}
		for _, of := range []func() (float64, bool){p.Retention, p.Churn} {
			if percent, _ := of(); percent < 0 || percent > 100 {
				t.Fatalf("%+v: %v %%", p, percent)
			}
		}
	}
}

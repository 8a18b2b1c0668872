package rate

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

func on(year int, month time.Month, day int) calendar.Day { return calendar.DayOn(year, month, day) }

// lotsOn is a day's slab of lots earned on one day.
func lotsOn(earned calendar.Day, expires, kept, gone, lost int64) *Lots {
	s := NewLots()
	s.Apply(0, &Fact{parts: []part{{1, lotKey{int32(earned), expires}, [lotWidth]int64{kept, gone, lost}}}})
	return s
}

// Worked by hand. January's 100 points: 40 spent in February, 60 expired in March.
// February's 200: 100 spent in March. March's 90 are outstanding. In April
//
//	f(1) = (60 + 100) / (100 + 200) = 8/15, e(1) = 0
//	f(2) = 0 / 60 = 0,                      e(2) = 60/60 = 1
//	u(1) = 1, u(0) = 8/15
//
// so that of February's 100 all are expected to expire, of March's 90 48.
func TestExpectedBreakage(t *testing.T) {
	jan, feb, mar := on(2026, 1, 15), on(2026, 2, 10), on(2026, 3, 5)
	c := NewCohorts()
	add := func(day, earned calendar.Day, kept, gone, lost int64) {
		c.Lots(day, lotsOn(earned, Never, kept, gone, lost), AllDays, 0)
	}
	if _, _, ok := c.Expected(on(2026, 4, 2)); ok {
		t.Error("nothing is expected of nothing")
	}
	add(jan, jan, 100, 0, 0)
	add(on(2026, 2, 20), jan, -40, 40, 0)
	add(feb, feb, 200, 0, 0)
	add(mar, feb, -100, 100, 0)
	add(mar, mar, 90, 0, 0)
	if _, _, ok := c.Expected(on(2026, 4, 2)); ok {
		t.Error("who has not seen points expire cannot tell")
	}
	add(on(2026, 3, 15), jan, -60, 0, 60)
	got, rests, ok := c.Expected(on(2026, 4, 2))
	if !ok || rests != 2 || math.Abs(got-148) > 1e-9 {
		t.Errorf("%v by %d cohorts (%v), want 148 by 2", got, rests, ok)
	}
	// The month itself tells nothing before it is over.
	if _, _, ok := c.Expected(on(2026, 3, 31)); ok {
		t.Error("March is not over, yet its expiries count")
	}
}

// Shares by age add up, month by month up to now, and what is taken back is not issued.
func TestCohorts(t *testing.T) {
	jan := on(2026, 1, 31)
	c := NewCohorts()
	c.Lots(jan, lotsOn(jan, Never, 80, 0, 0), AllDays, 0)
	c.Lots(on(2026, 1, 31), lotsOn(jan, Never, -8, 8, 0), AllDays, 0)
	c.Lots(on(2026, 3, 1), lotsOn(jan, Never, -32, 32, 0), AllDays, 0)
	c.Lots(on(2026, 3, 2), lotsOn(jan, Never, 10, -10, 0), AllDays, 0)
	c.Lots(on(2026, 3, 3), lotsOn(jan, Never, -30, 0, 0), AllDays, 0)
	c.Lots(on(2026, 4, 1), lotsOn(jan, Never, -20, 0, 20), AllDays, 0)
	want := []*loyaltyv1.RedemptionCohort{{
		Month: "2026-01-01", Issued: 50, Expired: 20, SpentByAge: []int64{8, 8, 30, 30}, ShareByAge: []float64{16, 16, 60, 60},
	}}
	if diff := cmp.Diff(want, c.Answer(on(2026, 4, 20)), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

// Points leave at the moment they expire in, and are of the month of the moment before.
func TestLiabilityAtMidnight(t *testing.T) {
	zone, err := calendar.Load("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	end := zone.StartOf(on(2026, 4, 1)).UnixMicro()
	for at, want := range map[int64]int64{end - 1: 70, end: 20} {
		l := NewLiability(at, func(n int64) int64 { return n })
		l.Lots(lotsOn(on(2026, 3, 1), end, 50, 0, 0))
		l.Lots(lotsOn(on(2026, 3, 1), Never, 20, 0, 0))
		got := l.Answer(zone)
		if got.GetPoints() != want {
			t.Errorf("%d points at %d, want %d", got.GetPoints(), at, want)
		}
		if want == 70 && (got.GetMonths()[0].GetMonth() != "2026-03-01" || got.GetMonths()[1].GetMonth() != "") {
			t.Errorf("months %v", got.GetMonths())
		}
	}
}

// buys adds days of receipts.
func buys(i *Impact, all map[calendar.Day]map[int64][]int64) {
	for day := i.Reach().From; day < i.Reach().Until; day++ {
		s := NewBought()
		for who, amounts := range all[day] {
			for _, a := range amounts {
				s.Apply(0, &Fact{who: who, amount: a})
			}
		}
		i.Day(day, s)
	}
}

// Worked by hand: members 1 and 2, others 3 and 4, ten days.
func TestImpactAgainstOthers(t *testing.T) {
	from := on(2026, 3, 1)
	i := NewImpact(calendar.Days{From: from, Until: from + 10}, from+10, map[int64]calendar.Day{1: from - 40, 2: from - 40}, func(n int64) int64 { return n })
	buys(i, map[calendar.Day]map[int64][]int64{
		from:     {1: {100, 200}, 2: {300}, 3: {100}},
		from + 4: {4: {50}},
		from + 6: {1: {600}, 3: {150}},
		from + 9: {2: {100}},
	})
	lines := i.AgainstOthers()
	year := 365.25 / 10
	near := func(what string, got *float64, want float64) {
		t.Helper()
		if got == nil || math.Abs(*got-want) > 1e-9 {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	// Others bought 2 and 1 times, members 3 and 2 times.
	near("base frequency", lines[0].Base, 1.5*year)
	near("frequency", lines[0].Value, 2.5*year)
	near("change", lines[0].Change, year)
	// Var of a mean of two is s²/2 = 0.5/2 of either group.
	half := 1.96 * year * math.Sqrt(0.25+0.25)
	near("low", lines[0].Low, year-half)
	near("high", lines[0].High, year+half)
	// 300 over 3 checks, 1,300 over 5.
	near("base check", lines[1].Base, 100)
	near("check", lines[1].Value, 260)
	// Bends: others (250−200)/3 and −50/3; members (900−780)/5 and −120/5; times 2/(2−1).
	variance := 2*(2*math.Pow(50.0/3, 2)) + 2*(2*math.Pow(24, 2))
	near("low check", lines[1].Low, 160-1.96*math.Sqrt(variance))
	if lines[1].GetNBase() != 3 || lines[1].GetN() != 5 {
		t.Errorf("checks %d and %d", lines[1].GetNBase(), lines[1].GetN())
	}
	// Both members came back, of others 3 did and 4 did not.
	near("base retention", lines[2].Base, 50)
	near("retention", lines[2].Value, 100)
	if lines[2].GetLow() < -100 || lines[2].GetHigh() > 100 || lines[2].GetLow() > 50 || lines[2].GetHigh() < 50 {
		t.Errorf("retention %v", lines[2])
	}
}

// Of member 1, who joined on the 11th day with a purchase that counts on neither side, the
// 5 days around are known; of 2, who joined before the days, nothing is asked.
func TestImpactBeforeAndAfter(t *testing.T) {
	from := on(2026, 3, 1)
	at := from + 10
	i := NewImpact(calendar.Days{From: from, Until: from + 30}, at+5, map[int64]calendar.Day{1: at, 2: from - 1}, func(n int64) int64 { return n })
	buys(i, map[calendar.Day]map[int64][]int64{
		at - 40: {1: {7}},
		at - 6:  {1: {10}},
		at - 5:  {1: {100}},
		at - 1:  {1: {300}},
		at:      {1: {9999}},
		at + 1:  {1: {200}},
		at + 5:  {1: {200}},
		at + 6:  {1: {5000}},
	})
	lines := i.BeforeAfter()
	year := 365.25 / 5
	if *lines[0].Base != 2*year || *lines[0].Value != 2*year || lines[0].GetN() != 1 || lines[0].Low != nil {
		t.Errorf("frequency %v", lines[0])
	}
	if *lines[1].Base != 200 || *lines[1].Value != 200 || lines[1].GetN() != 2 {
		t.Errorf("check %v", lines[1])
	}
	if *lines[2].Base != 100 || *lines[2].Value != 100 || lines[2].GetNBase() != 1 {
		t.Errorf("retention %v", lines[2])
	}
}

// Whoever bought nothing is in no group, and of nobody nothing is told.
func TestImpactOfNobody(t *testing.T) {
	i := NewImpact(calendar.Days{From: 0, Until: 1}, 0, nil, func(n int64) int64 { return n })
	for _, l := range append(i.AgainstOthers(), i.BeforeAfter()...) {
		if l.Base != nil || l.Value != nil || l.Change != nil || l.Low != nil || l.GetN() != 0 {
			t.Errorf("%v", l)
		}
	}
}

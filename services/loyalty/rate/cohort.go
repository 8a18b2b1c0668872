package rate

import (
	"maps"
	"math"
	"slices"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// AllDays are all there are.
var AllDays = calendar.Days{From: math.MinInt32, Until: math.MaxInt32}

// month counts months from the year 0.
type month int

func monthOf(d calendar.Day) month {
	year, m, _ := d.Date()
	return month(year*12 + int(m) - 1)
}

func (m month) first() calendar.Day {
	return calendar.DayOn(int(m)/12, 1, 1).AddMonths(int(m) % 12)
}

// Cohorts sums what became of points by the month they were earned in and their age in
// months when it did.
type Cohorts struct {
	byMonth map[month]*cohort
}

// cohort is one month's points: at each age what was added to those outstanding, what was
// spent and what expired.
type cohort struct {
	ages [][lotWidth]int64
	// live are points outstanding now that have not expired.
	live int64
}

// NewCohorts begins a sum.
func NewCohorts() *Cohorts { return &Cohorts{map[month]*cohort{}} }

// Lots adds a day of movements, of lots earned on given days, as of a moment. Who is told
// of points before they were earned tells it of age 0.
func (c *Cohorts) Lots(day calendar.Day, s *Lots, earned calendar.Days, at int64) {
	for lot, n := range s.all() {
		if !earned.Has(calendar.Day(lot.earned)) {
			continue
		}
		m := monthOf(calendar.Day(lot.earned))
		one := c.byMonth[m]
		if one == nil {
			one = &cohort{}
			c.byMonth[m] = one
		}
		age := int(max(0, monthOf(day)-m))
		for len(one.ages) <= age {
			one.ages = append(one.ages, [lotWidth]int64{})
		}
		plus(one.ages[age][:], n)
		if lot.expires > at {
			one.live += n[stock]
		}
	}
}

// Answer has the cohorts up to a day, ascending.
func (c *Cohorts) Answer(today calendar.Day) (out []*loyaltyv1.RedemptionCohort) {
	for _, m := range slices.Sorted(maps.Keys(c.byMonth)) {
		one := c.byMonth[m]
		answer := &loyaltyv1.RedemptionCohort{Month: m.first().String()}
		for len(one.ages) <= int(monthOf(today)-m) {
			one.ages = append(one.ages, [lotWidth]int64{})
		}
		var gone int64
		for _, n := range one.ages {
			gone += n[lotSpent]
			answer.Issued += n[stock] + n[lotSpent] + n[lotExpired]
			answer.Expired += n[lotExpired]
			answer.SpentByAge = append(answer.SpentByAge, gone)
		}
		if answer.Issued > 0 {
			for _, n := range answer.SpentByAge {
				answer.ShareByAge = append(answer.ShareByAge, *Share(n, answer.Issued))
			}
		}
		if answer.Issued != 0 || gone != 0 || answer.Expired != 0 {
			out = append(out, answer)
		}
	}
	return out
}

// Expected is how many of the points outstanding now are expected to expire, and on how
// many cohorts that rests; false: nobody can tell. The formula is the contract's, of
// GetBreakageResponse.
func (c *Cohorts) Expected(today calendar.Day) (expected float64, rests int32, ok bool) {
	now := monthOf(today)
	type sums struct{ before, after, lost int64 }
	var of []sums // by age from 1
	for m, one := range c.byMonth {
		left, rest := int64(0), false
		for age := 0; m+month(age) < now; age++ {
			n := [lotWidth]int64{}
			if age < len(one.ages) {
				n = one.ages[age]
			}
			if age > 0 {
				for len(of) < age {
					of = append(of, sums{})
				}
				s := &of[age-1]
				s.before, s.after, s.lost = s.before+left, s.after+left+n[stock], s.lost+n[lotExpired]
				ok, rest = ok || n[lotExpired] > 0, rest || left > 0
			}
			left += n[stock]
		}
		if rest {
			rests++
		}
	}
	if !ok {
		return 0, rests, false
	}
	ends := make([]float64, len(of)+1) // by age
	for age := len(of) - 1; age >= 0; age-- {
		if s := of[age]; s.before > 0 {
			ends[age] = (float64(s.lost) + float64(s.after)*ends[age+1]) / float64(s.before)
		}
	}
	for _, m := range slices.Sorted(maps.Keys(c.byMonth)) {
		age := max(0, int(now-m)-1)
		if age < len(ends) {
			expected += float64(c.byMonth[m].live) * ends[age]
		}
	}
	return expected, rests, true
}

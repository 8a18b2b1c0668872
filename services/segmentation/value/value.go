// Package value is what customers are worth and how many stay: the formulas of the
// handbook as pure functions of counts and sums.
//
// Sums are minor units of the brand's currency. Nothing is rounded here, and what
// has no denominator is absent: the second result is false.
package value

import "github.com/rapport-cx/rapport/internal/calendar"

// daysPerYear is the mean of four of the calendar's years, as the contract has it.
const daysPerYear = 365.25

// AverageCheck is what a purchase comes to.
func AverageCheck(spent, purchases int64) (float64, bool) {
	return ratio(float64(spent), float64(purchases))
}

// Years is how long customers were watched, or known: whole days, both ends included.
func Years(days calendar.Days) float64 { return float64(days.Len()) / daysPerYear }

// Frequency is how often a customer buys in a year: purchases of some customers in
// some years.
func Frequency(purchases, customers int64, years float64) (float64, bool) {
	return ratio(float64(purchases), float64(customers)*years)
}

// Lifetime is the value of a customer by the handbook: average check × purchases per
// year × relationship in years.
func Lifetime(averageCheck, perYear, relationship float64) float64 {
	return averageCheck * perYear * relationship
}

// Relationship is the handbook's length of a relationship, in years, of one who
// bought first and last on two days. Who bought on one day alone has a day.
func Relationship(first, last calendar.Day) float64 {
	return Years(calendar.Days{From: first, Until: last + 1})
}

// Redemption is how many percent of the points issued were spent.
func Redemption(spent, issued int64) (percent float64, ok bool) {
	return ratio(100*float64(spent), float64(issued))
}

func ratio(a, b float64) (float64, bool) {
	if b <= 0 {
		return 0, false
	}
	return a / b, true
}

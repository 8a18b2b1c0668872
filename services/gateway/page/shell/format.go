package shell

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/currency"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// Minus is the sign as it is printed; a hyphen is too short to be seen.
const Minus = "\u2212"

// Fixed writes a number with so many decimals.
func (l *Lang) Fixed(v float64, decimals int) string {
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	negative := strings.HasPrefix(s, "-") && strings.Trim(s, "-0.") != ""
	whole, rest, has := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	s = l.grouped(whole)
	if has {
		s += l.decimal + rest
	}
	if negative {
		s = Minus + s
	}
	return s
}

// Count writes a whole number.
func (l *Lang) Count(n int64) string { return l.Fixed(float64(n), 0) }

func (l *Lang) grouped(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + l.groups + digits[i:]
	}
	return digits
}

// Counted is a number with its word in the right form.
func (l *Lang) Counted(n int64, forms []string) string {
	return l.Count(n) + "\u00a0" + forms[l.plural(n)]
}

// Answers counts them in words; none are absent, never 0.
func (l *Lang) Answers(n int64) string {
	if n == 0 {
		return l.NoAnswers
	}
	return l.Counted(n, l.answer)
}

// Decimals is how exact a metric of a kind is written. Nothing is rounded before.
func Decimals(k surveyv1.MetricKind) int {
	if IsMean(k) {
		return 2
	}
	return 1
}

// IsMean reports whether a metric is a mean on its scale and not a percentage.
func IsMean(k surveyv1.MetricKind) bool {
	return k == surveyv1.MetricKind_METRIC_KIND_CES || k == surveyv1.MetricKind_METRIC_KIND_RATING
}

// IsShare reports whether a metric is a percentage.
func IsShare(k surveyv1.MetricKind) bool {
	return !IsMean(k) && k != surveyv1.MetricKind_METRIC_KIND_NPS
}

// Bare writes a value of a metric without its unit.
func (l *Lang) Bare(k surveyv1.MetricKind, v float64) string { return l.Fixed(v, Decimals(k)) }

// ValueOf writes a value of a metric.
func (l *Lang) ValueOf(k surveyv1.MetricKind, v float64) string {
	if IsShare(k) {
		return l.Bare(k, v) + "\u00a0%"
	}
	return l.Bare(k, v)
}

// Span writes an interval.
func (l *Lang) Span(k surveyv1.MetricKind, low, high float64) string {
	return l.Bare(k, low) + " … " + l.ValueOf(k, high)
}

// Apart writes a difference of two values, without its sign.
func (l *Lang) Apart(k surveyv1.MetricKind, v float64) string {
	s := l.Bare(k, v)
	switch {
	case IsMean(k):
		return s
	case IsShare(k):
		return s + "\u00a0" + l.Shares
	}
	return s + "\u00a0" + l.Points
}

func (l *Lang) date(pattern string, months *[12]string, t time.Time) string {
	return strings.NewReplacer("{d}", strconv.Itoa(t.Day()), "{m}", months[t.Month()-1], "{y}", strconv.Itoa(t.Year())).
		Replace(strings.ReplaceAll(pattern, " ", "\u00a0"))
}

// Day writes a day with its year.
func (l *Lang) Day(t time.Time) string { return l.date(l.dayMonthYear, &l.months, t) }

// ShortDay writes a day whose year is clear.
func (l *Lang) ShortDay(t time.Time) string { return l.date(l.dayMonth, &l.months, t) }

// InMonth writes a month.
func (l *Lang) InMonth(t time.Time) string { return l.date(l.monthYear, &l.monthsShort, t) }

// Days writes a stretch of days, both ends included.
func (l *Lang) Days(first, last time.Time) string {
	switch {
	case first.Equal(last):
		return l.Day(last)
	case first.Year() != last.Year():
		return l.Day(first) + " – " + l.Day(last)
	}
	return l.ShortDay(first) + " – " + l.Day(last)
}

// Moment writes an instant in the brand's zone.
func (l *Lang) Moment(t time.Time) string { return l.Day(t) + ", " + t.Format("15:04") }

// Fresh says up to when facts are counted, in a brand's zone; empty where that is not known.
func (l *Lang) Fresh(at *timestamppb.Timestamp, zone *time.Location) string {
	if !at.IsValid() {
		return ""
	}
	return fmt.Sprintf(l.AsOf, l.Moment(at.AsTime().In(zone)))
}

// Soon writes an instant that is near enough to go without a year.
func (l *Lang) Soon(t time.Time) string { return l.ShortDay(t) + ", " + t.Format("15:04") }

// Money writes an amount with its currency; empty without one.
func (l *Lang) Money(m *commonv1.Money) string {
	if m == nil {
		return ""
	}
	decimals := 2
	if unit, err := currency.ParseISO(m.GetCurrency()); err == nil {
		decimals, _ = currency.Standard.Rounding(unit)
	}
	return l.Fixed(float64(m.GetMinorUnits())/math.Pow10(decimals), decimals) + "\u00a0" + m.GetCurrency()
}

// Percent writes a share of 0–1.
func (l *Lang) Percent(share float64) string { return l.Fixed(share*100, 1) + "\u00a0%" }

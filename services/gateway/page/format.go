package page

import (
	"strconv"
	"strings"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// minus is the sign as it is printed; a hyphen is too short to be seen.
const minus = "\u2212"

// fixed writes a number with so many decimals.
func (l *words) fixed(v float64, decimals int) string {
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	negative := strings.HasPrefix(s, "-") && strings.Trim(s, "-0.") != ""
	whole, rest, has := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	s = l.grouped(whole)
	if has {
		s += l.decimal + rest
	}
	if negative {
		s = minus + s
	}
	return s
}

// Count writes a whole number.
func (l *words) Count(n int64) string { return l.fixed(float64(n), 0) }

func (l *words) grouped(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + l.groups + digits[i:]
	}
	return digits
}

// counted is a number with its word in the right form.
func (l *words) counted(n int64, forms []string) string {
	return l.Count(n) + "\u00a0" + forms[l.plural(n)]
}

// Answers counts them in words; none are absent, never 0.
func (l *words) Answers(n int64) string {
	if n == 0 {
		return l.NoAnswers
	}
	return l.counted(n, l.answer)
}

// decimals is how exact a metric of a kind is written. Nothing is rounded before.
func decimals(k surveyv1.MetricKind) int {
	if mean(k) {
		return 2
	}
	return 1
}

// mean reports whether a metric is a mean on its scale and not a percentage.
func mean(k surveyv1.MetricKind) bool {
	return k == surveyv1.MetricKind_METRIC_KIND_CES || k == surveyv1.MetricKind_METRIC_KIND_RATING
}

// share reports whether a metric is a percentage.
func share(k surveyv1.MetricKind) bool { return !mean(k) && k != surveyv1.MetricKind_METRIC_KIND_NPS }

// bare writes a value of a metric without its unit.
func (l *words) bare(k surveyv1.MetricKind, v float64) string { return l.fixed(v, decimals(k)) }

// value writes a value of a metric.
func (l *words) value(k surveyv1.MetricKind, v float64) string {
	if share(k) {
		return l.bare(k, v) + "\u00a0%"
	}
	return l.bare(k, v)
}

// span writes an interval.
func (l *words) span(k surveyv1.MetricKind, low, high float64) string {
	return l.bare(k, low) + " … " + l.value(k, high)
}

// apart writes a difference of two values, without its sign.
func (l *words) apart(k surveyv1.MetricKind, v float64) string {
	s := l.bare(k, v)
	switch {
	case mean(k):
		return s
	case share(k):
		return s + "\u00a0" + l.Shares
	}
	return s + "\u00a0" + l.Points
}

func (l *words) date(pattern string, months *[12]string, t time.Time) string {
	return strings.NewReplacer("{d}", strconv.Itoa(t.Day()), "{m}", months[t.Month()-1], "{y}", strconv.Itoa(t.Year())).
		Replace(strings.ReplaceAll(pattern, " ", "\u00a0"))
}

// day writes a day with its year.
func (l *words) day(t time.Time) string { return l.date(l.dayMonthYear, &l.months, t) }

// shortDay writes a day whose year is clear.
func (l *words) shortDay(t time.Time) string { return l.date(l.dayMonth, &l.months, t) }

// month writes a month.
func (l *words) month(t time.Time) string { return l.date(l.monthYear, &l.monthsShort, t) }

// days writes a stretch of days, both ends included.
func (l *words) days(first, last time.Time) string {
	switch {
	case first.Equal(last):
		return l.day(last)
	case first.Year() != last.Year():
		return l.day(first) + " – " + l.day(last)
	}
	return l.shortDay(first) + " – " + l.day(last)
}

// moment writes an instant in the brand's zone.
func (l *words) moment(t time.Time) string { return l.day(t) + ", " + t.Format("15:04") }

// soon writes an instant that is near enough to go without a year.
func (l *words) soon(t time.Time) string { return l.shortDay(t) + ", " + t.Format("15:04") }

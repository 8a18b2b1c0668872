package tally

import (
	"strconv"
	"strings"

	"github.com/rapport-cx/rapport/internal/fold"
)

// Views are the names of a metric's four measures: histogram and rows, by day
// of experience (official) and by day of answer (live).
type Views struct{ Day, Live, DayRows, LiveRows string }

const (
	dayPrefix      = "day:"
	livePrefix     = "live:"
	dayRowsPrefix  = "day.rows:"
	liveRowsPrefix = "live.rows:"
)

func viewsOf(metric uint32) Views {
	n := strconv.FormatUint(uint64(metric), 10)
	return Views{dayPrefix + n, livePrefix + n, dayRowsPrefix + n, liveRowsPrefix + n}
}

// known holds the names of as many metrics as a brand may have, so that moving
// slabs makes no strings.
var known = func() (views [1 << 10]Views) {
	for i := range views {
		views[i] = viewsOf(uint32(i))
	}
	return views
}()

// ViewsOf are the measures of a metric.
func ViewsOf(metric uint32) Views {
	if metric < uint32(len(known)) {
		return known[metric]
	}
	return viewsOf(metric)
}

// Measures appends the measures of the day that t moves, each once. Every
// response stands in the rows of low.share, scored or not: they are the index
// of all responses. What stands under Invitations is none.
func Measures(t *Tally, day int32, into []string) []string {
	if !t.invitation() {
		all := ViewsOf(LowShare)
		into = appendViews(into, t, day, "", "", all.DayRows, all.LiveRows)
	}
	for i, s := range t.Scores {
		if i > 0 && t.Scores[i-1].Metric == s.Metric {
			continue
		}
		v := ViewsOf(s.Metric)
		if s.Metric == LowShare {
			v.DayRows, v.LiveRows = "", ""
		}
		into = appendViews(into, t, day, v.Day, v.Live, v.DayRows, v.LiveRows)
	}
	return into
}

func (t *Tally) invitation() bool { return len(t.Scores) == 1 && t.Scores[0].Metric == Invitations }

func appendViews(into []string, t *Tally, day int32, byDay, live, dayRows, liveRows string) []string {
	if t.Day == day {
		into = appendNamed(appendNamed(into, byDay), dayRows)
	}
	if t.Live == day {
		into = appendNamed(appendNamed(into, live), liveRows)
	}
	return into
}

func appendNamed(into []string, name string) []string {
	if name == "" {
		return into
	}
	return append(into, name)
}

// New returns an empty slab of a measure.
func New(measure string) fold.Slab[*Tally] {
	prefix, number, _ := strings.Cut(measure, ":")
	metric, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return void{}
	}
	switch prefix + ":" {
	case dayPrefix:
		return NewHist(uint32(metric), false)
	case livePrefix:
		return NewHist(uint32(metric), true)
	case dayRowsPrefix:
		return NewRows(uint32(metric), false)
	case liveRowsPrefix:
		return NewRows(uint32(metric), true)
	}
	return void{}
}

// void stands for a measure of another release, met in a table or cache. It
// counts nothing and believes nothing.
type void struct{}

func (void) Apply(int32, *Tally)          {}
func (void) AppendBinary(b []byte) []byte { return b }
func (void) UnmarshalBinary([]byte) error { return errSlab }
func (void) Size() int                    { return 0 }

// Package query answers questions about scores: it turns a request into a plan
// of days and slabs, sums what the slabs hold and says what the sum is worth.
//
// There are two ways to an answer. Histograms hold, for each subject, all its
// answers by channel and score: most questions are a sum of those. Where a
// question asks for what a histogram does not tell (contact modes, surveys,
// facets, segments, an answer that counts in two of the subjects asked for), the
// rows of the same days are read instead. Both give the same answer where both apply.
package query

import (
	"context"
	"sync"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/segments"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// Engine folds Survey's log.
type Engine = fold.Engine[*tally.Tally]

// Brand is one brand's numbers, definitions and calendar: all that questions
// are put to. It is made once and is safe for concurrent use.
type Brand struct {
	Name   string
	Engine *Engine
	Log    *feed.Log
	// Book is the directory as it stands; it is another one after the log was replaced.
	Book func() *directory.Book
	Zone *calendar.Zone
	// Locales are the languages that names are shown in, the first one first.
	Locales []string
	// People is who stands for whom.
	People func() *people.Mapping
	// Segments are who is in the segments that questions name.
	Segments *segments.Cache

	repeats repeated

	mu     sync.Mutex
	extent extent
}

// extent is the run of days that have any facts, as of one seq of the log.
type extent struct {
	seq  int64
	days calendar.Days
}

// recorded is the run of days that have any facts; empty before the first. It
// only changes with the log, so it is read again when that has moved.
func (b *Brand) recorded(ctx context.Context) (calendar.Days, error) {
	seq := b.Engine.Applied(b.Name).Seq
	b.mu.Lock()
	known := b.extent
	b.mu.Unlock()
	if seq > 0 && known.seq == seq {
		return known.days, nil
	}
	first, last, ok, err := b.Log.DayRange(ctx, b.Name)
	if err != nil {
		return calendar.Days{}, err
	}
	var days calendar.Days
	if ok {
		days = calendar.Days{From: calendar.Day(first), Until: calendar.Day(last) + 1}
	}
	b.mu.Lock()
	b.extent = extent{seq, days}
	b.mu.Unlock()
	return days, nil
}

package value

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Question is what everybody bought on some days, and who of them stayed, where a
// purchase makes active for so many days.
type Question struct {
	Days   calendar.Days
	Active int
}

// Sum is what a question came to. It holds whole numbers alone.
type Sum struct {
	Group  Group
	Period Period
}

func (s *Sum) plus(o *Sum) {
	s.Group.Plus(&o.Group)
	s.Period.plus(&o.Period, 1)
}

func (s *Sum) minus(o *Sum) {
	s.Group.minus(&o.Group)
	s.Period.plus(&o.Period, -1)
}

// Source is where purchases are read, and who tells of what they depend on.
type Source struct {
	Brand string
	DB    sqldb.Querier
	Log   feed.Reader
	// Now reads where things stand.
	Now func(ctx context.Context) (Now, error)
	// People are the merges of at least everything in the log when it is asked.
	People func(ctx context.Context) (*people.Mapping, error)
	Clock  func() time.Time
}

// Now is where things stand: up to when purchases are known, how often their table was
// counted anew, the last number given out, and the head of the log.
type Now struct {
	AsOf, Rebuilt, Last int64
	Head                feed.Cursor
}

const (
	// block is how many numbers are counted apart: few enough that a purchase costs
	// little to take in, enough that what is kept of ten million customers is small.
	block = 512
	// mostAsked is of how many questions counts are kept.
	mostAsked = 16
	// room is how many bytes of what persons bought are kept of a brand: some forty for a
	// customer who buys ten times a year, for each year. What has no room is read anew
	// for each question that was not asked lately.
	room = 256 << 20
)

// Kept is what everybody in a brand bought, by the day, and the answers to some questions
// about it, both block by block of numbers. A purchase, a merge or a new customer makes
// the blocks stale that it touches; those alone are read again, when next asked for, so
// that an answer never is behind the log and costs what happened since the last one. A
// new question is answered from what is kept.
type Kept struct {
	from Source
	// turn is held by whoever brings answers up to the log.
	turn chan struct{}
	// era counts how often everything was dropped.
	era atomic.Int64

	seen    int64 // of era, what follows was found in
	rebuilt int64 // how often the table had been counted anew
	head    feed.Cursor
	touched int64 // counts what made anything stale
	last    int64
	people  *people.Mapping
	// moved has for each block the round in which it was last made stale.
	moved []int64
	round int64
	asked map[Question]*counted
	// sheets has what the persons of each block bought, nil where it is not kept, which
	// take up bytes of room.
	sheets      []*sheet
	bytes, room int64
}

// counted is one question's answer in parts.
type counted struct {
	whole Sum
	parts []Sum
	// rounds are those in which the parts were counted; 0: never.
	rounds []int64
	used   time.Time
}

// NewKept keeps nothing yet.
func NewKept(from Source) *Kept {
	return &Kept{from: from, turn: make(chan struct{}, 1), seen: -1, room: room}
}

// Forget drops everything: the log turned out to be another one.
func (k *Kept) Forget() { k.era.Add(1) }

// Ask answers a question as of now; asOf is up to when purchases are known.
func (k *Kept) Ask(ctx context.Context, q Question) (out Sum, asOf int64, err error) {
	asOf, err = k.within(ctx, func() error {
		counts, err := k.count(ctx, []Question{q})
		if err == nil {
			out = counts[0].whole
		}
		return err
	})
	return out, asOf, err
}

// Together answers some questions as of one moment, which is that of whoever asks first.
func (k *Kept) Together(all []Question) func(context.Context, Question) (Sum, int64, error) {
	var once sync.Once
	var asOf int64
	var err error
	sums := make(map[Question]Sum, len(all))
	return func(ctx context.Context, q Question) (Sum, int64, error) {
		once.Do(func() {
			asOf, err = k.within(ctx, func() error {
				counts, err := k.count(ctx, all)
				for i, c := range counts {
					sums[all[i]] = c.whole
				}
				return err
			})
		})
		if sum, ok := sums[q]; ok || err != nil {
			return sum, asOf, err
		}
		return k.Ask(ctx, q) // midnight passed: today is another day
	}
}

// Version changes with everything that an answer about anybody's purchases depends on.
func (k *Kept) Version(ctx context.Context) (version [3]int64, asOf int64, err error) {
	asOf, err = k.within(ctx, func() error {
		version = [3]int64{k.seen, k.touched, k.last}
		return nil
	})
	return version, asOf, err
}

// within takes the turn, takes in what is new, and does something.
func (k *Kept) within(ctx context.Context, do func() error) (asOf int64, err error) {
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	now, err := k.from.Now(ctx)
	if err == nil {
		err = k.take(ctx, &now)
	}
	if err != nil {
		return 0, err
	}
	return now.AsOf, do()
}

// question is what is kept of one; the one that was not asked for longest makes room.
func (k *Kept) question(q Question) *counted {
	now := k.from.Clock()
	one := k.asked[q]
	if one == nil {
		if len(k.asked) >= mostAsked {
			k.dropOldest()
		}
		one = &counted{}
		k.asked[q] = one
	}
	one.used = now
	return one
}

func (k *Kept) dropOldest() {
	var oldest Question
	var used time.Time
	for q, c := range k.asked {
		if used.IsZero() || c.used.Before(used) {
			oldest, used = q, c.used
		}
	}
	delete(k.asked, oldest)
}

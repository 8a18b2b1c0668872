package lake

import (
	"context"
	"errors"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Sealed is what a sealing wrote.
type Sealed struct {
	Files  int
	Events int64
}

// Seal writes all events of days before today that are not in files yet, and takes
// out those that no longer hold; with compact each month that is over becomes one
// file per bucket. To be overtaken by another sealer is no error: its work stands.
func (l *Lake) Seal(ctx context.Context, brand string, compact bool) (Sealed, error) {
	done, err := l.seal(ctx, sealing{
		brand: brand, compact: compact,
		day:   func(calendar.Day, int64) bool { return true },
		month: func(calendar.Days, int64, bool) bool { return true },
	})
	if errors.Is(err, errMoved) {
		err = nil
	}
	return done, err
}

// overtaken is how often a sealing begins anew before it leaves the rest to those
// that overtook it.
const overtaken = 3

func (l *Lake) seal(ctx context.Context, s sealing) (Sealed, error) {
	s.lake = l
	var err error
	for range overtaken {
		if err = s.run(ctx); !errors.Is(err, errMoved) {
			break
		}
	}
	if s.done != (Sealed{}) {
		err = errors.Join(err, l.list(ctx, s.brand))
	}
	return s.done, err
}

// sealing is one run over the days of a brand.
type sealing struct {
	lake  *Lake
	brand string
	// compact joins the files of months that are over.
	compact bool
	// day and month tell if a day, or a month as one, is ready, by its last fact; fresh
	// is a month of which nothing is in files yet.
	day   func(calendar.Day, int64) bool
	month func(days calendar.Days, last int64, fresh bool) bool
	at    *manifest
	head  feed.Head
	done  Sealed
}

func (s *sealing) run(ctx context.Context) error {
	l := s.lake
	var err error
	// First the files, then the log: so no file knows more than the log that is read.
	if s.at, err = l.store.manifest(ctx, s.brand); err != nil {
		return err
	}
	if s.head, err = l.log.Head(ctx, s.brand); err != nil {
		return err
	}
	first, touched, err := l.touched(ctx, s.brand, calendar.Days{From: Ever.From, Until: l.today(s.brand)})
	if err != nil {
		return err
	}
	all := calendar.Days{From: first, Until: first + calendar.Day(len(touched))}
	for days := range all.Split(calendar.GrainMonth) {
		if err := s.sealMonth(ctx, days, touched[days.From-first:days.Until-first]); err != nil {
			return err
		}
	}
	return nil
}

// sealMonth seals what has changed within a month: days, of which touched has the
// last facts, are those of it that the log has.
func (s *sealing) sealMonth(ctx context.Context, days calendar.Days, touched []int64) error {
	whole := calendar.Days{From: calendar.GrainMonth.First(days.From), Until: calendar.GrainMonth.Next(days.From)}
	last, dirty := int64(0), false
	for i, seq := range touched {
		last = max(last, seq)
		dirty = dirty || seq > s.at.upto(days.From+calendar.Day(i))
	}
	spans := s.at.within(whole)
	if len(spans) == 1 && spans[0].Days == whole {
		if dirty && s.month(whole, last, false) {
			return s.sealSpan(ctx, whole, 0)
		}
		return nil
	}
	over, fresh := s.compact && whole.Until <= s.lake.today(s.brand), len(spans) == 0
	join := over && (dirty || !fresh) && s.month(whole, last, fresh)
	if over && fresh && !join {
		return nil // its days become one soon: an import is at work
	}
	if join {
		if err := s.sealSpan(ctx, whole, s.lake.atOnce); !errors.Is(err, errMuch) {
			return err
		}
	}
	for i, seq := range touched {
		if d := days.From + calendar.Day(i); seq > s.at.upto(d) && s.day(d, seq) {
			if err := s.sealSpan(ctx, calendar.Days{From: d, Until: d + 1}, 0); err != nil {
				return err
			}
		}
	}
	if join {
		return s.sealSpan(ctx, whole, 0)
	}
	return nil
}

package journey

import (
	"context"
	"sync"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/fold"
)

// extent is the run of days that have any facts, as of one seq of the log.
type extent struct {
	mu   sync.Mutex
	seq  int64
	days calendar.Days
}

// recordedNow is recorded, remembered: it only changes with the log, so it is read
// again when that has moved.
func (s *Server) recordedNow(ctx context.Context, b *brand) (calendar.Days, error) {
	seq := s.store.folds.Applied(b.ID).Seq
	e := &b.extent
	e.mu.Lock()
	known, days := e.seq, e.days
	e.mu.Unlock()
	if seq > 0 && known == seq {
		return days, nil
	}
	days, err := s.recorded(ctx, b)
	if err != nil {
		return days, err
	}
	e.mu.Lock()
	e.seq, e.days = seq, days
	e.mu.Unlock()
	return days, nil
}

// span is a window as the folds read it.
type span struct {
	// asked are the days the window names, if it names any; they may go far beyond
	// what is recorded.
	asked *calendar.Days
	// days are those of the window that may have facts, recorded all that do.
	days, recorded calendar.Days
}

// span resolves a window, and cuts it to the days that have facts.
func (s *Server) span(ctx context.Context, b *brand, w *journeyv1.Window) (span, error) {
	if err := s.cadence(ctx, w); err != nil {
		return span{}, err
	}
	recorded, err := s.recordedNow(ctx, b)
	if err != nil || w.GetWindow() == nil {
		return span{days: recorded, recorded: recorded}, err
	}
	bad := fault.Invalid()
	asked, err := s.window(ctx, b, w, bad)
	if err == nil {
		err = bad.Err()
	}
	days := calendar.Days{From: max(asked.From, recorded.From), Until: min(asked.Until, recorded.Until)}
	days.Until = max(days.From, days.Until)
	return span{asked: &asked, days: days, recorded: recorded}, err
}

// spans are the days as the folds count them.
func spans(days calendar.Days) []fold.Span {
	if days.Len() <= 0 {
		return nil
	}
	return fold.Days(int32(days.From), int32(days.Until))
}

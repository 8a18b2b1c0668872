package loyalty

import (
	"context"
	"time"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/reward"
)

// keepReleasing writes down which takings of rewards are over, until ctx ends. Who asks
// sees so without it; this is for stocks that nobody asks about.
func (s *Server) keepReleasing(ctx context.Context, b *brand) error {
	every := s.config.SweepEvery
	if every < 0 {
		<-ctx.Done()
		return nil
	}
	timer := time.NewTimer(every)
	defer timer.Stop()
	down := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		n, err := s.release(ctx, b)
		if err != nil && !down && ctx.Err() == nil {
			s.log.Warn("rewards that are over wait", "brand", b.ID, "error", err)
		}
		if down = err != nil; n == sweepPiece {
			timer.Reset(0)
		} else {
			timer.Reset(every)
		}
	}
}

// release gives back the pieces of some takings that are over, if there are any.
func (s *Server) release(ctx context.Context, b *brand) (n int, err error) {
	due, err := reward.Due(ctx, s.store.db, b.ID, s.clock().UnixMicro())
	if err != nil || !due {
		return 0, err
	}
	d := &deed{}
	d.do = func(ctx context.Context, tx *sqldb.Tx, l *ledger.Session) (_ ledger.Outcome, err error) {
		n, err = s.desk(b, tx, l).ReleaseSome(ctx, sweepPiece)
		return ledger.Outcome{}, err
	}
	_, err = s.deeds.Do(ctx, b.ID, d)
	return n, err
}

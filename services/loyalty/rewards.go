package loyalty

import (
	"context"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/reward"
)

// keepReleasing writes down which takings of rewards are over, until ctx ends. Who asks
// sees so without it; this is for stocks that nobody asks about.
func (s *Server) keepReleasing(ctx context.Context, b *brand) error {
	return s.inTurn(ctx, b, "rewards", "rewards that are over wait", func(ctx context.Context) (bool, error) {
		n, err := s.release(ctx, b)
		return n == sweepPiece, err
	})
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

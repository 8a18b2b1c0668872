package loyalty

import (
	"context"
	"strings"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/offer"
	"github.com/rapport-cx/rapport/services/loyalty/reward"
)

// deed is a request that moves something else besides points, on its way to be decided.
type deed struct {
	posting
	// do decides it. It may run twice, the first time for nothing.
	do func(context.Context, *sqldb.Tx, *ledger.Session) (ledger.Outcome, error)
}

// decide is one group commit of deeds: each sees what the one before did.
func (s *Server) decide(ctx context.Context, brand string, deeds []*deed) []commit.Result[ledger.Outcome] {
	b := s.brands[brand]
	out := make([]commit.Result[ledger.Outcome], len(deeds))
	var keys [][]byte
	var customers []int64
	for _, d := range deeds {
		if d.task.Key != nil {
			keys = append(keys, d.task.Key)
		}
		if d.task.Who != 0 {
			customers = append(customers, d.task.Who)
		}
	}
	var written *ledger.Written
	err := s.store.db.Write(ctx, func(tx *sqldb.Tx) error {
		session, err := b.keeper.Begin(ctx, tx, keys, customers)
		if err != nil {
			return err
		}
		for i, d := range deeds {
			clearFound(d.record)
			out[i].Value, out[i].Err = d.do(ctx, tx, session)
			if out[i].Err != nil && fault.From(out[i].Err) == nil {
				return out[i].Err
			}
		}
		written, err = session.Write(ctx, tx)
		return err
	})
	if err != nil {
		for i := range out {
			out[i] = commit.Result[ledger.Outcome]{Err: err}
		}
		return out
	}
	written.Told(ctx)
	return out
}

// clearFound takes out what an attempt found that came to nothing.
func clearFound(r *loyaltyv1.EntryRecord) {
	if r != nil {
		r.Refusal, r.Balance, r.Taken, r.Offer, r.Own, r.Entry = nil, nil, nil, nil, nil, 0
	}
}

// dealt has one deed decided. ask learns from neighbours what must be known before. What
// cannot be judged today may have been decided before: then that is the answer.
func (s *Server) dealt(ctx context.Context, b *brand, d *deed, ask func() error) (outcome, error) {
	refused := s.judge(ctx, b, []*posting{&d.posting})[0]
	if refused == nil && ask != nil {
		refused = ask()
	}
	if refused != nil {
		r := s.again(ctx, b, &d.posting, refused)
		return outcome{r.Value}, r.Err
	}
	out, err := s.deeds.Do(ctx, b.ID, d)
	return outcome{out}, floor.Unavailable("decide", err)
}

// reserved refuses what names the points of a reward as its order: they come and go with
// the reward alone.
func reserved(in any) error {
	about, ok := in.(interface{ GetOrigin() *loyaltyv1.Origin })
	if ok && strings.HasPrefix(about.GetOrigin().GetOrderId(), reward.Orders) {
		return fault.Invalid().Field("origin.order_id", "must not begin with %q", reward.Orders).Err()
	}
	return nil
}

// verifyDeeds recounts what requests moved besides points.
func (s *Server) verifyDeeds(ctx context.Context, b *brand, report func(floor.Drift)) (n int, err error) {
	err = s.store.db.Read(ctx, func(tx *sqldb.Tx) error {
		drift := func(table string, seq int64, reason string) {
			report(floor.Drift{Fold: table, Where: "table", Seq: seq, Reason: reason})
		}
		if n, err = reward.Verify(ctx, tx, b.ID, drift); err != nil {
			return err
		}
		more, err := offer.Verify(ctx, tx, b.ID, drift)
		n += more
		return err
	})
	return n, err
}

// rebuildDeeds makes it anew.
func rebuildDeeds(ctx context.Context, tx *sqldb.Tx, brand string) error {
	if err := reward.Rebuild(ctx, tx, brand); err != nil {
		return err
	}
	return offer.Rebuild(ctx, tx, brand)
}

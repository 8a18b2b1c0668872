package journey

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/journey/event"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// known makes facts of identities that were resolved: a reversal of the event as it
// came and a version that knows its customer, in one commit. Who belongs to nobody
// stays anonymous.
func (s *store) known(brand string) func(context.Context, *sqldb.Tx, []people.Resolved) ([]feed.Fact, error) {
	return func(ctx context.Context, tx *sqldb.Tx, resolved []people.Resolved) ([]feed.Fact, error) {
		became := make(map[int64]people.Resolved, len(resolved))
		var seqs []int64
		for _, r := range resolved {
			if r.Customer != 0 || fault.Is(r.Refused, commonv1.Reason_REASON_IDENTITY_ERASED) {
				became[r.Seq] = r
				seqs = append(seqs, r.Seq)
			}
		}
		firsts, err := feed.In(tx).Get(ctx, brand, seqs...)
		if err != nil {
			return nil, err
		}
		out := make([]feed.Fact, 0, 2*len(firsts))
		for i := range firsts {
			f := &firsts[i]
			if became[f.Seq].Customer == 0 {
				if _, err := blank(ctx, tx, brand, f); err != nil {
					return nil, err
				}
				continue
			}
			next, err := knowing(f, became[f.Seq].Customer)
			if err != nil {
				return nil, err
			}
			out = append(out, feed.Fact{Kind: record.Reversal, Of: f.Seq, Day: f.Day, Day2: f.Day2, Who: f.Who, Data: f.Data}, next)
		}
		return out, nil
	}
}

// knowing is the version of an event that knows its customer.
func knowing(first *feed.Fact, who int64) (feed.Fact, error) {
	kept, err := record.Kept(first)
	if err != nil {
		return feed.Fact{}, err
	}
	kept.Event.Actor = &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: who}}}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(kept)
	return feed.Fact{
		Kind: record.Event, Of: first.Seq, Day: first.Day, Day2: first.Day2, Who: who, Data: first.Data, Body: body,
	}, err
}

// erase blanks what is personal in all events of one number, with the log locked.
// What is counted of them stays. The fact that follows tells of it: whoever keeps
// copies of events must make them anew.
func (s *store) erase(ctx context.Context, tx *sqldb.Tx, brand string, customer int64) (records int64, facts []feed.Fact, err error) {
	seqs, days, err := versionsOf(ctx, tx, brand, customer)
	if err != nil {
		return 0, nil, err
	}
	for len(seqs) > 0 {
		n := min(len(seqs), maxRows)
		found, err := feed.In(tx).Get(ctx, brand, seqs[:n]...)
		if err != nil {
			return 0, nil, err
		}
		for i := range found {
			blanked, err := blank(ctx, tx, brand, &found[i])
			if err != nil {
				return 0, nil, err
			}
			records += blanked
		}
		seqs = seqs[n:]
	}
	body, err := proto.Marshal(&segmentationv1.CustomerEvent{Kind: segmentationv1.CustomerEvent_KIND_ERASED, Id: customer})
	if err != nil {
		return 0, nil, err
	}
	return records, []feed.Fact{{
		Kind: record.Erased, Day: feed.NoDay, Day2: feed.NoDay, Who: customer, Data: record.AppendDays(nil, days), Body: body,
	}}, nil
}

// versionsOf are all versions of the events that are of one customer now, and the
// days they stand on, ascending.
func versionsOf(ctx context.Context, tx *sqldb.Tx, brand string, customer int64) (seqs []int64, days []int32, err error) {
	rows, err := tx.Query(ctx, `SELECT seq, of, day FROM fact
WHERE brand = $1 AND who = $2 AND who <> 0 AND kind = 1 ORDER BY day, seq`, brand, customer)
	if err != nil {
		return nil, nil, fmt.Errorf("read events of a customer: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var seq, of int64
		var day int32
		if err := rows.Scan(&seq, &of, &day); err != nil {
			return nil, nil, fmt.Errorf("read events of a customer: %w", err)
		}
		if seqs = append(seqs, seq); of != 0 {
			seqs = append(seqs, of)
		}
		days = append(days, day)
	}
	return seqs, slices.Compact(days), rows.Err()
}

// blank rewrites one version in place, the one exception to facts that never
// change; it tells how many had something to blank.
func blank(ctx context.Context, tx *sqldb.Tx, brand string, f *feed.Fact) (int64, error) {
	kept, err := record.Kept(f)
	if err != nil || kept.GetErased() {
		return 0, err
	}
	event.Blank(kept)
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(kept)
	if err != nil {
		return 0, err
	}
	n, err := tx.Exec(ctx, "UPDATE fact SET body = $3 WHERE brand = $1 AND seq = $2", brand, f.Seq, body)
	if err != nil {
		return 0, fmt.Errorf("blank event %d: %w", f.Seq, err)
	}
	return n, nil
}

// lostIdentities are the numbers of sealed identities that no anonymous event
// waits for.
func (s *store) lostIdentities(ctx context.Context, brand string) ([]int64, error) {
	rows, err := s.db.Query(ctx, `SELECT i.seq FROM sealed_identity i WHERE i.brand = $1 AND NOT EXISTS
(SELECT 1 FROM fact f WHERE f.brand = i.brand AND f.seq = i.seq AND f.kind = 1 AND f.who = 0) ORDER BY i.seq`, brand)
	if err != nil {
		return nil, fmt.Errorf("look for lost identities: %w", err)
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, fmt.Errorf("look for lost identities: %w", err)
		}
		out = append(out, seq)
	}
	return out, rows.Err()
}

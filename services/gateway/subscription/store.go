package subscription

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"google.golang.org/protobuf/proto"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Kinds of facts of the gateway's log. 1 is a metric tree.
const (
	kindSubscription int16 = 2
	kindPlanned      int16 = 3
	kindEnded        int16 = 4
)

// Store keeps subscriptions and deliveries.
type Store struct {
	db *sqldb.DB
}

// NewStore keeps them in the gateway's database.
func NewStore(db *sqldb.DB) *Store { return &Store{db: db} }

// Migrate creates or updates the tables, those of the log too.
func (s *Store) Migrate(ctx context.Context) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return errors.Join(feed.Migrate(ctx, s.db), s.db.Migrate(ctx, "subscription", files))
}

// micros is a moment as it is stored; none is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

const subscriptionColumns = "brand, id, due_at, seq, body"

func scanHeld(scan func(...any) error) (*held, error) {
	h := &held{record: &reportv1.SubscriptionRecord{}}
	var due int64
	var body []byte
	if err := scan(&h.brand, &h.id, &due, &h.first, &body); err != nil {
		return nil, err
	}
	h.due = moment(due)
	if err := proto.Unmarshal(body, h.record); err != nil {
		return nil, fmt.Errorf("read subscription %s: %w", h.id, err)
	}
	return h, nil
}

// get reads one; nil: there is none.
func get(ctx context.Context, q sqldb.Querier, brand, id string) (*held, error) {
	h, err := scanHeld(q.QueryRow(ctx, "SELECT "+subscriptionColumns+" FROM subscription WHERE brand = $1 AND id = $2", brand, id).Scan)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, nil
	}
	return h, err
}

// heldRows reads subscriptions.
func heldRows(ctx context.Context, q sqldb.Querier, query string, args ...any) ([]*held, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*held
	for rows.Next() {
		h, err := scanHeld(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, rows.Err()
}

// list reads a page by id; owner, if given, is whose.
func (s *Store) list(ctx context.Context, brand, owner, after string, limit int) ([]*held, error) {
	return heldRows(ctx, s.db, "SELECT "+subscriptionColumns+` FROM subscription
WHERE brand = $1 AND id > $2 AND ($3 = '' OR owner = $3) ORDER BY id LIMIT $4`, brand, after, owner, limit)
}

// change replaces a subscription by what decide makes of it. Both are nil where there is
// none; the same again changes nothing. Decide may run twice.
func (s *Store) change(ctx context.Context, brand, id string, now time.Time, decide func(tx *sqldb.Tx, have *held) (*held, error)) (out *held, err error) {
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		head, err := feed.Lock(ctx, tx, brand, now)
		if err != nil {
			return err
		}
		have, err := get(ctx, tx, brand, id)
		if err != nil {
			return err
		}
		if out, err = decide(tx, have); err != nil || out == have {
			return err
		}
		if out == nil {
			return forget(ctx, tx, &head, have, now)
		}
		return put(ctx, tx, &head, have, out)
	})
	return out, err
}

// put writes a subscription and the fact that it is so.
func put(ctx context.Context, tx *sqldb.Tx, head *feed.Head, have, next *held) error {
	body, err := proto.Marshal(next.record)
	if err != nil {
		return fmt.Errorf("write subscription %s: %w", next.id, err)
	}
	fact := []feed.Fact{{Kind: kindSubscription, Day: feed.NoDay, Day2: feed.NoDay, Body: body}}
	if have != nil {
		fact[0].Of, next.first = have.first, have.first
	}
	if err := feed.Put(ctx, tx, head, fact); err != nil {
		return err
	}
	if have == nil {
		next.first = fact[0].Seq
	}
	_, err = tx.Exec(ctx, `INSERT INTO subscription (brand, id, owner, due_at, reach, seq, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (brand, id) DO UPDATE SET due_at = $4, reach = $5, body = $7`,
		next.brand, next.id, next.owner(), micros(next.due), reachOf(next.subscription()).Microseconds(), next.first, body)
	if err != nil {
		return fmt.Errorf("write subscription %s: %w", next.id, err)
	}
	return nil
}

// forget deletes a subscription, and to whom it went out of all facts about it. What was
// pending ends.
func forget(ctx context.Context, tx *sqldb.Tx, head *feed.Head, have *held, now time.Time) error {
	gone := proto.CloneOf(have.record)
	gone.Deleted, gone.Target, gone.Mandate = true, nil, nil
	body, err := proto.Marshal(gone)
	if err != nil {
		return fmt.Errorf("forget subscription %s: %w", have.id, err)
	}
	if err := blankTargets(ctx, tx, have); err != nil {
		return err
	}
	if err := feed.Put(ctx, tx, head, []feed.Fact{{Kind: kindSubscription, Day: feed.NoDay, Day2: feed.NoDay, Of: have.first, Body: body}}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM subscription WHERE brand = $1 AND id = $2", have.brand, have.id); err != nil {
		return fmt.Errorf("forget subscription %s: %w", have.id, err)
	}
	return cancel(ctx, tx, head, have.brand, have.id, now, "the subscription was deleted")
}

// stop puts an end to a subscription, if decide finds that it must, and to what is
// pending of it.
func (s *Store) stop(ctx context.Context, brand, id string, now time.Time, why string, decide func(have *held) (next *held, stops bool)) (stopped bool, err error) {
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		head, err := feed.Lock(ctx, tx, brand, now)
		if err != nil {
			return err
		}
		have, err := get(ctx, tx, brand, id)
		if err != nil || have == nil {
			return err
		}
		next, stops := decide(have)
		if stopped = stops; !stops {
			return nil
		}
		if err := put(ctx, tx, &head, have, next); err != nil {
			return err
		}
		return cancel(ctx, tx, &head, brand, id, now, why)
	})
	return stopped, err
}

func blankTargets(ctx context.Context, tx *sqldb.Tx, have *held) error {
	facts, err := feed.In(tx).Versions(ctx, have.brand, have.first)
	if err != nil {
		return err
	}
	for i := range facts {
		record := &reportv1.SubscriptionRecord{}
		if err := proto.Unmarshal(facts[i].Body, record); err != nil {
			return fmt.Errorf("read subscription %s: %w", have.id, err)
		}
		record.Target, record.Mandate = nil, nil
		body, err := proto.Marshal(record)
		if err != nil {
			return fmt.Errorf("forget subscription %s: %w", have.id, err)
		}
		if err := feed.Blank(ctx, tx, have.brand, facts[i].Seq, body); err != nil {
			return err
		}
	}
	return nil
}

// count tells how many a brand has.
func count(ctx context.Context, tx *sqldb.Tx, brand string) (n int, err error) {
	err = tx.QueryRow(ctx, "SELECT count(*) FROM subscription WHERE brand = $1", brand).Scan(&n)
	return n, err
}

// soonest is when something of a brand may be due or tried next; zero: nothing is.
func (s *Store) soonest(ctx context.Context, brand string) (time.Time, error) {
	var due, next *int64
	err := s.db.QueryRow(ctx, `SELECT (SELECT min(due_at) FROM subscription WHERE brand = $1 AND due_at <> 0),
(SELECT min(next_at) FROM delivery WHERE brand = $1 AND status = 1)`, brand).Scan(&due, &next)
	if err != nil || due == nil && next == nil {
		return time.Time{}, err
	}
	if due == nil || next != nil && *next < *due {
		due = next
	}
	return moment(*due), nil
}

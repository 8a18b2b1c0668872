package subscription

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

const deliveryColumns = "brand, owner, status, next_at, attempts, told, doubt, error, body"

func scanDelivery(scan func(...any) error) (*delivery, error) {
	d := &delivery{Delivery: &reportv1.Delivery{}}
	var next, status int64
	var attempts, doubt int32
	var failed string
	var body []byte
	if err := scan(&d.brand, &d.owner, &status, &next, &attempts, &d.told, &doubt, &failed, &body); err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(body, d.Delivery); err != nil {
		return nil, fmt.Errorf("read delivery: %w", err)
	}
	d.next, d.doubt = moment(next), doubt != 0
	d.Status, d.Attempts, d.LastError = reportv1.Delivery_Status(status), attempts, failed
	return d, nil
}

func deliveryRows(ctx context.Context, q sqldb.Querier, query string, args ...any) ([]*delivery, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*delivery
	for rows.Next() {
		d, err := scanDelivery(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// overdue are subscriptions that are due, or due too far ahead.
const overdue = "SELECT " + subscriptionColumns + ` FROM subscription
WHERE brand = $1 AND due_at <> 0 AND (due_at <= $2 OR due_at > $2 + reach) ORDER BY due_at, id LIMIT $3`

// plan records what is due, by what decide makes of each subscription that is: the
// delivery, nil for none, and when it is due next. It tells how many it planned, and
// whether there may be more. Decide may run twice.
func (s *Store) plan(ctx context.Context, brand string, now time.Time, decide func(*held) (*delivery, time.Time, error)) (planned int, more bool, err error) {
	due, err := heldRows(ctx, s.db, overdue, brand, micros(now), 1)
	if err != nil || len(due) == 0 {
		return 0, false, err // the log is not locked for nothing
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		planned = 0
		head, err := feed.Lock(ctx, tx, brand, now)
		if err != nil {
			return err
		}
		all, err := heldRows(ctx, tx, overdue, brand, micros(now), slice)
		if err != nil {
			return err
		}
		more = len(all) == slice
		var facts []feed.Fact
		for _, h := range all {
			d, next, err := decide(h)
			if err != nil {
				return err
			}
			if d != nil {
				fact, err := insertDelivery(ctx, tx, d)
				if err != nil {
					return err
				}
				facts = append(facts, fact...)
			}
			if _, err := tx.Exec(ctx, "UPDATE subscription SET due_at = $3 WHERE brand = $1 AND id = $2", brand, h.id, micros(next)); err != nil {
				return fmt.Errorf("plan subscription %s: %w", h.id, err)
			}
		}
		planned = len(facts)
		return feed.Put(ctx, tx, &head, facts)
	})
	return planned, more, err
}

// trial records a delivery that somebody asked for, unless it is there.
func (s *Store) trial(ctx context.Context, now time.Time, d *delivery) (out *delivery, err error) {
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		head, err := feed.Lock(ctx, tx, d.brand, now)
		if err != nil {
			return err
		}
		facts, err := insertDelivery(ctx, tx, d)
		if err != nil {
			return err
		}
		if err := feed.Put(ctx, tx, &head, facts); err != nil {
			return err
		}
		out, err = scanDelivery(tx.QueryRow(ctx, "SELECT "+deliveryColumns+" FROM delivery WHERE brand = $1 AND id = $2", d.brand, d.GetId()).Scan)
		return err
	})
	return out, err
}

// insertDelivery adds a delivery, with its fact, unless it is there.
func insertDelivery(ctx context.Context, tx *sqldb.Tx, d *delivery) ([]feed.Fact, error) {
	body, err := proto.Marshal(d.Delivery)
	if err != nil {
		return nil, fmt.Errorf("plan delivery: %w", err)
	}
	n, err := tx.Exec(ctx, `INSERT INTO delivery (brand, id, subscription, owner, due_at, status, next_at, attempts, told, doubt, error, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, '', $8) ON CONFLICT DO NOTHING`,
		d.brand, d.GetId(), d.GetSubscriptionId(), d.owner, d.GetDueAt().AsTime().UnixMicro(), int(reportv1.Delivery_STATUS_PENDING), micros(d.next), body)
	if err != nil {
		return nil, fmt.Errorf("plan delivery: %w", err)
	}
	if n == 0 {
		return nil, nil
	}
	fact, err := deliveryFact(kindPlanned, d)
	return []feed.Fact{fact}, err
}

func deliveryFact(kind int16, d *delivery) (feed.Fact, error) {
	body, err := proto.Marshal(&reportv1.DeliveryRecord{Delivery: d.Delivery, Owner: d.owner})
	return feed.Fact{Kind: kind, Day: feed.NoDay, Day2: feed.NoDay, Body: body}, err
}

// claim begins an attempt at deliveries whose time has come: it is recorded before
// anything is sent, and nobody else begins one until the lease is over. A time that is
// further ahead than any pause was written by a clock that stood wrong.
func (s *Store) claim(ctx context.Context, brand string, now time.Time, limit int) ([]*delivery, error) {
	const pending = "SELECT " + deliveryColumns + ` FROM delivery WHERE brand = $1 AND status = 1 AND next_at <= $2
UNION ALL SELECT ` + deliveryColumns + ` FROM delivery WHERE brand = $1 AND status = 1 AND next_at > $3 ORDER BY next_at LIMIT $4`
	all, err := deliveryRows(ctx, s.db, pending, brand, micros(now), micros(now.Add(longest)), limit)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	var mine []*delivery
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		mine = mine[:0]
		for _, d := range all {
			n, err := tx.Exec(ctx, `UPDATE delivery SET attempts = attempts + 1, next_at = $4, doubt = CASE WHEN attempts > told THEN 1 ELSE doubt END
WHERE brand = $1 AND id = $2 AND status = 1 AND attempts = $3 AND next_at = $5`, brand, d.GetId(), d.GetAttempts(), micros(now.Add(lease)), micros(d.next))
			if err != nil {
				return fmt.Errorf("begin delivery: %w", err)
			}
			if n == 1 {
				mine = append(mine, d)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, d := range mine {
		d.doubt = d.doubt || d.Attempts > d.told
		d.Attempts++
	}
	return mine, nil
}

// again puts a delivery off that could not be made, if the attempt is still the last.
func (s *Store) again(ctx context.Context, d *delivery, next time.Time, failed string, doubt bool) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE delivery SET told = attempts, next_at = $4, error = $5, doubt = CASE WHEN $6 = 1 THEN 1 ELSE doubt END
WHERE brand = $1 AND id = $2 AND status = 1 AND attempts = $3`, d.brand, d.GetId(), d.GetAttempts(), micros(next), failed, number(doubt))
		if err != nil {
			return fmt.Errorf("put delivery off: %w", err)
		}
		return nil
	})
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// end records how a delivery ended. That it was sent counts whoever else holds it by
// then, anything else only from who began the last attempt.
func (s *Store) end(ctx context.Context, d *delivery, now time.Time, status reportv1.Delivery_Status, failed string) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		head, err := feed.Lock(ctx, tx, d.brand, now)
		if err != nil {
			return err
		}
		fact, err := ended(ctx, tx, d, now, status, failed)
		if err != nil || fact == nil {
			return err
		}
		return feed.Put(ctx, tx, &head, fact)
	})
}

func ended(ctx context.Context, tx *sqldb.Tx, d *delivery, now time.Time, status reportv1.Delivery_Status, failed string) ([]feed.Fact, error) {
	done := &delivery{Delivery: proto.CloneOf(d.Delivery), brand: d.brand, owner: d.owner}
	done.Status, done.LastError, done.DoneAt = status, failed, timestamppb.New(now)
	body, err := proto.Marshal(done.Delivery)
	if err != nil {
		return nil, fmt.Errorf("end delivery: %w", err)
	}
	held := "status = 1 AND attempts = $8"
	if status == reportv1.Delivery_STATUS_SENT {
		held = "status <> $3 AND attempts >= $8"
	}
	n, err := tx.Exec(ctx, `UPDATE delivery SET status = $3, told = attempts, error = $4, next_at = $5, body = $6, doubt = CASE WHEN $7 = 1 THEN 0 ELSE doubt END
WHERE brand = $1 AND id = $2 AND `+held, d.brand, d.GetId(), int(status), failed, 0, body, number(status == reportv1.Delivery_STATUS_SENT), d.GetAttempts())
	if err != nil || n == 0 {
		return nil, err
	}
	fact, err := deliveryFact(kindEnded, done)
	return []feed.Fact{fact}, err
}

// cancel ends what is pending of a subscription.
func cancel(ctx context.Context, tx *sqldb.Tx, head *feed.Head, brand, id string, now time.Time, why string) error {
	all, err := deliveryRows(ctx, tx, "SELECT "+deliveryColumns+" FROM delivery WHERE brand = $1 AND subscription = $2 AND status = 1 ORDER BY id", brand, id)
	if err != nil {
		return err
	}
	var facts []feed.Fact
	for _, d := range all {
		fact, err := ended(ctx, tx, d, now, reportv1.Delivery_STATUS_CANCELLED, why)
		if err != nil {
			return err
		}
		facts = append(facts, fact...)
	}
	return feed.Put(ctx, tx, head, facts)
}

// wanted is which deliveries to list.
type wanted struct {
	brand, owner, subscription string
	status                     reportv1.Delivery_Status
	// Behind this one, if it has an id.
	due int64
	id  string
}

// deliveries reads a page, the latest due first.
func (s *Store) deliveries(ctx context.Context, w wanted, limit int) ([]*delivery, error) {
	return deliveryRows(ctx, s.db, "SELECT "+deliveryColumns+` FROM delivery
WHERE brand = $1 AND ($2 = '' OR owner = $2) AND ($3 = '' OR subscription = $3) AND ($4 = 0 OR status = $4)
AND ($6 = '' OR due_at < $5 OR due_at = $5 AND id > $6) ORDER BY due_at DESC, id LIMIT $7`,
		w.brand, w.owner, w.subscription, int(w.status), w.due, w.id, limit)
}

package journey

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// place is where an event stands on its person's time line.
type place struct {
	At       int64
	Sequence int32
	Number   int64
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.At, q.At), cmp.Compare(p.Sequence, q.Sequence), cmp.Compare(p.Number, q.Number))
}

// step is one event on a time line.
type step struct {
	place
	day  int32
	seq  int64
	kind string
}

// trail reads the events of one customer's number, newest day first. The log is
// its own index: what was committed is in the list.
type trail struct {
	q     sqldb.Querier
	brand string
	who   int64
	limit int
	// day and seq are the last row read.
	day  int32
	seq  int64
	rows []step
	done bool
}

// newTrail begins with a day, and reads limit rows at a time.
func newTrail(q sqldb.Querier, brand string, who int64, day int32, limit int) *trail {
	return &trail{q: q, brand: brand, who: who, limit: limit, day: day, seq: math.MaxInt64}
}

// head is the day of the next row; ok is false at the end.
func (t *trail) head(ctx context.Context) (day int32, ok bool, err error) {
	if len(t.rows) == 0 && !t.done {
		err = t.read(ctx)
	}
	if err != nil || len(t.rows) == 0 {
		return 0, false, err
	}
	return t.rows[0].day, true, nil
}

// take appends all events of a day.
func (t *trail) take(ctx context.Context, day int32, into []step) ([]step, error) {
	for {
		next, ok, err := t.head(ctx)
		if err != nil || !ok || next != day {
			return into, err
		}
		n := 0
		for n < len(t.rows) && t.rows[n].day == day {
			n++
		}
		into, t.rows = append(into, t.rows[:n]...), t.rows[n:]
	}
}

const trailQuery = `SELECT seq, of, day, data FROM fact
WHERE brand = $1 AND who = $2 AND day <= $3 AND (day < $3 OR seq < $4) AND who <> 0 AND kind = 1
ORDER BY day DESC, seq DESC LIMIT $5`

func (t *trail) read(ctx context.Context) error {
	rows, err := t.q.Query(ctx, trailQuery, t.brand, t.who, t.day, t.seq, t.limit)
	if err != nil {
		return fmt.Errorf("read events of a customer: %w", err)
	}
	defer rows.Close()
	t.rows = t.rows[:0]
	f := feed.Fact{Kind: record.Event}
	for rows.Next() {
		f.Data = nil
		if err := rows.Scan(&f.Seq, &f.Of, &f.Day, &f.Data); err != nil {
			return fmt.Errorf("read events of a customer: %w", err)
		}
		p, err := record.ParseEvent(&f)
		if err != nil {
			return err
		}
		t.rows = append(t.rows, step{place{p.At, p.Sequence, p.Number}, f.Day, f.Seq, p.Kind})
	}
	t.day, t.seq, t.done = f.Day, f.Seq, len(t.rows) < t.limit
	return rows.Err()
}

// steps are up to limit events of all numbers of a person that lie before a place
// and are wanted, newest first. Events stand on days and days in time, so that
// one day at a time must be put in order.
func steps(ctx context.Context, trails []*trail, before place, limit int, wanted func(kind string) bool) ([]step, error) {
	var out []step
	for len(out) < limit {
		day, ok, err := newest(ctx, trails)
		if err != nil || !ok {
			return out, err
		}
		var all []step
		for _, t := range trails {
			if all, err = t.take(ctx, day, all); err != nil {
				return nil, err
			}
		}
		all = slices.DeleteFunc(all, func(s step) bool { return s.compare(before) >= 0 || !wanted(s.kind) })
		slices.SortFunc(all, func(a, b step) int { return b.compare(a.place) })
		out = append(out, all...)
	}
	return out[:limit], nil
}

// newest is the latest day that any trail has events of.
func newest(ctx context.Context, trails []*trail) (day int32, found bool, err error) {
	for _, t := range trails {
		next, ok, err := t.head(ctx)
		if err != nil {
			return 0, false, err
		}
		if ok && (!found || next > day) {
			day, found = next, true
		}
	}
	return day, found, nil
}

package compare

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Present reads who was there at the end of two days, of the numbers up to last.
func Present(ctx context.Context, q sqldb.Querier, brand string, zone *calendar.Zone, who *people.Mapping, last int64, from, to calendar.Day) (p *Presence, err error) {
	p = &Presence{People: who, From: from, To: to}
	if p.Before, err = givenOut(ctx, q, brand, last, zone.StartOf(from+1)); err != nil {
		return nil, err
	}
	if p.By, err = givenOut(ctx, q, brand, last, zone.StartOf(to+1)); err != nil {
		return nil, err
	}
	p.Erased, err = erased(ctx, q, brand, zone)
	return p, err
}

// givenOut is the last number, of those up to last, that was given out before a time.
// Numbers have no gaps and are given out in order of time, so a few of them are asked.
func givenOut(ctx context.Context, q sqldb.Querier, brand string, last int64, before time.Time) (int64, error) {
	var failed error
	n := sort.Search(int(last), func(i int) bool {
		if failed != nil {
			return true
		}
		var at int64
		err := q.QueryRow(ctx, "SELECT created_at FROM customer WHERE brand = $1 AND id = $2", brand, int64(i)+1).Scan(&at)
		if err != nil && !errors.Is(err, sqldb.ErrNoRows) {
			failed = fmt.Errorf("read when customer %d came: %w", i+1, err)
		}
		return err != nil || at >= before.UnixMicro()
	})
	return int64(n), failed
}

// erased reads the day of each number's erasure.
func erased(ctx context.Context, q sqldb.Querier, brand string, zone *calendar.Zone) (map[int64]calendar.Day, error) {
	rows, err := q.Query(ctx, `SELECT c.customer, e.erased_at FROM erasure e
JOIN erasure_customer c ON c.brand = e.brand AND c.erasure = e.id WHERE e.brand = $1`, brand)
	if err != nil {
		return nil, fmt.Errorf("read erasures: %w", err)
	}
	defer rows.Close()
	all := map[int64]calendar.Day{}
	for rows.Next() {
		var id, at int64
		if err := rows.Scan(&id, &at); err != nil {
			return nil, fmt.Errorf("read erasures: %w", err)
		}
		all[id] = zone.DayOf(time.UnixMicro(at))
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read erasures: %w", err)
	}
	return all, nil
}

package purchase

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Recount counts a brand's histories anew from the facts of the log.
func Recount(ctx context.Context, log feed.Reader, brand string, zone *calendar.Zone) (map[int64]*History, error) {
	// Which events were told more than once: for those alone the last word must be
	// remembered until the next.
	again := map[int64]*journeyv1.Event{}
	err := log.ReadKind(ctx, brand, record.Retold, 0, func(f *feed.Fact) error {
		again[f.Of] = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := map[int64]*History{}
	of := func(id int64) *History {
		if all[id] == nil {
			all[id] = &History{}
		}
		return all[id]
	}
	err = log.ReadKind(ctx, brand, record.Purchases, 0, func(f *feed.Fact) error {
		e, err := record.BoughtEvent(f)
		if err != nil {
			return err
		}
		first := f.Seq
		if f.Of != 0 {
			first = f.Of
		}
		if was := again[first]; was != nil {
			p := Of(was, zone)
			if err := of(p.Customer).Take(&p); err != nil {
				return err
			}
		}
		if _, more := again[first]; more {
			again[first] = e
		}
		p := Of(e, zone)
		of(p.Customer).Add(&p)
		return nil
	})
	maps.DeleteFunc(all, func(_ int64, h *History) bool { return h.Empty() })
	return all, err
}

// Verify counts anew and reports each customer whose row says something else. It
// returns how many customers it looked at.
func Verify(ctx context.Context, db *sqldb.DB, brand string, zone *calendar.Zone, report func(customer int64, reason string)) (n int, err error) {
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		want, err := Recount(ctx, feed.In(tx), brand, zone)
		if err != nil {
			return err
		}
		n = len(want)
		for after, more := int64(0), true; more; {
			more = false
			err := page(ctx, tx, brand, after, func(id int64, f Facts, history []byte) error {
				after, more = id, true
				h := want[id]
				delete(want, id)
				if h == nil {
					n++
					report(id, "a row without any purchase in the log")
					return nil
				}
				says := h.Facts()
				says.Visits = 0 // they have no column
				if !bytes.Equal(h.Pack(), history) || says != f {
					report(id, fmt.Sprintf("the row says %+v, the log %+v", f, h.Facts()))
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		for _, id := range slices.Sorted(maps.Keys(want)) {
			report(id, "purchases in the log, but no row")
		}
		return nil
	})
	return n, err
}

// Rebuild replaces a brand's rows by what is counted anew; the caller holds the lock
// of the log. The cursor in Journey's
// log stays: what it has passed is in the own log.
func Rebuild(ctx context.Context, tx *sqldb.Tx, brand string, zone *calendar.Zone) error {
	all, err := Recount(ctx, feed.In(tx), brand, zone)
	if err != nil {
		return err
	}
	if err := removeAll(ctx, tx, brand); err != nil {
		return err
	}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(all)), maxListed) {
		if err := save(ctx, tx, brand, ids, all); err != nil {
			return err
		}
	}
	return rebuilt(ctx, tx, brand)
}

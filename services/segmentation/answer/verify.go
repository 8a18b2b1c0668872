package answer

import (
	"bytes"
	"context"
	"maps"
	"slices"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Recount counts a brand's histories anew from the facts of the log.
func Recount(ctx context.Context, log feed.Reader, brand string) (map[int64]*History, error) {
	// Which responses were told more than once: of those alone the last word must be
	// remembered until the next.
	again := map[int64]*surveyv1.ResponseEvent{}
	err := log.ReadKind(ctx, brand, []int16{record.Reanswered}, 0, func(f *feed.Fact) error {
		again[f.Of] = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := map[int64]*History{}
	err = log.ReadKind(ctx, brand, record.Answers, 0, func(f *feed.Fact) error {
		e, err := record.AnsweredEvent(f)
		if err != nil {
			return err
		}
		first := f.Seq
		if f.Of != 0 {
			first = f.Of
		}
		was, more := again[first]
		if more {
			again[first] = e
		}
		return turn(all, was, e)
	})
	maps.DeleteFunc(all, func(_ int64, h *History) bool { return h.Empty() })
	return all, err
}

// turn counts what was told of a response out, if anything was, and what is told in.
func turn(all map[int64]*History, was, now *surveyv1.ResponseEvent) error {
	if was != nil {
		r, err := Of(was)
		if err != nil {
			return err
		}
		if err := of(all, r.Customer).Take(&r); err != nil {
			return err
		}
	}
	r, err := Of(now)
	if err != nil {
		return err
	}
	of(all, r.Customer).Add(&r)
	return nil
}

func of(all map[int64]*History, id int64) *History {
	if all[id] == nil {
		all[id] = &History{}
	}
	return all[id]
}

// Verify counts anew and reports each customer whose row says something else. It
// returns how many customers it looked at.
func Verify(ctx context.Context, db *sqldb.DB, brand string, report func(customer int64, reason string)) (n int, err error) {
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		want, err := Recount(ctx, feed.In(tx), brand)
		if err != nil {
			return err
		}
		n = len(want)
		for after, more := int64(0), true; more; {
			more = false
			err := page(ctx, tx, brand, after, func(id int64, history []byte) error {
				after, more = id, true
				h := want[id]
				delete(want, id)
				if h == nil {
					n++
					report(id, "a row without any answer in the log")
				} else if !bytes.Equal(h.Pack(), history) {
					report(id, "the row has other answers than the log")
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		for _, id := range slices.Sorted(maps.Keys(want)) {
			report(id, "answers in the log, but no row")
		}
		return nil
	})
	return n, err
}

// Rebuild replaces a brand's rows by what is counted anew; the caller holds the lock
// of the log. The cursor in Survey's log stays: what it has passed is in the own log.
func Rebuild(ctx context.Context, tx *sqldb.Tx, brand string) error {
	all, err := Recount(ctx, feed.In(tx), brand)
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
	return nil
}

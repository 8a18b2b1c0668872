package contact

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// told is what the facts say of a reservation.
type told struct {
	customer int64
	purpose  string
	at       int64
	state    int32
}

// Verify holds the table against the facts and reports each reservation that they
// do not agree about; refusals are no facts. It returns how many it looked at.
func Verify(ctx context.Context, db *sqldb.DB, brand string, report func(id int64, reason string)) (n int, err error) {
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		want, err := recount(ctx, feed.In(tx), brand)
		if err != nil {
			return err
		}
		n = len(want)
		for after, more := int64(0), true; more; {
			more = false
			err := pageOf(ctx, tx, brand, after, func(id int64, has told) {
				after, more = id, true
				should, ok := want[id]
				delete(want, id)
				switch {
				case has.state == refused && !ok:
				case !ok:
					n++
					report(id, "a reservation that is not in the log")
				case has != should:
					report(id, fmt.Sprintf("the row says %+v, the log %+v", has, should))
				}
			})
			if err != nil {
				return err
			}
		}
		for _, id := range slices.Sorted(maps.Keys(want)) {
			report(id, "a reservation in the log, but no row")
		}
		return nil
	})
	return n, err
}

func recount(ctx context.Context, log feed.Reader, brand string) (map[int64]told, error) {
	all := map[int64]told{}
	err := log.ReadKind(ctx, brand, []int16{record.ContactReserved, record.ContactReleased}, 0, func(f *feed.Fact) error {
		id, err := record.Reservation(f)
		if err != nil {
			return err
		}
		if f.Kind == record.ContactReleased {
			t := all[id]
			t.state = released
			all[id] = t
			return nil
		}
		c, err := record.ReservedContact(f)
		all[id] = told{customer: f.Who, purpose: c.GetPurpose(), at: c.GetAt().AsTime().UnixMicro(), state: counts}
		return err
	})
	return all, err
}

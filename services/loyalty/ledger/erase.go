package ledger

import (
	"context"
	"math"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// EraseAll blanks what is personal in everything that came with one number, and tells how
// many records that was.
func EraseAll(ctx context.Context, tx *sqldb.Tx, brand string, customer int64) (records int64, err error) {
	before := int64(math.MaxInt64)
	for {
		facts, err := feed.In(tx).ReadWho(ctx, brand, customer, before, pageOf)
		if err != nil || len(facts) == 0 {
			return records, err
		}
		for i := range facts {
			before = facts[i].Seq
			r, err := record.Parse(&facts[i])
			if err != nil {
				return records, err
			}
			if r.GetErased() {
				continue
			}
			if Erase(r) {
				records++
			}
			body, err := record.Pack(r)
			if err != nil {
				return records, err
			}
			if err := feed.Blank(ctx, tx, brand, facts[i].Seq, body); err != nil {
				return records, err
			}
		}
	}
}

package purchase

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// After is behind which return a page begins.
type After struct {
	Customer int64
	Goods    string
	// Skip is how many of that very shelf were told.
	Skip int
}

// Unmatched are up to limit returned lines that found no purchase, of some numbers or of
// all, and where the next page begins, if there is one.
func Unmatched(ctx context.Context, q sqldb.Querier, brand string, numbers []int64, after After, limit int) (out []*loyaltyv1.UnmatchedReturn, next *After, err error) {
	query, args := `SELECT customer, goods, shelf FROM bought WHERE brand = $1 AND unmatched > 0 AND (customer, goods) >= ($2, $3)`,
		[]any{brand, after.Customer, after.Goods, limit + 1}
	if len(numbers) > 0 {
		list, more := sqldb.In(5, numbers)
		query, args = query+" AND customer IN ("+list+")", append(args, more...)
	}
	rows, err := q.Query(ctx, query+" ORDER BY customer, goods LIMIT $4", args...)
	err = each(rows, err, "unmatched returns", func(rows *sql.Rows) error {
		var at place
		var packed []byte
		if err := rows.Scan(&at.customer, &at.goods, &packed); err != nil || next != nil {
			return err
		}
		s := &loyaltyv1.Shelf{}
		if err := proto.Unmarshal(packed, s); err != nil {
			return err
		}
		skip := 0
		if at.customer == after.Customer && at.goods == after.Goods {
			skip = after.Skip
		}
		for i, one := range unmatchedOn(at, s) {
			if i < skip {
				continue
			}
			if len(out) == limit {
				next = &After{at.customer, at.goods, i}
				return nil
			}
			out = append(out, one)
		}
		return nil
	})
	return out, next, err
}

// CountUnmatched is how many returned lines of a brand found no purchase, or not wholly.
func CountUnmatched(ctx context.Context, q sqldb.Querier, brand string) (n int64, err error) {
	err = q.QueryRow(ctx, "SELECT CAST(COALESCE(sum(unmatched), 0) AS BIGINT) FROM bought WHERE brand = $1 AND unmatched > 0", brand).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count unmatched returns: %w", err)
	}
	return n, nil
}

// unmatchedOn are those of one shelf, by time.
func unmatchedOn(at place, s *loyaltyv1.Shelf) (out []*loyaltyv1.UnmatchedReturn) {
	for _, r := range s.GetReturns() {
		if r.GetUnmatched() == 0 {
			continue
		}
		one := &loyaltyv1.UnmatchedReturn{
			CustomerId: at.customer, Source: r.GetSource(), ExternalId: r.GetExternalId(), OrderId: r.GetOrderId(),
			OccurredAt: timestamppb.New(time.UnixMicro(r.GetAt())),
		}
		if sku, ok := strings.CutPrefix(at.goods, article); ok {
			one.Sku, one.QuantityMilli = sku, r.GetUnmatched()
		} else {
			one.Category, one.Amount = strings.TrimPrefix(strings.TrimPrefix(at.goods, category), receipt), r.GetUnmatched()
		}
		out = append(out, one)
	}
	return out
}

package purchase

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Within reads what every number bought on some days, by number ascending, in one
// pass: who bought nothing then is passed over. Returns are left out. fn must not ask
// the same transaction.
func Within(ctx context.Context, q sqldb.Querier, brand string, days calendar.Days, fn func(customer int64, f Facts) error) error {
	// Only who bought on other days too needs a look at each day.
	rows, err := q.Query(ctx, `SELECT customer, first_day, last_day, purchases, spent,
CASE WHEN first_day < $2 OR last_day >= $3 THEN history END
FROM purchase WHERE brand = $1 AND purchases > 0 AND first_day < $3 AND last_day >= $2 ORDER BY customer`,
		brand, int32(days.From), int32(days.Until))
	if err != nil {
		return fmt.Errorf("read purchases of everybody: %w", err)
	}
	err = scanAll(rows, func(rows *sql.Rows) error {
		var id int64
		var f Facts
		var history []byte
		if err := rows.Scan(&id, &f.First, &f.Last, &f.Purchases, &f.Spent, &history); err != nil {
			return err
		}
		if history != nil {
			h, err := Parse(history)
			if err != nil {
				return fmt.Errorf("customer %d: %w", id, err)
			}
			f = h.bought(days)
		}
		if f.Purchases == 0 {
			return nil
		}
		return fn(id, f)
	})
	if err != nil {
		return fmt.Errorf("read purchases of everybody: %w", err)
	}
	return nil
}

// bought sums the purchases of some days up.
func (h *History) bought(within calendar.Days) (f Facts) {
	for _, d := range h.Days(within) {
		if d.Purchases == 0 {
			continue
		}
		if f.Purchases == 0 {
			f.First = d.Day
		}
		f.Last = d.Day
		f.Purchases += d.Purchases
		f.Spent += d.Spent
	}
	return f
}

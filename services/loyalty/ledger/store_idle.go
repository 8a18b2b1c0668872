package ledger

import (
	"context"
	"fmt"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// idle are accounts that nothing may have been bought for in time, longest ago first.
func (s store) idle(ctx context.Context, now int64, limit int) (out []Place, err error) {
	err = s.each(ctx, "idle accounts", `SELECT programme, customer FROM account
WHERE brand = $1 AND idle_at <= $2 AND idle_at < 9223372036854775807 ORDER BY idle_at LIMIT $3`,
		[]any{s.brand, now, limit}, func(scan func(...any) error) error {
			var p Place
			err := scan(&p.Programme, &p.Customer)
			out = append(out, p)
			return err
		})
	return out, err
}

// endOf is when all points of a person go by the clocks of its numbers.
func (s store) endOf(ctx context.Context, programme string, members []int64) (int64, error) {
	var c Clock
	list, args := sqldb.In(3, members)
	err := s.each(ctx, "clocks", "SELECT clock FROM account WHERE brand = $1 AND programme = $2 AND customer IN ("+list+")",
		append([]any{s.brand, programme}, args...), func(scan func(...any) error) error {
			var text string
			if err := scan(&text); err != nil {
				return err
			}
			var n [clockWidth]int64
			if _, err := fmt.Sscanf(text, "%d %d %d %d", &n[0], &n[1], &n[2], &n[3]); err != nil {
				return errPacked
			}
			c = c.join(readClock(n[:]))
			return nil
		})
	return c.End(), err
}

// lookAt lets an account be looked at again at another time. It is no more than a note for
// whoever posts what is due: the next movement of the account writes its own.
func (s store) lookAt(ctx context.Context, db *sqldb.DB, p Place, at int64) error {
	return db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE account SET idle_at = $4 WHERE brand = $1 AND customer = $2 AND programme = $3 AND lots > 0",
			s.brand, p.Customer, p.Programme, at)
		return err
	})
}

// lotsOf reads some lots of one account, of whatever kind.
func (s store) lotsOf(ctx context.Context, p Place, limit int) ([]lotRow, error) {
	return s.lots(ctx, "SELECT "+lotColumns+` FROM lot WHERE brand = $1 AND customer = $2 AND programme = $3
ORDER BY active_at, expires_at, id LIMIT $4`, s.brand, p.Customer, p.Programme, limit)
}

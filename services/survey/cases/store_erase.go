package cases

import (
	"context"
	"fmt"
	"slices"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// eraseAtOnce bounds the responses of one statement.
const eraseAtOnce = 1000

// Erase blanks the comments and notes of the cases that responses opened or joined,
// and tells how many cases that were. States, times and root causes stay, so that no
// count moves.
func (d *Desk) Erase(ctx context.Context, tx *sqldb.Tx, brand string, responses []int64) (int64, error) {
	if len(responses) == 0 {
		return 0, nil
	}
	if _, err := lock(ctx, tx, brand); err != nil {
		return 0, err
	}
	var erased int64
	for some := range slices.Chunk(responses, eraseAtOnce) {
		list, args := sqldb.In(2, some)
		of := " IN (SELECT case_id FROM case_response WHERE brand = $1 AND response IN (" + list + "))"
		args = append([]any{brand}, args...)
		if _, err := tx.Exec(ctx, "UPDATE case_note SET text = '' WHERE brand = $1 AND case_id"+of, args...); err != nil {
			return 0, fmt.Errorf("blank notes: %w", err)
		}
		n, err := tx.Exec(ctx, "UPDATE case_file SET comment = '', revision = revision + 1 WHERE brand = $1 AND id"+of, args...)
		if err != nil {
			return 0, fmt.Errorf("blank cases: %w", err)
		}
		erased += n
	}
	if erased > 0 {
		if _, err := tx.Exec(ctx, "UPDATE case_head SET changes = changes + 1 WHERE brand = $1", brand); err != nil {
			return 0, fmt.Errorf("count cases: %w", err)
		}
	}
	return erased, nil
}

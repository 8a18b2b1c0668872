package segment

import (
	"context"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// baseRow is who was in a version of a segment behind the fact seq.
type baseRow struct {
	segment            string
	version            int32
	seq, base, changed int64
	day                calendar.Day
	members            []byte
}

// baseError says that a stored base is none.
type baseError struct {
	segment string
	seq     int64
	why     error
}

func (e *baseError) Error() string {
	return fmt.Sprintf("base of segment %q at %d: %v: run rapport rebuild", e.segment, e.seq, e.why)
}

func (e *baseError) Unwrap() error { return e.why }

func (r *baseRow) set() (*roaring64.Bitmap, error) {
	set, err := record.ReadSet(r.members)
	if err != nil {
		return nil, &baseError{r.segment, r.seq, err}
	}
	return set, nil
}

const baseColumns = "segment, version, seq, base, changed, day, members"

// basesUntil reads the newest base of each version up to a fact.
func basesUntil(ctx context.Context, q sqldb.Querier, brand string, until int64) ([]*baseRow, error) {
	return listBases(ctx, q, `SELECT `+baseColumns+` FROM segment_base b WHERE brand = $1 AND seq =
(SELECT max(n.seq) FROM segment_base n WHERE n.brand = $1 AND n.segment = b.segment AND n.version = b.version AND n.seq <= $2)`,
		brand, until)
}

// baseOn reads the newest base of a version that counts for a day or an earlier one;
// nil if there is none.
func baseOn(ctx context.Context, q sqldb.Querier, brand, segment string, version int32, day calendar.Day) (*baseRow, error) {
	rows, err := listBases(ctx, q, `SELECT `+baseColumns+` FROM segment_base
WHERE brand = $1 AND segment = $2 AND version = $3 AND day <= $4 ORDER BY seq DESC LIMIT 1`, brand, segment, version, int32(day))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

func listBases(ctx context.Context, q sqldb.Querier, query string, args ...any) (all []*baseRow, err error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read bases of segments: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		r := &baseRow{}
		if err := rows.Scan(&r.segment, &r.version, &r.seq, &r.base, &r.changed, &r.day, &r.members); err != nil {
			return nil, fmt.Errorf("read bases of segments: %w", err)
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read bases of segments: %w", err)
	}
	return all, nil
}

// saveBases writes bases that are all true behind the fact seq, and that a restart
// may begin there. Of a day the last base is enough, but whoever has just read that
// it begins at the one before finds what it needs.
func saveBases(ctx context.Context, db *sqldb.DB, brand string, before, seq int64, bases []*baseRow) error {
	return db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, r := range bases {
			_, err := tx.Exec(ctx, `DELETE FROM segment_base WHERE brand = $1 AND segment = $2 AND version = $3 AND day = $4 AND seq <
(SELECT max(n.seq) FROM segment_base n WHERE n.brand = $1 AND n.segment = $2 AND n.version = $3 AND n.seq <= $5)`,
				brand, r.segment, r.version, int32(r.day), before)
			if err != nil {
				return fmt.Errorf("remove older bases of segment %q: %w", r.segment, err)
			}
			_, err = tx.Exec(ctx, `INSERT INTO segment_base (brand, `+baseColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING`, brand, r.segment, r.version, seq, r.base, r.changed, int32(r.day), r.members)
			if err != nil {
				return fmt.Errorf("save base of segment %q: %w", r.segment, err)
			}
		}
		_, err := tx.Exec(ctx, "UPDATE segment_state SET based = $2 WHERE brand = $1 AND based < $2", brand, seq)
		if err != nil {
			return fmt.Errorf("save bases of segments: %w", err)
		}
		return nil
	})
}

// Drop removes everything derived of a brand, in the transaction that sets its
// consumer back: who is in what is evaluated anew, and what the log says stays.
func Drop(ctx context.Context, tx *sqldb.Tx, brand string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM segment_base WHERE brand = $1", brand); err != nil {
		return fmt.Errorf("remove bases of segments: %w", err)
	}
	if _, err := tx.Exec(ctx, "UPDATE segment_state SET based = 0, turn = turn + 1 WHERE brand = $1", brand); err != nil {
		return fmt.Errorf("remove bases of segments: %w", err)
	}
	return nil
}

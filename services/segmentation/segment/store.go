package segment

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate creates or updates the tables of segments.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "segment", files)
}

// state is a brand's row; the zero state is that of a brand without one.
type state struct {
	turn          int64
	day, rolledTo calendar.Day
	asOf, based   int64
}

func loadState(ctx context.Context, q sqldb.Querier, brand string) (s state, err error) {
	err = q.QueryRow(ctx, "SELECT turn, day, rolled_to, as_of, based FROM segment_state WHERE brand = $1", brand).
		Scan(&s.turn, &s.day, &s.rolledTo, &s.asOf, &s.based)
	if err != nil && !errors.Is(err, sqldb.ErrNoRows) {
		return s, fmt.Errorf("read state of segments: %w", err)
	}
	return s, nil
}

// begin makes a brand's row; whoever comes second finds it.
func begin(ctx context.Context, tx *sqldb.Tx, brand string, today calendar.Day) error {
	_, err := tx.Exec(ctx, `INSERT INTO segment_state (brand, turn, day, rolled_to, as_of, based)
VALUES ($1, 0, $2, $2, 0, 0) ON CONFLICT (brand) DO NOTHING`, brand, int32(today))
	if err != nil {
		return fmt.Errorf("begin state of segments: %w", err)
	}
	return nil
}

// lockState takes the next turn and reads the row; nobody else can until tx ends. If
// tx locks the log as well it does so before.
func lockState(ctx context.Context, tx *sqldb.Tx, brand string) (s state, err error) {
	err = tx.QueryRow(ctx, `UPDATE segment_state SET turn = turn + 1 WHERE brand = $1
RETURNING turn, day, rolled_to, as_of, based`, brand).Scan(&s.turn, &s.day, &s.rolledTo, &s.asOf, &s.based)
	if err != nil {
		return s, fmt.Errorf("take turn of segments: %w", err)
	}
	return s, nil
}

// saveState writes what an evaluation moved, under lockState.
func saveState(ctx context.Context, tx *sqldb.Tx, brand string, s state) error {
	_, err := tx.Exec(ctx, "UPDATE segment_state SET day = $2, rolled_to = $3, as_of = $4 WHERE brand = $1",
		brand, int32(s.day), int32(s.rolledTo), s.asOf)
	if err != nil {
		return fmt.Errorf("write state of segments: %w", err)
	}
	return nil
}

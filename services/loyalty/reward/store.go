package reward

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate creates or updates the tables of rewards.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "reward", files)
}

// Row is one taking.
type Row struct {
	ID                        int64
	Reward, Choice, Programme string
	Customer                  int64
	State                     loyaltyv1.TakenReward_State
	Points, Entry             int64
	Origin                    string
	TakenAt, EndsAt           int64
}

const rowColumns = "id, reward, choice, programme, customer, state, points, entry, origin, taken_at, ends_at"

func rowsOf(ctx context.Context, q sqldb.Querier, query string, args ...any) (out []Row, err error) {
	rows, err := q.Query(ctx, "SELECT "+rowColumns+" FROM reward_taken "+query, args...)
	if err != nil {
		return nil, fmt.Errorf("read takings: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Row
		if err := r.scan(rows); err != nil {
			return nil, fmt.Errorf("read takings: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func (r *Row) scan(rows *sql.Rows) error {
	return rows.Scan(&r.ID, &r.Reward, &r.Choice, &r.Programme, &r.Customer, &r.State, &r.Points, &r.Entry, &r.Origin, &r.TakenAt, &r.EndsAt)
}

// taking reads one; nil: there is none of that number.
func taking(ctx context.Context, q sqldb.Querier, brand string, id int64) (*Row, error) {
	rows, err := rowsOf(ctx, q, "WHERE brand = $1 AND id = $2", brand, id)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// takings are those of some numbers, newest first.
func takings(ctx context.Context, q sqldb.Querier, brand string, customers []int64, limit int) ([]Row, error) {
	list, args := sqldb.In(3, customers)
	return rowsOf(ctx, q, "WHERE brand = $1 AND customer IN ("+list+") ORDER BY id DESC LIMIT $2", append([]any{brand, limit}, args...)...)
}

// times are the takings of rewards by some numbers that were not given back.
func times(ctx context.Context, q sqldb.Querier, brand string, customers []int64, rewards []string) ([]Row, error) {
	list, args := sqldb.In(2, customers)
	names, more := sqldb.In(2+len(args), rewards)
	return rowsOf(ctx, q, "WHERE brand = $1 AND customer IN ("+list+") AND reward IN ("+names+") AND state IN (1, 2) ORDER BY id",
		append(append([]any{brand}, args...), more...)...)
}

// ended are takings whose time is over, soonest first.
func ended(ctx context.Context, q sqldb.Querier, brand string, now int64, limit int) ([]Row, error) {
	return rowsOf(ctx, q, "WHERE brand = $1 AND state = 1 AND ends_at <= $2 ORDER BY ends_at, id LIMIT $3", brand, now, limit)
}

// over counts the pieces of takings whose time is over, by reward; each choice counts, too.
func over(ctx context.Context, q sqldb.Querier, brand string, now int64) (map[string]int64, error) {
	rows, err := q.Query(ctx, `SELECT reward, choice, count(*) FROM reward_taken
WHERE brand = $1 AND state = 1 AND ends_at <= $2 GROUP BY reward, choice`, brand, now)
	if err != nil {
		return nil, fmt.Errorf("count takings that are over: %w", err)
	}
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var id, choice string
		var n int64
		if err := rows.Scan(&id, &choice, &n); err != nil {
			return nil, fmt.Errorf("count takings that are over: %w", err)
		}
		if out[id] += n; choice != "" {
			out[choice] += n
		}
	}
	return out, rows.Err()
}

func insert(ctx context.Context, tx *sqldb.Tx, brand string, r *Row) error {
	_, err := tx.Exec(ctx, "INSERT INTO reward_taken (brand, "+rowColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		brand, r.ID, r.Reward, r.Choice, r.Programme, r.Customer, r.State, r.Points, r.Entry, r.Origin, r.TakenAt, r.EndsAt)
	if err != nil {
		return fmt.Errorf("save taking: %w", err)
	}
	return nil
}

func setState(ctx context.Context, tx *sqldb.Tx, brand string, id int64, to loyaltyv1.TakenReward_State) error {
	if _, err := tx.Exec(ctx, "UPDATE reward_taken SET state = $3 WHERE brand = $1 AND id = $2", brand, id, to); err != nil {
		return fmt.Errorf("change taking: %w", err)
	}
	return nil
}

// Taken is how many pieces of a reward are taken or held.
func Taken(ctx context.Context, q sqldb.Querier, brand, reward string) (n int64, err error) {
	err = q.QueryRow(ctx, "SELECT taken FROM reward_stock WHERE brand = $1 AND reward = $2", brand, reward).Scan(&n)
	if err != nil && !errors.Is(err, sqldb.ErrNoRows) {
		return 0, fmt.Errorf("read stock: %w", err)
	}
	return n, nil
}

// stocks are the pieces gone of all rewards.
func stocks(ctx context.Context, q sqldb.Querier, brand string) (map[string]int64, error) {
	rows, err := q.Query(ctx, "SELECT reward, taken FROM reward_stock WHERE brand = $1", brand)
	if err != nil {
		return nil, fmt.Errorf("read stocks: %w", err)
	}
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var id string
		var n int64
		if err := rows.Scan(&id, &n); err != nil {
			return nil, fmt.Errorf("read stocks: %w", err)
		}
		out[id] = n
	}
	return out, rows.Err()
}

// move adds to the pieces gone of a reward, or takes away.
func move(ctx context.Context, tx *sqldb.Tx, brand, reward string, by int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO reward_stock (brand, reward, taken) VALUES ($1, $2, $3)
ON CONFLICT (brand, reward) DO UPDATE SET taken = reward_stock.taken + excluded.taken`, brand, reward, by)
	if err != nil {
		return fmt.Errorf("move stock: %w", err)
	}
	return nil
}

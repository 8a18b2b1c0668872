package order

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// Orders are looked up by their key, also in young tables, of which a planner
// knows nothing. A plan that scans is cached and stays bad.
func TestPlans(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		made, err := os.ReadFile("../schema/0001_orders.sql")
		if err != nil {
			t.Fatal(err)
		}
		_, tables, _ := strings.Cut(string(made), "DROP INDEX fact_who;")
		for _, one := range strings.Split(tables, ";\n") {
			if strings.TrimSpace(one) == "" {
				continue
			}
			if err := db.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, one); return err }); err != nil {
				t.Fatal(err)
			}
		}
		for _, query := range []string{rowsQuery, statesQuery} {
			plan := explain(ctx, t, db, query)
			if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN order") {
				t.Error(plan)
			}
		}
	})
}

func explain(ctx context.Context, t *testing.T, db *sqldb.DB, query string) (plan string) {
	t.Helper()
	prefix := "EXPLAIN "
	if db.Engine() == sqldb.SQLite {
		prefix = "EXPLAIN QUERY PLAN "
	}
	args := []any{"b"}
	for range chunk {
		args = append(args, "o")
	}
	rows, err := db.Query(ctx, prefix+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	dest, line := make([]any, len(columns)), ""
	for i := range dest {
		dest[i] = new(any)
	}
	dest[len(dest)-1] = &line
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		plan += line + "\n"
	}
	return plan
}

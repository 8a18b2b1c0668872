package feed

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// explained runs queries as they are and keeps their plans.
type explained struct {
	*sqldb.DB
	t     *testing.T
	plans []string
}

func (e *explained) explain(query string, args []any) {
	e.t.Helper()
	prefix := "EXPLAIN "
	if e.Engine() == sqldb.SQLite {
		prefix = "EXPLAIN QUERY PLAN "
	}
	rows, err := e.DB.Query(e.t.Context(), prefix+query, args...)
	if err != nil {
		e.t.Fatal(err)
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	dest, line := make([]any, len(columns)), ""
	for i := range dest {
		dest[i] = new(any)
	}
	dest[len(dest)-1] = &line
	var plan strings.Builder
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			e.t.Fatal(err)
		}
		fmt.Fprintln(&plan, line)
	}
	if err := rows.Err(); err != nil {
		e.t.Fatal(err)
	}
	e.plans = append(e.plans, plan.String())
}

func (e *explained) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	e.explain(query, args)
	return e.DB.Query(ctx, query, args...)
}

func (e *explained) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	e.explain(query, args)
	return e.DB.QueryRow(ctx, query, args...)
}

// Every question is answered from its own index, also on a young table, of
// which a planner knows nothing. A plan that scans is cached and stays bad.
func TestPlans(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		if err := Migrate(ctx, db); err != nil {
			t.Fatal(err)
		}
		nothing := func(*Fact) error { return nil }
		const key = "fact_pkey|sqlite_autoindex_fact_1"
		many, numbers := make([][]byte, 500), make([]int64, 500)
		for i := range many {
			numbers[i] = int64(i)
			many[i] = []byte{byte(i), byte(i >> 8)}
		}
		for _, c := range []struct {
			name, indexes string
			ask           func(r Reader) error
		}{
			{"Read", key, func(r Reader) error { _, err := r.Read(ctx, "b", 5, 10); return err }},
			{"ReadBack", key, func(r Reader) error { _, err := r.ReadBack(ctx, "b", 5, 10); return err }},
			{"ReadWho", "fact_who", func(r Reader) error { _, err := r.ReadWho(ctx, "b", 3, 9, 10); return err }},
			{"ReadKind", "fact_kind", func(r Reader) error { return r.ReadKind(ctx, "b", []int16{2, 3}, 0, nothing) }},
			{"Get", key, func(r Reader) error { _, err := r.Get(ctx, "b", 1, 2, 3); return err }},
			{"Get of many", key, func(r Reader) error { _, err := r.Get(ctx, "b", numbers...); return err }},
			{"ByKey", "fact_key", func(r Reader) error { _, err := r.ByKey(ctx, "b", [][]byte{{1}, {2}}); return err }},
			{"ByKey of many", "fact_key", func(r Reader) error { _, err := r.ByKey(ctx, "b", many); return err }},
			{"Versions", key + " fact_of", func(r Reader) error { _, err := r.Versions(ctx, "b", 4); return err }},
			{"Has", key, func(r Reader) error { _, err := r.Has(ctx, "b", Cursor{1, 2}); return err }},
			{"ReadDay", "fact_day fact_day2", func(r Reader) error { return r.ReadDay(ctx, "b", 7, 3, nothing) }},
			{"Touched", "fact_day fact_day2", func(r Reader) error { _, err := r.Touched(ctx, "b", []int32{1, 2, 3}); return err }},
			{"DayRange", "fact_day fact_day2", func(r Reader) error { _, _, _, err := r.DayRange(ctx, "b"); return err }},
		} {
			e := &explained{DB: db, t: t}
			if err := c.ask(Reader{q: e}); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			plan := strings.Join(e.plans, "")
			if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN fact") {
				t.Errorf("%s scans:\n%s", c.name, plan)
			}
			if strings.Contains(plan, "Filter: (seq") {
				t.Errorf("%s reads the whole brand:\n%s", c.name, plan)
			}
			for _, either := range strings.Fields(c.indexes) {
				one, other, _ := strings.Cut(either, "|")
				if !strings.Contains(plan, one+" ") && (other == "" || !strings.Contains(plan, other)) {
					t.Errorf("%s does not use %s:\n%s", c.name, either, plan)
				}
			}
		}
	})
}

package segmentation

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"
	"testing"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// planned tells how the engine would answer each query, and answers it.
type planned struct {
	*sqldb.DB
	t    *testing.T
	plan strings.Builder
}

func (p *planned) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	p.t.Helper()
	p.explain(ctx, query, args)
	return p.DB.Query(ctx, query, args...)
}

func (p *planned) explain(ctx context.Context, query string, args []any) {
	p.t.Helper()
	prefix := "EXPLAIN "
	if p.Engine() == sqldb.SQLite {
		prefix = "EXPLAIN QUERY PLAN "
	}
	rows, err := p.DB.Query(ctx, prefix+query, args...)
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		p.t.Fatal(err)
	}
	dest, line := make([]any, len(columns)), ""
	for i := range dest {
		dest[i] = new(any)
	}
	dest[len(dest)-1] = &line
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			p.t.Fatal(err)
		}
		p.plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
}

// Customers and what they are recognised by are found by their number, also in young
// tables, of which a planner knows nothing: never by going over a brand.
func TestPlans(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		files, err := fs.Sub(schema, "schema")
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(ctx, "segmentation", files); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 100, 500} {
			ids := make([]int64, n)
			for i := range ids {
				ids[i] = int64(i + 1)
			}
			p := &planned{DB: db, t: t}
			if _, err := identitiesOf(ctx, p, "b", ids); err != nil {
				t.Fatal(err)
			}
			if _, err := customers(ctx, p, "b", ids); err != nil {
				t.Fatal(err)
			}
			plan := p.plan.String()
			for line := range strings.Lines(plan) {
				if strings.Contains(line, "Seq Scan") || strings.Contains(line, "Filter") || strings.Contains(line, "(brand=?)") || strings.Contains(line, "SCAN identity") {
					t.Errorf("%d customers: %s", n, line)
				}
			}
			if !strings.Contains(plan, "identity_customer") {
				t.Errorf("%d customers:\n%s", n, plan)
			}
		}
	})
}

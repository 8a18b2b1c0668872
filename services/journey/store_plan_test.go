package journey

import (
	"strings"
	"testing"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// A time line is read off its index, also of a young table, of which a planner
// knows nothing. A plan that scans is cached and stays bad.
func TestTrailPlan(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		if err := feed.Migrate(ctx, db); err != nil {
			t.Fatal(err)
		}
		if err := (&store{db: db}).migrate(ctx); err != nil {
			t.Fatal(err)
		}
		prefix := "EXPLAIN "
		if db.Engine() == sqldb.SQLite {
			prefix = "EXPLAIN QUERY PLAN "
		}
		rows, err := db.Query(ctx, prefix+trailQuery, "b", 7, 20000, 9, 50)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		dest, line, plan := make([]any, len(columns)), "", ""
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
		if !strings.Contains(plan, "fact_trail") || strings.Contains(plan, "Sort") || strings.Contains(plan, "TEMP B-TREE") {
			t.Error(plan)
		}
	})
}

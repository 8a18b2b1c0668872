package sqldb_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// What people type is stored on both engines alike, by every way in, and found
// again by what they typed.
func TestAnyTextIsStored(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		migrate(t, db)
		ctx := t.Context()
		const insert = "INSERT INTO item (seq, name) VALUES ($1, $2)"
		if err := db.Write(ctx, func(tx *sqldb.Tx) error {
			if _, err := tx.Insert(ctx, sqldb.Insert{Into: "item", Columns: []sqldb.Column{
				{Name: "seq", Data: []int64{1, 2}}, {Name: "name", Data: []string{"plain", "a\x00b"}},
			}}); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, insert, 3, "c\x00")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		b := sqldb.NewBatch()
		b.Exec(insert, 4, "\xff d")
		b.Insert(sqldb.Insert{Into: "item", Columns: []sqldb.Column{
			{Name: "seq", Data: []int64{5}}, {Name: "name", Data: []string{"\x00"}},
		}})
		if err := db.Run(ctx, b); err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, name := range []string{"plain", "a\x00b", "c\x00", "\xff d", "\x00"} {
			got = append(got, value(t, db, "SELECT coalesce(sum(seq), 0) FROM item WHERE name = $1", name))
		}
		if diff := cmp.Diff([]int64{1, 2, 3, 4, 5}, got); diff != "" {
			t.Error(diff)
		}
	})
}

package fold

import (
	"context"
	"embed"
	"io/fs"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// store is the table of slabs.
type store struct{ db *sqldb.DB }

func (t store) migrate(ctx context.Context) error {
	files, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		return err
	}
	return t.db.Migrate(ctx, "fold", files)
}

// daysAtOnce bounds the IN list of one look-up.
const daysAtOnce = 256

// load reads the rows of the keys that exist.
func (t store) load(ctx context.Context, brand string, keys []Key) ([]stored, error) {
	by := map[Measure][]int32{}
	for _, k := range keys {
		by[k.Measure] = append(by[k.Measure], k.Day)
	}
	var rows []stored
	for m, days := range by {
		for len(days) > 0 {
			n := min(len(days), daysAtOnce)
			got, err := t.loadDays(ctx, brand, m, days[:n])
			if err != nil {
				return nil, err
			}
			rows = append(rows, got...)
			days = days[n:]
		}
	}
	return rows, nil
}

func (t store) loadDays(ctx context.Context, brand string, m Measure, days []int32) ([]stored, error) {
	list, args := sqldb.In(3, days)
	rows, err := t.db.Query(ctx, `SELECT day, seq, commit_id, content FROM slab
		WHERE brand = $1 AND measure = $2 AND day IN (`+list+`)`, append([]any{brand, m}, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []stored
	for rows.Next() {
		r := stored{Key: Key{Brand: brand, Measure: m}}
		if err := rows.Scan(&r.Day, &r.Anchor.Seq, &r.Anchor.CommitID, &r.Content); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// save inserts the rows, or replaces those that are older.
func (t store) save(ctx context.Context, brand string, rows []stored) error {
	measures, days := make([]string, len(rows)), make([]int32, len(rows))
	seqs, commits := make([]int64, len(rows)), make([]int64, len(rows))
	contents := make([][]byte, len(rows))
	for i, r := range rows {
		measures[i], days[i] = r.Measure, r.Day
		seqs[i], commits[i] = r.Anchor.Seq, r.Anchor.CommitID
		if contents[i] = r.Content; contents[i] == nil {
			contents[i] = []byte{} // nil would be NULL
		}
	}
	b := sqldb.NewBatch()
	b.Insert(sqldb.Insert{
		Into: "slab",
		Columns: []sqldb.Column{
			{Name: "brand", Expr: "$1"},
			{Name: "measure", Data: measures},
			{Name: "day", Data: days},
			{Name: "seq", Data: seqs},
			{Name: "commit_id", Data: commits},
			{Name: "content", Data: contents},
		},
		Args: []any{brand},
		OnConflict: `ON CONFLICT (brand, measure, day) DO UPDATE SET seq = excluded.seq,
			commit_id = excluded.commit_id, content = excluded.content WHERE slab.seq < excluded.seq`,
	})
	return t.db.Run(ctx, b)
}

// remove deletes the rows as long as they are still the ones given.
func (t store) remove(ctx context.Context, brand string, rows []stored) error {
	return t.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, r := range rows {
			_, err := tx.Exec(ctx, `DELETE FROM slab WHERE brand = $1 AND measure = $2 AND day = $3
				AND seq = $4 AND commit_id = $5`, brand, r.Measure, r.Day, r.Anchor.Seq, r.Anchor.CommitID)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// removeAll deletes a brand's rows.
func (t store) removeAll(ctx context.Context, brand string) error {
	return t.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM slab WHERE brand = $1`, brand)
		return err
	})
}

// index lists a brand's rows without their content, by day.
func (t store) index(ctx context.Context, brand string) ([]stored, error) {
	rows, err := t.db.Query(ctx, `SELECT measure, day, seq, commit_id FROM slab
		WHERE brand = $1 ORDER BY day, measure`, brand)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []stored
	for rows.Next() {
		var at feed.Cursor
		k := Key{Brand: brand}
		if err := rows.Scan(&k.Measure, &k.Day, &at.Seq, &at.CommitID); err != nil {
			return nil, err
		}
		out = append(out, stored{Key: k, Anchor: at})
	}
	return out, rows.Err()
}

// measures lists what is stored of one day.
func (t store) measures(ctx context.Context, brand string, day int32) ([]Measure, error) {
	rows, err := t.db.Query(ctx, `SELECT measure FROM slab WHERE brand = $1 AND day = $2 ORDER BY measure`, brand, day)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Measure
	for rows.Next() {
		var m Measure
		if err := rows.Scan(&m); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

package lake

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// store is the manifest's tables.
type store struct{ db *sqldb.DB }

// errMoved says that another sealer changed the manifest meanwhile.
var errMoved = errors.New("the manifest was changed by another sealer")

func (s store) migrate(ctx context.Context) error {
	files, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		return err
	}
	return s.db.Migrate(ctx, "lake", files)
}

// version counts the changes of a brand's manifest.
func (s store) version(ctx context.Context, brand string) (int64, error) {
	var v int64
	err := s.db.QueryRow(ctx, "SELECT version FROM lake_head WHERE brand = $1", brand).Scan(&v)
	if err != nil && !errors.Is(err, sqldb.ErrNoRows) {
		return 0, fmt.Errorf("read version of the lake of %s: %w", brand, err)
	}
	return v, nil
}

// manifest reads the live files: as they are at one version, which is told by its
// being the same before and after.
func (s store) manifest(ctx context.Context, brand string) (*manifest, error) {
	before, err := s.version(ctx, brand)
	for err == nil {
		var files []File
		if files, err = s.live(ctx, brand); err != nil {
			break
		}
		var after int64
		if after, err = s.version(ctx, brand); err == nil && after == before {
			return newManifest(after, files), nil
		}
		before = after
	}
	return nil, err
}

func (s store) live(ctx context.Context, brand string) ([]File, error) {
	rows, err := s.db.Query(ctx, `SELECT path, first_day, last_day, bucket, events, upto_seq, size, sealed_at
FROM lake_file WHERE brand = $1 AND dead_at = 0`, brand)
	if err != nil {
		return nil, fmt.Errorf("read files of the lake of %s: %w", brand, err)
	}
	defer rows.Close()
	var files []File
	for rows.Next() {
		var f File
		var last calendar.Day
		if err := rows.Scan(&f.Path, &f.Days.From, &last, &f.Bucket, &f.Events, &f.UptoSeq, &f.Size, &f.SealedAt); err != nil {
			return nil, fmt.Errorf("read files of the lake of %s: %w", brand, err)
		}
		f.Days.Until = last + 1
		files = append(files, f)
	}
	return files, rows.Err()
}

// swap changes the manifest of that version, or fails with errMoved.
func (s store) swap(ctx context.Context, brand string, version int64, c swap, now time.Time) error {
	err := s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := s.advance(ctx, tx, brand, version); err != nil {
			return err
		}
		for _, f := range c.dead {
			_, err := tx.Exec(ctx, "UPDATE lake_file SET dead_at = $3 WHERE brand = $1 AND path = $2",
				brand, f.Path, now.UnixMicro())
			if err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `UPDATE lake_file SET upto_seq = $4
WHERE brand = $1 AND first_day = $2 AND last_day = $3 AND dead_at = 0`, brand, int32(c.days.From), int32(c.days.Until)-1, c.upto)
		if err != nil {
			return err
		}
		_, err = tx.Insert(ctx, insertion(brand, c.born))
		return err
	})
	if err != nil && !errors.Is(err, errMoved) {
		return fmt.Errorf("change the lake of %s: %w", brand, err)
	}
	return err
}

// advance makes every other sealer of the brand wait, or gives up.
func (s store) advance(ctx context.Context, tx *sqldb.Tx, brand string, version int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO lake_head (brand, version, holder, until) VALUES ($1, 0, '', 0)
ON CONFLICT DO NOTHING`, brand)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, "UPDATE lake_head SET version = version + 1 WHERE brand = $1 AND version = $2", brand, version)
	if err == nil && n == 0 {
		return errMoved
	}
	return err
}

func insertion(brand string, files []File) sqldb.Insert {
	n := len(files)
	path, bucket := make([]string, n), make([]int32, n)
	first, last := make([]int32, n), make([]int32, n)
	events, upto, size, at := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	for i, f := range files {
		path[i], bucket[i], first[i], last[i] = f.Path, f.Bucket, int32(f.Days.From), int32(f.Days.Until)-1
		events[i], upto[i], size[i], at[i] = f.Events, f.UptoSeq, f.Size, f.SealedAt
	}
	return sqldb.Insert{Into: "lake_file", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "path", Data: path}, {Name: "first_day", Data: first}, {Name: "last_day", Data: last},
		{Name: "bucket", Data: bucket}, {Name: "events", Data: events}, {Name: "upto_seq", Data: upto}, {Name: "size", Data: size},
		{Name: "sealed_at", Data: at}, {Name: "dead_at", Data: make([]int64, n)},
	}}
}

// all are the paths of a brand's files and when each died; 0: it lives.
func (s store) all(ctx context.Context, brand string) (map[string]int64, error) {
	rows, err := s.db.Query(ctx, "SELECT path, dead_at FROM lake_file WHERE brand = $1", brand)
	if err != nil {
		return nil, fmt.Errorf("read files of the lake of %s: %w", brand, err)
	}
	defer rows.Close()
	died := map[string]int64{}
	for rows.Next() {
		var path string
		var at int64
		if err := rows.Scan(&path, &at); err != nil {
			return nil, fmt.Errorf("read files of the lake of %s: %w", brand, err)
		}
		died[path] = at
	}
	return died, rows.Err()
}

// forget deletes the rows of dead files.
func (s store) forget(ctx context.Context, brand string, paths []string) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, path := range paths {
			if _, err := tx.Exec(ctx, "DELETE FROM lake_file WHERE brand = $1 AND path = $2 AND dead_at <> 0", brand, path); err != nil {
				return fmt.Errorf("forget files of the lake of %s: %w", brand, err)
			}
		}
		return nil
	})
}

// claim takes or renews the right to seal in the background; false: another has it.
func (s store) claim(ctx context.Context, brand, holder string, now time.Time, lease time.Duration) (bool, error) {
	var n int64
	err := s.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		n, err = tx.Exec(ctx, `INSERT INTO lake_head (brand, version, holder, until) VALUES ($1, 0, $2, $3)
ON CONFLICT (brand) DO UPDATE SET holder = $2, until = $3
WHERE lake_head.holder = $2 OR lake_head.until <= $4`, brand, holder, now.Add(lease).UnixMicro(), now.UnixMicro())
		return err
	})
	if err != nil {
		return false, fmt.Errorf("claim the lake of %s: %w", brand, err)
	}
	return n > 0, nil
}

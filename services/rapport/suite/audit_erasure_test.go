package suite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// erasures: they are complete, and nothing that was personal of who was erased is
// left in any table or file.
func (a *audit) erasures() {
	if len(a.m.erasures) == 0 {
		a.t.Log("nobody was erased yet")
	}
	for who, e := range a.m.erasures {
		out, err := a.f.segmentation.GetErasure(a.t.Context(), &segmentationv1.GetErasureRequest{Brand: brand, Id: e.GetId()})
		if err != nil {
			a.t.Fatal(err)
		}
		if got := out.GetErasure(); !got.GetComplete() || len(got.GetParts()) != 3 {
			a.t.Errorf("erasure of %s: %v", who, got)
		}
	}
	var secrets [][]byte
	for who := range a.m.names {
		if _, ok := a.numbers[who]; !ok {
			secrets = append(secrets, []byte(secretOf(who)), []byte(whom(who).GetValue()))
		}
	}
	left, found := 0, 0
	for _, name := range names {
		eachCell(a.t, a.f.opened[name], func(table string, cell []byte) {
			for _, s := range secrets {
				if bytes.Contains(cell, s) && (table != "fact" || len(s) > len("77 41")) {
					a.t.Errorf("%s is left in table %s of %s", s, table, name)
					left++
				}
			}
			if bytes.Contains(cell, []byte("secret<")) {
				found++
			}
		})
	}
	if found == 0 {
		a.t.Error("the search does not even find what must be there")
	}
	a.files(secrets)
}

// files looks into the lake.
func (a *audit) files(secrets [][]byte) {
	err := filepath.WalkDir(filepath.Join(a.f.data, "lake"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, s := range secrets {
			if len(s) > len("77 41") && bytes.Contains(content, s) {
				a.t.Errorf("%s is left in %s", s, path)
			}
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		a.t.Error(err)
	}
}

// eachCell goes over everything that a database holds.
func eachCell(t *testing.T, db *sqldb.DB, fn func(table string, cell []byte)) {
	t.Helper()
	list := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if db.Engine() == sqldb.Postgres {
		list = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
	}
	var tables []string
	for _, row := range rowsOf(t, db, list) {
		tables = append(tables, string(row[0]))
	}
	if len(tables) < 5 {
		t.Fatalf("tables: %v", tables)
	}
	for _, table := range tables {
		if strings.HasPrefix(table, "sqlite_") {
			continue
		}
		for _, row := range rowsOf(t, db, "SELECT * FROM "+table) {
			for _, cell := range row {
				fn(table, cell)
			}
		}
	}
}

func rowsOf(t *testing.T, db *sqldb.DB, query string) (out [][][]byte) {
	t.Helper()
	rows, err := db.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		cells, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range cells {
			to[i] = &cells[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		row := make([][]byte, len(cells))
		for i, cell := range cells {
			switch c := cell.(type) {
			case []byte:
				row[i] = c
			case nil:
			default:
				row[i] = fmt.Append(nil, c)
			}
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

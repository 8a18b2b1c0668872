package house

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	tableMade   = regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\)`)
	uniqueMade  = regexp.MustCompile(`CREATE UNIQUE INDEX \w+ ON (\w+) \(([^)]*)\)`)
	keyMade     = regexp.MustCompile(`PRIMARY KEY \(([^)]*)\)|(\w+) .*PRIMARY KEY,?\n`)
	distributed = regexp.MustCompile(`create_distributed_table\('(\w+)', 'brand'`)
	collated    = regexp.MustCompile(`ALTER TABLE (\w+) ALTER COLUMN brand TYPE TEXT COLLATE "C"`)
)

// Every table is spread by brand, which only works if each of its unique indexes
// has the brand in it, and lies with the others only if its collation is theirs.
func TestCitus(t *testing.T) {
	statements := read(t, "deploy/postgres/citus.sql")
	var spread, recollated, tables []string
	for _, m := range distributed.FindAllStringSubmatch(statements, -1) {
		spread = append(spread, m[1])
	}
	for _, m := range collated.FindAllStringSubmatch(statements, -1) {
		recollated = append(recollated, m[1])
	}
	for _, pattern := range []string{"internal/*/schema/*.sql", "services/*/schema/*.sql", "services/*/*/schema/*.sql"} {
		names, _ := filepath.Glob(filepath.Join(root, pattern))
		for _, name := range names {
			rel, _ := filepath.Rel(root, name)
			text := read(t, rel)
			for _, m := range uniqueMade.FindAllStringSubmatch(text, -1) {
				if !slices.Contains(strings.Split(m[2], ", "), "brand") {
					t.Errorf("a unique index of %s has no brand", m[1])
				}
			}
			for _, m := range tableMade.FindAllStringSubmatch(text, -1) {
				tables = append(tables, m[1])
				if key := keyMade.FindString(m[2] + "\n"); !strings.Contains(key, "brand") {
					t.Errorf("the key of %s has no brand: %q", m[1], key)
				}
				if byBytes := regexp.MustCompile(`brand +TEXT[^,\n]*COLLATE "C"`).MatchString(m[2]); byBytes == slices.Contains(recollated, m[1]) {
					t.Errorf("brand of %s: collation in the schema %v, given by citus.sql %v", m[1], byBytes, !byBytes)
				}
			}
		}
	}
	if !slices.Equal(sorted(tables), sorted(spread)) {
		t.Errorf("tables %v, spread %v", sorted(tables), sorted(spread))
	}
}

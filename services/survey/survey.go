// Package survey owns what is rated, what is asked, what was answered and what
// follows from it: scores that say how sure they are, and cases.
//
// A response is judged (intake), packed (tally) and committed to the brand's
// log in company (internal/commit, internal/feed); the folds (internal/fold)
// take it in before it is acknowledged. Definitions are facts of the same log
// and live in memory (directory). Scores are read off slabs (query, score),
// cases follow the feed (cases).
package survey

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/seal"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/query"
)

// Config is where the service keeps its data. The zero value, with the tags'
// defaults, runs embedded.
type Config struct {
	// DB is the database: empty for SQLite under Data. "{service}" in it is
	// replaced by the service's name.
	DB string `flag:"db" help:"postgres://… of the database, {service} stands for the service's name; empty: SQLite under --data"`
	// Data holds the embedded databases and the secret.
	Data string `flag:"data" default:"./data" help:"folder of the embedded databases"`
	// Redis keeps hot folds; empty: none.
	Redis string `flag:"redis" help:"redis://… of the cache, several addresses with commas for a cluster; empty: none"`
	// SecretFile is what identities and tokens are sealed with; replicas share it.
	SecretFile string `flag:"secret-file" help:"file with the secret that identities and page tokens are sealed with; made as DATA/secret if not given"`
	// FoldMemory bounds the slabs held in memory.
	FoldMemory config.Bytes `flag:"fold-memory" default:"1GiB" help:"memory for hot slabs"`
	// NoNear, NoResults and NoSlabs each switch a cache off, to measure what lies below it.
	NoNear    bool `flag:"no-near" help:"keep no results in memory (for benchmarks)"`
	NoResults bool `flag:"no-results" help:"keep no results at all (for benchmarks)"`
	NoSlabs   bool `flag:"no-slabs" help:"keep no slabs in memory (for benchmarks)"`
}

// url of the service's database.
func (c Config) url() string {
	if c.DB == "" {
		return "sqlite:" + filepath.Join(c.Data, "survey.db")
	}
	return strings.ReplaceAll(c.DB, "{service}", "survey")
}

// Missing refuses a folder without a database: to make one where somebody meant
// to look into one would hide a mistyped path. PostgreSQL tells by itself.
func (c Config) Missing() error {
	path, embedded := strings.CutPrefix(c.url(), "sqlite:")
	if !embedded {
		return nil
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("no database of survey under %q: %w", c.Data, err)
	}
	return nil
}

func (c Config) secret() ([]byte, error) {
	path := c.SecretFile
	if path == "" {
		path = filepath.Join(c.Data, "secret")
	}
	return seal.LoadOrCreate(path)
}

// brand is one brand's place in this process.
type brand struct {
	*config.Brand
	zone  *calendar.Zone
	hours *calendar.Hours
	// book is replaced, not emptied, when the log turns out to be another one.
	book atomic.Pointer[directory.Book]
	// asked answers questions about scores.
	asked *query.Brand
	// opened is set once the book has been read from the log.
	opened atomic.Bool
}

// newBrands lays out the calendar and an empty directory for each brand.
func newBrands(all *config.Brands) (map[string]*brand, error) {
	out := map[string]*brand{}
	for _, b := range all.All() {
		zone := calendar.In(b.Location)
		hours, err := businessHours(b, zone)
		if err != nil {
			return nil, err
		}
		one := &brand{Brand: b, zone: zone, hours: hours}
		one.book.Store(directory.New())
		out[b.ID] = one
	}
	return out, nil
}

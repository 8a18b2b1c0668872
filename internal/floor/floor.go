// Package floor is what every service that keeps facts stands on: its database,
// its cache and the secret of the process, opened the same way from the same
// settings.
package floor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/seal"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Config is where the services of a process keep their data. The zero value, with
// the tags' defaults, runs embedded.
type Config struct {
	// DB is the database: empty for SQLite under Data. "{service}" in it is
	// replaced by the service's name; each service has a database of its own.
	DB string `flag:"db" help:"postgres://… of the database, {service} stands for the service's name; empty: SQLite under --data"`
	// Data holds the embedded databases and the secret.
	Data string `flag:"data" default:"./data" help:"folder of the embedded databases"`
	// Redis keeps hot folds; empty: none.
	Redis string `flag:"redis" help:"redis://… of the cache, several addresses with commas for a cluster; empty: none"`
	// SecretFile is what identities and tokens are sealed with; replicas share it.
	SecretFile string `flag:"secret-file" help:"file with the secret that identities and page tokens are sealed with; made as DATA/secret if not given"`
	// FoldMemory bounds the slabs held in memory, by each service.
	FoldMemory config.Bytes `flag:"fold-memory" default:"1GiB" help:"memory for hot slabs"`
	// NoNear, NoResults and NoSlabs each switch a cache off, to measure what lies below it.
	NoNear    bool `flag:"no-near" help:"keep no results in memory (for benchmarks)"`
	NoResults bool `flag:"no-results" help:"keep no results at all (for benchmarks)"`
	NoSlabs   bool `flag:"no-slabs" help:"keep no slabs in memory (for benchmarks)"`
}

// URL of a service's database.
func (c Config) URL(service string) string {
	if c.DB == "" {
		return "sqlite:" + filepath.Join(c.Data, service+".db")
	}
	return strings.ReplaceAll(c.DB, "{service}", service)
}

// Missing refuses a folder without a service's database: to make one where
// somebody meant to look into one would hide a mistyped path. PostgreSQL tells by
// itself.
func (c Config) Missing(service string) error {
	path, embedded := strings.CutPrefix(c.URL(service), "sqlite:")
	if !embedded {
		return nil
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("no database of %s under %q: %w", service, c.Data, err)
	}
	return nil
}

// Secret reads the secret, or makes the embedded one.
func (c Config) Secret() ([]byte, error) {
	path := c.SecretFile
	if path == "" {
		path = filepath.Join(c.Data, "secret")
	}
	return seal.LoadOrCreate(path)
}

// Folding are the settings of a service's folds.
func (c Config) Folding(service string) fold.Config {
	return fold.Config{
		Service: service, Memory: int64(c.FoldMemory),
		NoNear: c.NoNear || c.NoResults, NoShared: c.NoResults, NoMemory: c.NoSlabs,
	}
}

// Floor is one service's, opened.
type Floor struct {
	DB *sqldb.DB
	// Cache is nil without Redis.
	Cache  *hot.Cache
	Secret []byte
}

// Open opens the database and the cache of a service.
func Open(ctx context.Context, cfg Config, service string, log *slog.Logger) (*Floor, error) {
	secret, err := cfg.Secret()
	if err != nil {
		return nil, err
	}
	db, err := sqldb.Open(ctx, cfg.URL(service))
	if err != nil {
		return nil, err
	}
	cache, err := hot.Open(cfg.Redis, secret, hot.Options{Service: service, Log: log})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Floor{DB: db, Cache: cache, Secret: secret}, nil
}

// Close closes both. Nothing may use them any more.
func (f *Floor) Close(ctx context.Context) error {
	return errors.Join(f.Cache.Close(ctx), f.DB.Close())
}

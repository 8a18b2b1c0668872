// Package join keeps what Journey tells of orders, for the facets of responses
// that are about them. Either may be known first: an order's row waits for its
// responses, a response's row for its order, and whoever comes second finds the
// other.
package join

import (
	"context"
	"embed"
	"io/fs"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Late is the facet that says whether the order arrived after what was promised.
const Late = "order.late"

// Values of Late; a response without a known arrival has none.
const (
	Yes = "yes"
	No  = "no"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate creates the tables in db.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "join", files)
}

// Value is the facet's value of an outcome: late as Journey gives it, nil if it
// cannot be told.
func Value(late *bool) string {
	switch {
	case late == nil:
		return ""
	case *late:
		return Yes
	}
	return No
}

// Pair is a response and the order it is about.
type Pair struct {
	Order string
	// Response is the log number of its first version.
	Response int64
}

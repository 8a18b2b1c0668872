package link

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate creates the tables in db.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "link", files)
}

// Draft is what was answered so far.
type Draft struct {
	Brand string
	Link  int64
	Visit string
	// Customer is the link's, 0 if there is none.
	Customer int64
	// Until is when it is thrown away.
	Until time.Time
	// Version counts the saves; 0: there was none.
	Version int64
	*surveyv1.LinkDraft
}

// ErrMoved says that somebody saved meanwhile: read again.
var ErrMoved = errors.New("the draft was saved meanwhile")

// Load reads a draft; an empty one if there is none.
func Load(ctx context.Context, q sqldb.Querier, brand string, link int64, visit string) (*Draft, error) {
	d := &Draft{Brand: brand, Link: link, Visit: visit, LinkDraft: &surveyv1.LinkDraft{}}
	var body []byte
	err := q.QueryRow(ctx, "SELECT version, body FROM link_draft WHERE brand = $1 AND link = $2 AND visit = $3", brand, link, visit).Scan(&d.Version, &body)
	if errors.Is(err, sqldb.ErrNoRows) {
		return d, nil
	}
	if err == nil {
		err = proto.Unmarshal(body, d.LinkDraft)
	}
	if err != nil {
		return nil, fmt.Errorf("read draft of link %d: %w", link, err)
	}
	return d, nil
}

// Save keeps a draft in the place of the version it was read in; ErrMoved if there is a
// newer one. Version is that of the next save then.
func Save(ctx context.Context, tx *sqldb.Tx, d *Draft) error {
	body, err := proto.Marshal(d.LinkDraft)
	if err != nil {
		return err
	}
	var n int64
	if d.Version == 0 {
		n, err = tx.Exec(ctx, `INSERT INTO link_draft (brand, link, visit, customer, version, until, body)
VALUES ($1, $2, $3, $4, 1, $5, $6) ON CONFLICT DO NOTHING`, d.Brand, d.Link, d.Visit, d.Customer, d.Until.UnixMicro(), body)
	} else {
		n, err = tx.Exec(ctx, `UPDATE link_draft SET version = version + 1, until = $5, body = $6
WHERE brand = $1 AND link = $2 AND visit = $3 AND version = $4`, d.Brand, d.Link, d.Visit, d.Version, d.Until.UnixMicro(), body)
	}
	switch {
	case err != nil:
		return fmt.Errorf("save draft of link %d: %w", d.Link, err)
	case n == 0:
		return ErrMoved
	}
	return nil
}

// Drop throws away what was answered by a link, on a visit.
func Drop(ctx context.Context, tx *sqldb.Tx, brand string, link int64, visit string) error {
	_, err := tx.Exec(ctx, "DELETE FROM link_draft WHERE brand = $1 AND link = $2 AND visit = $3", brand, link, visit)
	return dropped(err)
}

// DropOld throws away what nobody will finish any more.
func DropOld(ctx context.Context, tx *sqldb.Tx, brand string, now time.Time) error {
	_, err := tx.Exec(ctx, "DELETE FROM link_draft WHERE brand = $1 AND until < $2", brand, now.UnixMicro())
	return dropped(err)
}

// Erase throws away what a customer had answered, and tells how much there was.
func Erase(ctx context.Context, tx *sqldb.Tx, brand string, customer int64) (int64, error) {
	n, err := tx.Exec(ctx, "DELETE FROM link_draft WHERE brand = $1 AND customer = $2 AND customer <> 0", brand, customer)
	return n, dropped(err)
}

func dropped(err error) error {
	if err != nil {
		return fmt.Errorf("drop drafts of links: %w", err)
	}
	return nil
}

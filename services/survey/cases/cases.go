// Package cases closes the loop: responses that meet a rule of their survey
// version open cases, and people claim, annotate, resolve and reopen them.
//
// Cases are not facts of the log. Its responses are consumed, exactly once
// each, into tables of this package, and what people then do to a case is
// written there alone. One lock per brand orders all of it: a transaction that
// changes cases takes the brand's case_head first, then reads, decides and
// writes, so that neither engine can lose an update or open a case twice.
package cases

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/seal"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Brand is what cases need to know of a brand.
type Brand struct {
	Zone  *calendar.Zone
	Hours *calendar.Hours
	// Questionnaire is a published version; nil if the directory does not have it
	// (yet: definitions and responses arrive on different ways).
	Questionnaire func(surveyID string, version int32) *surveyv1.Questionnaire
	// Subject is the subject of a number; nil if the directory does not have it.
	Subject func(number uint32) *commonv1.SubjectRef
}

// Desk is where cases are opened and worked. Safe for concurrent use, and by
// any number of processes on one database.
type Desk struct {
	db      *sqldb.DB
	log     *feed.Log
	brand   func(id string) (Brand, error)
	tokens  *seal.Sealer
	clock   func() time.Time
	logger  *slog.Logger
	changes changes
}

// New makes a desk over db, the database that also keeps log. Migrate must have
// run. brand refuses an id that is not in brands.yaml; tokens seals the page
// tokens of ListCases.
func New(db *sqldb.DB, log *feed.Log, brand func(id string) (Brand, error), tokens *seal.Sealer,
	clock func() time.Time, logger *slog.Logger) *Desk {
	return &Desk{db: db, log: log, brand: brand, tokens: tokens, clock: clock, logger: logger}
}

// Migrate creates the tables of cases in db.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "cases", files)
}

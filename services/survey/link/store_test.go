package link_test

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/survey/link"
)

// Drafts of brands, links and visits are apart, of two saves at once one is told so, and
// what is thrown away is gone.
func TestDrafts(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx, now := t.Context(), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(link.Migrate(ctx, db))
		load := func(brand string, n int64, visit string) *link.Draft {
			t.Helper()
			d, err := link.Load(ctx, db, brand, n, visit)
			must(err)
			return d
		}
		save := func(d *link.Draft, version int32, customer int64, until time.Time) error {
			d.LinkDraft = &surveyv1.LinkDraft{SurveyVersion: version}
			d.Customer, d.Until = customer, until
			return db.Write(ctx, func(tx *sqldb.Tx) error { return link.Save(ctx, tx, d) })
		}
		if d := load("a", 1, ""); d.Version != 0 || d.GetSurveyVersion() != 0 {
			t.Errorf("nothing was saved: %v", d)
		}
		must(save(load("a", 1, ""), 1, 7, now))
		must(save(load("a", 1, "v"), 2, 0, now.Add(time.Hour)))
		must(save(load("b", 1, ""), 3, 7, now.Add(-time.Hour)))
		one, other := load("a", 1, ""), load("a", 1, "")
		must(save(one, 4, 7, now))
		if err := save(other, 5, 7, now); !errors.Is(err, link.ErrMoved) {
			t.Errorf("the second of two: %v", err)
		}
		fresh := &link.Draft{Brand: "a", Link: 1}
		if err := save(fresh, 6, 7, now); !errors.Is(err, link.ErrMoved) {
			t.Errorf("saved as the first: %v", err)
		}
		if d := load("a", 1, ""); !proto.Equal(d.LinkDraft, &surveyv1.LinkDraft{SurveyVersion: 4}) || d.Version != 2 {
			t.Errorf("%v", d)
		}
		if load("a", 1, "v").GetSurveyVersion() != 2 || load("b", 1, "").GetSurveyVersion() != 3 || load("a", 2, "").Version != 0 {
			t.Error("drafts are mixed up")
		}
		must(db.Write(ctx, func(tx *sqldb.Tx) error {
			if n, err := link.Erase(ctx, tx, "a", 7); n != 1 || err != nil {
				t.Errorf("erased %d: %v", n, err)
			}
			if n, err := link.Erase(ctx, tx, "a", 0); n != 0 || err != nil {
				t.Errorf("erased %d of nobody: %v", n, err)
			}
			return link.DropOld(ctx, tx, "b", now)
		}))
		if load("a", 1, "").Version != 0 || load("b", 1, "").Version != 0 || load("a", 1, "v").Version == 0 {
			t.Error("thrown away wrongly")
		}
		must(db.Write(ctx, func(tx *sqldb.Tx) error { return link.Drop(ctx, tx, "a", 1, "v") }))
		if load("a", 1, "v").Version != 0 {
			t.Error("it is still there")
		}
	})
}

package rfm

import (
	"context"
	"slices"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Verify cuts the rows of every run anew and reports where they do not come to what
// its fact says. It returns how many rows it looked at.
func Verify(ctx context.Context, db *sqldb.DB, brand string, report func(run int64, reason string)) (n int, err error) {
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		n = 0
		left, err := stored(ctx, tx, brand)
		if err != nil {
			return err
		}
		var told []*segmentationv1.RfmRun
		err = feed.In(tx).ReadKind(ctx, brand, []int16{record.RfmRun}, 0, func(f *feed.Fact) error {
			run, err := record.RunOf(f)
			told = append(told, run)
			return err
		})
		if err != nil {
			return err
		}
		for _, run := range told {
			left = slices.DeleteFunc(left, func(id int64) bool { return id == run.GetId() })
			rows, err := verify(ctx, tx, brand, run, report)
			n += rows
			if err != nil {
				return err
			}
		}
		for _, id := range left {
			report(id, "rows of a run that no fact tells of")
		}
		return nil
	})
	return n, err
}

// verify looks at one run.
func verify(ctx context.Context, q sqldb.Querier, brand string, run *segmentationv1.RfmRun, report func(run int64, reason string)) (int, error) {
	rows := make([]Row, 0, run.GetPersons())
	err := Each(ctx, q, brand, run.GetId(), func(r *Row) { rows = append(rows, *r) })
	switch {
	case ctx.Err() != nil || sqldb.IsUnavailable(err):
		return 0, err
	case err != nil:
		report(run.GetId(), err.Error())
	case int64(len(rows)) != run.GetPersons():
		report(run.GetId(), "other persons than the fact says")
	case MeasureOf(rows) != MeasureIn(run):
		report(run.GetId(), "other cuts than the fact says")
	}
	return len(rows), nil
}

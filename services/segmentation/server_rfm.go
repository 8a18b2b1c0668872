package segmentation

import (
	"context"
	"math"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
	"github.com/rapport-cx/rapport/services/segmentation/rfm"
)

// listedRuns is how many runs one answer has.
const listedRuns = 1000

// ComputeRfm cuts all persons into fifths and keeps the run. Nothing is locked while
// purchases are read.
func (s *Server) ComputeRfm(ctx context.Context, in *segmentationv1.ComputeRfmRequest) (*segmentationv1.ComputeRfmResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	since, day, err := rfmDays(in, b.zone.DayOf(s.clock()))
	if err != nil {
		return nil, err
	}
	var rows []rfm.Row
	err = s.store.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		rows, err = rfm.Gather(ctx, tx, b.ID, b.book.Load().Now(), since, day)
		return err
	})
	if err != nil {
		return nil, floor.Lost("read purchases", err)
	}
	if len(rows) == 0 {
		return nil, noPurchases()
	}
	run := &segmentationv1.RfmRun{Day: day.String(), Since: in.GetSince(), Persons: int64(len(rows))}
	m := rfm.MeasureOf(rows)
	m.Note(run)
	err = s.store.writeKnowing(ctx, b.ID, func(c *change) error {
		run.Id = b.rfm.Load().Newest().GetId() + 1
		run.ComputedAt = timestamppb.New(c.at)
		f, err := record.Cut(run)
		if err != nil {
			return err
		}
		c.tell(f)
		return rfm.Save(ctx, c.tx, b.ID, run.GetId(), rows)
	})
	if err != nil {
		return nil, err
	}
	return &segmentationv1.ComputeRfmResponse{Run: run}, nil
}

func noPurchases() error {
	return fault.Precondition(commonv1.Reason_REASON_NO_PURCHASES, "nobody bought anything in the days asked for")
}

// rfmDays are the first and the last day that a run looks at.
func rfmDays(in *segmentationv1.ComputeRfmRequest, today calendar.Day) (since, day calendar.Day, err error) {
	since, day = math.MinInt32, today
	wrong := fault.Invalid()
	if in.GetDay() != "" {
		if day, err = calendar.ParseDay(in.GetDay()); err != nil {
			wrong.Field("day", "%v", err)
		}
	}
	if in.GetSince() != "" {
		if since, err = calendar.ParseDay(in.GetSince()); err != nil {
			wrong.Field("since", "%v", err)
		}
	}
	if wrong.Len() == 0 && since > day {
		wrong.Field("since", "must not be after %s", day)
	}
	return since, day, wrong.Err()
}

// ListRfmRuns reads the history of runs.
func (s *Server) ListRfmRuns(ctx context.Context, in *segmentationv1.ListRfmRunsRequest) (*segmentationv1.ListRfmRunsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	return &segmentationv1.ListRfmRunsResponse{Runs: b.rfm.Load().Last(listedRuns)}, nil
}

// GetRfm reads one person's scores.
func (s *Server) GetRfm(ctx context.Context, in *segmentationv1.GetRfmRequest) (*segmentationv1.GetRfmResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	run, err := s.rfmRun(ctx, b, in.GetRunId())
	if err != nil {
		return nil, err
	}
	id := in.GetCustomerId()
	known, err := customer(ctx, s.store.db, b.ID, id)
	if err != nil {
		return nil, floor.Lost("read customer", err)
	}
	if known == nil {
		return nil, fault.NotFound(commonv1.Reason_REASON_CUSTOMER_UNKNOWN, "customer %d", id)
	}
	row, err := rfm.Find(ctx, s.store.db, b.ID, run.GetId(), b.person(id), b.members(id))
	if err != nil {
		return nil, floor.Lost("read RFM", err)
	}
	out := &segmentationv1.GetRfmResponse{Run: run}
	if row != nil {
		m := rfm.MeasureIn(run)
		score := m.Score(row)
		out.Score = &segmentationv1.RfmScore{
			Recency: int32(score.Recency), Frequency: int32(score.Frequency), Monetary: int32(score.Monetary),
			Days: row.Days, Purchases: row.Purchases, Spent: row.Spent,
		}
	}
	return out, nil
}

// GetRfmGrid reads how many persons are in each cell.
func (s *Server) GetRfmGrid(ctx context.Context, in *segmentationv1.GetRfmGridRequest) (*segmentationv1.GetRfmGridResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	run, err := s.rfmRun(ctx, b, in.GetRunId())
	if err != nil {
		return nil, err
	}
	grid := rfm.NewGrid(rfm.MeasureIn(run))
	if err := rfm.Each(ctx, s.store.db, b.ID, run.GetId(), grid.Add); err != nil {
		return nil, floor.Lost("read RFM", err)
	}
	out := &segmentationv1.GetRfmGridResponse{Run: run, Cells: grid.Cells()}
	if s.hides(ctx) {
		hideGrid(out)
	}
	return out, nil
}

// rfmRun is the run of a number, the newest for 0.
func (s *Server) rfmRun(ctx context.Context, b *brand, id int64) (*segmentationv1.RfmRun, error) {
	if run := b.rfm.Load().Run(id); run != nil {
		return run, nil
	}
	// Another replica may have computed it a moment ago.
	if err := s.store.folds.Sync(ctx, b.ID); err != nil {
		return nil, floor.Unavailable("read RFM", err)
	}
	switch run := b.rfm.Load().Run(id); {
	case run != nil:
		return run, nil
	case id == 0:
		return nil, fault.NotFound(commonv1.Reason_REASON_RFM_UNKNOWN, "there is no RFM run yet")
	}
	return nil, fault.NotFound(commonv1.Reason_REASON_RFM_UNKNOWN, "RFM run %d", id)
}

// checkRfm cuts the rows of all runs anew.
func (s *Server) checkRfm(ctx context.Context, b *brand, report func(floor.Drift)) (int, error) {
	drift := drifting(report, "rfm")
	return rfm.Verify(ctx, s.store.db, b.ID, func(run int64, reason string) { drift(run, "%s", reason) })
}

package survey

import (
	"context"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/few"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/survey/sight"
)

// sight is what the caller sees of the brand.
func (s *Server) sight(ctx context.Context, b *brand) *sight.Sight {
	return sight.New(s.guard.Narrowed(ctx), b.book.Load(), b.zone, s.clock())
}

// ofPeople asks for access to segments where a scope names one, or customers: else
// scores would tell who belongs to whom.
func (s *Server) ofPeople(ctx context.Context, b *brand, scopes ...*surveyv1.Scope) error {
	if !sight.OfPeople(scopes...) {
		return nil
	}
	return s.guard.Check(ctx, access.Request{Brand: b.ID, Verb: access.Read, Section: access.Segments})
}

// split is ofPeople for what is split by segments.
func split(in *surveyv1.GetMetricRequest) *surveyv1.Scope {
	for _, by := range in.GetGroupBy() {
		if len(by.GetSegmentIds()) > 0 {
			return &surveyv1.Scope{SegmentId: by.GetSegmentIds()[0]}
		}
	}
	return nil
}

// shown is an answer as the caller may read it.
func (s *Server) shown(ctx context.Context, b *brand, see *sight.Sight, in *surveyv1.GetMetricRequest, out *surveyv1.GetMetricResponse) (*surveyv1.GetMetricResponse, error) {
	personal := see.Personal(in.GetScope())
	if personal {
		few, err := s.few(ctx, b, see, in, out.GetTotal().GetN())
		if err != nil {
			return nil, err
		}
		if few {
			return sight.HideAll(out), nil
		}
	}
	cuts, err := s.cuts(ctx, b, see, in, personal)
	if err != nil {
		return nil, err
	}
	return see.Trim(in, see.HideFew(in, out, personal, cuts)), nil
}

// cuts finds the series of which the window's edges cut off few answers.
func (s *Server) cuts(ctx context.Context, b *brand, see *sight.Sight, in *surveyv1.GetMetricRequest, personal bool) (sight.Cuts, error) {
	out := sight.Cuts{}
	if !see.Splits(in, personal) {
		return out, nil
	}
	for _, w := range see.Pieces(in.GetWindow(), s.clock()) {
		piece, err := b.asked.GetMetric(ctx, &surveyv1.GetMetricRequest{
			Brand: in.GetBrand(), Metric: in.GetMetric(), Window: w, Clock: clockOf(in), Scope: in.GetScope(), GroupBy: in.GetGroupBy(),
		}, s.clock())
		if err != nil {
			return nil, floor.Lost("read score", err)
		}
		out.Cut(piece)
	}
	return out, nil
}

// clockOf is the clock of a question whose grain may decide it.
func clockOf(in *surveyv1.GetMetricRequest) surveyv1.Clock {
	if g := in.GetGrain(); in.GetClock() == 0 && g != 0 && g < commonv1.Grain_GRAIN_DAY {
		return surveyv1.Clock_CLOCK_ANSWER
	}
	return in.GetClock()
}

// few tells whether n answers of a personal scope are too few to tell of, leave few of
// everybody's, or are cut by their window where few answered.
func (s *Server) few(ctx context.Context, b *brand, see *sight.Sight, in *surveyv1.GetMetricRequest, n int64) (bool, error) {
	ask := func(w *surveyv1.Window, scope *surveyv1.Scope) (int64, error) {
		out, err := b.asked.GetMetric(ctx, &surveyv1.GetMetricRequest{
			Brand: in.GetBrand(), Metric: in.GetMetric(), Window: w, Clock: clockOf(in), Scope: scope,
		}, s.clock())
		return out.GetTotal().GetN(), floor.Lost("read score", err)
	}
	all, err := ask(in.GetWindow(), see.Everybody(in.GetScope()))
	if err != nil || see.TellsFew(in.GetScope(), n, all) {
		return err == nil, err
	}
	for _, w := range see.Pieces(in.GetWindow(), s.clock()) {
		piece, err := ask(w, in.GetScope())
		if err != nil || few.Few(piece) {
			return err == nil, err
		}
	}
	return false, nil
}

// fewOf is few for what is not asked as a score.
func (s *Server) fewOf(ctx context.Context, b *brand, see *sight.Sight, metric string, clock surveyv1.Clock, side *surveyv1.MetricSide, n int64) (bool, error) {
	if !see.Personal(side.GetScope()) {
		return false, nil
	}
	return s.few(ctx, b, see, &surveyv1.GetMetricRequest{
		Brand: b.ID, Metric: metric, Window: side.GetWindow(), Clock: clock, Scope: side.GetScope(),
	}, n)
}

// compared is a comparison as the caller may read it: of none if either side is of few.
func (s *Server) compared(ctx context.Context, b *brand, see *sight.Sight, in *surveyv1.CompareMetricRequest, out *surveyv1.CompareMetricResponse) (*surveyv1.CompareMetricResponse, error) {
	one, err := s.fewOf(ctx, b, see, in.GetMetric(), in.GetClock(), in.GetA(), out.GetA().GetN())
	if err != nil {
		return nil, err
	}
	other, err := s.fewOf(ctx, b, see, in.GetMetric(), in.GetClock(), in.GetB(), out.GetB().GetN())
	if err != nil || !one && !other {
		return out, err
	}
	shown := &surveyv1.CompareMetricResponse{A: out.GetA(), B: out.GetB(), AsOf: out.GetAsOf(), Metric: out.GetMetric()}
	if one {
		shown.A = sight.Hidden()
	}
	if other {
		shown.B = sight.Hidden()
	}
	return shown, nil
}

// elsewhere makes what a bound caller finds unknown read as what it may not see: it
// must not learn which of the two it is.
func elsewhere(see *sight.Sight, err error) error {
	if err != nil && see.Bound() && isNotFound(err) {
		return access.Denied()
	}
	return err
}

func isNotFound(err error) bool {
	return fault.Is(err, commonv1.Reason_REASON_RESPONSE_UNKNOWN) || fault.Is(err, commonv1.Reason_REASON_CASE_UNKNOWN) ||
		fault.Is(err, commonv1.Reason_REASON_SUBJECT_UNKNOWN)
}

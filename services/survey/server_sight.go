package survey

import (
	"context"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
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
	return see.Trim(in, see.HideFew(in, out, personal)), nil
}

// few tells whether n answers of a personal scope are too few to tell of, or leave few.
func (s *Server) few(ctx context.Context, b *brand, see *sight.Sight, in *surveyv1.GetMetricRequest, n int64) (bool, error) {
	clock := in.GetClock()
	if g := in.GetGrain(); clock == 0 && g != 0 && g < commonv1.Grain_GRAIN_DAY {
		clock = surveyv1.Clock_CLOCK_ANSWER
	}
	all, err := b.asked.GetMetric(ctx, &surveyv1.GetMetricRequest{
		Brand: in.GetBrand(), Metric: in.GetMetric(), Window: in.GetWindow(), Clock: clock, Scope: see.Everybody(in.GetScope()),
	}, s.clock())
	if err != nil {
		return false, lost("read score", err)
	}
	return see.TellsFew(in.GetScope(), n, all.GetTotal().GetN()), nil
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

// rank asks for a league table. Where a single subject has too few answers to be
// ranked, its score is what the others leave of the whole: one more is left out then.
func (s *Server) rank(ctx context.Context, b *brand, in *surveyv1.RankSubjectsRequest, offset, size int, hides bool) (*surveyv1.RankSubjectsResponse, error) {
	out, err := b.asked.RankSubjects(ctx, in, offset, size, s.clock())
	if err != nil || !hides || out.GetUnranked() != 1 || in.GetKind() != commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE {
		return out, err
	}
	all, err := b.asked.RankSubjects(ctx, in, 0, int(out.GetRanked()), s.clock())
	if err != nil || len(all.GetSubjects()) == 0 {
		return out, err
	}
	least := all.GetSubjects()[0].GetScore().GetN()
	for _, one := range all.GetSubjects() {
		least = min(least, one.GetScore().GetN())
	}
	more := &surveyv1.RankSubjectsRequest{
		Brand: in.GetBrand(), Metric: in.GetMetric(), Window: in.GetWindow(), Kind: in.GetKind(), Under: in.GetUnder(),
		Labels: in.GetLabels(), Channels: in.GetChannels(), MinN: int32(least) + 1, WorstFirst: in.GetWorstFirst(),
		SegmentId: in.GetSegmentId(), Within: in.GetWithin(),
	}
	return b.asked.RankSubjects(ctx, more, offset, size, s.clock())
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

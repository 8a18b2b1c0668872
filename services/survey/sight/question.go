package sight

import (
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/few"
)

// Metric narrows a question for a score.
func (s *Sight) Metric(in *surveyv1.GetMetricRequest) (*surveyv1.GetMetricRequest, error) {
	if err := s.cadence.Grain(in.GetGrain()); err != nil {
		return nil, err
	}
	for _, by := range in.GetGroupBy() {
		split := map[surveyv1.Dimension]commonv1.Grain{
			surveyv1.Dimension_DIMENSION_HOUR: commonv1.Grain_GRAIN_HOUR, surveyv1.Dimension_DIMENSION_DAY_OF_WEEK: commonv1.Grain_GRAIN_DAY,
		}[by.GetDimension()]
		if err := s.cadence.Grain(split); err != nil {
			return nil, err
		}
	}
	if err := s.window(in.GetWindow()); err != nil || !s.bound {
		return in, err
	}
	scope, err := s.Scope(in.GetScope())
	if err != nil {
		return nil, err
	}
	return &surveyv1.GetMetricRequest{
		Brand: in.GetBrand(), Metric: in.GetMetric(), Window: in.GetWindow(), Grain: in.GetGrain(), Clock: in.GetClock(),
		Scope: scope, GroupBy: in.GetGroupBy(), RollingDays: in.GetRollingDays(),
	}, nil
}

// Watch is Metric for who wants to be told of every change.
func (s *Sight) Watch(in *surveyv1.GetMetricRequest) (*surveyv1.GetMetricRequest, error) {
	if err := s.cadence.Grain(commonv1.Grain_GRAIN_HOUR); err != nil {
		return nil, err
	}
	return s.Metric(in)
}

// Rank narrows a question for a league table. Of employees those with few answers are
// not ranked, as a table tells each one's score.
func (s *Sight) Rank(in *surveyv1.RankSubjectsRequest) (*surveyv1.RankSubjectsRequest, error) {
	out, err := s.Peers(in)
	if err != nil || !s.bound {
		return out, err
	}
	out = proto.CloneOf(out)
	if in.GetUnder() != nil && !s.Sees(in.GetUnder()) {
		return nil, access.Denied()
	}
	out.Within, err = s.Within(in.GetWithin()...)
	return out, err
}

// Peers is Rank for a table that tells of nobody but one who is seen: it is of all.
func (s *Sight) Peers(in *surveyv1.RankSubjectsRequest) (*surveyv1.RankSubjectsRequest, error) {
	if err := s.window(in.GetWindow()); err != nil {
		return nil, err
	}
	if s.few && in.GetMinN() < few.Least && (in.GetKind() == commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE || in.GetSegmentId() != "") {
		in = proto.CloneOf(in)
		in.MinN = few.Least
	}
	return in, nil
}

// TellsPeers says that so many others are enough to tell how they do together.
func (s *Sight) TellsPeers(others int32) bool { return !s.bound || others >= few.Least }

// Compare narrows both sides of a comparison.
func (s *Sight) Compare(in *surveyv1.CompareMetricRequest) (*surveyv1.CompareMetricRequest, error) {
	out := &surveyv1.CompareMetricRequest{Brand: in.GetBrand(), Metric: in.GetMetric(), Clock: in.GetClock()}
	var err error
	if out.A, err = s.side(in.GetA()); err != nil {
		return nil, err
	}
	if out.B, err = s.side(in.GetB()); err != nil || !s.bound {
		return in, err
	}
	return out, nil
}

func (s *Sight) side(in *surveyv1.MetricSide) (*surveyv1.MetricSide, error) {
	if err := s.window(in.GetWindow()); err != nil {
		return nil, err
	}
	scope, err := s.Scope(in.GetScope())
	return &surveyv1.MetricSide{Window: in.GetWindow(), Scope: scope}, err
}

// Drivers narrows a question for what moves a score.
func (s *Sight) Drivers(in *surveyv1.GetDriversRequest) (*surveyv1.GetDriversRequest, error) {
	if err := s.window(in.GetWindow()); err != nil || !s.bound {
		return in, err
	}
	scope, err := s.Scope(in.GetScope())
	if err != nil {
		return nil, err
	}
	return &surveyv1.GetDriversRequest{
		Brand: in.GetBrand(), Metric: in.GetMetric(), Parameters: in.GetParameters(), Window: in.GetWindow(), Scope: scope,
	}, nil
}

// OfPeople tells that a scope asks who the customers are that answered: that is for
// those who may know of segments.
func OfPeople(scopes ...*surveyv1.Scope) bool {
	for _, in := range scopes {
		if in.GetSegmentId() != "" || len(in.GetCustomers()) > 0 || in.GetOutside() {
			return true
		}
	}
	return false
}

// window allows stretches as the caller's cadence does. Without one it is all there is.
func (s *Sight) window(w *surveyv1.Window) error {
	switch w := w.GetWindow().(type) {
	case *surveyv1.Window_Range:
		return s.cadence.Range(s.zone, w.Range)
	case *surveyv1.Window_Dates:
		return s.cadence.Dates(w.Dates)
	case *surveyv1.Window_LastDays:
		return s.cadence.Rolling()
	}
	return nil
}

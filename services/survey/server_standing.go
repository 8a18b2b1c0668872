package survey

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
)

// everyRank is more than a league table has.
const everyRank = 1 << 30

// GetStanding tells where one subject stands among its peers. It ranks all of them
// whatever the caller sees, and tells of nobody else but how they do together.
func (s *Server) GetStanding(ctx context.Context, in *surveyv1.GetStandingRequest) (*surveyv1.GetStandingResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), subjectName(in.GetSubject()), access.Read)
	if err != nil {
		return nil, err
	}
	see := s.sight(ctx, b)
	if err := see.One(in.GetSubject()); err != nil {
		return nil, err
	}
	labels, err := peersOf(b, in)
	if err != nil {
		return nil, err
	}
	table, err := see.Peers(&surveyv1.RankSubjectsRequest{
		Brand: in.GetBrand(), Metric: in.GetMetric(), Window: in.GetWindow(), Kind: in.GetSubject().GetKind(), Labels: labels, MinN: in.GetMinN()})
	if err != nil {
		return nil, err
	}
	ranked, err := s.rank(ctx, b, see, table, 0, everyRank)
	if err != nil {
		return nil, floor.Lost("rank subjects", err)
	}
	out := &surveyv1.GetStandingResponse{Ranked: ranked.GetRanked(), Unranked: ranked.GetUnranked(), AsOf: ranked.GetAsOf(), Metric: ranked.GetMetric()}
	others := out.Ranked
	at := slices.IndexFunc(ranked.GetSubjects(), func(r *surveyv1.RankedSubject) bool { return proto.Equal(r.GetSubject(), in.GetSubject()) })
	if at >= 0 {
		out.Standing = ranked.GetSubjects()[at]
		others--
	}
	if out.Hidden = !see.TellsPeers(others); out.Hidden {
		return out, nil
	}
	spread(out, ranked.GetSubjects())
	out.Peers, err = s.pooledPeers(ctx, b, in, labels)
	return out, err
}

// peersOf are the labels that the subject's peers have in common with it.
func peersOf(b *brand, in *surveyv1.GetStandingRequest) (map[string]string, error) {
	book := b.book.Load()
	n, ok := book.Subject(in.GetSubject())
	if !ok {
		return nil, fault.NotFound(commonv1.Reason_REASON_SUBJECT_UNKNOWN, "subject %s", subjectName(in.GetSubject()))
	}
	label := in.GetPeersByLabel()
	if label == "" {
		return nil, nil
	}
	value, ok := book.Label(n, label)
	if !ok {
		return nil, fault.Precondition(nil, "it has no label %s to find peers by", label)
	}
	return map[string]string{label: value}, nil
}

// spread is how the values of the ranked lie, by nearest rank.
func spread(out *surveyv1.GetStandingResponse, ranked []*surveyv1.RankedSubject) {
	n := len(ranked)
	if n == 0 {
		return
	}
	values := make([]float64, n)
	for i, r := range ranked {
		values[i] = r.GetScore().GetValue()
	}
	slices.Sort(values)
	quarter := func(k int) *float64 { return &values[(n*k+3)/4-1] }
	out.LowerQuartile, out.Median, out.UpperQuartile = quarter(1), quarter(2), quarter(3)
}

// pooledPeers is the score of all answers about the subject and its peers.
func (s *Server) pooledPeers(ctx context.Context, b *brand, in *surveyv1.GetStandingRequest, labels map[string]string) (*surveyv1.Score, error) {
	kind := in.GetSubject().GetKind()
	by, key := &surveyv1.GroupBy{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT_KIND}, strings.TrimPrefix(kind.String(), "SUBJECT_KIND_")
	for label, value := range labels {
		by, key = &surveyv1.GroupBy{Dimension: surveyv1.Dimension_DIMENSION_LABEL, Kind: kind, Key: label}, value
	}
	ask := &surveyv1.GetMetricRequest{Brand: in.GetBrand(), Metric: in.GetMetric(), Window: in.GetWindow(),
		Clock: surveyv1.Clock_CLOCK_EXPERIENCE, GroupBy: []*surveyv1.GroupBy{by}}
	all, err := b.asked.GetMetric(ctx, ask, s.clock())
	if err != nil {
		return nil, floor.Lost("read score", err)
	}
	if all, err = s.shown(ctx, b, s.sight(ctx, b), ask, all); err != nil {
		return nil, err
	}
	for _, one := range all.GetSeries() {
		if one.GetKey()[0] == key {
			return one.GetTotal(), nil
		}
	}
	return &surveyv1.Score{}, nil
}

package report

import (
	"cmp"
	"context"
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// The parts of an overview, by what reports call them.
const (
	ofScores      = surveyv1.OverviewPart_OVERVIEW_PART_SCORES
	ofGoals       = surveyv1.OverviewPart_OVERVIEW_PART_GOALS
	ofInvitations = surveyv1.OverviewPart_OVERVIEW_PART_INVITATIONS
)

// overview is what Survey says of a subject, or of the brand, in stretches of time.
type overview struct {
	scores  []reading // in the order of reports
	goals   []*surveyv1.Goal
	invited []*surveyv1.GetInvitationStatsResponse

	answer *surveyv1.GetOverviewResponse // that tells up to when it holds
}

// overview reads it. All in one call: each of its own would cost more than the answer.
func (s *Server) overview(ctx context.Context, a *asking, of []window, subject *commonv1.SubjectRef, in *surveyv1.GetOverviewRequest) (overview, error) {
	in.Brand, in.Clock, in.Subject = a.brand.ID, surveyv1.Clock_CLOCK_EXPERIENCE, subject
	for _, w := range of {
		in.Windows = append(in.Windows, w.ofAnswers())
	}
	got, err := call(ctx, a, fromSurvey, s.from.Survey.GetOverview, in)
	if err != nil {
		return overview{}, err
	}
	out := overview{goals: got.GetGoals(), invited: got.GetInvitations(), answer: got}
	for _, m := range got.GetMetrics() {
		out.scores = append(out.scores, reading{metric: m.GetMetric(), at: m.GetScores()})
	}
	slices.SortStableFunc(out.scores, func(x, y reading) int { return inReports(x.metric, y.metric) })
	return out, nil
}

// of are the scores of the metrics that suit.
func (o overview) of(suits func(*surveyv1.Metric) bool) []reading {
	return slices.DeleteFunc(slices.Clone(o.scores), func(r reading) bool { return !suits(r.metric) })
}

// inReports is the order of metrics in reports: by kind, then by name.
func inReports(x, y *surveyv1.Metric) int {
	return cmp.Or(cmp.Compare(place(x), place(y)), strings.Compare(x.GetName(), y.GetName()))
}

package report

import (
	"context"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// invited reads how many were asked in stretches of time, and how many of those answered.
func (s *Server) invited(ctx context.Context, a *asking, of []window, subject *commonv1.SubjectRef) ([]*surveyv1.GetInvitationStatsResponse, error) {
	var subjects []*commonv1.SubjectRef
	if subject != nil {
		subjects = []*commonv1.SubjectRef{subject}
	}
	in := &surveyv1.BatchGetInvitationStatsRequest{Brand: a.brand.ID}
	for _, w := range of {
		in.Requests = append(in.Requests, &surveyv1.GetInvitationStatsRequest{Brand: a.brand.ID, Window: w.ofAnswers(), Subjects: subjects, GroupBy: []*surveyv1.GroupBy{byChannel}})
	}
	got, err := call(ctx, a, fromSurvey, s.from.Survey.BatchGetInvitationStats, in)
	if err != nil {
		return nil, err
	}
	out := make([]*surveyv1.GetInvitationStatsResponse, len(of))
	for i, one := range got.GetResults() {
		if one.GetError() != nil {
			return nil, fault.FromStatus(one.GetError())
		}
		out[i] = one.GetStats()
	}
	return out, nil
}

// answeredShare is of the invitations of a channel, of all for an empty key.
func answeredShare(key string, of *surveyv1.GetInvitationStatsResponse) *reportv1.Rate {
	c := of.GetTotal()
	if key != "" {
		c = nil
		for _, s := range of.GetSeries() {
			if s.GetKey()[0] == key {
				c = s.GetTotal()
			}
		}
	}
	out := &reportv1.Rate{Name: responseRate, Numerator: c.GetAnswered(), Denominator: c.GetSent()}
	if c != nil {
		out.Value, out.Low, out.High = c.ResponseRate, c.Low, c.High
	}
	return out
}

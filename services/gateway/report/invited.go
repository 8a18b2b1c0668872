package report

import (
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

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

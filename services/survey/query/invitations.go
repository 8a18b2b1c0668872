package query

import (
	"context"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/survey/score"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// invited is what stands in the place of a metric: steps are counted like scores, and
// only how often each was taken means anything.
var invited = measured{score: score.Def{Kind: score.Rating, Min: 0, Max: 10}, parts: []uint32{tally.Invitations}}

// Invitations counts the steps of invitations: the histograms of the answer say how often
// each was taken. The request's metric is not looked at, and the response is shared.
func (b *Brand) Invitations(ctx context.Context, req *surveyv1.GetMetricRequest, now time.Time) (*surveyv1.GetMetricResponse, error) {
	p, err := b.plan(ctx, 'i', invited, req, now)
	if err != nil {
		return nil, err
	}
	return fold.Ask(ctx, b.Engine, p.Question(), codec[surveyv1.GetMetricResponse](), p.Answer)
}

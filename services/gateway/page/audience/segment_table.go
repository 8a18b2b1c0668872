package audience

import (
	"context"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// segmentTable is one segment, a figure a line: how many are in it, their scores beside
// everybody else's, and what they are worth by month. Who they are is not in it.
func (p *Pages) segmentTable(ctx context.Context, s *scene) ([][]string, error) {
	if p.people == nil {
		return nil, absentSegmentation
	}
	out := shell.NewSheet()
	got, err := p.people.GetSegment(ctx, &segmentationv1.GetSegmentRequest{Brand: s.Brand, SegmentId: s.ID})
	if err != nil {
		return nil, err
	}
	out.Count("segment", s.ID, "members", got.GetSegment().GetMembers(), got.GetAsOf())
	if p.survey != nil {
		c := &catalogue{scene: s, metrics: p.metrics(ctx, s)}
		for _, name := range c.usualMetrics() {
			for _, where := range []string{"inside", "outside"} {
				v, asOf, err := p.score(ctx, s, name, where == "outside")
				if err != nil {
					return nil, err
				}
				out.Add(shell.Figure{Section: "scores", Item: where, Measure: name, Value: v.Value, Low: v.Low, High: v.High, N: v.GetN(), AsOf: asOf})
			}
		}
	}
	worth, err := p.people.GetSegmentValue(ctx, &segmentationv1.GetSegmentValueRequest{Brand: s.Brand, SegmentId: s.ID, Grain: commonv1.Grain_GRAIN_MONTH})
	if err != nil {
		return nil, err
	}
	for _, m := range worth.GetPeriods() {
		month := m.GetDates().GetStart()
		out.Add(shell.Figure{Section: "value", Item: month, Measure: "average_check_minor", Value: averageCheck(m.GetValue()), N: m.GetValue().GetBuyers(), AsOf: worth.GetAsOf()})
		out.Add(shell.Figure{Section: "value", Item: month, Measure: "retention", Value: m.Retention, Low: m.RetentionLow, High: m.RetentionHigh, N: m.GetActiveAtStart(), AsOf: worth.GetAsOf()})
		out.Add(shell.Figure{Section: "value", Item: month, Measure: "churn", Value: m.Churn, Low: m.ChurnLow, High: m.ChurnHigh, N: m.GetActive(), AsOf: worth.GetAsOf()})
	}
	return out, nil
}

package query

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/survey/score"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// CompareMetric says whether two scores of a metric differ. The response is
// shared: nobody may change it.
func (b *Brand) CompareMetric(ctx context.Context, req *surveyv1.CompareMetricRequest, now time.Time) (*surveyv1.CompareMetricResponse, error) {
	a := b.asker(now)
	subject, err := b.measured(req.GetMetric())
	if err != nil {
		return nil, err
	}
	live := req.GetClock() == surveyv1.Clock_CLOCK_ANSWER
	one, err := a.side(ctx, "a", req.GetA(), subject, live)
	if err != nil {
		return nil, err
	}
	other, err := a.side(ctx, "b", req.GetB(), subject, live)
	if err != nil {
		return nil, err
	}
	if err := a.bad.Err(); err != nil {
		return nil, err
	}
	if err := one.lay(ctx, a, req.GetA().GetScope()); err != nil {
		return nil, err
	}
	if err := other.lay(ctx, a, req.GetB().GetScope()); err != nil {
		return nil, err
	}
	ask, err := askBytes('c', b.era(now, one.scope.current || other.scope.current), req, one.window, other.window)
	if err != nil {
		return nil, err
	}
	q := fold.Question{
		Brand: b.Name, Ask: ask, Days: append(one.window.spans(0), other.window.spans(0)...),
		Extra: a.extra(),
	}
	return fold.Ask(ctx, b.Engine, q, codec[surveyv1.CompareMetricResponse](), func(ctx context.Context) (*surveyv1.CompareMetricResponse, error) {
		return compare(ctx, one, other)
	})
}

// side plans one side: a total without series.
func (a asker) side(ctx context.Context, path string, s *surveyv1.MetricSide, subject measured, live bool) (*Plan, error) {
	p := &Plan{b: a.b, subject: subject, now: a.now}
	var err error
	if p.window, err = a.window(ctx, path+".window", s.GetWindow(), live, 0); err != nil {
		return nil, err
	}
	p.scope, err = a.scope(path+".scope", s.GetScope())
	return p, err
}

// sides counts both sides at one point of the log: compared with itself, nothing
// differs, however many responses arrive meanwhile.
func sides(ctx context.Context, one, other *Plan) (x, y *counter, head feed.Head, err error) {
	if one.fromCells() && other.fromCells() {
		x, y, head, err = sidesOf(ctx, one, other, false)
		if !errors.Is(err, errOverlap) {
			return x, y, head, err
		}
	}
	return sidesOf(ctx, one, other, true)
}

func sidesOf(ctx context.Context, one, other *Plan, rows bool) (x, y *counter, head feed.Head, err error) {
	first, second := one.total(), other.total()
	want := one.want(first, rows)
	want.Days = append(want.Days, other.want(second, rows).Days...)
	err = one.b.Engine.View(ctx, one.b.Name, want, func(v *fold.View[*tally.Tally]) error {
		head = v.Last
		if rows {
			x, y = one.countRows(v, first), other.countRows(v, second)
			return nil
		}
		var err error
		if x, err = one.countCells(v, first); err == nil {
			y, err = other.countCells(v, second)
		}
		return err
	})
	return x, y, head, err
}

// total lays out the days of a plan without series.
func (p *Plan) total() slots { return p.b.cut(p.window, p.grain, p.rolling, false) }

func compare(ctx context.Context, one, other *Plan) (*surveyv1.CompareMetricResponse, error) {
	x, y, head, err := sides(ctx, one, other)
	if err != nil {
		return nil, err
	}
	m := &one.subject
	out := &surveyv1.CompareMetricResponse{
		A: m.evaluate(x.total), B: m.evaluate(y.total), AsOf: asOf(head), Metric: m.def,
	}
	if out.A.GetN() == 0 || out.B.GetN() == 0 {
		return out, nil
	}
	if m.overall() {
		// No interval can be given from the parameters' sums, hence no finding.
		out.Difference = proto.Float64(out.A.GetValue() - out.B.GetValue())
		return out, nil
	}
	d := score.Compare(m.score, x.total[0], y.total[0])
	out.Difference, out.Significant = proto.Float64(d.Delta), d.Significant
	if d.Known {
		out.Margin = proto.Float64(d.Margin)
	}
	return out, nil
}

func appendNumbers(b []byte, numbers ...int) []byte {
	for _, n := range numbers {
		b = binary.AppendVarint(b, int64(n))
	}
	return b
}

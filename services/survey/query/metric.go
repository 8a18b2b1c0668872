package query

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/survey/score"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// GetMetric answers from the cache of results where nothing changed since. The
// response is shared: nobody may change it.
func (b *Brand) GetMetric(ctx context.Context, req *surveyv1.GetMetricRequest, now time.Time) (*surveyv1.GetMetricResponse, error) {
	p, err := b.planned(ctx, req, now)
	if err != nil {
		return nil, err
	}
	return fold.Ask(ctx, b.Engine, p.Question(), codec[surveyv1.GetMetricResponse](), p.Answer)
}

// message is a pointer to a generated message.
type message[T any] interface {
	*T
	proto.Message
}

// codec packs results for Redis.
func codec[T any, M message[T]]() fold.Codec[M] {
	return fold.Codec[M]{
		Encode: func(m M) ([]byte, error) { return proto.Marshal(m) },
		Decode: func(b []byte) (M, error) {
			m := M(new(T))
			return m, proto.Unmarshal(b, m)
		},
	}
}

// errOverlap says that histograms would count some answer twice.
var errOverlap = errors.New("answers count in several of the subjects")

// sum counts what the plan asks for.
func (p *Plan) sum(ctx context.Context) (*counter, feed.Head, error) {
	hours := false
	for i := range p.by {
		p.by[i].learn(p.b)
		hours = hours || p.by[i].by == surveyv1.Dimension_DIMENSION_HOUR
	}
	s := p.b.cut(p.window, p.grain, p.rolling, hours && p.window.live)
	if len(s.buckets) > maxPoints {
		return nil, feed.Head{}, tooManyPoints()
	}
	if p.fromCells() {
		c, head, err := p.sumCells(ctx, s)
		if !errors.Is(err, errOverlap) {
			return c, head, err
		}
	}
	return p.sumRows(ctx, s)
}

func tooManyPoints() error {
	return fault.Invalid().Field("grain", "makes more than %d points; ask for a longer grain, a shorter window or fewer groups", maxPoints).Err()
}

func (p *Plan) sumCells(ctx context.Context, s slots) (c *counter, head feed.Head, err error) {
	err = p.b.Engine.View(ctx, p.b.Name, p.want(s, false), func(v *fold.View[*tally.Tally]) error {
		head = v.Last
		c, err = p.countCells(v, s)
		return err
	})
	return c, head, err
}

func (p *Plan) sumRows(ctx context.Context, s slots) (c *counter, head feed.Head, err error) {
	err = p.b.Engine.View(ctx, p.b.Name, p.want(s, true), func(v *fold.View[*tally.Tally]) error {
		c, head = p.countRows(v, s), v.Last
		return nil
	})
	return c, head, err
}

// want is what counting the days of s reads.
func (p *Plan) want(s slots, rows bool) fold.Want {
	return fold.Want{Measures: p.subject.measures(p.window.live, rows), Days: p.window.spans(s.lead)}
}

// countCells counts by histograms; errOverlap where those do not tell.
func (p *Plan) countCells(v *fold.View[*tally.Tally], s slots) (*counter, error) {
	c := newCounter(p, s)
	sum := newCellSum(p, c)
	for i := range s.day {
		for part, m := range p.subject.measures(p.window.live, false) {
			h, ok := v.Slab(m, int32(s.first)+int32(i)).(*tally.Hist)
			if !ok {
				continue
			}
			if !sum.apart(h) {
				return nil, errOverlap
			}
			sum.day(h, &s.day[i], part)
		}
	}
	return c, nil
}

// countRows counts answer by answer.
func (p *Plan) countRows(v *fold.View[*tally.Tally], s slots) *counter {
	c := newCounter(p, s)
	sum := newRowSum(p, c)
	for i := range s.day {
		for part, m := range p.subject.measures(p.window.live, true) {
			if rows, ok := v.Slab(m, int32(s.first)+int32(i)).(*tally.Rows); ok {
				sum.day(rows, s.first+calendar.Day(i), &s.day[i], part)
			}
		}
	}
	return c
}

// Answer computes the answer, whatever may be cached.
func (p *Plan) Answer(ctx context.Context) (*surveyv1.GetMetricResponse, error) {
	c, head, err := p.sum(ctx)
	if err != nil {
		return nil, err
	}
	if c.full {
		return nil, tooManyPoints()
	}
	out := &surveyv1.GetMetricResponse{
		Metric: p.subject.def, Total: p.subject.evaluate(c.total), AsOf: asOf(head), Zone: p.b.Zone.String(),
	}
	points := 0
	for _, g := range c.all() {
		series := p.render(c, g)
		if points += len(series.Points); points > maxPoints {
			return nil, tooManyPoints()
		}
		if series.Total.GetN() != 0 || len(series.Points) > 0 {
			out.Series = append(out.Series, series)
		}
	}
	if len(p.by) == 0 && p.grain.Valid() && len(out.Series) == 0 {
		out.Series = []*surveyv1.Series{{Total: out.Total}}
	}
	slices.SortFunc(out.Series, func(x, y *surveyv1.Series) int { return slices.Compare(x.Key, y.Key) })
	return out, nil
}

// asOf is the commit time of the last fact an answer includes.
func asOf(h feed.Head) *timestamppb.Timestamp {
	if h.Seq == 0 {
		return nil
	}
	return timestamppb.New(time.UnixMicro(h.At))
}

// render writes one group's series.
func (p *Plan) render(c *counter, g *group) *surveyv1.Series {
	out := &surveyv1.Series{Total: p.subject.evaluate(g.total)}
	var labels []string
	for k := range p.by {
		key, label := p.by[k].text(p.b, g.values[k])
		out.Key = append(out.Key, key)
		if label != "" {
			labels = append(labels, label)
		}
	}
	out.Label = strings.Join(labels, " / ")
	if len(g.slots) == 0 {
		return out
	}
	point := func(bucket calendar.Bucket, hists []score.Hist) {
		if s := p.subject.evaluate(hists); s.N != 0 {
			out.Points = append(out.Points, &surveyv1.Point{
				Start: timestamppb.New(bucket.Start), End: timestamppb.New(bucket.End), Score: s,
			})
		}
	}
	if p.rolling > 0 {
		p.roll(c, g, point)
		return out
	}
	for i, bucket := range c.slots.buckets {
		point(bucket, g.slots[i*c.parts:(i+1)*c.parts])
	}
	return out
}

// roll gives each bucket the pooled answers of the days that end with it,
// adding the days that come in and taking out those that leave.
func (p *Plan) roll(c *counter, g *group, point func(calendar.Bucket, []score.Hist)) {
	pool := make([]score.Hist, c.parts)
	from, until := 0, 0 // days pooled, by place in slots
	for _, bucket := range c.slots.buckets {
		end := int(p.b.Zone.DayOf(bucket.End.Add(-1))-c.slots.first) + 1
		for ; until < end; until++ {
			for k := range pool {
				pool[k].Merge(&g.slots[until*c.parts+k])
			}
		}
		for ; from < end-p.rolling; from++ {
			for k := range pool {
				pool[k].Sub(&g.slots[from*c.parts+k])
			}
		}
		point(bucket, pool)
	}
}

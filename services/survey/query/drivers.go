package query

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/driver"
)

// mostParameters is how many parameters one question may explain a score by.
const mostParameters = 30

// Drivers is a question about what moves a score, resolved.
type Drivers struct {
	*Plan // of the score alone: its window, scope and definition
	// parameters are what may move it; named says that the caller chose them, so that
	// each is answered even if nobody answered it.
	parameters []*directory.Metric
	named      bool
}

// GetDrivers answers from the cache of results where nothing changed since. The
// response is shared: nobody may change it.
func (b *Brand) GetDrivers(ctx context.Context, req *surveyv1.GetDriversRequest, now time.Time) (*surveyv1.GetDriversResponse, error) {
	d, err := b.Drivers(ctx, req, now)
	if err != nil {
		return nil, err
	}
	return fold.Ask(ctx, b.Engine, d.Question(), codec[surveyv1.GetDriversResponse](), d.Answer)
}

// Drivers checks a question and resolves it at a moment.
func (b *Brand) Drivers(ctx context.Context, req *surveyv1.GetDriversRequest, now time.Time) (*Drivers, error) {
	a := b.asker(now)
	d := &Drivers{Plan: &Plan{b: b, now: now, rowsOnly: true}, named: len(req.GetParameters()) > 0}
	var err error
	if d.subject, err = b.measured(req.GetMetric()); err != nil {
		return nil, err
	}
	switch d.subject.def.GetKind() {
	case surveyv1.MetricKind_METRIC_KIND_NPS, surveyv1.MetricKind_METRIC_KIND_CSAT, surveyv1.MetricKind_METRIC_KIND_CES, surveyv1.MetricKind_METRIC_KIND_RATING:
	default:
		a.bad.Field("metric", "must be of kind NPS, CSAT, CES or RATING to be explained")
	}
	if d.parameters, err = a.parameters(req); err != nil {
		return nil, err
	}
	if d.window, err = a.window(ctx, "window", req.GetWindow(), false, 0); err != nil {
		return nil, err
	}
	if d.scope, err = a.scope("scope", req.GetScope()); err != nil {
		return nil, err
	}
	if err := a.bad.Err(); err != nil {
		return nil, err
	}
	if !d.named {
		d.parameters = b.askedWith(d.subject.def, d.scope.surveys)
	}
	if err := d.lay(ctx, a, req.GetScope()); err != nil {
		return nil, err
	}
	d.version = a.extra()
	d.ask, err = askBytes('d', b.era(now, d.scope.current), req, d.window)
	return d, err
}

// parameters finds those that the request names.
func (a asker) parameters(req *surveyv1.GetDriversRequest) ([]*directory.Metric, error) {
	var out []*directory.Metric
	for i, name := range req.GetParameters() {
		path := fmt.Sprintf("parameters[%d]", i)
		m, ok := a.b.Book().Metric(name)
		switch {
		case !ok:
			return nil, fault.NotFound(commonv1.Reason_REASON_METRIC_UNKNOWN, "metric %q", name).With("field", path)
		case name == req.GetMetric():
			a.bad.Field(path, "is the score itself")
		case !answered(m):
			a.bad.Field(path, "is worked out of answers to others: name those")
		case slices.Contains(req.GetParameters()[:i], name):
			a.bad.Field(path, "is named twice")
		}
		out = append(out, m)
	}
	if len(out) > mostParameters {
		a.bad.Field("parameters", "are more than %d", mostParameters)
	}
	return out, nil
}

// answered tells that people answer a metric itself.
func answered(m *directory.Metric) bool {
	kind := m.Def.GetKind()
	return kind != surveyv1.MetricKind_METRIC_KIND_LOW_SHARE && kind != surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL
}

// askedWith are the metrics, by name, that any version of a survey asks which asks for
// the score too; only of the surveys given, if any are.
func (b *Brand) askedWith(main *surveyv1.Metric, surveys []uint32) []*directory.Metric {
	found := map[string]*directory.Metric{}
	for _, s := range b.Book().Surveys() {
		if len(surveys) > 0 && !slices.Contains(surveys, s.Number) {
			continue
		}
		together, all := false, map[string]bool{}
		for _, v := range s.Versions {
			for _, q := range v.Questions {
				together = together || q.Def.GetMetric() == main.GetName()
				all[q.Def.GetMetric()] = true
			}
		}
		if !together {
			continue
		}
		for name := range all {
			if m, ok := b.Book().Metric(name); ok && name != main.GetName() && answered(m) {
				found[name] = m
			}
		}
	}
	out := slices.Collect(maps.Values(found))
	slices.SortFunc(out, func(x, y *directory.Metric) int { return cmp.Compare(x.Def.GetName(), y.Def.GetName()) })
	return out
}

// Answer computes the answer, whatever may be cached.
func (d *Drivers) Answer(ctx context.Context) (*surveyv1.GetDriversResponse, error) {
	complete := d.everyone()
	for range drafts {
		t, head, err := d.sum(ctx, complete)
		if err != nil {
			return nil, err
		}
		asked := d.everyone()
		if !d.named {
			asked = slices.DeleteFunc(asked, func(k int) bool { return t.pairs[k].N == 0 })
		}
		if len(asked) > mostParameters {
			return nil, fault.Invalid().Field("parameters", "%d metrics are answered together with the score: name up to %d", len(asked), mostParameters).Err()
		}
		if slices.Equal(asked, complete) {
			return d.render(t, asked, head), nil
		}
		complete = asked
	}
	return nil, fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "answers change faster than they can be read: try again")
}

// drafts is how often an answer is begun anew because it turned out that other
// parameters have answers than those that were taken to.
const drafts = 4

// everyone is the places of all parameters.
func (d *Drivers) everyone() []int {
	out := make([]int, len(d.parameters))
	for k := range out {
		out[k] = k
	}
	return out
}

// render writes the drivers at the places given.
func (d *Drivers) render(t *answers, places []int, head feed.Head) *surveyv1.GetDriversResponse {
	out := &surveyv1.GetDriversResponse{
		Score: d.subject.evaluate(t.score[:]), N: t.score[0].N(), Complete: t.joint.N, Metric: d.subject.def, AsOf: asOf(head),
	}
	weights, told := t.joint.Weights()
	if told {
		out.Explained = proto.Float64(weights.Explained)
	}
	standings := make([]driver.Standing, len(places))
	for i, k := range places {
		line := d.line(t, k)
		standings[i] = driver.Standing{Known: line.Derived != nil, Importance: line.GetDerived(), Satisfaction: line.GetSatisfaction()}
		if told && weights.Shares != nil {
			line.Share = proto.Float64(weights.Shares[i])
		}
		out.Drivers = append(out.Drivers, line)
	}
	for i, q := range driver.Quadrants(standings) {
		out.Drivers[i].Quadrant = quadrants[q]
	}
	slices.SortFunc(out.Drivers, func(x, y *surveyv1.Driver) int {
		if (x.Derived == nil) != (y.Derived == nil) {
			if x.Derived == nil {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(y.GetDerived(), x.GetDerived()), cmp.Compare(x.GetMetric(), y.GetMetric()))
	})
	return out
}

var quadrants = map[driver.Quadrant]surveyv1.Driver_Quadrant{
	driver.Mend:  surveyv1.Driver_QUADRANT_MEND,
	driver.Keep:  surveyv1.Driver_QUADRANT_KEEP,
	driver.Watch: surveyv1.Driver_QUADRANT_WATCH,
	driver.Ease:  surveyv1.Driver_QUADRANT_EASE,
}

// line says what is known of one parameter by itself.
func (d *Drivers) line(t *answers, k int) *surveyv1.Driver {
	def, pair := d.parameters[k].Def, &t.pairs[k]
	out := &surveyv1.Driver{Metric: def.GetName(), Title: d.b.title(def), N: pair.N}
	low, top := float64(def.GetScaleMin()), float64(def.GetScaleMax())
	if mean, ok := pair.Mean(); ok && top > low {
		out.Satisfaction = proto.Float64((mean - low) / (top - low) * 100)
	}
	if s := t.stated[k]; s.n > 0 {
		out.Stated = proto.Float64(float64(s.sum) / float64(s.n) / top * 100)
	}
	if r, ok := pair.Correlation(); ok {
		low, high := driver.Fisher(r, pair.N)
		out.Derived, out.DerivedLow, out.DerivedHigh = &r, &low, &high
	}
	return out
}

// title is a metric's name for people, in the brand's first language that has one,
// else in any, else as programs call it.
func (b *Brand) title(m *surveyv1.Metric) string {
	texts := m.GetTitle().GetTexts()
	for _, locale := range append(slices.Clone(b.Locales), slices.Sorted(maps.Keys(texts))...) {
		if text := texts[locale]; text != "" {
			return text
		}
	}
	return m.GetName()
}

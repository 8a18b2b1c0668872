package audience

import (
	"cmp"
	"context"
	"slices"
	"strings"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

const (
	absentSegmentation = shell.Absent("Segmentation")
	absentSurvey       = shell.Absent("Survey")
)

// catalogue is what a brand can be asked: fields, segments and metrics.
type catalogue struct {
	scene    *scene
	fields   []*segmentationv1.Field
	segments []*segmentationv1.Segment
	metrics  []*surveyv1.Metric
}

// maxListed bounds what is offered to choose from.
const maxListed = 500

// catalogue reads what there is. Without Survey there are no metrics.
func (p *Pages) catalogue(ctx context.Context, s *scene) (*catalogue, error) {
	if p.people == nil {
		return nil, absentSegmentation
	}
	c := &catalogue{scene: s}
	fields, err := p.people.ListFields(ctx, &segmentationv1.ListFieldsRequest{Brand: s.Brand})
	if err != nil {
		return nil, err
	}
	c.fields = fields.GetFields()
	segments, err := p.people.ListSegments(ctx, &segmentationv1.ListSegmentsRequest{Brand: s.Brand, PageSize: maxListed})
	if err != nil {
		return nil, err
	}
	c.segments = segments.GetSegments()
	c.metrics = p.metrics(ctx, s)
	return c, nil
}

// metrics are the brand's, the ones first that people ask about first. Where Survey
// does not answer there are none: the panel has more to tell.
func (p *Pages) metrics(ctx context.Context, s *scene) []*surveyv1.Metric {
	if p.survey == nil {
		return nil
	}
	list, err := p.survey.ListMetrics(ctx, &surveyv1.ListMetricsRequest{Brand: s.Brand})
	if err != nil {
		return nil
	}
	out := list.GetMetrics()
	shell.SortMetrics(out)
	return out
}

// field finds one; a field that there is not has its name alone.
func (c *catalogue) field(name string) *segmentationv1.Field {
	at, found := slices.BinarySearchFunc(c.fields, name, func(f *segmentationv1.Field, n string) int { return cmp.Compare(f.GetName(), n) })
	if found {
		return c.fields[at]
	}
	return &segmentationv1.Field{Name: name, Description: name}
}

func (c *catalogue) metric(name string) *surveyv1.Metric {
	for _, m := range c.metrics {
		if m.GetName() == name {
			return m
		}
	}
	return &surveyv1.Metric{Name: name}
}

// segmentTitle is what people call a segment.
func (c *catalogue) segmentTitle(id string) string {
	for _, g := range c.segments {
		if g.GetId() == id {
			return c.scene.segmentName(g)
		}
	}
	return id
}

func (s *scene) segmentName(g *segmentationv1.Segment) string {
	return cmp.Or(s.Lang.Localized(g.GetTitles(), s.brand.Locales), g.GetId())
}

// usual are the fields that the panel shows unasked: what the brand itself wrote
// down, words before numbers, and through which channels people buy.
func (c *catalogue) usual() (out []string) {
	for _, numbers := range []bool{false, true} {
		for _, f := range c.fields {
			if strings.HasPrefix(f.GetName(), "attributes.") && numbers == isNumber(f.GetType()) && len(out) < maxUsual {
				out = append(out, f.GetName())
			}
		}
		if !numbers {
			out = append(out, "purchases.channels")
		}
	}
	return out
}

// maxUsual leaves room for fields that are asked for: the contract takes 20.
const (
	maxUsual         = 15
	maxDistributions = 20
	maxMetrics       = 10
)

func isNumber(t segmentationv1.FieldType) bool {
	return t == segmentationv1.FieldType_FIELD_TYPE_NUMBER || isWhole(t)
}

// usualMetrics are one of each kind that people ask about first.
func (c *catalogue) usualMetrics() (out []string) {
	seen := map[surveyv1.MetricKind]bool{}
	for _, m := range c.metrics {
		if !seen[m.GetKind()] && len(out) < 4 {
			seen[m.GetKind()] = true
			out = append(out, m.GetName())
		}
	}
	return out
}

func (c *catalogue) metricOptions(chosen ...string) (out []shell.Option) {
	for _, m := range c.metrics {
		out = append(out, shell.Option{Value: m.GetName(), Name: c.scene.metricTitle(m), Chosen: slices.Contains(chosen, m.GetName())})
	}
	return out
}

func (c *catalogue) segmentOptions(chosen ...string) (out []shell.Option) {
	for _, g := range c.segments {
		out = append(out, shell.Option{Value: g.GetId(), Name: c.scene.segmentName(g), Chosen: slices.Contains(chosen, g.GetId())})
	}
	return out
}

func (c *catalogue) fieldOptions(shown []string) (out []shell.Option) {
	for _, f := range c.fields {
		if !slices.Contains(shown, f.GetName()) {
			out = append(out, shell.Option{Value: f.GetName(), Name: c.scene.fieldTitle(f)})
		}
	}
	slices.SortFunc(out, func(a, b shell.Option) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) })
	return out
}

func (s *scene) metricTitle(m *surveyv1.Metric) string { return s.Lang.MetricTitle(m, s.brand.Locales) }

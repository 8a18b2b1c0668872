package segmentation

import (
	"context"

	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/services/segmentation/expr"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
)

// ListSegmentTemplates reads the ready rules.
func (s *Server) ListSegmentTemplates(ctx context.Context, in *segmentationv1.ListSegmentTemplatesRequest) (*segmentationv1.ListSegmentTemplatesResponse, error) {
	if _, err := s.enter(ctx, in.GetBrand(), access.Read); err != nil {
		return nil, err
	}
	out := &segmentationv1.ListSegmentTemplatesResponse{}
	for _, t := range expr.Templates() {
		one := &segmentationv1.SegmentTemplate{Id: t.ID, Titles: t.Titles, Pattern: t.Pattern}
		for i := range t.Parameters {
			one.Parameters = append(one.Parameters, templateParameter(&t.Parameters[i]))
		}
		out.Templates = append(out.Templates, one)
	}
	return out, nil
}

// parameterTypes are the kinds of parameters as clients read them.
var parameterTypes = map[expr.ParameterKind]segmentationv1.TemplateParameter_Type{
	expr.Category: segmentationv1.TemplateParameter_TYPE_CATEGORY, expr.Channel: segmentationv1.TemplateParameter_TYPE_CHANNEL,
	expr.Occasion: segmentationv1.TemplateParameter_TYPE_OCCASION, expr.Metric: segmentationv1.TemplateParameter_TYPE_METRIC,
	expr.Attribute: segmentationv1.TemplateParameter_TYPE_ATTRIBUTE, expr.Text: segmentationv1.TemplateParameter_TYPE_TEXT,
	expr.Window: segmentationv1.TemplateParameter_TYPE_WINDOW, expr.Count: segmentationv1.TemplateParameter_TYPE_COUNT,
	expr.Money: segmentationv1.TemplateParameter_TYPE_MONEY, expr.Number: segmentationv1.TemplateParameter_TYPE_NUMBER,
}

func templateParameter(p *expr.Parameter) *segmentationv1.TemplateParameter {
	out := &segmentationv1.TemplateParameter{Name: p.Name, Titles: p.Titles, Type: parameterTypes[p.Kind], DefaultValue: p.Default,
		Choices: p.Kind.Choices()}
	if least, ok := p.Kind.Least(); ok {
		out.Min = proto.Float64(least)
	}
	return out
}

// filled is what a caller gave, with the expression that a template becomes.
func filled(rule *segmentationv1.SegmentRule) (*segmentationv1.SegmentRule, error) {
	if rule.GetTemplate() == nil {
		return rule, nil
	}
	text, err := segment.Fill(rule.GetTemplate())
	if err != nil {
		return nil, err
	}
	out := proto.CloneOf(rule)
	out.GetTemplate().Expression = text
	return out, nil
}

// given is a segment as a caller gave it, its rule ready to be kept.
func given(def *segmentationv1.Segment) (*segmentationv1.Segment, error) {
	rule, err := filled(def.GetRule())
	if err != nil || rule == def.GetRule() {
		return def, err
	}
	out := proto.CloneOf(def)
	out.Rule = rule
	return out, nil
}

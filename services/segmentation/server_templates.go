package segmentation

import (
	"context"
	"maps"

	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/expr"
	"github.com/rapport-cx/rapport/services/segmentation/rfm"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
)

// ListSegmentTemplates reads the ready rules.
func (s *Server) ListSegmentTemplates(ctx context.Context, in *segmentationv1.ListSegmentTemplatesRequest) (*segmentationv1.ListSegmentTemplatesResponse, error) {
	if _, err := s.enter(ctx, in.GetBrand(), access.Read); err != nil {
		return nil, err
	}
	out := &segmentationv1.ListSegmentTemplatesResponse{}
	for _, t := range expr.Templates() {
		one := &segmentationv1.SegmentTemplate{Id: t.ID, Titles: t.Titles, Pattern: t.Pattern, Descriptions: t.Descriptions}
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
	expr.Percent: segmentationv1.TemplateParameter_TYPE_PERCENT,
}

func templateParameter(p *expr.Parameter) *segmentationv1.TemplateParameter {
	out := &segmentationv1.TemplateParameter{Name: p.Name, Titles: p.Titles, Type: parameterTypes[p.Kind], DefaultValue: p.Default,
		Choices: p.Kind.Choices()}
	if least, ok := p.Kind.Least(); ok {
		out.Min = proto.Float64(least)
	}
	if most, ok := p.Kind.Most(); ok {
		out.Max = proto.Float64(most)
	}
	return out
}

// filled is what a caller gave, with the expression that a template becomes. A cut that
// stands in what was the rule stays if the caller says so.
func (s *Server) filled(ctx context.Context, b *brand, rule, was *segmentationv1.SegmentRule) (*segmentationv1.SegmentRule, error) {
	if rule.GetTemplate() == nil || alike(rule, was) && rule.GetTemplate().GetExpression() == was.GetTemplate().GetExpression() {
		return rule, nil
	}
	text, cut, err := segment.Fill(rule.GetTemplate())
	if err == nil && cut != nil {
		text, err = s.cut(ctx, b, text, cut)
	}
	if err != nil {
		return nil, err
	}
	out := proto.CloneOf(rule)
	out.GetTemplate().Expression = text
	return out, nil
}

// cut finds the number of a template among all who bought anything lately, as of one
// moment.
func (s *Server) cut(ctx context.Context, b *brand, text string, cut *expr.Cut) (string, error) {
	if err := s.store.folds.Sync(ctx, b.ID); err != nil {
		return "", floor.Unavailable("find a cut", err)
	}
	today := b.zone.DayOf(s.clock())
	var rows []rfm.Row
	err := s.store.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		rows, err = rfm.Gather(ctx, tx, b.ID, b.book.Load().Now(), today+1-calendar.Day(cut.Days), today)
		return err
	})
	if err != nil {
		return "", floor.Lost("find a cut", err)
	}
	if len(rows) == 0 {
		return "", noPurchases()
	}
	spent := make([]int64, len(rows))
	for i := range rows {
		spent[i] = rows[i].Spent
	}
	return cut.Write(text, rfm.Top(spent, cut.Percent)), nil
}

// given is a segment as a caller gave it, its rule ready to be kept; was is what it is
// so far, nil if there is none.
func (s *Server) given(ctx context.Context, b *brand, def, was *segmentationv1.Segment) (*segmentationv1.Segment, error) {
	rule, err := s.filled(ctx, b, def.GetRule(), was.GetRule())
	if err != nil || rule == def.GetRule() {
		return def, err
	}
	out := proto.CloneOf(def)
	out.Rule = rule
	return out, nil
}

// alike tells that two rules were given in the same words: what a template became may
// differ, since purchases did.
func alike(one, other *segmentationv1.SegmentRule) bool {
	a, b := one.GetTemplate(), other.GetTemplate()
	if a == nil || b == nil {
		return proto.Equal(one, other)
	}
	return a.GetId() == b.GetId() && maps.Equal(a.GetParameters(), b.GetParameters())
}

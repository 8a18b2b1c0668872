package audience

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// newOwn are the parts of the address that makes a segment: an expression, or a
// template whose parameters are p.NAME, or cells of the grid; with id and title it
// can be saved.
var newOwn = []string{"expression", "template", parameterPrefix, "r", "f", "m", "id", "title", "show"}

func (p *Pages) newSections(s *scene) []shell.Section {
	return []shell.Section{{ID: "new", Place: shell.Top, Title: s.Lang.NewSegment, Load: func(ctx context.Context) (any, error) {
		return p.loadNew(ctx, s)
	}}}
}

// newData is the form and what it would make.
type newData struct {
	Templates          []shell.Choice
	Expression         string
	Template, Title    string
	About              string
	Parameters         []parameter
	Rule               string
	Wrong, Found       string
	Share              string
	Sample             []shell.Choice
	Hidden, HiddenRule []shell.Hidden
	Fields             []fact
	ID, Name           string

	pattern string // the template with what was filled in, for people
}

// parameter is one thing of a template to fill in.
type parameter struct {
	Name, Title, Value string
	Choices            []shell.Option
}

func (p *Pages) loadNew(ctx context.Context, s *scene) (any, error) {
	if p.people == nil {
		return nil, absentSegmentation
	}
	all, err := p.people.ListSegmentTemplates(ctx, &segmentationv1.ListSegmentTemplatesRequest{Brand: s.Brand})
	if err != nil {
		return nil, err
	}
	d := &newData{
		Expression: s.Own.Get("expression"), ID: s.Own.Get("id"), Name: s.Own.Get("title"),
		Hidden: s.Hidden(newOwn...), HiddenRule: s.Hidden("id", "title"),
	}
	for _, t := range all.GetTemplates() {
		current := t.GetId() == s.Own.Get("template")
		d.Templates = append(d.Templates, shell.Choice{
			Name: s.Lang.Localized(t.GetTitles(), s.brand.Locales), Current: current,
			Link: s.to(newPath, "", url.Values{"template": {t.GetId()}}),
		})
		if current {
			d.Template, d.Title, d.Parameters = t.GetId(), s.Lang.Localized(t.GetTitles(), s.brand.Locales), p.parameters(ctx, s, t)
			d.pattern = t.GetPattern()
			for _, one := range d.Parameters {
				d.pattern = strings.ReplaceAll(d.pattern, "{"+strings.TrimPrefix(one.Name, parameterPrefix)+"}", one.Value)
			}
			d.About = s.Lang.Localized(t.GetDescriptions(), s.brand.Locales)
		}
	}
	if d.Template == "" {
		d.Fields = p.fieldHelp(ctx, s)
	}
	if s.made != nil {
		d.Wrong = s.Lang.why(s.made)
	}
	if rule := s.rule(); rule != nil {
		d.Rule = s.ruleText(rule)
		if d.Template != "" {
			d.Rule = d.pattern
		}
		p.preview(ctx, s, d, rule)
	}
	return d, nil
}

// preview says whom the rule would have, or what is wrong with it.
func (p *Pages) preview(ctx context.Context, s *scene, d *newData, rule *segmentationv1.SegmentRule) {
	got, err := p.people.PreviewSegment(ctx, &segmentationv1.PreviewSegmentRequest{Brand: s.Brand, Rule: rule, Sample: shownPeople})
	if err != nil {
		d.Wrong = s.Lang.why(err)
		return
	}
	d.Found = s.Lang.Persons(got.GetMembers())
	if got.GetPersons() > 0 {
		d.Share = s.Lang.Percent(float64(got.GetMembers()) / float64(got.GetPersons()))
	}
	for _, id := range got.GetSampleIds() {
		d.Sample = append(d.Sample, shell.Choice{Name: whole(id), Link: s.toCustomer(id)})
	}
}

// rule is the rule that the address says; nil: none yet.
func (s *scene) rule() *segmentationv1.SegmentRule {
	switch {
	case s.Own.Get("template") != "":
		filled := s.filled()
		if len(filled) == 0 && s.Own.Get("show") == "" {
			return nil // nothing was filled in yet
		}
		return &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Template{Template: &segmentationv1.TemplateRule{
			Id: s.Own.Get("template"), Parameters: filled,
		}}}
	case s.Own.Get("expression") != "":
		return &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: s.Own.Get("expression")}}
	case len(s.Own["r"])+len(s.Own["f"])+len(s.Own["m"]) > 0:
		return &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Rfm{Rfm: &segmentationv1.RfmCells{
			Recency: scores(s.Own["r"]), Frequency: scores(s.Own["f"]), Monetary: scores(s.Own["m"]),
		}}}
	}
	return nil
}

// parameterPrefix stands before the names of a template's parameters.
const parameterPrefix = "p."

// filled are the parameters that the address has.
func (s *scene) filled() map[string]string {
	out := map[string]string{}
	for name := range s.Own {
		if name, cut := strings.CutPrefix(name, parameterPrefix); cut {
			out[name] = s.Own.Get(parameterPrefix + name)
		}
	}
	return out
}

func scores(all []string) (out []int32) {
	for _, text := range all {
		if n, err := strconv.ParseInt(text, 10, 32); err == nil {
			out = append(out, int32(n))
		}
	}
	return out
}

// parameters are a template's, filled with what the address says, else with what
// most people want.
func (p *Pages) parameters(ctx context.Context, s *scene, t *segmentationv1.SegmentTemplate) (out []parameter) {
	given := s.filled()
	for _, q := range t.GetParameters() {
		value, told := given[q.GetName()]
		if !told {
			value = q.GetDefaultValue()
		}
		one := parameter{Name: parameterPrefix + q.GetName(), Title: s.Lang.Localized(q.GetTitles(), s.brand.Locales), Value: value}
		for _, c := range q.GetChoices() {
			one.Choices = append(one.Choices, shell.Option{Value: c, Name: c, Chosen: c == value})
		}
		if len(one.Choices) == 0 {
			one.Choices = p.known(ctx, s, q.GetType(), value)
		}
		out = append(out, one)
	}
	return out
}

// known are the values that the brand has of a type of parameter; none where a
// person writes what they like.
func (p *Pages) known(ctx context.Context, s *scene, t segmentationv1.TemplateParameter_Type, value string) (out []shell.Option) {
	switch t {
	case segmentationv1.TemplateParameter_TYPE_CHANNEL:
		for number := int32(1); commonv1.Channel_name[number] != ""; number++ {
			name := strings.TrimPrefix(commonv1.Channel_name[number], "CHANNEL_")
			out = append(out, shell.Option{Value: name, Name: s.Lang.Channel(commonv1.Channel(number)), Chosen: name == value})
		}
	case segmentationv1.TemplateParameter_TYPE_METRIC:
		for _, m := range p.metrics(ctx, s) {
			out = append(out, shell.Option{Value: m.GetName(), Name: s.metricTitle(m), Chosen: m.GetName() == value})
		}
	case segmentationv1.TemplateParameter_TYPE_ATTRIBUTE:
		list, err := p.people.ListAttributes(ctx, &segmentationv1.ListAttributesRequest{Brand: s.Brand})
		if err != nil {
			return nil // it can be written
		}
		for _, a := range list.GetAttributes() {
			if a.GetType() == segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT {
				out = append(out, shell.Option{Value: a.GetName(), Name: cmp.Or(a.GetTitle(), a.GetName()), Chosen: a.GetName() == value})
			}
		}
	}
	return out
}

// fieldHelp are the fields that a rule can read.
func (p *Pages) fieldHelp(ctx context.Context, s *scene) (out []fact) {
	list, err := p.people.ListFields(ctx, &segmentationv1.ListFieldsRequest{Brand: s.Brand})
	if err != nil {
		return nil
	}
	for _, f := range list.GetFields() {
		out = append(out, fact{f.GetName(), s.fieldTitle(f)})
	}
	return out
}

// why says what is wrong with a rule, with its place in it.
func (l *words) why(err error) string {
	e := fault.From(err)
	if len(e.Fields) == 0 {
		return l.FaultText(err)
	}
	var all []string
	for _, f := range e.Fields {
		all = append(all, f.Path+": "+f.Text)
	}
	return strings.Join(all, "; ")
}

// maxForm bounds what a form brings.
const maxForm = 16 << 10

// create makes the segment that a form describes, and goes to its page.
func (p *Pages) create(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	broken := r.ParseForm()
	ctx, s, done, ok := p.stage(newLeaf).Set(w, r, r.Form)
	if !ok {
		return
	}
	defer done()
	if broken != nil || s.rule() == nil || p.people == nil {
		p.refuse(w, s, fault.Invalid().Field("rule", "is missing").Err())
		return
	}
	made := &segmentationv1.Segment{Id: s.Own.Get("id"), Rule: s.rule()}
	if title := s.Own.Get("title"); title != "" {
		made.Titles = map[string]string{s.Lang.Code: title}
	}
	if _, err := p.people.CreateSegment(ctx, &segmentationv1.CreateSegmentRequest{Brand: s.Brand, Segment: made}); err != nil {
		s.made = err
		p.showAs(ctx, w, p.cfg.Status(err), s)
		return
	}
	http.Redirect(w, r, s.toSegment(made.GetId()), http.StatusSeeOther)
}

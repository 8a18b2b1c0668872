package page

import (
	"cmp"
	"context"
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// compose fills in what stands around the sections: where one is, and the ways
// on from there.
func (p *Page) compose(ctx context.Context, s *scene) *shown {
	out := &shown{scene: s, T: s.Lang, Frame: shell.Frame{
		Name: s.brand.Name, Home: s.ToSubject(nil), BrandName: s.brand.Name, Tabs: p.tabs(ctx, s),
	}}
	out.Permalink = s.permanent().link(func(*view) {})
	if s.metric != nil {
		out.LiveAt, out.CSV = s.Live(), "/csv"+out.Permalink
	}
	out.Brands = p.cfg.OtherBrands(ctx, s.brand, s.ToBrand)
	out.Langs = shell.Languages(catalogues, s.Lang, s.ToLang)
	for _, m := range s.metrics {
		out.Metrics = append(out.Metrics, choice{
			Name: s.metricTitle(m), Note: s.Lang.MetricKind(m.GetKind()), Link: s.ToMetric(m.GetName()), Current: m == s.metric,
		})
	}
	names := []string{s.Lang.Week, s.Lang.Month, s.Lang.Quarter, s.Lang.Year, s.Lang.All}
	for i, days := range spans {
		out.Periods = append(out.Periods, choice{Name: names[i], Link: s.ToDays(days), Current: s.Days == days})
	}
	if s.subject != nil {
		out.Name, out.KindName = subjectTitle(s.subject), s.Lang.Kind(s.Subject.GetKind())
		if p.report != nil {
			out.Card = s.link(func(v *view) {
				*v = view{Brand: v.Brand, Lang: v.Lang, Code: v.Code, Days: usualDays, Page: "/scorecards", ID: subjectName(s.Subject)}
			})
		}
		out.Path = append(out.Path, choice{Name: s.brand.Name, Link: s.ToSubject(nil)})
		titles := p.titles(ctx, s, s.path)
		for _, ref := range slices.Backward(s.path) {
			out.Path = append(out.Path, choice{Name: titles[subjectName(ref)], Link: s.ToSubject(ref)})
		}
	}
	return out
}

// MetricTitle is the name of the metric shown.
func (s *scene) MetricTitle() string { return s.metricTitle(s.metric) }

// metricTitle is a metric's name for people, in the language of the page, else
// the brand's first, else any.
func (s *scene) metricTitle(m *surveyv1.Metric) string {
	return s.Lang.MetricTitle(m, s.brand.Locales)
}

func subjectTitle(s *surveyv1.Subject) string { return cmp.Or(s.GetName(), s.GetRef().GetId()) }

// titles are the names of subjects by KIND:id; where one cannot be read its id
// stands in for it.
func (p *Page) titles(ctx context.Context, s *scene, refs []*commonv1.SubjectRef) map[string]string {
	out := map[string]string{}
	for _, ref := range refs {
		name := subjectName(ref)
		if _, has := out[name]; has {
			continue
		}
		out[name] = ref.GetId()
		found, err := p.survey.GetSubject(ctx, &surveyv1.GetSubjectRequest{Brand: s.Brand, Ref: ref})
		if err == nil {
			out[name] = subjectTitle(found.GetSubject())
		}
	}
	return out
}

// maxFound is how many finds a person reads.
const maxFound = 20

// search lists what the query finds. If it can only mean one subject, only is the
// address of its page: one step less for somebody in a hurry.
func (p *Page) search(ctx context.Context, s *scene) (found []choice, only string) {
	list, err := p.survey.ListSubjects(ctx, &surveyv1.ListSubjectsRequest{Brand: s.Brand, Query: s.Query, PageSize: 200})
	if err != nil {
		return nil, ""
	}
	all := list.GetSubjects()
	exact := slices.Collect(func(yield func(*surveyv1.Subject) bool) {
		for _, f := range all {
			if strings.EqualFold(f.GetName(), s.Query) || f.GetRef().GetId() == s.Query {
				if !yield(f) {
					return
				}
			}
		}
	})
	switch {
	case len(all) == 1:
		return nil, s.ToSubject(all[0].GetRef())
	case len(exact) == 1 && list.GetNextPageToken() == "":
		return nil, s.ToSubject(exact[0].GetRef())
	}
	for _, f := range append(exact, all...) {
		c := choice{Name: subjectTitle(f), Note: s.Lang.Kind(f.GetRef().GetKind()) + " " + f.GetRef().GetId(), Link: s.ToSubject(f.GetRef())}
		if len(found) < maxFound && !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	return found, ""
}

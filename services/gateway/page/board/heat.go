package board

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// heat is a map of who is good at what: subjects by parameters. Among whom is compared
// is read as a league table reads it.
type heat struct {
	got *reportv1.GetHeatMapResponse
	// by is the column that orders the rows, after how many of them the page begins.
	by, after int
	// whole tells that cells show all that is known of them, not their value alone.
	whole bool
}

// heatPage is how many rows a page has; a table for a spreadsheet has all.
const heatPage = 100

func (p *Pages) prepareHeat(ctx context.Context, s *scene) (err error) {
	if err := s.readField(); err != nil {
		return err
	}
	if text := s.Own.Get("after"); text != "" {
		if s.heat.after, err = strconv.Atoi(text); err != nil || s.heat.after < 0 {
			return unknownThing("after", "is a number of rows")
		}
	}
	s.heat.whole = s.Own.Get("show") != ""
	s.table.kind = rankable[0]
	if p.survey != nil {
		if err := p.chooseKind(ctx, s); err != nil {
			return err
		}
	}
	if s.heat.got, err = p.report.GetHeatMap(ctx, s.heatQuestion()); err != nil {
		return err
	}
	s.chooseColumn()
	p.nameSubject(ctx, s, s.table.under)
	if s.table.under != nil {
		s.path = []shell.Choice{{Name: s.Lang.Heat, Link: s.With("subject").With("after").String()}}
	}
	return nil
}

// heatQuestion is what the address asks for.
func (s *scene) heatQuestion() *reportv1.GetHeatMapRequest {
	t := &s.table
	return &reportv1.GetHeatMapRequest{
		Brand: s.Brand, Under: t.under, Kind: t.kind, Window: windowOf(s.span), ClassLabel: t.label, Metrics: s.Own["metric"], MinN: t.minN,
	}
}

// chooseColumn finds the column that orders the rows and orders them by it, as the
// service does by the first. One that nobody answered in these days is no column.
func (s *scene) chooseColumn() {
	h, name := &s.heat, s.Own.Get("by")
	if h.by = slices.IndexFunc(h.got.GetMetrics(), func(m *surveyv1.Metric) bool { return m.GetName() == name }); h.by < 0 {
		h.by = 0
		return
	}
	for _, c := range h.got.GetClasses() {
		slices.SortStableFunc(c.GetRows(), func(x, y *reportv1.HeatRow) int { return compareCells(x.GetCells()[h.by], y.GetCells()[h.by]) })
	}
}

// compareCells orders by place, what has none behind.
func compareCells(x, y *reportv1.HeatCell) int {
	if x.GetTier() == 0 || y.GetTier() == 0 {
		return -cmp.Compare(min(x.GetTier(), 1), min(y.GetTier(), 1))
	}
	return cmp.Or(cmp.Compare(x.GetTier(), y.GetTier()), cmp.Compare(x.GetRank(), y.GetRank()))
}

func (p *Pages) heatSections(s *scene) []shell.Section {
	l, got := s.Lang, s.heat.got
	at := func(id string, place shell.Place, title string, load func(context.Context) (any, error)) shell.Section {
		return shell.Section{ID: id, Place: place, Title: title, Load: load}
	}
	return []shell.Section{
		at("lost", shell.First, l.Lost, func(context.Context) (any, error) {
			if lost := s.lost(got.GetSections()); len(lost) > 0 {
				return lost, nil
			}
			return nil, nil
		}),
		at("heat-of", shell.Top, l.HeatChoose, func(ctx context.Context) (any, error) { return p.loadHeatOf(ctx, s) }),
		at("heat", shell.Top, fmt.Sprintf(l.HeatTitle, l.groups[s.table.kind]), func(context.Context) (any, error) { return p.heatMap(s), nil }),
		at("parts", shell.Bottom, l.PartsTitle, func(context.Context) (any, error) { return s.parts(got.GetSections()), nil }),
	}
}

// heatOfData is what a map can be of.
type heatOfData struct {
	chooseData
	Whole shell.Choice
}

func (p *Pages) loadHeatOf(ctx context.Context, s *scene) (any, error) {
	t := &s.table
	d := &heatOfData{Whole: s.toggle("show", s.Lang.HeatWhole)}
	d.Min, d.Hidden, d.Action = fmt.Sprint(t.minN), s.Hidden("metric", "subject", "label", "min", "by", "after"), heatPath
	for _, k := range t.kinds {
		d.Kinds = append(d.Kinds, shell.Choice{
			Name: s.Lang.groups[k], Link: s.With("after").With("label").With("kind", kindText(k)).String(), Current: k == t.kind,
		})
	}
	if p.survey == nil {
		return d, nil
	}
	list, err := p.survey.ListMetrics(ctx, &surveyv1.ListMetricsRequest{Brand: s.Brand})
	if err != nil {
		return nil, err
	}
	all := list.GetMetrics()
	shell.SortMetrics(all)
	for _, m := range all {
		if m.GetKind() != surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL { // it has no interval to compare by
			chosen := slices.Contains(s.Own["metric"], m.GetName())
			d.Metrics = append(d.Metrics, shell.Option{Value: m.GetName(), Name: s.Lang.MetricTitle(m, s.brand.Locales), Chosen: chosen})
		}
	}
	if d.Under, err = p.regions(ctx, s); err != nil {
		return nil, err
	}
	d.Labels, err = p.classLabels(ctx, s)
	return d, err
}

// mostClasses is how many classes a label may tell apart.
const mostClasses = 50

// classLabels are the labels that tell classes of the kind apart.
func (p *Pages) classLabels(ctx context.Context, s *scene) ([]shell.Option, error) {
	list, err := p.survey.ListSubjects(ctx, &surveyv1.ListSubjectsRequest{Brand: s.Brand, Kind: s.table.kind, PageSize: leagueWhole})
	if err != nil {
		return nil, err
	}
	found := map[string]map[string]bool{}
	for _, one := range list.GetSubjects() {
		for key, value := range one.GetLabels() {
			if found[key] == nil {
				found[key] = map[string]bool{}
			}
			found[key][value] = true
		}
	}
	out := []shell.Option{{Name: s.Lang.HeatOneClass, Chosen: s.table.label == ""}}
	for key, values := range found {
		if n := len(values); n > 1 && n <= mostClasses || key == s.table.label {
			out = append(out, shell.Option{Value: key, Name: key, Chosen: key == s.table.label})
		}
	}
	slices.SortFunc(out[1:], func(x, y shell.Option) int { return cmp.Compare(x.Value, y.Value) })
	return out, nil
}

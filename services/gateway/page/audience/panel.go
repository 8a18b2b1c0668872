package audience

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// panelOwn are the parts of the panel's address. also are fields shown beside the
// usual ones, metric the scores shown instead of the usual ones; rest=no leaves
// everybody else away.
var panelOwn = append(slices.Clone(filterNames), "also", "metric", "rest", "since")

// panel is the answer that all parts of the page read.
type panel struct {
	*catalogue
	filters []filter
	shown   []string
	metrics []string
	*segmentationv1.QueryPanelResponse
}

// against reports whether everybody else stands beside the chosen: if anybody is
// chosen.
func (s *scene) against() bool { return s.Own.Get("rest") != "no" && s.filtered() }

func (s *scene) filtered() bool {
	return slices.ContainsFunc(filterNames, func(name string) bool { return len(s.Own[name]) > 0 })
}

// askPanel asks what the address says.
func (p *Pages) askPanel(ctx context.Context, s *scene) (*panel, error) {
	about, err := p.catalogue(ctx, s)
	if err != nil {
		return nil, err
	}
	out := &panel{catalogue: about, metrics: s.Own["metric"], shown: about.usual()}
	if out.filters, err = readFilters(s.Own); err != nil {
		return nil, err
	}
	if len(out.metrics) == 0 {
		out.metrics = about.usualMetrics()
	}
	for _, name := range s.Own["also"] {
		if !slices.Contains(out.shown, name) && len(out.shown) < maxDistributions {
			out.shown = append(out.shown, name)
		}
	}
	ask := &segmentationv1.QueryPanelRequest{
		Brand: s.Brand, Window: s.window(), Rest: s.against(), Metrics: out.metrics[:min(len(out.metrics), maxMetrics)],
	}
	for _, f := range out.filters {
		ask.Filters = append(ask.Filters, f.proto(isWhole(about.field(f.field).GetType())))
	}
	for _, name := range out.shown {
		ask.Distributions = append(ask.Distributions, &segmentationv1.DistributionQuery{Field: name, Limit: knownValues})
	}
	out.QueryPanelResponse, err = p.people.QueryPanel(ctx, ask)
	return out, err
}

// shownValues is how many values of a field a person reads; knownValues is how many
// are asked for, so that most of the chosen stand beside those of the rest.
const (
	shownValues = 10
	knownValues = 300
)

// panelSections are the parts of the panel; it is asked once for all of them.
func (p *Pages) panelSections(s *scene) []shell.Section {
	var ask sync.Once
	var got *panel
	var failed error
	part := func(id string, place shell.Place, title string, draw func(*scene, *panel) any) shell.Section {
		return shell.Section{ID: id, Place: place, Title: title, Load: func(ctx context.Context) (any, error) {
			ask.Do(func() { got, failed = p.askPanel(ctx, s) })
			if failed != nil {
				return nil, failed
			}
			return draw(s, got), nil
		}}
	}
	return []shell.Section{
		part("chosen", shell.Half, s.Lang.Chosen, drawChosen),
		part("mostly", shell.Half, s.Lang.Mostly, drawMostly),
		part("standing", shell.Top, s.Lang.Standing, drawStanding),
		part("portrait", shell.Top, s.Lang.Portrait, drawPortrait),
	}
}

// chosenData is who is chosen, and what can be chosen.
type chosenData struct {
	Persons, Share, Margin, TooFew, About string
	None                                  string // there are no customers yet
	Chips                                 []chip
	Clear, SaveAs, Rest, CSV              string
	Against                               bool
	Segments, Fields, Metrics             []shell.Option
	HiddenSegment, HiddenField            []shell.Hidden
	HiddenMetric                          []shell.Hidden
	Periods                               []shell.Choice
	Also                                  []chip
}

func drawChosen(s *scene, a *panel) any {
	l, chosen := s.Lang, a.GetChosen()
	d := &chosenData{
		Persons: l.Persons(chosen.GetPersons()), About: s.fresh(a.GetAsOf()), Against: s.against(), CSV: s.csv(), Periods: s.periods(),
		Segments: a.segmentOptions(s.Own["segment"]...), Fields: a.fieldOptions(a.shown), Metrics: a.metricOptions(a.metrics...),
		HiddenSegment: s.Hidden(), HiddenField: s.Hidden(), HiddenMetric: s.Hidden("metric"),
	}
	if a.GetPersons() == 0 {
		d.None = l.NoData
	} else {
		share := float64(chosen.GetPersons()) / float64(a.GetPersons()) * 100
		d.Share = fmt.Sprintf(l.OfAll, l.Percent(share/100), l.Count(a.GetPersons()))
	}
	if chosen.Margin != nil {
		d.Margin = fmt.Sprintf(l.Margin, l.Fixed(chosen.GetMargin(), 1))
	}
	if chosen.GetTooFew() {
		d.TooFew = l.TooFew
	}
	for _, f := range a.filters {
		d.Chips = append(d.Chips, s.chip(f, a.catalogue))
	}
	if len(d.Chips) > 0 {
		all := s.Address
		for _, name := range filterNames {
			all = all.With(name)
		}
		d.Clear = all.String()
	}
	for _, name := range s.Own["also"] {
		d.Also = append(d.Also, chip{Text: s.fieldTitle(a.field(name)), Off: s.toggled("also", name, name)})
	}
	if rule, ok := expression(a.filters, a.catalogue); ok {
		d.SaveAs = s.to(newPath, "", url.Values{"expression": {rule}})
	}
	switch {
	case d.Against:
		d.Rest = s.with("rest", "no")
	case s.filtered():
		d.Rest = s.with("rest")
	}
	return d
}

// standingRow is one number of the chosen beside the one of the rest.
type standingRow struct {
	Name, Note   string
	Chosen, Rest said
}

// standingData are scores and money.
type standingData struct {
	Scores, Money []standingRow
	Periods       []shell.Choice
	About         string
	Against       bool
	Missing       []string
}

// standingPart is one table of it.
type standingPart struct {
	T       *words
	Title   string
	Rows    []standingRow
	Against bool
}

// Part is a table of some rows, for the template.
func (d *standingData) Part(words *words, title string, rows []standingRow) standingPart {
	return standingPart{T: words, Title: title, Rows: rows, Against: d.Against}
}

func drawStanding(s *scene, a *panel) any {
	d := &standingData{Against: s.against()}
	rest := map[string]*segmentationv1.PanelScore{}
	for _, one := range a.GetRest().GetScores() {
		rest[one.GetMetric()] = one
	}
	for _, one := range a.GetChosen().GetScores() {
		m := a.metric(one.GetMetric())
		if one.GetScore() == nil {
			d.Missing = append(d.Missing, fmt.Sprintf(s.Lang.ScoreMissing, s.metricTitle(m), one.GetMissing()))
			continue
		}
		other := rest[one.GetMetric()]
		row := standingRow{
			Name: s.metricTitle(m), Note: s.Lang.MetricKind(m.GetKind()),
			Chosen: s.say(m.GetKind(), one.GetScore()), Rest: s.say(m.GetKind(), other.GetScore()),
		}
		row.Chosen.few(s, one.GetTooFew())
		row.Rest.few(s, other.GetTooFew())
		d.Scores = append(d.Scores, row)
	}
	d.Money = s.worth(a.GetChosen().GetValue(), a.GetRest().GetValue())
	return d
}

// worth is what two groups are worth, side by side.
func (s *scene) worth(chosen, rest *segmentationv1.GroupValue) []standingRow {
	l := s.Lang
	buyers := func(v *segmentationv1.GroupValue) string {
		if v.GetPersons() == 0 {
			return "–"
		}
		return l.Percent(float64(v.GetBuyers()) / float64(v.GetPersons()))
	}
	row := func(name string, write func(*segmentationv1.GroupValue) string, n func(*segmentationv1.GroupValue) string) standingRow {
		return standingRow{Name: name, Chosen: said{Value: write(chosen), N: n(chosen)}, Rest: said{Value: write(rest), N: n(rest)}}
	}
	purchases := func(v *segmentationv1.GroupValue) string { return l.Counted(v.GetPurchases(), l.purchase) }
	bought := func(v *segmentationv1.GroupValue) string { return "n = " + l.Count(v.GetBuyers()) }
	return []standingRow{
		row(l.AverageCheck, func(v *segmentationv1.GroupValue) string { return s.money(averageCheck(v)) }, purchases),
		row(l.Lifetime, func(v *segmentationv1.GroupValue) string { return s.money(lifetime(v)) }, bought),
		row(l.PerYear, func(v *segmentationv1.GroupValue) string { return s.maybe(perYear(v), 1) }, bought),
		row(l.BuyersShare, buyers, func(v *segmentationv1.GroupValue) string { return "n = " + l.Count(v.GetPersons()) }),
	}
}

// The optional numbers of a group that may be nobody.
func averageCheck(v *segmentationv1.GroupValue) *float64 {
	if v == nil {
		return nil
	}
	return v.AverageCheck
}

func lifetime(v *segmentationv1.GroupValue) *float64 {
	if v == nil {
		return nil
	}
	return v.Lifetime
}

func perYear(v *segmentationv1.GroupValue) *float64 {
	if v == nil {
		return nil
	}
	return v.PurchasesPerYear
}

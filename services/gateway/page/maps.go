package page

import (
	"cmp"
	"context"
	"fmt"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// mapsData are the maps of a brand.
type mapsData struct {
	Help        string
	Maps        []choice
	Next, First string
}

const mapsShown = 50

func (p *Page) loadMaps(ctx context.Context, s *scene) (any, error) {
	if p.events == nil {
		return nil, absentJourney
	}
	list, err := p.events.ListMaps(ctx, &journeyv1.ListMapsRequest{Brand: s.Brand, PageSize: mapsShown, PageToken: s.Own.Get("after")})
	if err != nil {
		return nil, err
	}
	d := &mapsData{}
	for _, m := range list.GetMaps() {
		d.Maps = append(d.Maps, choice{
			Name: s.localized(m.GetDraft().GetTitles()), Note: m.GetId(),
			Link: s.link(func(v *view) { v.ID, v.Own = m.GetId(), nil }),
		})
	}
	if len(d.Maps) == 0 {
		d.Help = fmt.Sprintf(s.Lang.NoMaps, s.Brand)
	}
	if token := list.GetNextPageToken(); token != "" {
		d.Next = s.link(func(v *view) { v.Own = own("after", token) })
	}
	if s.Own.Get("after") != "" {
		d.First = s.link(func(v *view) { v.Own = nil })
	}
	return d, nil
}

// mapTitle is the name of the map shown; its id where it cannot be read.
func (p *Page) mapTitle(ctx context.Context, s *scene) string {
	if p.events == nil {
		return s.ID
	}
	got, err := p.events.GetMap(ctx, &journeyv1.GetMapRequest{Brand: s.Brand, MapId: s.ID})
	if err != nil {
		return s.ID
	}
	content := got.GetMap().GetDraft()
	if all := got.GetMap().GetVersions(); len(all) > 0 {
		content = all[len(all)-1].GetContent()
	}
	return cmp.Or(s.localized(content.GetTitles()), s.ID)
}

// mapData is a map with its numbers.
type mapData struct {
	Help, About, Version, Audience, Missing string
	Stages                                  []stageColumn
	Curve                                   *curve
	Worst                                   string // what the red marks mean; empty: there are none
}

// stageColumn is one stage.
type stageColumn struct {
	Name, Goal string
	Cards      []*card
}

// card is one touchpoint.
type card struct {
	Name, Where, Owner                     string
	Score, Metric, Interval, Answers, Mood string
	Visits, People, Contacts, Lost         string
	LostTitle                              string
	Quotes, Barriers, Influencers          []string
	point                                  *journeyv1.Touchpoint
	score                                  *surveyv1.Score
	metric                                 *surveyv1.Metric
}

func (p *Page) loadMap(ctx context.Context, s *scene) (any, error) {
	if p.events == nil {
		return nil, absentJourney
	}
	got, err := p.events.GetMapScores(ctx, &journeyv1.GetMapScoresRequest{Brand: s.Brand, MapId: s.ID, Window: s.window.journey()})
	if err != nil && fault.Is(fault.From(err), commonv1.Reason_REASON_MAP_UNPUBLISHED) {
		return &mapData{Help: fmt.Sprintf(s.Lang.Unpublished, s.Brand, s.ID)}, nil
	}
	if err != nil {
		return nil, err
	}
	metrics := p.metricsByName(ctx, s)
	content := got.GetVersion().GetContent()
	d := &mapData{About: s.about(got.GetAsOf()), Audience: s.audience(content.GetAudience())}
	d.Version = fmt.Sprintf(s.Lang.MapVersion, got.GetVersion().GetVersion(), s.Lang.Day(got.GetVersion().GetPublishedAt().AsTime().In(s.brand.Location)))
	if got.GetScoresMissing() {
		d.Missing = s.Lang.ScoresMissing
	}
	numbers := got.GetTouchpoints()
	var all []*card
	for _, stage := range content.GetStages() {
		column := stageColumn{Name: cmp.Or(s.localized(stage.GetTitles()), stage.GetId()), Goal: stage.GetGoal()}
		for _, point := range stage.GetTouchpoints() {
			if len(all) >= len(numbers) {
				break
			}
			c := s.card(point, numbers[len(all)], metrics)
			column.Cards, all = append(column.Cards, c), append(all, c)
		}
		d.Stages = append(d.Stages, column)
	}
	if markWorst(all) {
		d.Worst = s.Lang.WorstLegend
	}
	d.Curve = s.curve(content, all)
	return d, nil
}

// metricsByName are the metrics, as far as Survey can be asked.
func (p *Page) metricsByName(ctx context.Context, s *scene) map[string]*surveyv1.Metric {
	out := map[string]*surveyv1.Metric{}
	if p.survey == nil {
		return out
	}
	list, err := p.survey.ListMetrics(ctx, &surveyv1.ListMetricsRequest{Brand: s.Brand})
	if err != nil {
		return out
	}
	for _, m := range list.GetMetrics() {
		out[m.GetName()] = m
	}
	return out
}

// audience is whose journey it is.
func (s *scene) audience(a *journeyv1.MapAudience) string {
	switch of := a.GetAudience().(type) {
	case *journeyv1.MapAudience_SegmentId:
		return fmt.Sprintf(s.Lang.OfSegment, of.SegmentId)
	case *journeyv1.MapAudience_Employees:
		if of.Employees {
			return s.Lang.OfEmployees
		}
	case *journeyv1.MapAudience_CustomerId:
		return fmt.Sprintf(s.Lang.OfCustomer, of.CustomerId)
	}
	return s.Lang.OfAll
}

// card is a touchpoint with its numbers.
func (s *scene) card(point *journeyv1.Touchpoint, n *journeyv1.TouchpointScore, metrics map[string]*surveyv1.Metric) *card {
	l := s.Lang
	c := &card{
		Name: cmp.Or(s.localized(point.GetTitles()), point.GetId()), Where: l.Online, Owner: point.GetOwner(),
		Visits: l.Count(n.GetVisits()), People: l.Count(n.GetPeople()),
		Quotes: point.GetQuotes(), Barriers: point.GetBarriers(), Influencers: point.GetInfluencers(),
		point: point, score: n.GetScore(), metric: metrics[point.GetMetric()],
	}
	if point.GetOffline() {
		c.Where = l.Offline
	}
	if point.GetChannel() != commonv1.Channel_CHANNEL_UNSPECIFIED {
		c.Where = l.Channel(point.GetChannel()) + " · " + c.Where
	}
	if n.GetContacts() > 0 {
		c.Contacts = l.Count(n.GetContacts())
	}
	if n.Lost != nil {
		c.Lost = l.Percent(n.GetDropOff())
		c.LostTitle = fmt.Sprintf(l.LostOf, l.Count(n.GetLost()), l.Count(n.GetPeople()))
	}
	s.scoreCard(c)
	return c
}

// scoreCard writes the score on a card as the metric is read everywhere else.
func (s *scene) scoreCard(c *card) {
	if c.point.GetMetric() == "" || c.metric == nil {
		c.Metric = c.point.GetMetric()
		return
	}
	c.Metric, c.Answers = s.metricTitle(c.metric), s.Lang.Answers(c.score.GetN())
	if c.score == nil || c.score.Value == nil {
		return
	}
	as := *s
	as.metric = c.metric
	c.Score, c.Interval = s.Lang.ValueOf(c.metric.GetKind(), c.score.GetValue()), as.intervalText(c.score)
}

// markWorst marks the lowest score of each kind of metric, since scores of different
// kinds cannot be compared: certain if its whole interval lies below every other
// one's value, else only as the lowest. One alone is no worst. It reports whether
// anything was marked.
func markWorst(all []*card) (marked bool) {
	byKind := map[surveyv1.MetricKind][]*card{}
	for _, c := range all {
		if c.Score != "" {
			byKind[c.metric.GetKind()] = append(byKind[c.metric.GetKind()], c)
		}
	}
	for kind, cards := range byKind {
		// badness and its near end: of a share of low answers the highest is the worst.
		bad := func(c *card) float64 { return -c.score.GetValue() }
		near := func(c *card) float64 { return -c.score.GetHigh() }
		if kind == surveyv1.MetricKind_METRIC_KIND_LOW_SHARE {
			bad, near = func(c *card) float64 { return c.score.GetValue() }, func(c *card) float64 { return c.score.GetLow() }
		}
		if len(cards) < 2 {
			continue
		}
		worst, second := cards[0], cards[1]
		if bad(second) > bad(worst) {
			worst, second = second, worst
		}
		for _, c := range cards[2:] {
			if bad(c) > bad(worst) {
				worst, second = c, worst
			} else if bad(c) > bad(second) {
				second = c
			}
		}
		if bad(worst) == bad(second) {
			continue // several are the lowest: none is the worst
		}
		marked, worst.Mood = true, "lowest"
		if worst.score.Low != nil && worst.score.High != nil && near(worst) > bad(second) {
			worst.Mood = "worst"
		}
	}
	return marked
}

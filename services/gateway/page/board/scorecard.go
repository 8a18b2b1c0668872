package board

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/chart"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// scorecard is the report that a scorecard shows.
type scorecard struct {
	subject *commonv1.SubjectRef
	entry   *surveyv1.Subject
	got     *reportv1.GetSubjectScorecardResponse
	days    int32
}

// cardDays are the lengths of the rolling window to choose from, the usual one first.
var cardDays = []int32{28, 7, 90, 365}

func (p *Pages) prepareScorecard(ctx context.Context, s *scene) (err error) {
	c := &s.card
	if c.subject, err = readSubject(s.ID); err != nil {
		return err
	}
	c.days = cardDays[0]
	if text := s.Own.Get("days"); text != "" {
		n, err := strconv.ParseInt(text, 10, 32)
		if c.days = int32(n); err != nil || !slices.Contains(cardDays, c.days) {
			return unknownThing("days", "is one of 7, 28, 90 and 365")
		}
	}
	c.got, err = p.report.GetSubjectScorecard(ctx, &reportv1.GetSubjectScorecardRequest{
		Brand: s.Brand, Subject: c.subject, Metric: s.Own.Get("metric"), Days: c.days, PeersByLabel: s.Own.Get("peers"), MinN: usualMin,
	})
	if err != nil {
		return err
	}
	s.name, s.kind = cmp.Or(c.got.GetName(), s.ID), s.Lang.kinds[c.subject.GetKind()]
	s.path = []shell.Choice{{Name: s.Lang.groups[c.subject.GetKind()], Link: s.To(leaguePath, "", url.Values{"kind": {kindText(c.subject.GetKind())}}).String()}}
	if p.survey == nil {
		return nil
	}
	if found, err := p.survey.GetSubject(ctx, &surveyv1.GetSubjectRequest{Brand: s.Brand, Ref: c.subject}); err == nil {
		c.entry = found.GetSubject()
	}
	return nil
}

func (p *Pages) scorecardSections(s *scene) []shell.Section {
	l, c := s.Lang, s.card.got
	at := func(id string, place shell.Place, title string, load func(context.Context) any) shell.Section {
		return shell.Section{ID: id, Place: place, Title: title, Load: func(ctx context.Context) (any, error) { return load(ctx), nil }}
	}
	return []shell.Section{
		at("lost", shell.First, l.Lost, func(context.Context) any {
			if lost := s.lost(c.GetSections()); len(lost) > 0 {
				return lost
			}
			return nil
		}),
		at("main", shell.Head, l.MainScore, func(context.Context) any { return s.mainScore() }),
		at("rank", shell.Head, l.RankTitle, func(context.Context) any { return s.rank() }),
		at("rolling", shell.Top, fmt.Sprintf(l.Rolling, s.card.days), func(context.Context) any { return s.rolling() }),
		at("gaps", shell.Top, l.Gaps, func(context.Context) any { return s.gaps() }),
		at("scores", shell.Top, l.AllScores, func(context.Context) any { return s.cardScores() }),
		at("rates", shell.Half, l.Rates, func(context.Context) any { return s.rates(c.GetRates(), c.GetSections()) }),
		at("offnorm", shell.Half, l.OffNorm, func(context.Context) any { return s.reasons(c.GetOffNorm(), section(c.GetSections(), "orders")) }),
		at("said", shell.Half, l.Comments, func(ctx context.Context) any { return p.said(ctx, s) }),
		at("waiting", shell.Half, l.OpenCases, func(ctx context.Context) any { return p.waiting(ctx, s) }),
		at("parts", shell.Bottom, l.PartsTitle, func(context.Context) any { return s.parts(c.GetSections()) }),
	}
}

// mainData is the score that stands for the subject.
type mainData struct {
	shell.Dated
	figure
	Metrics []shell.Choice
	Days    []shell.Choice
	Today   figure
	Before  string
	Old     string // where its answers over time are
}

// mainMetric is the definition of the main metric; nil: nobody answered.
func (s *scene) mainMetric() *surveyv1.Metric {
	if len(s.card.got.GetScores()) == 0 {
		return nil
	}
	return s.card.got.GetScores()[0].GetMetric()
}

func (s *scene) mainScore() any {
	c, l := s.card.got, s.Lang
	d := &mainData{Dated: shell.Dated{AsOf: s.fresh(c.GetAsOf())}, Before: l.BeforeDays}
	for _, n := range cardDays {
		text := strconv.Itoa(int(n))
		at := s.With("days", text)
		if n == cardDays[0] {
			at = s.With("days")
		}
		d.Days = append(d.Days, shell.Choice{Name: fmt.Sprintf(l.DaysOf, n), Link: at.String(), Current: n == s.card.days})
	}
	d.Old = s.To("", "", url.Values{"subject": {s.ID}}).String()
	m := s.mainMetric()
	if m == nil {
		return d
	}
	d.figure, d.Today = s.metric(c.GetScores()[0]), s.score(m, c.GetToday())
	for _, line := range c.GetScores() {
		if headline(line.GetMetric()) {
			d.Metrics = append(d.Metrics, shell.Choice{
				Name: l.MetricTitle(line.GetMetric(), s.brand.Locales), Link: s.With("metric", line.GetMetric().GetName()).String(), Current: line.GetMetric() == m,
			})
		}
	}
	return d
}

// rankData is where the subject stands among its peers.
type rankData struct {
	shell.Dated
	Place, Span, Tier string
	Peers             []shell.Choice
	Table             string
	Few               string
}

func (s *scene) rank() any {
	c, l := s.card.got, s.Lang
	d := &rankData{Table: s.To(leaguePath, "", url.Values{"kind": {kindText(s.card.subject.GetKind())}}).String()}
	d.AsOf = s.fresh(section(c.GetSections(), "rank").GetAsOf())
	if r := c.GetRank(); r != nil {
		d.Place = fmt.Sprintf(l.RankOf, s.place(r), c.GetPeers())
		d.Tier = fmt.Sprintf(l.Tier, r.GetTier())
		if r.GetBestRank() != r.GetWorstRank() {
			d.Span = fmt.Sprintf(l.RankSpan, r.GetBestRank(), r.GetWorstRank())
		}
	} else {
		d.Few = fmt.Sprintf(l.NotRanked, usualMin)
	}
	d.Peers = append(d.Peers, shell.Choice{Name: l.AllAlike, Link: s.With("peers").String(), Current: s.Own.Get("peers") == ""})
	for _, key := range labelsOf(s.card.entry) {
		d.Peers = append(d.Peers, shell.Choice{
			Name: fmt.Sprintf(l.PeersBy, key+": "+s.card.entry.GetLabels()[key]), Link: s.With("peers", key).String(), Current: s.Own.Get("peers") == key,
		})
	}
	return d
}

func labelsOf(entry *surveyv1.Subject) (out []string) {
	for key := range entry.GetLabels() {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

// rollingData is the main score over time.
type rollingData struct {
	shell.Dated
	Wide, Narrow chart.Line
	Label, Hint  string
	Rows         []rollingRow
}

type rollingRow struct{ When, Value, Interval, N string }

func (s *scene) rolling() any {
	c, m := s.card.got, s.mainMetric()
	if m == nil {
		return nil
	}
	d := &rollingData{Label: s.Lang.MetricTitle(m, s.brand.Locales), Hint: fmt.Sprintf(s.Lang.RollingHint, s.card.days)}
	d.AsOf = s.fresh(section(c.GetSections(), "trend").GetAsOf())
	var points []chart.Point
	for _, one := range c.GetTrend() {
		if one.GetScore().Value == nil {
			continue
		}
		f, day := s.score(m, one.GetScore()), one.GetStart().AsTime().In(s.brand.Location)
		from := float64(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC).Unix()) / 86400
		points = append(points, chart.Point{From: from, To: from + 1, Value: f.value, Low: f.low, High: f.high, Banded: f.banded,
			Title: fmt.Sprintf(s.Lang.Worth, s.Lang.Day(day), f.Value, f.Interval, s.Lang.Count(one.GetScore().GetN()))})
		d.Rows = append(d.Rows, rollingRow{s.Lang.Day(day), f.Value, f.Interval, s.Lang.Count(one.GetScore().GetN())})
	}
	if len(points) < 2 {
		return nil
	}
	slices.Reverse(d.Rows)
	frame := chart.Frame{From: points[0].From, To: points[len(points)-1].To, Width: 720, Height: 250, Ticks: 6, Write: s.tick}
	frame.Min, frame.Max = limits(m)
	if m.GetKind() == surveyv1.MetricKind_METRIC_KIND_NPS {
		frame.Marks = []chart.Label{{At: 30, Text: "30 " + s.Lang.judgements["good"]}, {At: 50, Text: "50 " + s.Lang.judgements["excellent"]}}
	}
	frame.Below = s.daysBelow(frame, 6)
	d.Wide = chart.NewLine(points, frame)
	frame.Width, frame.Height, frame.Ticks, frame.Below = 360, 220, 5, s.daysBelow(frame, 3)
	d.Narrow = chart.NewLine(points, frame)
	return d
}

// tick writes a value beside an axis, as short as it goes.
func (s *scene) tick(v float64) string {
	for decimals := range 3 {
		if scaled := v * math.Pow10(decimals); math.Abs(scaled-math.Round(scaled)) < 1e-6 {
			return s.Lang.Fixed(v, decimals)
		}
	}
	return s.Lang.Fixed(v, 2)
}

// daysBelow are at most n days under a line, the last one at its end.
func (s *scene) daysBelow(f chart.Frame, n int) (out []chart.Label) {
	days := int(f.To - f.From)
	step := max((days+n-2)/(n-1), 1)
	for back := 0; back < days; back += step {
		at := f.To - 1 - float64(back)
		text := s.Lang.ShortDay(time.Unix(int64(at)*86400, 0).UTC())
		out = append(out, chart.Label{At: at + 0.5, Text: text})
	}
	return out
}

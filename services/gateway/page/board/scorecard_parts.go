package board

import (
	"cmp"
	"context"
	"fmt"
	"math"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// gapsData is how the subject differs from its peers, parameter by parameter.
type gapsData struct {
	shell.Dated
	Rows []gap
}

type gap struct {
	Name         string
	Own, Peers   figure
	Gap          change
	At, Width    string // of the bar, from 0 to 100 with the peers in the middle
	Better, Sure bool
}

func (s *scene) gaps() any {
	c := s.card.got
	d := &gapsData{}
	d.AsOf = s.fresh(section(c.GetSections(), "gaps").GetAsOf())
	kinds := map[string]*surveyv1.Metric{}
	for _, line := range c.GetScores() {
		kinds[line.GetMetric().GetName()] = line.GetMetric()
	}
	widest := 0.0
	for _, g := range c.GetGaps() {
		if m := kinds[g.GetMetric()]; m != nil && g.Gap != nil {
			widest = max(widest, math.Abs(g.GetGap())/scaleOf(m))
		}
	}
	for _, g := range c.GetGaps() {
		m := kinds[g.GetMetric()]
		if m == nil {
			m = &surveyv1.Metric{Name: g.GetMetric()}
		}
		row := gap{Name: cmp.Or(g.GetTitle(), g.GetMetric()), Own: s.score(m, g.GetScore()), Peers: s.score(m, g.GetPeers())}
		if kinds[g.GetMetric()] != nil {
			row.Name = s.Lang.MetricTitle(m, s.brand.Locales)
		}
		if g.Gap != nil {
			row.Gap = change{Step: signed(g.GetGap(), s.Lang.Apart(m.GetKind(), math.Abs(g.GetGap()))), Words: s.Lang.WithinChance, Mood: "same"}
			if row.Sure = g.GetSignificant(); row.Sure {
				row.Gap.Words, row.Gap.Mood = s.Lang.BeyondChance, map[bool]string{true: "good", false: "bad"}[g.GetGap() > 0]
			}
			row.At, row.Width = leaning(g.GetGap()/scaleOf(m), widest)
			row.Better = g.GetGap() > 0
		}
		d.Rows = append(d.Rows, row)
	}
	if len(d.Rows) == 0 {
		return nil
	}
	return d
}

// scaleOf is how far apart values of a metric can be.
func scaleOf(m *surveyv1.Metric) float64 {
	least, most := limits(m)
	return max(most-least, 1)
}

// leaning is a bar that leans from the middle to one side, as far as v of the widest.
func leaning(v, widest float64) (at, width string) {
	if widest == 0 {
		widest = 1
	}
	part := 48 * math.Abs(v) / widest
	left := 50.0
	if v < 0 {
		left -= part
	}
	return fmt.Sprintf("%.1f", left), fmt.Sprintf("%.1f", max(part, 0.6))
}

// cardScores are all scores of the subject.
func (s *scene) cardScores() any {
	d := &tableData{Dated: shell.Dated{AsOf: s.fresh(s.card.got.GetAsOf())}}
	for _, line := range s.card.got.GetScores() {
		d.add(s.metric(line))
	}
	if len(d.Rows) == 0 {
		return nil
	}
	return d
}

// saidData is what people wrote about the subject.
type saidData struct {
	shell.Dated
	Rows []remark
	Rest []remark // behind a click
}

// saidAtOnce is how many comments are read without a click.
const saidAtOnce = 6

func (p *Pages) said(ctx context.Context, s *scene) any {
	c := s.card.got
	d := &saidData{}
	d.AsOf = s.fresh(section(c.GetSections(), "comments").GetAsOf())
	d.Rows = p.remarks(ctx, s, c.GetComments())
	if n := saidAtOnce; len(d.Rows) > n {
		d.Rows, d.Rest = d.Rows[:n], d.Rows[n:]
	}
	return d
}

// waitingData is who waits for a call because of the subject.
type waitingData struct {
	shell.Dated
	Rows []caseRow
	All  string
}

func (p *Pages) waiting(ctx context.Context, s *scene) any {
	c := s.card.got
	d := &waitingData{All: s.To(casesPath, "", map[string][]string{"subject": {s.ID}}).String()}
	d.AsOf = s.fresh(section(c.GetSections(), "cases").GetAsOf())
	if d.AsOf == "" {
		d.AsOf = p.seen(s)
	}
	for _, one := range c.GetCases() {
		d.Rows = append(d.Rows, p.caseRow(s, one, nil))
	}
	return d
}

// scorecardTable is the scorecard, one figure a line.
func (p *Pages) scorecardTable(_ context.Context, s *scene) ([][]string, error) {
	c, out := s.card.got, shell.NewSheet()
	for _, line := range c.GetScores() {
		v := line.GetScore()
		out.Add(shell.Figure{Section: "scores", Item: s.ID, Measure: line.GetMetric().GetName(), Value: v.Value, Low: v.Low, High: v.High, N: v.GetN(), AsOf: c.GetAsOf()})
	}
	if r := c.GetRank(); r != nil {
		asOf := section(c.GetSections(), "rank").GetAsOf()
		value, low, high := float64(r.GetRank()), float64(r.GetBestRank()), float64(r.GetWorstRank())
		out.Add(shell.Figure{Section: "rank", Item: s.ID, Measure: "rank", Value: &value, Low: &low, High: &high, N: int64(c.GetPeers()), AsOf: asOf})
	}
	for _, g := range c.GetGaps() {
		asOf := section(c.GetSections(), "gaps").GetAsOf()
		out.Add(shell.Figure{Section: "peers", Item: "peers", Measure: g.GetMetric(), Value: g.GetPeers().Value, Low: g.GetPeers().Low, High: g.GetPeers().High, N: g.GetPeers().GetN(), AsOf: asOf})
		out.Add(shell.Figure{Section: "gaps", Item: s.ID, Measure: g.GetMetric(), Value: g.Gap, N: g.GetScore().GetN(), AsOf: asOf})
	}
	for _, one := range c.GetTrend() {
		v := one.GetScore()
		day := one.GetStart().AsTime().In(s.brand.Location).Format("2006-01-02")
		out.Add(shell.Figure{Section: "trend", Item: day, Measure: s.mainMetric().GetName(), Value: v.Value, Low: v.Low, High: v.High, N: v.GetN(), AsOf: section(c.GetSections(), "trend").GetAsOf()})
	}
	for _, r := range c.GetRates() {
		out.Add(shell.Figure{Section: "rates", Item: s.ID, Measure: r.GetName(), Value: r.Value, Low: r.Low, High: r.High, N: r.GetDenominator(), AsOf: section(c.GetSections(), "orders").GetAsOf()})
	}
	for _, r := range c.GetOffNorm() {
		out.Count("off_norm", s.ID, r.GetCode(), r.GetN(), section(c.GetSections(), "orders").GetAsOf())
	}
	return out, nil
}

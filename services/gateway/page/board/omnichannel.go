package board

import (
	"cmp"
	"context"
	"net/url"
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// omnichannel is the report that a page of it shows.
type omnichannel struct {
	subject *commonv1.SubjectRef
	got     *reportv1.GetOmnichannelReportResponse
}

// omnichannelQuestion is what the address asks for.
func (s *scene) omnichannelQuestion() *reportv1.GetOmnichannelReportRequest {
	return &reportv1.GetOmnichannelReportRequest{Brand: s.Brand, Window: windowOf(s.span), Subject: s.omni.subject}
}

func (p *Pages) prepareOmnichannel(ctx context.Context, s *scene) (err error) {
	if s.omni.subject, err = readSubject(s.Own.Get("subject")); err != nil {
		return err
	}
	if s.omni.got, err = p.report.GetOmnichannelReport(ctx, s.omnichannelQuestion()); err != nil {
		return err
	}
	p.nameSubject(ctx, s, s.omni.subject)
	if s.omni.subject != nil {
		s.path = []shell.Choice{{Name: s.Lang.Omnichannel, Link: s.With("subject").String()}}
	}
	return nil
}

// nameSubject finds what people call a subject.
func (p *Pages) nameSubject(ctx context.Context, s *scene, ref *commonv1.SubjectRef) {
	if ref == nil {
		return
	}
	s.name, s.kind = ref.GetId(), s.Lang.kinds[ref.GetKind()]
	if p.survey == nil {
		return
	}
	found, err := p.survey.GetSubject(ctx, &surveyv1.GetSubjectRequest{Brand: s.Brand, Ref: ref})
	if err == nil {
		s.name = cmp.Or(found.GetSubject().GetName(), s.name)
	}
}

func (p *Pages) omnichannelSections(s *scene) []shell.Section {
	l, got := s.Lang, s.omni.got
	at := func(id string, place shell.Place, title string, load func() any) shell.Section {
		return shell.Section{ID: id, Place: place, Title: title, Load: func(context.Context) (any, error) { return load(), nil }}
	}
	return []shell.Section{
		at("lost", shell.First, l.Lost, func() any {
			if lost := s.lost(got.GetSections()); len(lost) > 0 {
				return lost
			}
			return nil
		}),
		at("figures", shell.Top, l.Figures, func() any { return p.figures(s) }),
		at("compared", shell.Top, l.ByChannel, func() any { return s.compared() }),
		at("matrix", shell.Top, l.Matrix, func() any { return s.matrix() }),
		at("parameters", shell.Top, l.Parameters, func() any { return s.parameters() }),
		at("rates", shell.Half, l.Rates, func() any { return s.rates(got.GetTotal().GetRates(), got.GetSections()) }),
		at("offnorm", shell.Half, l.OffNorm, func() any {
			return s.reasons(got.GetTotal().GetOffNorm(), section(got.GetSections(), "orders"))
		}),
		at("parts", shell.Bottom, l.PartsTitle, func() any { return s.parts(got.GetSections()) }),
	}
}

// figuresData is the overview of the whole, in tiles.
type figuresData struct {
	shell.Dated
	Tiles            []figure
	Days, Before     string
	Responses, Order string
	All              string // where everything ever recorded is; empty: there is something here
}

// figures are the scores of the whole that a board asks about first.
func (p *Pages) figures(s *scene) any {
	total, l := s.omni.got.GetTotal(), s.Lang
	d := &figuresData{Days: p.windowText(s), Before: l.BeforeDays, Responses: l.Counted(total.GetResponses(), l.responses)}
	if s.span.All {
		d.Before = ""
	}
	if total.GetOrders() > 0 {
		d.Order = l.Counted(total.GetOrders(), l.orders)
	}
	if one := section(s.omni.got.GetSections(), "scores"); one != nil {
		d.AsOf = s.fresh(one.GetAsOf())
	}
	for _, line := range total.GetMetrics() {
		if headline(line.GetMetric()) && len(d.Tiles) < maxTiles {
			d.Tiles = append(d.Tiles, s.metric(line))
		}
	}
	if len(d.Tiles) == 0 && !s.span.All {
		d.All = s.With("from").With("to").With("days", "all").String()
	}
	return d
}

// maxTiles are as many as are seen at a glance.
const maxTiles = 6

// headline metrics are about the whole, the others about one parameter of it.
func headline(m *surveyv1.Metric) bool {
	return m.GetKind() != surveyv1.MetricKind_METRIC_KIND_CSI_ITEM
}

// parameters are the lines that have no tile.
func (s *scene) parameters() any {
	d := &tableData{}
	tiles := 0
	for _, line := range s.omni.got.GetTotal().GetMetrics() {
		if headline(line.GetMetric()) && tiles < maxTiles {
			tiles++
			continue
		}
		d.add(s.metric(line))
	}
	if len(d.Rows) == 0 {
		return nil
	}
	if one := section(s.omni.got.GetSections(), "scores"); one != nil {
		d.AsOf = s.fresh(one.GetAsOf())
	}
	return d
}

// tableData is a table of figures.
type tableData struct {
	shell.Dated
	Rows   []figure
	Years  bool // there is something to compare with a year before
	Picks  []shell.Choice
	Metric string
}

func (d *tableData) add(f figure) {
	d.Rows = append(d.Rows, f)
	d.Years = d.Years || f.Year.Step != ""
}

// rates are the rates of the whole.
func (s *scene) rates(all []*reportv1.Rate, sections []*reportv1.Section) any {
	d := &tableData{}
	for _, r := range all {
		d.Rows = append(d.Rows, s.rate(r))
	}
	if len(d.Rows) == 0 {
		return nil
	}
	var oldest *reportv1.Section
	for _, one := range sections {
		if one.GetName() != "scores" && one.GetAsOf().IsValid() && (oldest == nil || one.GetAsOf().AsTime().Before(oldest.GetAsOf().AsTime())) {
			oldest = one
		}
	}
	d.AsOf = s.fresh(oldest.GetAsOf())
	return d
}

// reasonsData is why something went wrong.
type reasonsData struct {
	shell.Dated
	Rows []reason
}

type reason struct{ Name, N, Share, Bar string }

func (s *scene) reasons(all []*reportv1.Reason, from *reportv1.Section) any {
	if len(all) == 0 {
		return nil
	}
	d := &reasonsData{}
	d.AsOf = s.fresh(from.GetAsOf())
	for _, r := range all {
		d.Rows = append(d.Rows, reason{
			Name: cmp.Or(s.Lang.reasons[r.GetCode()], r.GetCode()), N: s.Lang.Count(r.GetN()), Share: s.Lang.Percent(r.GetShare() / 100),
			Bar: shell.Optional(&r.Share),
		})
	}
	return d
}

// compared sets the channels side by side in one metric, on one axis.
func (s *scene) compared() any {
	lines := s.omni.got.GetTotal().GetMetrics()
	lines = slices.DeleteFunc(slices.Clone(lines), func(line *reportv1.MetricLine) bool { return !headline(line.GetMetric()) })
	if len(lines) == 0 {
		return nil
	}
	chosen := lines[0].GetMetric()
	for _, line := range lines {
		if line.GetMetric().GetName() == s.Own.Get("metric") {
			chosen = line.GetMetric()
		}
	}
	d := &tableData{Metric: s.Lang.MetricTitle(chosen, s.brand.Locales)}
	for _, line := range lines {
		m := line.GetMetric()
		d.Picks = append(d.Picks, shell.Choice{Name: s.Lang.MetricTitle(m, s.brand.Locales), Link: s.With("metric", m.GetName()).String() + "#compared", Current: m == chosen})
	}
	for _, c := range s.omni.got.GetChannels() {
		if line := lineOf(c, chosen.GetName()); line != nil {
			f := s.metric(line)
			f.Name = s.channel(c.GetChannel())
			d.Rows = append(d.Rows, f)
		}
	}
	if len(d.Rows) == 0 {
		return nil
	}
	slices.SortStableFunc(d.Rows, func(a, b figure) int { return cmp.Compare(b.value, a.value) })
	all := make([]*figure, len(d.Rows))
	for i := range d.Rows {
		all[i] = &d.Rows[i]
	}
	least, most := limits(chosen)
	align(all, least, most)
	if one := section(s.omni.got.GetSections(), "scores"); one != nil {
		d.AsOf = s.fresh(one.GetAsOf())
	}
	return d
}

func lineOf(c *reportv1.ChannelReport, metric string) *reportv1.MetricLine {
	for _, line := range c.GetMetrics() {
		if line.GetMetric().GetName() == metric {
			return line
		}
	}
	return nil
}

func (s *scene) channel(c commonv1.Channel) string { return s.Lang.Channel(c) }

// matrixData is everything of every channel.
type matrixData struct {
	shell.Dated
	Heads []string
	Rows  []matrixRow
}

type matrixRow struct {
	Name  string
	Cells []figure
	Sum   bool
}

// matrix is each channel's figures, and those of all.
func (s *scene) matrix() any {
	total := s.omni.got.GetTotal()
	d := &matrixData{}
	var metrics []string
	for _, line := range total.GetMetrics() {
		if headline(line.GetMetric()) && len(metrics) < 4 {
			metrics = append(metrics, line.GetMetric().GetName())
			d.Heads = append(d.Heads, s.Lang.MetricTitle(line.GetMetric(), s.brand.Locales))
		}
	}
	d.Heads = append(d.Heads, s.Lang.ResponsesHead, s.Lang.OrdersHead)
	var rates []string
	for _, r := range total.GetRates() {
		if r.GetName() != "retention" { // of all channels alone
			rates = append(rates, r.GetName())
			d.Heads = append(d.Heads, s.Lang.rate(r.GetName()))
		}
	}
	row := func(name string, c *reportv1.ChannelReport) {
		r := matrixRow{Name: name}
		for _, m := range metrics {
			var f figure
			if line := lineOf(c, m); line != nil {
				f = s.score(line.GetMetric(), line.GetScore())
			}
			r.Cells = append(r.Cells, f)
		}
		r.Cells = append(r.Cells, figure{Value: s.some(c.GetResponses())}, figure{Value: s.some(c.GetOrders())})
		for _, name := range rates {
			var f figure
			for _, one := range c.GetRates() {
				if one.GetName() == name {
					f = s.rate(one)
				}
			}
			r.Cells = append(r.Cells, f)
		}
		d.Rows = append(d.Rows, r)
	}
	for _, c := range s.omni.got.GetChannels() {
		row(s.channel(c.GetChannel()), c)
	}
	if len(d.Rows) == 0 {
		return nil
	}
	row(s.Lang.Total, total)
	d.Rows[len(d.Rows)-1].Sum = true
	if one := section(s.omni.got.GetSections(), "scores"); one != nil {
		d.AsOf = s.fresh(one.GetAsOf())
	}
	return d
}

// some counts; none is no number.
func (s *scene) some(n int64) string {
	if n == 0 {
		return ""
	}
	return s.Lang.Count(n)
}

// omnichannelTable is the report, one figure a line.
func (p *Pages) omnichannelTable(_ context.Context, s *scene) ([][]string, error) {
	got, out := s.omni.got, shell.NewSheet()
	add := func(where string, c *reportv1.ChannelReport) {
		scores := section(got.GetSections(), "scores").GetAsOf()
		for _, line := range c.GetMetrics() {
			v := line.GetScore()
			out.Add(shell.Figure{Section: "scores", Item: where, Measure: line.GetMetric().GetName(), Value: v.Value, Low: v.Low, High: v.High, N: v.GetN(), AsOf: scores})
			if line.GetPrevious() != nil {
				out.Add(shell.Figure{Section: "previous", Item: where, Measure: line.GetMetric().GetName(), Value: line.GetPrevious().Then, N: line.GetPrevious().GetN(), AsOf: scores})
			}
			if line.GetYearBefore() != nil {
				out.Add(shell.Figure{Section: "year_before", Item: where, Measure: line.GetMetric().GetName(), Value: line.GetYearBefore().Then, N: line.GetYearBefore().GetN(), AsOf: scores})
			}
			if line.Goal != nil {
				out.Add(shell.Figure{Section: "goal", Item: where, Measure: line.GetMetric().GetName(), Value: line.Goal, AsOf: scores})
			}
		}
		out.Count("responses", where, "responses", c.GetResponses(), section(got.GetSections(), "responses").GetAsOf())
		out.Count("orders", where, "orders", c.GetOrders(), section(got.GetSections(), "orders").GetAsOf())
		for _, r := range c.GetRates() {
			out.Add(shell.Figure{Section: "rates", Item: where, Measure: r.GetName(), Value: r.Value, Low: r.Low, High: r.High, N: r.GetDenominator()})
		}
		for _, r := range c.GetOffNorm() {
			out.Count("off_norm", where, r.GetCode(), r.GetN(), section(got.GetSections(), "orders").GetAsOf())
		}
	}
	add("total", got.GetTotal())
	for _, c := range got.GetChannels() {
		add(c.GetChannel().String(), c)
	}
	for _, one := range got.GetSections() {
		out.Add(shell.Figure{Section: "section", Item: one.GetName(), Measure: one.GetStatus().String(), AsOf: one.GetAsOf()})
	}
	return out, nil
}

// toScorecard is the scorecard of a subject.
func (s *scene) toScorecard(ref *commonv1.SubjectRef, own url.Values) string {
	return s.To(scorecardPath, subjectText(ref), own).String()
}

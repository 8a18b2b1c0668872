package page

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// overviewTable is the overview, one figure a line: the score, its line over time, the
// channels, how they answered and the whole ranking.
func (p *Page) overviewTable(ctx context.Context, s *scene) ([][]string, error) {
	out := shell.NewSheet()
	add := func(section, item string, v *surveyv1.Score, asOf *surveyv1.GetMetricResponse) {
		out.Add(shell.Figure{Section: section, Item: item, Measure: s.Metric, Value: v.Value, Low: v.Low, High: v.High, N: v.GetN(), AsOf: asOf.GetAsOf()})
	}
	total, err := p.ask(ctx, s, s.window, commonv1.Grain_GRAIN_UNSPECIFIED)
	if err != nil {
		return nil, err
	}
	add("score", cmp.Or(subjectName(s.Subject), "total"), total.GetTotal(), total)
	for score, n := range total.GetTotal().GetHistogram() {
		out.Count("distribution", strconv.Itoa(score), s.Metric, n, total.GetAsOf())
	}
	line, _, _, err := p.series(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, one := range line.GetSeries() {
		for _, point := range one.GetPoints() {
			add("trend", dayOf(point.GetStart().AsTime(), s.brand.Location).Format("2006-01-02"), point.GetScore(), line)
		}
	}
	channels, err := p.ask(ctx, s, s.window, 0, &surveyv1.GroupBy{Dimension: surveyv1.Dimension_DIMENSION_CHANNEL})
	if err != nil {
		return nil, err
	}
	for _, one := range channels.GetSeries() {
		add("channel", strings.Join(one.GetKey(), " "), one.GetTotal(), channels)
	}
	err = p.rankingLines(ctx, s, &out)
	return out, err
}

// rankingLines are the places of what stands below the subject.
func (p *Page) rankingLines(ctx context.Context, s *scene, out *shell.Sheet) error {
	kinds, err := p.kindsBelow(ctx, s)
	if err != nil {
		return err
	}
	for _, k := range kinds {
		got, err := p.survey.RankSubjects(ctx, &surveyv1.RankSubjectsRequest{
			Brand: s.Brand, Metric: s.Metric, Window: s.window.proto(), Kind: k, Under: s.Subject, MinN: 1, PageSize: rankWhole,
		})
		if err != nil {
			return err
		}
		for _, one := range got.GetSubjects() {
			v := one.GetScore()
			out.Add(shell.Figure{
				Section: fmt.Sprintf("rank %d (%d-%d)", one.GetRank(), one.GetBestRank(), one.GetWorstRank()), Item: subjectName(one.GetSubject()), Measure: s.Metric,
				Value: v.Value, Low: v.Low, High: v.High, N: v.GetN(), AsOf: got.GetAsOf(),
			})
		}
	}
	return nil
}

// journeysTable is the success index, the contact rate and who comes back.
func (p *Page) journeysTable(ctx context.Context, s *scene) ([][]string, error) {
	if p.events == nil {
		return nil, absentJourney
	}
	out := shell.NewSheet()
	const byChannel = journeyv1.MeasureGroup_MEASURE_GROUP_CHANNEL
	orders, err := p.events.GetSuccessIndex(ctx, &journeyv1.GetSuccessIndexRequest{Brand: s.Brand, Window: s.window.journey(), GroupBy: byChannel})
	if err != nil {
		return nil, err
	}
	index := func(item string, i *journeyv1.SuccessIndex) {
		out.Add(shell.Figure{Section: "success_index", Item: item, Measure: "percent", Value: i.Value, Low: i.Low, High: i.High, N: i.GetOrders(), AsOf: orders.GetAsOf()})
		for _, o := range i.GetOffNorm() {
			out.Count("off_norm", item, strings.TrimPrefix(o.GetReason().String(), "OFF_NORM_REASON_"), o.GetOrders(), orders.GetAsOf())
		}
	}
	index("total", orders.GetTotal())
	for _, g := range orders.GetGroups() {
		index(g.GetKey(), g)
	}
	contacts, err := p.events.GetContactRate(ctx, &journeyv1.GetContactRateRequest{Brand: s.Brand, Window: s.window.journey(), GroupBy: byChannel})
	if err != nil {
		return nil, err
	}
	rate := func(item string, r *journeyv1.ContactRate) {
		out.Count("contacts", item, "contacts", r.GetContacts(), contacts.GetAsOf())
		out.Count("contacts", item, "receipts", r.GetReceipts(), contacts.GetAsOf())
	}
	rate("total", contacts.GetTotal())
	for _, g := range contacts.GetGroups() {
		rate(g.GetKey(), g)
	}
	err = p.retentionLines(ctx, s, &out)
	return out, err
}

// retentionLines are the shares of each month's new customers who came back.
func (p *Page) retentionLines(ctx context.Context, s *scene, out *shell.Sheet) error {
	got, err := p.events.GetRetention(ctx, &journeyv1.GetRetentionRequest{Brand: s.Brand, Window: s.cohorts().journey()})
	if err != nil {
		return err
	}
	for _, c := range got.GetCohorts() {
		for i, n := range c.GetReturning() {
			out.Add(shell.Figure{Section: "retention", Item: c.GetMonth(), Measure: fmt.Sprintf("+%d", i+1), Value: shareOf(n, c.GetCustomers()), N: c.GetCustomers(), AsOf: got.GetAsOf()})
		}
	}
	return nil
}

// shareOf is n of all in %; absent of nothing.
func shareOf(n, all int64) *float64 {
	if all == 0 {
		return nil
	}
	v := 100 * float64(n) / float64(all)
	return &v
}

// mapsTable is the list of maps; of one map its touchpoints with their numbers.
func (p *Page) mapsTable(ctx context.Context, s *scene) ([][]string, error) {
	if p.events == nil {
		return nil, absentJourney
	}
	out := [][]string{{"map", "title", "versions"}}
	in := &journeyv1.ListMapsRequest{Brand: s.Brand, PageSize: mapsShown}
	for {
		list, err := p.events.ListMaps(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, m := range list.GetMaps() {
			out = append(out, []string{m.GetId(), s.localized(m.GetDraft().GetTitles()), strconv.Itoa(len(m.GetVersions()))})
		}
		if in.PageToken = list.GetNextPageToken(); in.PageToken == "" {
			return out, nil
		}
	}
}

func (p *Page) mapTable(ctx context.Context, s *scene) ([][]string, error) {
	if p.events == nil {
		return nil, absentJourney
	}
	out := shell.NewSheet()
	got, err := p.events.GetMapScores(ctx, &journeyv1.GetMapScoresRequest{Brand: s.Brand, MapId: s.ID, Window: s.window.journey()})
	if fault.Is(err, commonv1.Reason_REASON_MAP_UNPUBLISHED) {
		return out, nil // there are no numbers of a draft
	}
	if err != nil {
		return nil, err
	}
	for _, n := range got.GetTouchpoints() {
		if v := n.GetScore(); v != nil {
			out.Add(shell.Figure{Section: n.GetStageId(), Item: n.GetTouchpointId(), Measure: "score", Value: v.Value, Low: v.Low, High: v.High, N: v.GetN(), AsOf: got.GetAsOf()})
		}
		out.Count(n.GetStageId(), n.GetTouchpointId(), "visits", n.GetVisits(), got.GetAsOf())
		out.Count(n.GetStageId(), n.GetTouchpointId(), "people", n.GetPeople(), got.GetAsOf())
		out.Count(n.GetStageId(), n.GetTouchpointId(), "contacts", n.GetContacts(), got.GetAsOf())
	}
	return out, nil
}

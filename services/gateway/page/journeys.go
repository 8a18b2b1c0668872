package page

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/services/gateway/chart"
)

// indexData is the success index.
type indexData struct {
	Help, About, Value, Interval, Orders string
	Facts                                []fact
	OffNorm                              []offNormRow
	Channels                             []row
}

type offNormRow struct{ Name, Orders, Share, Any string }

func (p *Page) loadSuccess(ctx context.Context, s *scene) (any, error) {
	if p.events == nil {
		return nil, absentJourney
	}
	got, err := p.events.GetSuccessIndex(ctx, &journeyv1.GetSuccessIndexRequest{
		Brand: s.Brand, Window: s.window.journey(), GroupBy: journeyv1.MeasureGroup_MEASURE_GROUP_CHANNEL,
	})
	if err != nil {
		return nil, err
	}
	l, total := s.Lang, got.GetTotal()
	d := &indexData{About: s.about(got.GetAsOf())}
	if placed(total) == 0 {
		d.Help = l.NoOrders
		return d, nil
	}
	if total.Value != nil {
		d.Value = l.Percent(total.GetValue() / 100)
		d.Interval = fmt.Sprintf(l.Interval, l.Fixed(total.GetLow(), 1), l.Percent(total.GetHigh()/100))
	}
	d.Orders = fmt.Sprintf(l.WithinNorm, l.Count(total.GetWithinNorm()), l.Count(total.GetOrders()))
	for _, o := range total.GetOffNorm() {
		if o.GetAny() > 0 {
			d.OffNorm = append(d.OffNorm, offNormRow{l.offNorms[o.GetReason()], l.Count(o.GetOrders()), l.Percent(o.GetShare() / 100), l.Count(o.GetAny())})
		}
	}
	var uncollected int64
	for _, r := range total.GetNotCollected() {
		uncollected += r.GetCount()
	}
	for _, f := range []struct {
		name string
		n    int64
	}{{l.OpenOrders, total.GetOpen()}, {l.NotCollected, uncollected}, {l.CancelledByCustomer, total.GetCancelledByCustomer()}} {
		if f.n > 0 {
			d.Facts = append(d.Facts, fact{f.name, l.Count(f.n)})
		}
	}
	d.Channels = s.indexRows(got.GetGroups())
	return d, nil
}

// indexRows are channels beside each other; one alone says nothing new.
func (s *scene) indexRows(groups []*journeyv1.SuccessIndex) []row {
	l := s.Lang
	var rows []row
	var values []chart.Value
	for _, g := range groups {
		if g.Value == nil {
			continue
		}
		r := row{Name: s.keyed(g.GetKey()), Value: l.Percent(g.GetValue() / 100), Answers: l.Count(g.GetOrders())}
		r.Interval = fmt.Sprintf(l.Interval, l.Fixed(g.GetLow(), 1), l.Percent(g.GetHigh()/100))
		r.Hint = fmt.Sprintf(l.DotTitle, r.Name, r.Value, r.Interval, r.Answers)
		rows = append(rows, r)
		values = append(values, chart.Value{Value: g.GetValue(), Low: g.GetLow(), High: g.GetHigh(), Banded: true})
	}
	if len(rows) < 2 {
		return nil
	}
	for i, r := range chart.Ranges(values, 0, 100) {
		rows[i].Range = r
	}
	return rows
}

// rateData is contacts per receipt.
type rateData struct {
	Help, About, Value, Worth string
	Reasons, Channels         []rateRow
}

type rateRow struct{ Name, Count, Of, Share string }

// reasonsShown is how many reasons are named before the others are one.
const reasonsShown = 8

func (p *Page) loadContacts(ctx context.Context, s *scene) (any, error) {
	if p.events == nil {
		return nil, absentJourney
	}
	got, err := p.events.GetContactRate(ctx, &journeyv1.GetContactRateRequest{
		Brand: s.Brand, Window: s.window.journey(), GroupBy: journeyv1.MeasureGroup_MEASURE_GROUP_CHANNEL,
	})
	if err != nil {
		return nil, err
	}
	l, total := s.Lang, got.GetTotal()
	d := &rateData{About: s.about(got.GetAsOf())}
	if total.GetContacts()+total.GetReceipts() == 0 {
		d.Help = l.NoContacts
		return d, nil
	}
	d.Worth = fmt.Sprintf(l.ContactsOf, l.Count(total.GetContacts()), l.Count(total.GetReceipts()))
	switch {
	case total.GetContacts() == 0: // none, or nobody brings them: that is not the same
		d.Worth += ". " + l.NoContactsSeen
	case total.Value != nil:
		d.Value = l.perHundred(total.GetValue())
	}
	var rest int64
	for i, r := range total.GetReasons() {
		if i >= reasonsShown {
			rest += r.GetCount()
			continue
		}
		d.Reasons = append(d.Reasons, s.reasonRow(r.GetReason(), r.GetCount(), total.GetContacts()))
	}
	if rest > 0 {
		d.Reasons = append(d.Reasons, s.reasonRow(l.OtherReasons, rest, total.GetContacts()))
	}
	for _, g := range got.GetGroups() {
		r := rateRow{Name: s.keyed(g.GetKey()), Count: l.Count(g.GetContacts()), Of: l.Count(g.GetReceipts()), Share: "–"}
		if g.Value != nil && total.GetContacts() > 0 {
			r.Share = l.perHundred(g.GetValue())
		}
		d.Channels = append(d.Channels, r)
	}
	return d, nil
}

func (s *scene) reasonRow(name string, n, of int64) rateRow {
	if name == "" {
		name = s.Lang.NoReason
	}
	return rateRow{Name: name, Count: s.Lang.Count(n), Share: s.Lang.Percent(float64(n) / float64(of))}
}

// perHundred writes contacts per receipt as contacts per 100 receipts.
func (l *words) perHundred(v float64) string { return l.Fixed(v*100, 1) }

// retentionData are cohorts and who of them came back.
type retentionData struct {
	Help, About, Partial string
	Heads                []string // months since the first
	Rows                 []cohortRow
}

type cohortRow struct {
	Month, Customers string
	Cells            []cohortCell
}

type cohortCell struct {
	Share, Title string
	Shade        int
}

// cohortMonths is how many months of new customers are shown: whoever chose a week
// wants to see who comes back all the same.
const cohortMonths = 12

// cohorts are the whole months that the window touches, and enough of them.
func (s *scene) cohorts() window {
	asked := s.window
	if !asked.whole() {
		month := asked.last.AddDate(0, 0, 1-asked.last.Day())
		first := asked.first.AddDate(0, 0, 1-asked.first.Day())
		if back := month.AddDate(0, 1-cohortMonths, 0); back.Before(first) {
			first = back
		}
		asked.first = first
	}
	return asked
}

func (p *Page) loadRetention(ctx context.Context, s *scene) (any, error) {
	if p.events == nil {
		return nil, absentJourney
	}
	asked := s.cohorts()
	got, err := p.events.GetRetention(ctx, &journeyv1.GetRetentionRequest{Brand: s.Brand, Window: asked.journey()})
	if err != nil {
		return nil, err
	}
	l := s.Lang
	d := &retentionData{About: l.AllLong}
	if !asked.whole() {
		d.About = l.Days(asked.first, asked.last)
		if asked.last.AddDate(0, 0, 1).Day() != 1 {
			d.Partial = fmt.Sprintf(l.PartialMonth, l.InMonth(asked.last))
		}
	}
	if fresh := s.fresh(got.GetAsOf()); fresh != "" {
		d.About += " · " + fresh
	}
	if len(got.GetCohorts()) == 0 {
		d.Help = l.NoCohorts
		return d, nil
	}
	longest := 0
	for _, c := range slices.Backward(got.GetCohorts()) { // the newest first
		if len(d.Rows) == 2*cohortMonths {
			d.Partial += " " + l.OlderCohorts
			break
		}
		longest = max(longest, len(c.GetReturning()))
		d.Rows = append(d.Rows, s.cohort(c))
	}
	for i := range longest {
		d.Heads = append(d.Heads, "+"+strconv.Itoa(i+1))
	}
	return d, nil
}

func (s *scene) cohort(c *journeyv1.Cohort) cohortRow {
	l := s.Lang
	out := cohortRow{Month: s.keyed(c.GetMonth()), Customers: l.Count(c.GetCustomers())}
	first, _ := time.Parse("2006-01", c.GetMonth())
	for i, n := range c.GetReturning() {
		share := float64(n) / float64(c.GetCustomers())
		out.Cells = append(out.Cells, cohortCell{
			Share: l.Fixed(share*100, 1), Shade: shade(share),
			Title: fmt.Sprintf(l.CohortTitle, l.InMonth(first.AddDate(0, i+1, 0)), l.Count(n), out.Customers),
		})
	}
	return out
}

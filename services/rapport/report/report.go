// Package report asks Survey, and Journey where there is one, what a manager wants
// to know of a stretch of days, and writes it as text for a terminal or as JSON: each
// metric with what it is worth and how it changed, by channel, by region and subject,
// the best and the worst, goals, how orders went, cases and what people say.
package report

import (
	"context"
	"fmt"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// Ask is what the report is to be about.
type Ask struct {
	Brand string
	// Metric is shown alone and split; empty: all metrics, split by the first NPS,
	// or whatever there is.
	Metric string
	// Days is the length of a window that ends today. If it has no answers, the
	// report is of the last window of that length that has.
	Days int
	// First and Last are days (YYYY-MM-DD, both included) to take instead.
	First, Last string
	// Subject narrows the report; nil: the whole brand.
	Subject *commonv1.SubjectRef
	// MinN is how many answers a subject needs to be ranked; 0: ten where that
	// leaves something to rank.
	MinN int32
	// Comments is how many of the newest are shown.
	Comments int32
	Now      time.Time
}

// Span is a run of days, both included.
type Span struct {
	First string `json:"first"`
	Last  string `json:"last"`
	Days  int    `json:"days"`
}

// Report is the answer.
type Report struct {
	Ask      Ask
	Zone     *time.Location
	Subject  *surveyv1.Subject
	Window   Span
	Previous Span
	// Asked is the window asked for, if it had no answers and Window is another;
	// Empty if there are no answers at all.
	Asked *Span
	Empty bool
	AsOf  time.Time
	// Metrics are those with answers in the window.
	Metrics []*surveyv1.CompareMetricResponse
	// Head is the metric that is split below.
	Head     *surveyv1.Metric
	Channels []*surveyv1.Series
	// LowChannels is the low share of the same channels.
	LowChannels map[string]*surveyv1.Score
	Tables      []Table
	Goals       []*surveyv1.GoalAttainment
	Cases       *surveyv1.GetCaseStatsResponse
	Comments    []Comment
	// Journeys is what happened to customers; nil if the server has no Journey, or
	// nothing happened.
	Journeys *Journeys
}

// Table is one kind of subjects, ranked.
type Table struct {
	Kind     commonv1.SubjectKind
	Ranked   int32
	Unranked int32
	MinN     int32
	// Best is all of them, if they are few; then there is no Worst.
	Best, Worst []*surveyv1.RankedSubject
}

// Comment is what somebody wrote, and what about.
type Comment struct {
	Response *surveyv1.Response
	// About are the names of the subjects rated.
	About []string
}

// gathering is a report being put together.
type gathering struct {
	client  surveyv1.SurveyServiceClient
	journey journeyv1.JourneyServiceClient
	ask     Ask
	out     *Report
}

// Gather asks all there is to ask. A server need not have Journey.
func Gather(ctx context.Context, client surveyv1.SurveyServiceClient, journey journeyv1.JourneyServiceClient, ask Ask) (*Report, error) {
	g := &gathering{client: client, journey: journey, ask: ask, out: &Report{Ask: ask}}
	if err := g.window(ctx); err != nil {
		return nil, err
	}
	if ask.Subject != nil {
		resp, err := client.GetSubject(ctx, &surveyv1.GetSubjectRequest{Brand: ask.Brand, Ref: ask.Subject})
		if err != nil {
			return nil, err
		}
		g.out.Subject = resp.GetSubject()
	}
	if err := g.metrics(ctx); err != nil {
		return nil, err
	}
	if len(g.out.Metrics) == 0 {
		again, err := g.fallBack(ctx)
		if err != nil {
			return nil, err
		}
		if again {
			if err := g.metrics(ctx); err != nil {
				return nil, err
			}
		}
	}
	g.out.Empty = len(g.out.Metrics) == 0
	for _, part := range []func(context.Context) error{g.channels, g.tables, g.goals, g.journeys, g.cases, g.comments} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	return g.out, nil
}

// window works out the days in the brand's zone.
func (g *gathering) window(ctx context.Context) error {
	resp, err := g.client.GetMetric(ctx, &surveyv1.GetMetricRequest{
		Brand: g.ask.Brand, Metric: "low.share", Window: &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: 1}},
	})
	if err != nil {
		return err
	}
	if g.out.Zone, err = time.LoadLocation(resp.GetZone()); err != nil {
		return fmt.Errorf("zone of %s: %w", g.ask.Brand, err)
	}
	last := dayOf(g.ask.Now.In(g.out.Zone))
	first := last.AddDate(0, 0, 1-g.ask.Days)
	if g.ask.Last != "" {
		if last, err = time.Parse(time.DateOnly, g.ask.Last); err != nil {
			return fmt.Errorf("last day %q: write YYYY-MM-DD", g.ask.Last)
		}
		first = last.AddDate(0, 0, 1-g.ask.Days)
	}
	if g.ask.First != "" {
		if first, err = time.Parse(time.DateOnly, g.ask.First); err != nil {
			return fmt.Errorf("first day %q: write YYYY-MM-DD", g.ask.First)
		}
	}
	if last.Before(first) {
		return fmt.Errorf("the first day, %s, is after the last, %s", first.Format(time.DateOnly), last.Format(time.DateOnly))
	}
	g.span(first, last)
	return nil
}

// span sets the window and the one of the same length before it.
func (g *gathering) span(first, last time.Time) {
	days := int(last.Sub(first)/(24*time.Hour)) + 1
	g.out.Window = spanOf(first, days)
	g.out.Previous = spanOf(first.AddDate(0, 0, -days), days)
}

func spanOf(first time.Time, days int) Span {
	return Span{first.Format(time.DateOnly), first.AddDate(0, 0, days-1).Format(time.DateOnly), days}
}

// dayOf is a date as a midnight of UTC, where all days are of one length.
func dayOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// asked is the window as the contract has it.
func (s Span) asked() *surveyv1.Window {
	last, _ := time.Parse(time.DateOnly, s.Last) // it was written by spanOf
	return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{
		Start: s.First, End: last.AddDate(0, 0, 1).Format(time.DateOnly),
	}}}
}

// fallBack moves the window to where the newest answers are. Days that were named
// stay as they were.
func (g *gathering) fallBack(ctx context.Context) (bool, error) {
	list, err := g.client.ListResponses(ctx, &surveyv1.ListResponsesRequest{Brand: g.ask.Brand, Filter: g.filter("", ""), PageSize: 1})
	if err != nil || len(list.GetResponses()) == 0 {
		return false, err
	}
	if g.ask.First != "" || g.ask.Last != "" {
		return false, nil
	}
	newest := dayOf(moment(list.GetResponses()[0]).In(g.out.Zone))
	asked := g.out.Window
	g.out.Asked = &asked
	g.span(newest.AddDate(0, 0, 1-g.ask.Days), newest)
	return true, nil
}

func (g *gathering) filter(first, last string) *surveyv1.ResponseFilter {
	f := &surveyv1.ResponseFilter{FirstDay: first, LastDay: last}
	if g.ask.Subject != nil {
		f.Subjects = []*commonv1.SubjectRef{g.ask.Subject}
	}
	return f
}

func (g *gathering) scope() *surveyv1.Scope {
	if g.ask.Subject == nil {
		return nil
	}
	return &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{g.ask.Subject}}
}

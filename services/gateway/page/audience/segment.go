package audience

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// segmentSections are the parts of one segment's page.
func (p *Pages) segmentSections(s *scene) []shell.Section {
	part := func(id string, place shell.Place, title string, load func(context.Context, *scene) (any, error)) shell.Section {
		return shell.Section{ID: id, Place: place, Title: title, Load: func(ctx context.Context) (any, error) {
			if p.people == nil {
				return nil, absentSegmentation
			}
			return load(ctx, s)
		}}
	}
	l := s.Lang
	return []shell.Section{
		part("segment", shell.Half, l.WhoIsIn, p.loadSegment), part("moves", shell.Half, fmt.Sprintf(l.Moves, moveDays), p.loadMoves),
		part("segment-scores", shell.Top, l.Standing, p.loadScores), part("value", shell.Top, l.Worth, p.loadValue),
		part("members", shell.Top, l.Members, p.loadMembers),
	}
}

// fact is a thing that is told with its name.
type fact struct{ Name, Value string }

// segmentData is who is in it.
type segmentData struct {
	Members, Rule, Title, Panel, Drivers, Migration, About string
	Facts                                                  []fact
}

func (p *Pages) loadSegment(ctx context.Context, s *scene) (any, error) {
	got, err := p.people.GetSegment(ctx, &segmentationv1.GetSegmentRequest{Brand: s.Brand, SegmentId: s.ID})
	if err != nil {
		return nil, err
	}
	g, l := got.GetSegment(), s.Lang
	d := &segmentData{
		Title: s.segmentName(g), Members: l.Persons(g.GetMembers()), Rule: s.ruleText(g.GetRule()),
		Panel: s.toPanel(url.Values{"segment": {s.ID}}), Drivers: s.to(driversPath, "", url.Values{"segment": {s.ID}}),
		Migration: s.to(migrationPath, "", url.Values{"over": {"segments"}, "segment": {s.ID}}), About: s.fresh(got.GetAsOf()),
	}
	d.Facts = []fact{{l.RuleHead, s.ruleKind(g.GetRule())}, {l.VersionHead, whole(int64(g.GetVersion()))}, {l.SinceHead, s.since(g.GetBeganAt())}}
	if got.GetRolledTo() != "" {
		d.Facts = append(d.Facts, fact{l.RolledTo, s.dayText(got.GetRolledTo())})
	}
	if g.GetArchived() {
		d.Facts = append(d.Facts, fact{l.StateHead, l.Archived})
	}
	return d, nil
}

// dayText writes a day of an answer.
func (s *scene) dayText(day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return s.Lang.Day(at)
}

// movesData is who entered and who left lately.
type movesData struct {
	shell.Dated
	None          string
	Entered, Left moved
}

type moved struct {
	Count, More string
	People      []shell.Choice
}

// shownPeople is how many of them are named.
const shownPeople = 12

// loadMoves lays the members of today over those of some days ago.
func (p *Pages) loadMoves(ctx context.Context, s *scene) (any, error) {
	day := p.today(s).AddDate(0, 0, -moveDays)
	got, err := p.people.GetSegment(ctx, &segmentationv1.GetSegmentRequest{Brand: s.Brand, SegmentId: s.ID})
	if err != nil {
		return nil, err
	}
	if !got.GetSegment().GetBeganAt().AsTime().Before(day) {
		return &movesData{None: s.Lang.NoPast, Dated: shell.Dated{AsOf: s.fresh(got.GetAsOf())}}, nil
	}
	then, err := p.bitmap(ctx, s, day.Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	now, err := p.bitmap(ctx, s, "")
	if err != nil {
		return nil, err
	}
	return &movesData{Dated: shell.Dated{AsOf: s.fresh(got.GetAsOf())}, Entered: s.moved(roaring64.AndNot(now, then)), Left: s.moved(roaring64.AndNot(then, now))}, nil
}

func (p *Pages) bitmap(ctx context.Context, s *scene, day string) (*roaring64.Bitmap, error) {
	got, err := p.people.GetSegmentBitmap(ctx, &segmentationv1.GetSegmentBitmapRequest{Brand: s.Brand, SegmentId: s.ID, Day: day})
	if err != nil {
		return nil, err
	}
	out := roaring64.New()
	if len(got.GetBitmap()) > 0 {
		err = out.UnmarshalBinary(got.GetBitmap())
	}
	return out, err
}

func (s *scene) moved(who *roaring64.Bitmap) moved {
	m := moved{Count: s.Lang.Persons(int64(who.GetCardinality()))}
	it := who.ReverseIterator() // the newest customers are the likeliest to be looked up
	for it.HasNext() && len(m.People) < shownPeople {
		id := int64(it.Next())
		m.People = append(m.People, shell.Choice{Name: whole(id), Link: s.toCustomer(id)})
	}
	if more := int64(who.GetCardinality()) - int64(len(m.People)); more > 0 {
		m.More = fmt.Sprintf(s.Lang.AndMore, s.Lang.Count(more))
	}
	return m
}

// loadScores are the scores of the segment beside those of everybody outside it.
func (p *Pages) loadScores(ctx context.Context, s *scene) (any, error) {
	if p.survey == nil {
		return nil, absentSurvey
	}
	c := &catalogue{scene: s, metrics: p.metrics(ctx, s)}
	d := &standingData{Against: true}
	for _, name := range c.usualMetrics() {
		m := c.metric(name)
		inside, asOf, err := p.score(ctx, s, name, false)
		if err != nil {
			return nil, err
		}
		rest, _, err := p.score(ctx, s, name, true)
		if err != nil {
			return nil, err
		}
		d.Scores = append(d.Scores, standingRow{
			Name: s.metricTitle(m), Note: s.Lang.MetricKind(m.GetKind()), Chosen: s.say(m.GetKind(), inside), Rest: s.say(m.GetKind(), rest),
		})
		d.About = s.fresh(asOf)
	}
	d.Periods = s.periods()
	return d, nil
}

func (p *Pages) score(ctx context.Context, s *scene, metric string, outside bool) (*surveyv1.Score, *timestamppb.Timestamp, error) {
	got, err := p.survey.GetMetric(ctx, &surveyv1.GetMetricRequest{
		Brand: s.Brand, Metric: metric, Window: s.window(), Scope: &surveyv1.Scope{SegmentId: s.ID, Outside: outside},
	})
	return got.GetTotal(), got.GetAsOf(), err
}

// valueData is what the segment is worth, by month.
type valueData struct {
	Facts []fact
	Rows  []valueRow
	About string
}

type valueRow struct{ Month, Check, Buyers, Retention, RetentionReach, Churn, ChurnReach string }

func (p *Pages) loadValue(ctx context.Context, s *scene) (any, error) {
	got, err := p.people.GetSegmentValue(ctx, &segmentationv1.GetSegmentValueRequest{Brand: s.Brand, SegmentId: s.ID, Grain: commonv1.Grain_GRAIN_MONTH})
	if err != nil {
		return nil, err
	}
	d, l := &valueData{About: s.fresh(got.GetAsOf())}, s.Lang
	for _, r := range s.worth(got.GetTotal().GetValue(), nil) {
		d.Facts = append(d.Facts, fact{r.Name, r.Chosen.Value + " · " + r.Chosen.N})
	}
	d.Facts = append(d.Facts, fact{l.RetentionHead, s.percent(got.GetTotal().Retention)}, fact{l.ChurnHead, s.percent(got.GetTotal().Churn)})
	for _, m := range slices.Backward(got.GetPeriods()) {
		if m.GetActive() == 0 && m.GetValue().GetBuyers() == 0 {
			continue
		}
		month := m.GetDates().GetStart()
		if at, err := time.Parse(time.DateOnly, month); err == nil {
			month = l.InMonth(at)
		}
		d.Rows = append(d.Rows, valueRow{
			Month: month, Check: s.money(averageCheck(m.GetValue())), Buyers: l.Count(m.GetValue().GetBuyers()),
			Retention: s.percent(m.Retention), RetentionReach: s.reach(m.RetentionLow, m.RetentionHigh),
			Churn: s.percent(m.Churn), ChurnReach: s.reach(m.ChurnLow, m.ChurnHigh),
		})
	}
	return d, nil
}

// membersData is a page of the members.
type membersData struct {
	Total       string
	People      []shell.Choice
	Next, First string
}

func (p *Pages) loadMembers(ctx context.Context, s *scene) (any, error) {
	got, err := p.people.ListMembers(ctx, &segmentationv1.ListMembersRequest{Brand: s.Brand, SegmentId: s.ID, PageSize: 60, PageToken: s.Own.Get("after")})
	if err != nil {
		return nil, err
	}
	d := &membersData{Total: s.Lang.Persons(got.GetMembers())}
	for _, id := range got.GetIds() {
		d.People = append(d.People, shell.Choice{Name: whole(id), Link: s.toCustomer(id)})
	}
	if got.GetNextPageToken() != "" {
		d.Next = s.with("after", got.GetNextPageToken())
	}
	if strings.TrimSpace(s.Own.Get("after")) != "" {
		d.First = s.with("after")
	}
	return d, nil
}

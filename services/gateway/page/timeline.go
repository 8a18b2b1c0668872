package page

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// timelineData is what a person did and said, newest first.
type timelineData struct {
	Moments      []moment
	Missing      []string // services whose part is not here
	Older, First string
}

// moment is one event or one response.
type moment struct {
	When, What    string
	Notes         []string
	Scores        []string
	Texts         []string
	Response, Low bool
	micros        int64
}

// momentsShown is how many moments a page has, or a few more: what happened at the
// same time is not torn apart.
const momentsShown = 50

func (p *Page) loadTimeline(ctx context.Context, s *scene) (any, error) {
	id, err := s.number()
	if err != nil {
		return nil, err
	}
	if p.events == nil && p.survey == nil {
		return nil, absentJourney
	}
	var before time.Time
	if micros, err := strconv.ParseInt(s.Own.Get("before"), 10, 64); err == nil {
		before = time.UnixMicro(micros)
	}
	d := &timelineData{}
	happened, err := p.happened(ctx, s, id, before)
	if err != nil {
		d.Missing = append(d.Missing, s.missing(err, s.Lang.EventsMissing))
	}
	said, err2 := p.said(ctx, s, id, before)
	if err2 != nil {
		d.Missing = append(d.Missing, s.missing(err2, s.Lang.AnswersMissing))
	}
	if err != nil && err2 != nil {
		return nil, err
	}
	all := append(happened, said...)
	slices.SortStableFunc(all, func(a, b moment) int { return cmp.Compare(b.micros, a.micros) })
	end := min(len(all), momentsShown)
	for end > 0 && end < len(all) && all[end].micros == all[end-1].micros {
		end++
	}
	d.Moments = all[:end]
	if end < len(all) {
		d.Older = s.link(func(v *view) { v.Own = own("before", strconv.FormatInt(all[end-1].micros, 10)) })
	}
	if !before.IsZero() {
		d.First = s.link(func(v *view) { v.Own = nil })
	}
	return d, nil
}

// missing says why a part of the time line is not here.
func (s *scene) missing(err error, what string) string {
	why := s.Lang.FaultText(err)
	var gone shell.Absent
	if errors.As(err, &gone) {
		why = fmt.Sprintf(s.Lang.NotHere, string(gone))
	}
	return fmt.Sprintf(what, why)
}

// happened are the newest events before a time: a page of them, one more, and all
// that happened at the time of the last.
func (p *Page) happened(ctx context.Context, s *scene, id int64, before time.Time) ([]moment, error) {
	kinds, err := p.kinds(ctx, s)
	if err != nil {
		return nil, err
	}
	in := &journeyv1.ListJourneyRequest{Brand: s.Brand, CustomerId: id, PageSize: momentsShown + 1}
	if !before.IsZero() {
		in.Before = timestamppb.New(before)
	}
	var out []moment
	for {
		list, err := p.events.ListJourney(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, e := range list.GetEvents() {
			out = append(out, s.happening(e, kinds))
		}
		in.PageToken = list.GetNextPageToken()
		n := len(out)
		if in.PageToken == "" || n > momentsShown && out[n-1].micros != out[momentsShown-1].micros {
			return out, nil
		}
	}
}

// happening is an event as people want to read it.
func (s *scene) happening(e *journeyv1.Event, kinds *kindBook) moment {
	l, at := s.Lang, e.GetOccurredAt().AsTime()
	m := moment{When: l.Moment(at.In(s.brand.Location)), What: kinds.title(e.GetKind()), micros: at.UnixMicro()}
	note := func(pattern, value string) {
		if value != "" {
			m.Notes = append(m.Notes, fmt.Sprintf(pattern, value))
		}
	}
	if e.GetChannel() != commonv1.Channel_CHANNEL_UNSPECIFIED {
		note("%s", l.Channel(e.GetChannel()))
	}
	note("%s", l.Money(e.GetAmount()))
	note(l.AtTouchpoint, e.GetTouchpoint())
	note(l.OfOrder, e.GetOrderId())
	note(l.Because, e.GetReason())
	if at := e.GetPromisedAt(); at.IsValid() {
		note(l.Promised, l.Moment(at.AsTime().In(s.brand.Location)))
	}
	note(l.Occasions, strings.Join(e.GetOccasions(), ", "))
	return m
}

// answersRead bounds the responses that are laid between events.
const answersRead = 200

// said are responses before a time, newest first.
func (p *Page) said(ctx context.Context, s *scene, id int64, before time.Time) ([]moment, error) {
	if p.survey == nil {
		return nil, absentSurvey
	}
	filter := &surveyv1.ResponseFilter{CustomerId: id}
	if !before.IsZero() {
		filter.LastDay = dayOf(before, s.brand.Location).Format(time.DateOnly)
	}
	list, err := p.survey.ListResponses(ctx, &surveyv1.ListResponsesRequest{Brand: s.Brand, Filter: filter, PageSize: answersRead})
	if err != nil {
		return nil, err
	}
	metrics, err := p.survey.ListMetrics(ctx, &surveyv1.ListMetricsRequest{Brand: s.Brand})
	if err != nil {
		return nil, err
	}
	// A copy: sections are drawn side by side.
	scored := *s
	scored.metrics = metrics.GetMetrics()
	asked := p.questions(ctx, &scored, list.GetResponses())
	var out []moment
	for _, r := range list.GetResponses() {
		at := cmp.Or(r.GetAnsweredAt(), r.GetExperiencedAt(), r.GetReceivedAt()).AsTime()
		if before.IsZero() || at.Before(before) {
			out = append(out, s.saying(r, at, asked[r.GetSurveyId()]))
		}
	}
	return out, nil
}

// saying is a response as a moment of its person.
func (s *scene) saying(r *surveyv1.Response, at time.Time, asked map[string]*surveyv1.Metric) moment {
	l := s.Lang
	m := moment{When: l.Moment(at.In(s.brand.Location)), What: l.Answered, Response: true, micros: at.UnixMicro()}
	if r.GetChannel() != commonv1.Channel_CHANNEL_UNSPECIFIED {
		m.Notes = append(m.Notes, l.Channel(r.GetChannel()))
	}
	if r.GetOrderId() != "" {
		m.Notes = append(m.Notes, fmt.Sprintf(l.OfOrder, r.GetOrderId()))
	}
	for _, a := range r.GetAnswers() {
		if t := strings.TrimSpace(a.GetText()); t != "" {
			m.Texts = append(m.Texts, t)
		}
		metric := asked[a.GetQuestionId()]
		if _, scored := a.GetValue().(*surveyv1.Answer_Score); metric == nil || !scored {
			continue
		}
		m.Low = m.Low || a.GetScore() <= metric.GetLowAtMost()
		m.Scores = append(m.Scores, fmt.Sprintf("%s: %d/%d", s.metricTitle(metric), a.GetScore(), metric.GetScaleMax()))
	}
	return m
}

package page

import (
	"context"
	"fmt"
	"strings"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// commentsData is what people wrote, newest first.
type commentsData struct {
	shell.Dated
	Comments []comment
	Toggle   choice
}

type comment struct {
	When, Channel, Score string
	Low                  bool
	Texts                []string // with their line breaks
	Subjects             []choice
}

const commentsShown = 10

func (p *Page) loadComments(ctx context.Context, s *scene) (any, error) {
	yes := true
	filter := &surveyv1.ResponseFilter{Commented: &yes}
	if s.Low {
		filter.Low = &yes
	}
	if s.Subject != nil {
		filter.Subjects = []*commonv1.SubjectRef{s.Subject}
	}
	if !s.window.whole() {
		filter.FirstDay, filter.LastDay = s.window.first.Format(time.DateOnly), s.window.last.Format(time.DateOnly)
	}
	list, err := p.survey.ListResponses(ctx, &surveyv1.ListResponsesRequest{Brand: s.Brand, Filter: filter, PageSize: commentsShown})
	if err != nil {
		return nil, err
	}
	d := &commentsData{Toggle: choice{Name: s.Lang.OnlyLow, Link: s.ToLow(true)}}
	if s.Low {
		d.Toggle = choice{Name: s.Lang.AllComments, Link: s.ToLow(false)}
	}
	asked := p.questions(ctx, s, list.GetResponses())
	var refs []*commonv1.SubjectRef
	for _, r := range list.GetResponses() {
		refs = append(refs, r.GetSubjects()...)
	}
	d.AsOf = p.now(s)
	titles := p.titles(ctx, s, refs)
	for _, r := range list.GetResponses() {
		d.Comments = append(d.Comments, s.comment(r, asked[r.GetSurveyId()], titles))
	}
	return d, nil
}

// questions are the metrics that the questions of these responses count in, by
// survey and question. What cannot be read leaves the comments without scores.
func (p *Page) questions(ctx context.Context, s *scene, all []*surveyv1.Response) map[string]map[string]*surveyv1.Metric {
	metrics := map[string]*surveyv1.Metric{}
	for _, m := range s.metrics {
		metrics[m.GetName()] = m
	}
	out := map[string]map[string]*surveyv1.Metric{}
	for _, r := range all {
		id := r.GetSurveyId()
		if out[id] != nil {
			continue
		}
		out[id] = map[string]*surveyv1.Metric{}
		got, err := p.survey.GetSurvey(ctx, &surveyv1.GetSurveyRequest{Brand: s.Brand, SurveyId: id})
		if err != nil {
			continue
		}
		// A question keeps its meaning through all versions, so the last word holds.
		for _, v := range got.GetSurvey().GetVersions() {
			for _, q := range v.GetQuestionnaire().GetQuestions() {
				if m := metrics[q.GetMetric()]; m != nil {
					out[id][q.GetId()] = m
				}
			}
		}
	}
	return out
}

// comment is one response, as people want to read it.
func (s *scene) comment(r *surveyv1.Response, asked map[string]*surveyv1.Metric, titles map[string]string) comment {
	at := r.GetExperiencedAt()
	if at == nil {
		at = r.GetAnsweredAt()
	}
	c := comment{When: s.Lang.Day(at.AsTime().In(s.brand.Location)), Channel: s.Lang.Channel(r.GetChannel())}
	if r.GetChannel() == commonv1.Channel_CHANNEL_UNSPECIFIED {
		c.Channel = ""
	}
	for _, a := range r.GetAnswers() {
		if t := strings.TrimSpace(a.GetText()); t != "" {
			c.Texts = append(c.Texts, t)
			continue
		}
		m := asked[a.GetQuestionId()]
		if _, scored := a.GetValue().(*surveyv1.Answer_Score); m == nil || !scored {
			continue
		}
		c.Low = c.Low || a.GetScore() <= m.GetLowAtMost()
		if c.Score == "" || m == s.metric {
			c.Score = fmt.Sprintf("%d/%d", a.GetScore(), m.GetScaleMax())
		}
	}
	for _, ref := range r.GetSubjects() {
		if name := subjectName(ref); name != subjectName(s.Subject) {
			c.Subjects = append(c.Subjects, choice{Name: titles[name], Note: s.Lang.Kind(ref.GetKind()), Link: s.ToSubject(ref)})
		}
	}
	return c
}

// casesData is who is to be called back.
type casesData struct {
	shell.Dated
	Open, Claimed, Overdue string // empty: none
	Cases                  []oneCase
	More, Queue            string
}

type oneCase struct {
	ID, Queue, Cause, Due, Score, Comment, Assignee string
	Link                                            string
	Late                                            bool
	Subjects                                        []choice
}

const casesShown = 8

func (p *Page) loadCases(ctx context.Context, s *scene) (any, error) {
	stats, err := p.survey.GetCaseStats(ctx, &surveyv1.GetCaseStatsRequest{Brand: s.Brand, Subject: s.Subject})
	if err != nil {
		return nil, err
	}
	list, err := p.survey.ListCases(ctx, &surveyv1.ListCasesRequest{Brand: s.Brand, Subject: s.Subject, PageSize: casesShown})
	if err != nil {
		return nil, err
	}
	total, d := stats.GetTotal(), &casesData{Dated: shell.Dated{AsOf: p.now(s)}, Queue: s.toCases("")}
	counted := func(n int64) string {
		if n == 0 {
			return ""
		}
		return s.Lang.Count(n)
	}
	d.Open, d.Claimed, d.Overdue = counted(total.GetOpen()), counted(total.GetClaimed()), counted(total.GetOverdue())
	if rest := total.GetOpen() + total.GetClaimed() - int64(len(list.GetCases())); rest > 0 && list.GetNextPageToken() != "" {
		d.More = fmt.Sprintf(s.Lang.More, rest)
	}
	var refs []*commonv1.SubjectRef
	for _, c := range list.GetCases() {
		refs = append(refs, c.GetSubjects()...)
	}
	titles := p.titles(ctx, s, refs)
	for _, c := range list.GetCases() {
		d.Cases = append(d.Cases, s.oneCase(c, titles))
	}
	return d, nil
}

// toCases is the queue of the subject, or one case.
func (s *scene) toCases(id string) string {
	return s.link(func(v *view) {
		of := own("subject", subjectName(v.Subject))
		if *v = (view{Brand: v.Brand, Lang: v.Lang, Code: v.Code, Days: usualDays, Page: "/cases", ID: id, Own: of}); id != "" {
			v.Own = nil
		}
	})
}

func (s *scene) oneCase(c *surveyv1.Case, titles map[string]string) oneCase {
	out := oneCase{
		ID: c.GetId(), Link: s.toCases(c.GetId()), Queue: c.GetQueue(), Cause: c.GetCause(), Comment: strings.TrimSpace(c.GetComment()),
		Assignee: c.GetAssignee(), Late: c.GetOverdue(),
	}
	due := s.Lang.Soon(c.GetDueAt().AsTime().In(s.brand.Location))
	out.Due = fmt.Sprintf(s.Lang.Due, due)
	if out.Late {
		out.Due = fmt.Sprintf(s.Lang.Overdue, due)
	}
	if c.Score != nil {
		out.Score = fmt.Sprintf(s.Lang.Marked, c.GetScore())
	}
	for _, ref := range c.GetSubjects() {
		if name := subjectName(ref); name != subjectName(s.Subject) {
			out.Subjects = append(out.Subjects, choice{Name: titles[name], Note: s.Lang.Kind(ref.GetKind()), Link: s.ToSubject(ref)})
		}
	}
	return out
}

// parent is what a subject belongs to now; nil: it stands at the top.
func parent(s *surveyv1.Subject, now time.Time) (of *commonv1.SubjectRef) {
	for _, link := range s.GetParents() {
		if since := link.GetSince(); since == nil || !since.AsTime().After(now) {
			of = link.GetParent()
		}
	}
	return of
}

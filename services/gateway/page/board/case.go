package board

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// casefile is the case that a page shows, and what a form that was sent could not do.
type casefile struct {
	got *surveyv1.Case
	// sent is what was written, so that nobody writes it twice; failed why it was not
	// done, and taken that somebody else was quicker.
	sent   map[string]string
	failed string
	taken  bool
}

func (p *Pages) prepareCase(ctx context.Context, s *scene) error {
	got, err := p.survey.GetCase(ctx, &surveyv1.GetCaseRequest{Brand: s.Brand, Id: s.ID})
	if err != nil {
		return err
	}
	s.file.got = got.GetCase()
	s.name = fmt.Sprintf(s.Lang.CaseOf, s.ID)
	s.kind = s.Lang.stateOf[s.file.got.GetState()]
	s.path = []shell.Choice{{Name: s.Lang.Cases, Link: s.back()}}
	return nil
}

// back is the queue as it was left.
func (s *scene) back() string {
	if q := s.Own.Get("back"); strings.HasPrefix(q, casesPath+"?") {
		return q
	}
	return s.To(casesPath, "", nil).String()
}

func (p *Pages) caseSections(s *scene) []shell.Section {
	l := s.Lang
	return []shell.Section{
		{ID: "case", Place: shell.Left, Title: l.CaseTitle, Load: func(ctx context.Context) (any, error) { return p.loadCase(ctx, s) }},
		{ID: "answers", Place: shell.Left, Title: l.AnswersTitle, Load: func(ctx context.Context) (any, error) { return p.loadAnswers(ctx, s) }},
		{ID: "work", Place: shell.Right, Title: l.WorkTitle, Load: func(ctx context.Context) (any, error) { return p.loadWork(ctx, s) }},
		{ID: "notes", Place: shell.Right, Title: l.NotesTitle, Load: func(context.Context) (any, error) { return p.loadNotes(s), nil }},
	}
}

// caseData is what the case is about.
type caseData struct {
	shell.Dated
	caseRow
	Opened, Resolved, RootCause  string
	Customer, CustomerLink, Zone string
	Reopened                     string
}

func (p *Pages) loadCase(ctx context.Context, s *scene) (any, error) {
	c := s.file.got
	d := &caseData{caseRow: p.caseRow(s, c, p.titles(ctx, s, c.GetSubjects())), Opened: s.moment(c.GetOpenedAt()), Resolved: s.moment(c.GetResolvedAt())}
	d.AsOf, d.Zone = p.seen(s), s.brand.Location.String()
	d.RootCause = c.GetRootCause()
	if c.GetCustomerId() > 0 {
		d.Customer = fmt.Sprintf(s.Lang.CustomerOf, c.GetCustomerId())
		d.CustomerLink = s.To("/customers", fmt.Sprint(c.GetCustomerId()), nil).String()
	}
	if c.GetReopened() > 0 {
		d.Reopened = s.Lang.Count(int64(c.GetReopened()))
	}
	return d, nil
}

// shownAnswers is how many of the case's responses are read.
const shownAnswers = 5

// loadAnswers reads what the customer said, newest first.
func (p *Pages) loadAnswers(ctx context.Context, s *scene) (any, error) {
	d := &saidData{Dated: shell.Dated{AsOf: p.seen(s)}}
	ids := slices.Clone(s.file.got.GetResponseIds())
	slices.Reverse(ids)
	var all []*surveyv1.Response
	for _, id := range ids[:min(len(ids), shownAnswers)] {
		got, err := p.survey.GetResponse(ctx, &surveyv1.GetResponseRequest{Brand: s.Brand, Id: id})
		if fault.Code(err).String() == "NotFound" {
			continue // retracted since
		}
		if err != nil {
			return nil, err
		}
		all = append(all, got.GetResponse())
	}
	d.Rows = p.remarks(ctx, s, all)
	return d, nil
}

// workData are the forms of what can be done.
type workData struct {
	Action             string
	Hidden             []shell.Hidden
	Revision           int64
	Request            string
	Who, Short         string
	Named              *nameForm // asks who it is, where nobody said
	Other              string    // where somebody else says who it is
	Signed             bool
	Claim, Take        bool
	Resolve, Reopen    bool
	Holder             string
	Failed             string
	Taken              bool
	Outcomes           []shell.Option
	Causes             []string
	Text, Cause, Final string
}

func (p *Pages) loadWork(ctx context.Context, s *scene) (any, error) {
	c, q, sent := s.file.got, &s.queue, s.file.sent
	d := &workData{
		Action: s.Path(), Hidden: s.Hidden(), Revision: c.GetRevision(), Request: rand.Text(), Who: q.who, Short: shortName(q.who), Signed: q.signed,
		Failed: s.file.failed, Taken: s.file.taken, Text: sent["text"], Cause: sent["root_cause"], Final: sent["note"], Holder: shortName(c.GetAssignee()),
	}
	if sent["request"] != "" {
		d.Request = sent["request"] // the same note sent again is one note
	}
	d.Named, d.Other = s.asked(), s.With("other", "1").String()
	if s.Own.Get("other") != "" {
		d.Who = ""
	}
	switch c.GetState() {
	case surveyv1.CaseState_CASE_STATE_OPEN:
		d.Claim, d.Resolve = true, true
	case surveyv1.CaseState_CASE_STATE_CLAIMED:
		d.Take, d.Resolve = c.GetAssignee() != q.who, true
	default:
		d.Reopen = true
	}
	for _, name := range outcomes {
		d.Outcomes = append(d.Outcomes, shell.Option{Value: name, Name: s.Lang.outcomes[name], Chosen: name == sent["outcome"]})
	}
	// What others found is told while one writes; without it one writes all the same.
	list, err := p.survey.ListCases(ctx, &surveyv1.ListCasesRequest{Brand: s.Brand, States: caseStates[3].states, PageSize: 200})
	if err == nil {
		for _, one := range list.GetCases() {
			d.Causes = append(d.Causes, one.GetRootCause())
		}
		slices.Sort(d.Causes)
		d.Causes = slices.Compact(d.Causes)
	}
	return d, nil
}

// notesData is what happened to the case, newest first.
type notesData struct {
	shell.Dated
	Rows []note
}

type note struct{ When, Author, Text, State string }

// noteText is a note as it is read: the steps that the service itself writes down in
// the language of the page, what people wrote as they wrote it.
func (l *words) noteText(n *surveyv1.CaseNote) string {
	text := n.GetText()
	for _, step := range l.steps {
		if rest, cut := strings.CutPrefix(text, step.English); cut && (rest == "" || strings.HasSuffix(step.English, " ")) {
			return step.Words + rest
		}
	}
	return text
}

func (p *Pages) loadNotes(s *scene) any {
	d := &notesData{Dated: shell.Dated{AsOf: p.seen(s)}}
	for _, n := range slices.Backward(s.file.got.GetNotes()) {
		d.Rows = append(d.Rows, note{When: s.moment(n.GetAt()), Author: shortName(n.GetAuthor()), Text: s.Lang.noteText(n), State: s.Lang.stateOf[n.GetState()]})
	}
	return d
}

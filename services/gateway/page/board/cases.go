package board

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// queue is which cases are shown, and who looks at them.
type queue struct {
	who     string // empty: nobody said
	signed  bool
	subject *commonv1.SubjectRef
	states  []surveyv1.CaseState
	mine    bool
	overdue bool
}

// states that can be chosen, by what an address calls them; the first is the usual one.
var caseStates = []struct {
	name   string
	states []surveyv1.CaseState
}{
	{"waiting", []surveyv1.CaseState{surveyv1.CaseState_CASE_STATE_OPEN, surveyv1.CaseState_CASE_STATE_CLAIMED}},
	{"open", []surveyv1.CaseState{surveyv1.CaseState_CASE_STATE_OPEN}},
	{"claimed", []surveyv1.CaseState{surveyv1.CaseState_CASE_STATE_CLAIMED}},
	{"resolved", []surveyv1.CaseState{surveyv1.CaseState_CASE_STATE_RESOLVED}},
}

const casesPage = 50

func (p *Pages) prepareCases(_ context.Context, s *scene) (err error) {
	q := &s.queue
	if q.subject, err = readSubject(s.Own.Get("subject")); err != nil {
		return err
	}
	q.mine, q.overdue = s.Own.Get("mine") != "", s.Own.Get("overdue") != ""
	q.states = caseStates[0].states
	if text := s.Own.Get("state"); text != "" {
		i := slices.IndexFunc(caseStates, func(c struct {
			name   string
			states []surveyv1.CaseState
		}) bool {
			return c.name == text
		})
		if i < 0 {
			return unknownThing("state", "is one of waiting, open, claimed and resolved")
		}
		q.states = caseStates[i].states
	}
	return nil
}

func (p *Pages) casesSections(s *scene) []shell.Section {
	out := []shell.Section{
		{ID: "standing", Place: shell.Top, Title: s.Lang.QueueTitle, Load: func(ctx context.Context) (any, error) { return p.loadStanding(ctx, s) }},
		{ID: "filter", Place: shell.Top, Title: s.Lang.FilterTitle, Load: func(ctx context.Context) (any, error) { return p.loadFilter(ctx, s) }},
		{ID: "queue", Place: shell.Top, Title: s.Lang.CasesTitle, Load: func(ctx context.Context) (any, error) { return p.loadQueue(ctx, s) }},
	}
	if !s.queue.signed && (s.queue.who == "" && s.queue.mine || s.Own.Get("other") != "") {
		out = append([]shell.Section{{ID: "you", Place: shell.First, Title: s.Lang.NameTitle, Load: func(context.Context) (any, error) { return s.asked(), nil }}}, out...)
	}
	return out
}

// standingDays are the days of which the queues' numbers are.
const standingDays = 30

// standingData is how the queues are doing.
type standingData struct {
	shell.Dated
	Open, Claimed, Overdue, Resolved string
	Late                             bool
	Average                          string // in business hours; empty: none was resolved
	Queues                           []queueRow
}

type queueRow struct {
	Name, Link, Open, Claimed, Overdue, Resolved, Average string
	Late                                                  bool
}

func (p *Pages) loadStanding(ctx context.Context, s *scene) (any, error) {
	if p.survey == nil {
		return nil, absentSurvey
	}
	first, last := shell.Span{Days: standingDays}.FormDays(p.today(s))
	got, err := p.survey.GetCaseStats(ctx, &surveyv1.GetCaseStatsRequest{
		Brand: s.Brand, Subject: s.queue.subject, FirstDay: first, LastDay: last,
	})
	if err != nil {
		return nil, err
	}
	l, t := s.Lang, got.GetTotal()
	d := &standingData{
		Open: l.Count(t.GetOpen()), Claimed: l.Count(t.GetClaimed()), Overdue: l.Count(t.GetOverdue()), Resolved: l.Count(t.GetResolved()),
		Late: t.GetOverdue() > 0, Average: l.lasted(t.GetAverageBusiness()),
	}
	d.AsOf = p.seen(s)
	for _, one := range got.GetQueues() {
		t := one.GetStats()
		d.Queues = append(d.Queues, queueRow{
			Name: one.GetQueue(), Link: s.With("after").With("queue", one.GetQueue()).String(), Open: l.Count(t.GetOpen()), Claimed: l.Count(t.GetClaimed()),
			Overdue: l.Count(t.GetOverdue()), Late: t.GetOverdue() > 0, Resolved: l.Count(t.GetResolved()), Average: l.lasted(t.GetAverageBusiness()),
		})
	}
	return d, nil
}

// lasted writes a stretch of time as people say it; empty for none.
func (l *words) lasted(d *durationpb.Duration) string {
	if d == nil {
		return ""
	}
	return l.span(d.AsDuration())
}

// span writes a stretch of time, the longer the coarser.
func (l *words) span(d time.Duration) string {
	switch d = d.Abs(); {
	case d < time.Hour:
		return fmt.Sprintf(l.Minutes, int(math.Round(d.Minutes())))
	case d < 48*time.Hour:
		return fmt.Sprintf(l.Hours, l.Fixed(d.Hours(), 1))
	}
	return fmt.Sprintf(l.DaysLong, l.Fixed(d.Hours()/24, 1))
}

// filterData is what can be chosen among cases.
type filterData struct {
	States         []shell.Choice
	Mine, Overdue  shell.Choice
	Who            string
	Queues, Causes []shell.Option
	Stores         []shell.Option
	Hidden         []shell.Hidden
	Reset          string
}

func (p *Pages) loadFilter(ctx context.Context, s *scene) (any, error) {
	if p.survey == nil {
		return nil, absentSurvey
	}
	d := &filterData{Who: shortName(s.queue.who), Hidden: s.Hidden("queue", "cause", "subject", "after")}
	now := s.Own.Get("state")
	for i, c := range caseStates {
		at := s.With("after").With("state", c.name)
		if i == 0 {
			at = s.With("after").With("state")
		}
		d.States = append(d.States, shell.Choice{Name: s.Lang.caseStates[c.name], Link: at.String(), Current: c.name == now || now == "" && i == 0})
	}
	d.Mine, d.Overdue = s.toggle("mine", s.Lang.Mine), s.toggle("overdue", s.Lang.OverdueOnly)
	if len(s.Own) > 0 {
		d.Reset = s.To(casesPath, "", nil).String()
	}
	p.fillFilter(ctx, s, d)
	return d, nil
}

// toggle is a filter that is on or off.
func (s *scene) toggle(name, title string) shell.Choice {
	if s.Own.Get(name) != "" {
		return shell.Choice{Name: title, Link: s.With("after").With(name).String(), Current: true}
	}
	return shell.Choice{Name: title, Link: s.With("after").With(name, "1").String()}
}

// fillFilter finds the queues and reasons that the surveys' rules name, and the places.
// Who may work on cases need not see surveys or the directory: then there is less to
// choose from, and the list is there all the same.
func (p *Pages) fillFilter(ctx context.Context, s *scene, d *filterData) {
	queues, causes := []string{s.Own.Get("queue")}, []string{s.Own.Get("cause")}
	list, err := p.survey.ListSurveys(ctx, &surveyv1.ListSurveysRequest{Brand: s.Brand})
	if err != nil {
		list = nil
	}
	for _, one := range list.GetSurveys() {
		for _, v := range one.GetVersions() {
			for _, r := range v.GetQuestionnaire().GetCaseRules() {
				queues, causes = append(queues, r.GetQueue()), append(causes, r.GetCause())
			}
		}
	}
	d.Queues, d.Causes = s.options(queues, "queue"), s.options(causes, "cause")
	d.Stores = p.places(ctx, s)
}

// options are values to choose from, everything first.
func (s *scene) options(all []string, name string) []shell.Option {
	slices.Sort(all)
	out := []shell.Option{{Name: s.Lang.Any, Chosen: s.Own.Get(name) == ""}}
	for _, v := range slices.Compact(all) {
		if v != "" {
			out = append(out, shell.Option{Value: v, Name: v, Chosen: v == s.Own.Get(name)})
		}
	}
	return out
}

// places are the regions and stores that cases can be narrowed to.
func (p *Pages) places(ctx context.Context, s *scene) []shell.Option {
	now := s.Own.Get("subject")
	out := []shell.Option{{Name: s.Lang.Everywhere, Chosen: now == ""}}
	found := now == ""
	for _, k := range []commonv1.SubjectKind{commonv1.SubjectKind_SUBJECT_KIND_REGION, commonv1.SubjectKind_SUBJECT_KIND_STORE, commonv1.SubjectKind_SUBJECT_KIND_SELLER} {
		list, err := p.survey.ListSubjects(ctx, &surveyv1.ListSubjectsRequest{Brand: s.Brand, Kind: k, PageSize: 300})
		if err != nil {
			break
		}
		for _, one := range list.GetSubjects() {
			text := subjectText(one.GetRef())
			name := one.GetName()
			if name == "" {
				name = one.GetRef().GetId()
			}
			out = append(out, shell.Option{Value: text, Name: name, Chosen: text == now})
			found = found || text == now
		}
	}
	if !found { // of a kind that is not in the list, such as a courier
		out = append(out, shell.Option{Value: now, Name: p.titles(ctx, s, []*commonv1.SubjectRef{s.queue.subject})[now], Chosen: true})
	}
	return out
}

// queueData is a page of cases.
type queueData struct {
	shell.Dated
	Rows        []caseRow
	Who         string
	Signed      bool
	Help        string
	Next, First string
}

// caseRow is one case in a list.
type caseRow struct {
	ID, Link, Cause, Queue, Due, Left, Score string
	Comment, Assignee, State, Channel        string
	Late, Open, Mine                         bool
	Revision                                 int64
	Subjects                                 []shell.Choice
	Hidden                                   []shell.Hidden
}

func (p *Pages) loadQueue(ctx context.Context, s *scene) (any, error) {
	if p.survey == nil {
		return nil, absentSurvey
	}
	d := &queueData{Who: s.queue.who, Signed: s.queue.signed}
	d.AsOf = p.seen(s)
	if s.queue.mine && s.queue.who == "" {
		d.Help = s.Lang.WhoAreYou
		return d, nil
	}
	list, err := p.survey.ListCases(ctx, s.casesQuestion())
	if err != nil {
		return nil, err
	}
	var refs []*commonv1.SubjectRef
	for _, c := range list.GetCases() {
		refs = append(refs, c.GetSubjects()...)
	}
	titles := p.titles(ctx, s, refs)
	for _, c := range list.GetCases() {
		d.Rows = append(d.Rows, p.caseRow(s, c, titles))
	}
	if len(d.Rows) == 0 {
		d.Help = s.Lang.NoCases
	}
	if token := list.GetNextPageToken(); token != "" {
		d.Next = s.With("after", token).String()
	}
	if s.Own.Get("after") != "" {
		d.First = s.With("after").String()
	}
	return d, nil
}

// casesQuestion is what the address asks for.
func (s *scene) casesQuestion() *surveyv1.ListCasesRequest {
	in := &surveyv1.ListCasesRequest{
		Brand: s.Brand, States: s.queue.states, Queue: s.Own.Get("queue"), Cause: s.Own.Get("cause"), Subject: s.queue.subject, Overdue: s.queue.overdue,
		PageSize: casesPage, PageToken: s.Own.Get("after"),
	}
	if s.queue.mine {
		in.Assignee = s.queue.who
	}
	return in
}

// caseRow is a case as it is read in a list.
func (p *Pages) caseRow(s *scene, c *surveyv1.Case, titles map[string]string) caseRow {
	l := s.Lang
	due := c.GetDueAt().AsTime()
	out := caseRow{
		ID: c.GetId(), Link: s.To(casesPath, c.GetId(), nil).String(), Cause: c.GetCause(), Queue: c.GetQueue(), Comment: c.GetComment(),
		Assignee: shortName(c.GetAssignee()), State: l.stateOf[c.GetState()], Late: c.GetOverdue(), Revision: c.GetRevision(),
		Open: c.GetState() == surveyv1.CaseState_CASE_STATE_OPEN, Mine: c.GetAssignee() != "" && c.GetAssignee() == s.queue.who,
		Due: l.Soon(due.In(s.brand.Location)), Hidden: s.Hidden("after"),
	}
	if c.GetState() != surveyv1.CaseState_CASE_STATE_RESOLVED {
		out.Left = fmt.Sprintf(l.Left, l.span(due.Sub(p.cfg.Clock())))
		if out.Late {
			out.Left = fmt.Sprintf(l.LateBy, l.span(due.Sub(p.cfg.Clock())))
		}
	}
	if c.Score != nil {
		out.Score = fmt.Sprintf(l.Marked, c.GetScore())
	}
	if c.GetChannel() != commonv1.Channel_CHANNEL_UNSPECIFIED {
		out.Channel = l.Channel(c.GetChannel())
	}
	for _, ref := range c.GetSubjects() {
		if name := subjectText(ref); titles[name] != "" {
			out.Subjects = append(out.Subjects, shell.Choice{Name: titles[name], Note: l.kinds[ref.GetKind()], Link: s.toScorecard(ref, url.Values{})})
		}
	}
	return out
}

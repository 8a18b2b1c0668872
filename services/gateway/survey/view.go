package survey

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// view is what the templates read.
type view struct {
	shell.Frame
	T *texts
	// Brand is whose survey it is, Title what it is called.
	Brand, Title string
	// Of the form.
	Action, Visit string
	Screen        int
	Progress      string
	Done, All     int
	Fields        []field
	Problems      []problem
	Notices       []string
	Last, Back    bool
	Languages     []choice
	Broken        bool
	// Of what stands in its place.
	Texts []string
	Retry bool
}

// field is one question.
type field struct {
	T *texts
	// Name is the only field's, where there is one.
	ID, Name, Kind, Text, Error string
	Required                    bool
	Scales                      []scale
	Options                     []choice
	Multi                       bool
	Value                       string
}

// scale is a row of points to choose one of.
type scale struct {
	ID, Label, Low, High string
	Points               []choice
}

// choice is something that can be chosen.
type choice struct {
	Name, Value, Text string
	Chosen            bool
}

// problem leads to a question that something is wrong with.
type problem struct{ ID, Text string }

// showing is how a screen is drawn.
type showing struct {
	screen  int
	flaws   map[string]flaw
	sent    bool // the form is shown as it was sent
	resumed bool
	broken  bool
}

// draw draws a screen.
func (v *visit) draw(status int, s showing) {
	out := v.view()
	out.Screen, out.Visit = s.screen, v.link.GetVisit()
	out.Done, out.All = v.place(s.screen)
	out.Progress = fmt.Sprintf(v.t.Step, strconv.Itoa(out.Done), strconv.Itoa(out.All))
	out.Back, out.Last = v.beside(s.screen, -1) > 0, s.screen >= len(v.screens)
	if s.resumed {
		out.Notices = append(out.Notices, v.t.GoOn)
	}
	out.Broken = s.broken
	for i, q := range v.on(s.screen) {
		f := v.field(i, q, s)
		if f.Error != "" {
			out.Problems = append(out.Problems, problem{f.ID, f.Text + " — " + f.Error})
		}
		out.Fields = append(out.Fields, f)
	}
	out.Name = out.Title
	v.p.drawn.Write(v.w, status, "form", &out.Frame, out)
}

// view is what every page has.
func (v *visit) view() *view {
	out := &view{T: v.t, Action: v.r.URL.Path}
	if v.brand != nil {
		out.Brand = v.brand.Name
		out.Title = v.t.say(v.link.GetTitle(), v.brand.Locales)
	}
	if out.Title == "" {
		out.Title = v.t.Survey
	}
	for _, t := range languages {
		out.Languages = append(out.Languages, choice{Value: t.Code, Text: t.LanguageIs, Chosen: t == v.t})
	}
	return out
}

// field is one question, as it was answered or as it was just sent.
func (v *visit) field(i int, q *surveyv1.PageQuestion, s showing) field {
	def := q.GetQuestion()
	a := v.answers[def.GetId()]
	f := field{T: v.t, ID: "f" + strconv.Itoa(i+1), Text: v.t.say(def.GetText(), v.brand.Locales), Required: def.GetRequired(), Error: v.t.flaws[s.flaws[def.GetId()]]}
	if f.Text == "" {
		f.Text = def.GetId()
	}
	chosen := func(name, kept string) func(string) bool {
		if s.sent && v.form.Has(name) {
			kept = v.form.Get(name)
		}
		return func(value string) bool { return value == kept }
	}
	value, id := valueField+def.GetId(), def.GetId()
	switch def.GetKind() {
	case surveyv1.QuestionKind_QUESTION_KIND_TEXT:
		f.Kind, f.Value = "text", a.GetText()
		if s.sent {
			f.Value = v.form.Get(value)
		}
		f.Name = value
	case surveyv1.QuestionKind_QUESTION_KIND_SINGLE, surveyv1.QuestionKind_QUESTION_KIND_MULTI:
		f.Kind, f.Multi = "choice", def.GetKind() == surveyv1.QuestionKind_QUESTION_KIND_MULTI
		f.Options = v.options(def, a, value, s.sent)
	case surveyv1.QuestionKind_QUESTION_KIND_EXPECTATION:
		e := a.GetExpectation()
		f.scale(v.t, q, value, v.t.Best, chosen(value, kept(e != nil, e.GetBest())))
		f.scale(v.t, q, worstField+id, v.t.Worst, chosen(worstField+id, kept(e != nil, e.GetWorst())))
	case surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM:
		f.scale(v.t, q, value, v.t.Satisfaction, chosen(value, kept(a != nil, a.GetScore())))
		f.scale(v.t, q, importanceField+id, v.t.Importance, chosen(importanceField+id, kept(a != nil, a.GetImportance())))
	default:
		f.scale(v.t, q, value, "", chosen(value, kept(a != nil, a.GetScore())))
	}
	return f
}

// kept is a saved point as a form has it.
func kept(there bool, n int32) string {
	if !there {
		return ""
	}
	return strconv.Itoa(int(n))
}

// scale adds a row of points.
func (f *field) scale(t *texts, q *surveyv1.PageQuestion, name, label string, chosen func(string) bool) {
	f.Kind = "scale"
	ends := t.ends[q.GetQuestion().GetKind()]
	if label == t.Importance {
		ends = [2]string{t.ImportanceLow, t.ImportanceHigh}
	}
	out := scale{
		ID: f.ID + "-" + strconv.Itoa(len(f.Scales)+1), Label: cmp.Or(label, f.Text),
		Low: fmt.Sprintf("%d — %s", q.GetScaleMin(), ends[0]), High: fmt.Sprintf("%d — %s", q.GetScaleMax(), ends[1]),
	}
	for n := q.GetScaleMin(); n <= q.GetScaleMax(); n++ {
		value := strconv.Itoa(int(n))
		out.Points = append(out.Points, choice{Name: name, Value: value, Text: value, Chosen: chosen(value)})
	}
	f.Scales = append(f.Scales, out)
}

func (v *visit) options(q *surveyv1.Question, a *surveyv1.Answer, name string, sent bool) []choice {
	chosen := map[string]bool{}
	for _, id := range a.GetChoice().GetOptionIds() {
		chosen[id] = !sent
	}
	if sent {
		for _, id := range v.form[name] {
			chosen[id] = true
		}
	}
	out := make([]choice, len(q.GetOptions()))
	for i, o := range q.GetOptions() {
		out[i] = choice{Name: name, Value: o.GetId(), Text: v.t.say(o.GetText(), v.brand.Locales), Chosen: chosen[o.GetId()]}
		if out[i].Text == "" {
			out[i].Text = o.GetId()
		}
	}
	return out
}

// ended is the page of a link that takes no answers.
func (v *visit) ended() {
	when := ""
	if at := v.link.GetEndedAt(); at != nil {
		when = v.t.Moment(at.AsTime().In(v.brand.Location))
	}
	switch v.link.GetState() {
	case surveyv1.SurveyLinkState_SURVEY_LINK_STATE_ANSWERED:
		if v.form.Get("done") != "" {
			v.notice(http.StatusOK, v.t.Thanks, v.t.ThanksText, v.next())
			return
		}
		v.notice(http.StatusOK, v.t.Answered, fmt.Sprintf(v.t.AnsweredText, when), v.next())
	case surveyv1.SurveyLinkState_SURVEY_LINK_STATE_EXPIRED:
		v.notice(http.StatusGone, v.t.Expired, fmt.Sprintf(v.t.ExpiredText, when))
	case surveyv1.SurveyLinkState_SURVEY_LINK_STATE_SURVEY_CLOSED:
		v.notice(http.StatusGone, v.t.Closed, v.t.ClosedText)
	default:
		v.notice(http.StatusGone, v.t.Revoked, v.t.RevokedText)
	}
}

// next says what follows from the answers: what the survey's case rules do, no more.
func (v *visit) next() string {
	f := v.link.GetFollowUp()
	if f == nil {
		return ""
	}
	by := v.t.by(f.GetDueAt().AsTime().In(v.brand.Location), v.p.cfg.Clock().In(v.brand.Location))
	if f.GetReachable() {
		return fmt.Sprintf(v.t.CallBack, by)
	}
	return fmt.Sprintf(v.t.LookInto, by)
}

// refuse is the page where a token leads nowhere, or nobody can say where.
func (v *visit) refuse(err error) {
	switch {
	case fault.Is(err, commonv1.Reason_REASON_LINK_UNKNOWN), fault.Is(err, commonv1.Reason_REASON_BRAND_UNKNOWN), fault.Code(err).String() == "InvalidArgument":
		v.notice(http.StatusNotFound, v.t.Forged, v.t.ForgedText)
	case v.r.Context().Err() != nil: // the reader left
	default:
		if !fault.Retryable(err) {
			v.p.cfg.Log.ErrorContext(v.r.Context(), "survey page", "error", err)
		}
		v.w.Header().Set("Retry-After", "30")
		v.away(http.StatusServiceUnavailable, v.t.Away, v.t.AwayText)
	}
}

// Crowded is the page of those who come too often.
func (p *Page) Crowded(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	v := &visit{p: p, w: w, r: r, form: r.URL.Query()}
	v.t = v.language("")
	w.Header().Set("X-Robots-Tag", "noindex, nofollow")
	w.Header().Set("Retry-After", strconv.Itoa(1+int(wait/time.Second)))
	v.away(http.StatusTooManyRequests, v.t.Crowded, v.t.CrowdedText)
}

// notice is a page that says something and asks nothing.
func (v *visit) notice(status int, title string, texts ...string) {
	out := v.view()
	out.Name, out.Title = title, title
	for _, text := range texts {
		if text != "" {
			out.Texts = append(out.Texts, text)
		}
	}
	v.p.drawn.Write(v.w, status, "notice", &out.Frame, out)
}

// away is a notice that may be another one in a moment.
func (v *visit) away(status int, title, text string) {
	out := v.view()
	out.Name, out.Title, out.Texts, out.Retry = title, title, []string{text}, v.r.Method == http.MethodGet
	v.p.drawn.Write(v.w, status, "notice", &out.Frame, out)
}

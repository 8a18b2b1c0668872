package survey

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// visit is one request to the page.
type visit struct {
	p     *Page
	w     http.ResponseWriter
	r     *http.Request
	token string
	brand *config.Brand // nil: the token names none of ours
	t     *texts
	form  url.Values // what was sent, or the address's own
	link  *surveyv1.OpenSurveyLinkResponse
	*book
}

// enter finds out what a request is about. False: it was answered.
func (p *Page) enter(w http.ResponseWriter, r *http.Request, form url.Values, peek bool) (*visit, context.Context, context.CancelFunc, bool) {
	v := &visit{p: p, w: w, r: r, token: r.PathValue("token"), form: form}
	v.t = v.language("")
	id := v.token[:max(0, strings.LastIndexByte(v.token, '.'))]
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	brand, err := p.cfg.Brands.Get(id)
	if err == nil {
		v.brand = brand
		v.link, err = p.cfg.Survey.OpenSurveyLink(ctx, &surveyv1.OpenSurveyLinkRequest{Brand: id, Token: v.token, Visit: form.Get("visit"), Peek: peek})
	}
	if err != nil {
		v.refuse(err)
		return v, ctx, cancel, false
	}
	v.t = v.language(v.link.GetLocale())
	if v.link.GetState() != surveyv1.SurveyLinkState_SURVEY_LINK_STATE_USABLE {
		v.ended()
		return v, ctx, cancel, false
	}
	v.book = newBook(v.link.GetQuestions(), v.link.GetShown(), v.link.GetAnswers())
	return v, ctx, cancel, true
}

// language is the reader's choice, the link's, or the browser's.
func (v *visit) language(ofLink string) *texts {
	base, _, _ := strings.Cut(ofLink, "-")
	if t := cmp.Or(named(v.form.Get("lang")), named(base)); t != nil {
		return t
	}
	return cmp.Or(named(shell.Accepted(v.r.Header.Get("Accept-Language")).Code), languages[0])
}

// show answers GET: it reads, and nothing is answered by it.
func (p *Page) show(w http.ResponseWriter, r *http.Request) {
	v, _, cancel, ok := p.enter(w, r, r.URL.Query(), ahead(r))
	defer cancel()
	if !ok {
		return
	}
	screen, _ := strconv.Atoi(v.form.Get("step"))
	s := showing{screen: screen}
	if len(v.on(screen)) == 0 {
		begun := len(v.answers) > 0
		s.screen = cmp.Or(v.first(v.unanswered), v.first(func(*surveyv1.PageQuestion) bool { return true }))
		s.resumed = begun
	}
	if v.form.Get("check") != "" {
		s.flaws = v.missing(s.screen)
	}
	v.draw(http.StatusOK, s)
}

// ahead tells a browser that fetches what its reader may never look at.
func ahead(r *http.Request) bool {
	return r.Method == http.MethodHead || strings.Contains(r.Header.Get("Sec-Purpose")+r.Header.Get("Purpose"), "prefetch")
}

// missing are the questions of a screen that must be answered and are not.
func (v *visit) missing(screen int) map[string]flaw {
	out := map[string]flaw{}
	for _, q := range v.on(screen) {
		if v.owed(q) {
			out[q.GetQuestion().GetId()] = required
		}
	}
	return out
}

// take answers POST: a screen is kept, and the way goes on as the button says.
func (p *Page) take(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		v := &visit{p: p, w: w, r: r, form: url.Values{}}
		v.t = v.language("")
		code := http.StatusBadRequest
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			code = http.StatusRequestEntityTooLarge
		}
		v.notice(code, v.t.Away, v.t.flaws[tooLong])
		return
	}
	v, ctx, cancel, ok := p.enter(w, r, r.PostForm, true)
	defer cancel()
	if !ok {
		return
	}
	screen, _ := strconv.Atoi(v.form.Get("step"))
	answers, flaws := parse(v.on(screen), v.form)
	if err := v.save(ctx, answers); err != nil {
		v.failed(err, screen)
		return
	}
	v.proceed(ctx, screen, flaws)
}

// save keeps answers, and learns what is shown for them.
func (v *visit) save(ctx context.Context, answers []*surveyv1.Answer) error {
	if len(answers) == 0 {
		return nil
	}
	out, err := v.p.cfg.Survey.SaveSurveyAnswers(ctx, &surveyv1.SaveSurveyAnswersRequest{
		Brand: v.brand.ID, Token: v.token, Visit: v.link.GetVisit(), SurveyVersion: v.link.GetSurveyVersion(), Answers: answers})
	if err == nil {
		v.book = newBook(v.link.GetQuestions(), out.GetShown(), out.GetAnswers())
	}
	return err
}

// proceed goes where the button says.
func (v *visit) proceed(ctx context.Context, screen int, flaws map[string]flaw) {
	action := v.form.Get("do")
	if code, ok := strings.CutPrefix(action, "lang-"); ok {
		if t := named(code); t != nil {
			v.t = t
		}
		v.leadTo(screen, "")
		return
	}
	switch action {
	case "save":
		v.w.WriteHeader(http.StatusNoContent)
		return
	case "back":
		v.leadTo(cmp.Or(v.beside(screen, -1), screen), "")
		return
	}
	for id, flaw := range v.missing(screen) {
		flaws[id] = cmp.Or(flaws[id], flaw)
	}
	if len(flaws) > 0 {
		v.draw(http.StatusUnprocessableEntity, showing{screen: screen, flaws: flaws, sent: true})
		return
	}
	if next := v.beside(screen, +1); next > 0 {
		v.leadTo(next, "")
		return
	}
	v.finish(ctx, screen)
}

// finish makes a response of it all, unless something was passed over.
func (v *visit) finish(ctx context.Context, screen int) {
	if owed := v.first(v.owed); owed > 0 {
		v.leadTo(owed, "check")
		return
	}
	_, err := v.p.cfg.Survey.AnswerSurveyLink(ctx, &surveyv1.AnswerSurveyLinkRequest{
		Brand: v.brand.ID, Token: v.token, Visit: v.link.GetVisit(), SurveyVersion: v.link.GetSurveyVersion(), Locale: v.t.Code})
	if err != nil {
		v.failed(err, screen)
		return
	}
	v.leadTo(0, "done")
}

// leadTo sends the reader to a screen, so that to load it anew sends nothing again.
func (v *visit) leadTo(screen int, flag string) {
	q := url.Values{"lang": {v.t.Code}}
	if screen > 0 {
		q.Set("step", strconv.Itoa(screen))
	}
	if flag != "" {
		q.Set(flag, "1")
	}
	if v.link.GetVisit() != "" {
		q.Set("visit", v.link.GetVisit())
	}
	v.w.Header().Set("Cache-Control", "no-store")
	http.Redirect(v.w, v.r, "/s/"+url.PathEscape(v.token)+"?"+q.Encode(), http.StatusSeeOther)
}

// failed shows the screen again, with all that was typed, where it could not be kept.
func (v *visit) failed(err error, screen int) {
	if fault.Is(err, commonv1.Reason_REASON_LINK_ENDED) {
		v.leadTo(0, "") // somebody answered meanwhile, or it is over by now
		return
	}
	if !fault.Retryable(err) && fault.Code(err) != codes.DeadlineExceeded {
		v.p.cfg.Log.ErrorContext(v.r.Context(), "survey page", "error", err)
	}
	v.draw(http.StatusServiceUnavailable, showing{screen: screen, broken: true, sent: true})
}

package gateway_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

// everyKind is a questionnaire of all kinds of questions, on three screens.
func everyKind(t testing.TB, w *world) {
	t.Helper()
	ctx := t.Context()
	if _, err := w.UpsertSubjects(ctx, &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: []*surveyv1.Subject{{Ref: store("9"), Name: "Store 9"}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: []*surveyv1.Metric{
		{Name: "a.nps", Kind: surveyv1.MetricKind_METRIC_KIND_NPS}, {Name: "a.visit", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT},
		{Name: "a.ease", Kind: surveyv1.MetricKind_METRIC_KIND_CES}, {Name: "a.queue", Kind: surveyv1.MetricKind_METRIC_KIND_CSI_ITEM},
		{Name: "a.look", Kind: surveyv1.MetricKind_METRIC_KIND_RATING, ScaleMin: 1, ScaleMax: 5},
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: brand, Survey: manySurvey()}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: brand, SurveyId: "every"}); err != nil {
		t.Fatal(err)
	}
}

func manySurvey() *surveyv1.Survey {
	low := func(id string, most int32) *surveyv1.Condition {
		return &surveyv1.Condition{QuestionId: id, Test: &surveyv1.Condition_Score{Score: &surveyv1.ScoreRange{Max: most}}}
	}
	return &surveyv1.Survey{Id: "every", Kind: surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED, Title: text("Your visit", "Ваш визит"), Draft: &surveyv1.Questionnaire{
		Questions: []*surveyv1.Question{
			{Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "a.nps", Required: true, Text: text("Would you recommend us to your friends?", "Порекомендуете ли вы нас друзьям?")},
			{Id: "visit", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSAT, Metric: "a.visit", Text: text("How was your visit?", "Как прошёл ваш визит?")},
			{Id: "ease", Kind: surveyv1.QuestionKind_QUESTION_KIND_CES, Metric: "a.ease", Text: text("Was it easy to find what you came for?", "Легко ли было найти нужное?")},
			{Id: "why", Kind: surveyv1.QuestionKind_QUESTION_KIND_TEXT, Required: true, ShowIf: low("nps", 6), Text: text("What went wrong?", "Что пошло не так?")},
			{Id: "queue", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM, Metric: "a.queue", Text: text("The queue at the till", "Очередь на кассе")},
			{Id: "look", Kind: surveyv1.QuestionKind_QUESTION_KIND_RATING, Metric: "a.look", Text: text("How does the store look?", "Как выглядит магазин?")},
			{Id: "again", Kind: surveyv1.QuestionKind_QUESTION_KIND_SINGLE, Text: text("Will you come again?", "Придёте ещё?"),
				Options: []*surveyv1.Option{{Id: "yes", Text: text("Yes", "Да")}, {Id: "no", Text: text("No", "Нет")}}},
			{Id: "where", Kind: surveyv1.QuestionKind_QUESTION_KIND_MULTI, Text: text("Where else do you buy?", "Где ещё вы покупаете?"),
				Options: []*surveyv1.Option{{Id: "market", Text: text("At a market", "На рынке")}, {Id: "net", Text: text("On the net", "В интернете")}}},
			{Id: "hope", Kind: surveyv1.QuestionKind_QUESTION_KIND_EXPECTATION, Text: text("What did you expect?", "Чего вы ждали?")},
		},
		CaseRules: []*surveyv1.CaseRule{{Cause: "low_score", Queue: "store", Conditions: []*surveyv1.Condition{low("nps", 6)}}},
	}}
}

// ask makes a link; change may make it another one.
func (w *world) ask(t testing.TB, key string, change ...func(*surveyv1.SurveyLink)) *surveyv1.SurveyLink {
	t.Helper()
	l := &surveyv1.SurveyLink{
		SurveyId: "every", Subjects: []*commonv1.SubjectRef{store("9")}, Channel: commonv1.Channel_CHANNEL_STORE, Mode: commonv1.ContactMode_CONTACT_MODE_SMS,
		Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 7}},
	}
	for _, c := range change {
		c(l)
	}
	out, err := w.CreateSurveyLink(t.Context(), &surveyv1.CreateSurveyLinkRequest{Brand: brand, RequestId: key, Link: l})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetLink()
}

// toAnybody makes a link a poster's.
func toAnybody(l *surveyv1.SurveyLink) {
	l.Open, l.Customer, l.Mode = true, nil, commonv1.ContactMode_CONTACT_MODE_QR
}

// send fills in a form as a browser without scripts does, and follows where it leads.
func (w *world) send(t testing.TB, path string, fields ...string) (int, string, string) {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", w.url)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Request.URL.RequestURI()
}

// responses are what came in.
func (w *world) responses(t testing.TB) []*surveyv1.Response {
	t.Helper()
	out, err := w.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Brand: brand})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetResponses()
}

func tokenFile(t testing.TB, token string) config.SecretFile {
	t.Helper()
	name := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(name, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.SecretFile(name)
}

// outage takes one method away.
type outage struct{ method atomic.Value }

func (o *outage) of(method string) { o.method.Store(method) }

func (o *outage) intercept(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if away, ok := o.method.Load().(string); ok && strings.HasSuffix(method, away) {
		return status.Error(codes.Unavailable, "away")
	}
	return invoke(ctx, method, req, reply, cc, opts...)
}

func contains(t testing.TB, page string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(page, word) {
			t.Errorf("%q is missing in %s", word, page)
		}
	}
}

// TestSurveyPageInForms: all kinds of questions, branching, what is wrong, the way back
// and the thanks, by forms alone.
func TestSurveyPageInForms(t *testing.T) {
	w := newWorld(t)
	everyKind(t, w)
	l := w.ask(t, "1")
	code, page, header := w.get(t, l.GetPath()+"?lang=en")
	contains(t, page, "Demo Retail", "Your visit", "Would you recommend us", "Step 1 of 3", "not at all likely")
	if code != 200 || strings.Contains(page, "What went wrong") {
		t.Errorf("%d %s", code, page)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex", "Content-Security-Policy": "default-src 'none'"} {
		if !strings.HasPrefix(header.Get(name), want) {
			t.Errorf("%s: %s", name, header.Get(name))
		}
	}
	code, page, _ = w.send(t, l.GetPath(), "step", "1", "lang", "en", "do", "next", "q.visit", "2")
	contains(t, page, "Please answer this question.", `href="#f1"`, `name="q.visit" value="2" checked`)
	if code != 422 {
		t.Errorf("a required question was passed over: %d", code)
	}
	_, page, at := w.send(t, l.GetPath(), "step", "1", "lang", "en", "do", "next", "q.nps", "3", "q.visit", "2", "q.ease", "6")
	contains(t, page, "What went wrong?", "The queue at the till", "Step 2 of 3")
	contains(t, at, "step=2")
	code, page, _ = w.send(t, l.GetPath(), "step", "2", "lang", "en", "do", "next", "q.why", "  ", "q.queue", "4", "q.look", "5")
	contains(t, page, "Please answer this question.", "Please also say how important it is to you.", `name="q.queue" value="4" checked`)
	if code != 422 {
		t.Errorf("what is wrong passes: %d", code)
	}
	_, page, _ = w.send(t, l.GetPath(), "step", "2", "lang", "en", "do", "back", "q.why", "The queue\r\nwas long", "q.queue", "4", "i.queue", "9", "q.look", "5", "q.again", "no")
	contains(t, page, `name="q.nps" value="3" checked`)
	_, page, _ = w.send(t, l.GetPath(), "step", "1", "lang", "en", "do", "lang-ru", "q.nps", "4")
	contains(t, page, "Порекомендуете", `name="q.nps" value="4" checked`, `<html lang="ru">`)
	if got := w.responses(t); len(got) != 0 {
		t.Fatalf("counts before it is sent: %v", got)
	}
	// The same link on another device goes on where it stopped.
	_, page, _ = w.get(t, l.GetPath()+"?lang=en")
	contains(t, page, "Welcome back", "Where else do you buy?", "Step 3 of 3", "Send my answers")
	code, page, _ = w.send(t, l.GetPath(), "step", "3", "lang", "en", "do", "next", "q.where", "market", "q.where", "net", "q.hope", "3", "w.hope", "8")
	contains(t, page, "The worst cannot be better", `value="net" checked`)
	_, page, at = w.send(t, l.GetPath(), "step", "3", "lang", "en", "do", "next", "q.where", "market", "q.where", "net", "q.hope", "8", "w.hope", "3")
	contains(t, page, "Thank you!", "get in touch with you")
	contains(t, at, "done=1")
	got := w.responses(t)
	if code != 422 || len(got) != 1 || len(got[0].GetAnswers()) != 9 {
		t.Fatalf("%d responses %v", code, got)
	}
	for _, a := range got[0].GetAnswers() {
		want := map[string]*surveyv1.Answer{
			"nps": scored("nps", 4), "visit": scored("visit", 2), "ease": scored("ease", 6), "look": scored("look", 5),
			"why":   {Value: &surveyv1.Answer_Text{Text: "The queue\nwas long"}},
			"queue": {Value: &surveyv1.Answer_Score{Score: 4}, Importance: proto.Int32(9)},
			"again": {Value: &surveyv1.Answer_Choice{Choice: &surveyv1.Choice{OptionIds: []string{"no"}}}},
			"where": {Value: &surveyv1.Answer_Choice{Choice: &surveyv1.Choice{OptionIds: []string{"market", "net"}}}},
			"hope":  {Value: &surveyv1.Answer_Expectation{Expectation: &surveyv1.Expectation{Best: 8, Worst: 3}}},
		}[a.GetQuestionId()]
		want.QuestionId = a.GetQuestionId()
		if !proto.Equal(a, want) {
			t.Errorf("%v, want %v", a, want)
		}
	}
	// Sent once more, by the way back: nothing is added, and the page says so.
	_, page, _ = w.send(t, l.GetPath(), "step", "3", "lang", "en", "do", "next", "q.hope", "9", "w.hope", "3")
	contains(t, page, "You have answered already", "2\u00a0March\u00a02026, 12:00")
	if len(w.responses(t)) != 1 {
		t.Error("answered twice")
	}
}

// TestSurveyPageSaysWhy: every way not to be answered has a page of its own.
func TestSurveyPageSaysWhy(t *testing.T) {
	w := newWorld(t)
	everyKind(t, w)
	revoked := w.ask(t, "1")
	if _, err := w.RevokeSurveyLink(t.Context(), &surveyv1.RevokeSurveyLinkRequest{Brand: brand, Id: revoked.GetId()}); err != nil {
		t.Fatal(err)
	}
	usable := w.ask(t, "2", toAnybody)
	for path, c := range map[string]struct {
		code  int
		words string
	}{
		revoked.GetPath():                            {410, "not in use any more"},
		usable.GetPath():                             {200, "Would you recommend us"},
		"/s/demo.AAAAAAAAAAAAAAAAAAAAAA":             {404, "no such survey"},
		"/s/nobody.AAAAAAAAAAAAAAAAAAAAAA":           {404, "no such survey"},
		"/s/x":                                       {404, "no such survey"},
		usable.GetPath() + "?visit=%3Cscript%3E":     {404, "no such survey"},
		"/s/" + strings.Repeat("a", 5000):            {404, "no such survey"},
		usable.GetPath()[:len(usable.GetPath())-3]:   {404, "no such survey"},
		usable.GetPath() + "?step=99&lang=xx&done=1": {200, "Would you recommend us"},
	} {
		code, page, _ := w.get(t, path, "Accept-Language", "en")
		if code != c.code || !strings.Contains(page, c.words) || !strings.Contains(page, "</html>") {
			t.Errorf("%.60s: HTTP %d: %s", path, code, page)
		}
	}
	if _, err := w.CloseSurvey(t.Context(), &surveyv1.CloseSurveyRequest{Brand: brand, SurveyId: "every"}); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := w.get(t, usable.GetPath()); code != 200 {
		t.Errorf("closed this very moment: %d", code)
	}
}

// TestOpenLinkInForms: each visitor of a poster is another one, and nobody is called
// back.
func TestOpenLinkInForms(t *testing.T) {
	w := newWorld(t)
	everyKind(t, w)
	l := w.ask(t, "1", toAnybody)
	visits := map[string]bool{}
	for range 3 {
		_, page, _ := w.get(t, l.GetPath()+"?lang=en")
		_, rest, _ := strings.Cut(page, `name="visit" value="`)
		visit, _, ok := strings.Cut(rest, `"`)
		if !ok || visits[visit] {
			t.Fatalf("visit %q", visit)
		}
		visits[visit] = true
		w.send(t, l.GetPath(), "visit", visit, "step", "1", "do", "next", "q.nps", "2")
		w.send(t, l.GetPath(), "visit", visit, "step", "2", "do", "next", "q.why", "Rude")
		for range 2 {
			_, page, _ = w.send(t, l.GetPath(), "visit", visit, "step", "3", "lang", "en", "do", "next")
		}
		contains(t, page, "You have answered already", "cannot call you back")
	}
	if got := w.responses(t); len(got) != 3 {
		t.Errorf("%d responses", len(got))
	}
}

// TestLookingAnswersNothing: programs follow links in mail, and browsers fetch ahead.
func TestLookingAnswersNothing(t *testing.T) {
	w := newWorld(t)
	everyKind(t, w)
	l := w.ask(t, "1")
	w.do(t, "HEAD", l.GetPath(), nil)
	w.get(t, l.GetPath(), "Sec-Purpose", "prefetch;prerender")
	w.get(t, l.GetPath()+"?q.nps=10&do=next&step=1&done=1")
	out, err := w.GetInvitationStats(t.Context(), &surveyv1.GetInvitationStatsRequest{Brand: brand})
	if err != nil || out.GetTotal().GetOpened() != 1 || out.GetTotal().GetStarted() != 0 || len(w.responses(t)) != 0 {
		t.Errorf("%v %v", out, err)
	}
}

// TestSurveyPageIsPublic: no token of ours is asked for, other sites cannot send the
// form, and who comes too often reads a page.
func TestSurveyPageIsPublic(t *testing.T) {
	w := newGuardedWorld(t, tokenFile(t, "open sesame"))
	everyKind(t, w)
	l := w.ask(t, "1")
	if code, page, _ := w.get(t, l.GetPath()+"?lang=en"); code != 200 {
		t.Fatalf("%d %s", code, page)
	}
	if code, _, _ := w.send(t, l.GetPath(), "step", "1", "do", "next", "q.nps", "9"); code != 200 {
		t.Errorf("an answer: %d", code)
	}
	form := strings.NewReader("step=1&do=next&q.nps=1")
	code, _, _ := w.do(t, "POST", l.GetPath(), form, "Origin", "https://elsewhere.example", "Content-Type", "application/x-www-form-urlencoded")
	if code != 403 {
		t.Errorf("another site's form: %d", code)
	}
	for range 200 {
		code, page, header := w.get(t, l.GetPath(), "Accept", "text/html", "Accept-Language", "ru")
		if code == 429 {
			contains(t, page, "Одну минуту", "</html>")
			if header.Get("Retry-After") == "" {
				t.Error("does not say when to come again")
			}
			return
		}
	}
	t.Error("nobody is held back")
}

// TestSurveyPageLogsNoAnswers: neither what was answered nor the token is in the log.
func TestSurveyPageLogsNoAnswers(t *testing.T) {
	var log bytes.Buffer
	was := quiet
	quiet = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	defer func() { quiet = was }()
	w := newWorld(t)
	everyKind(t, w)
	l := w.ask(t, "1")
	w.send(t, l.GetPath(), "step", "1", "do", "next", "q.nps", "3")
	w.send(t, l.GetPath(), "step", "2", "do", "next", "q.why", "my number is 555-0100")
	w.send(t, l.GetPath(), "step", "2", "do", "next", "q.why", strings.Repeat("x", 2<<20))
	w.stop()
	if text := log.String(); strings.Contains(text, "555-0100") || strings.Contains(text, l.GetToken()) {
		t.Errorf("the log tells: %s", text)
	}
}

// TestSurveyPageWithoutSurvey: what was typed stays in the form while it cannot be saved.
func TestSurveyPageWithoutSurvey(t *testing.T) {
	down := &outage{}
	w := newWorld(t, down.intercept)
	everyKind(t, w)
	l := w.ask(t, "1")
	down.of("/SaveSurveyAnswers")
	code, page, _ := w.send(t, l.GetPath(), "step", "1", "lang", "en", "do", "next", "q.nps", "3", "q.visit", "2")
	contains(t, page, "could not be saved", `name="q.nps" value="3" checked`, `name="q.visit" value="2" checked`)
	if code != 503 {
		t.Errorf("not saved: %d", code)
	}
	down.of("/OpenSurveyLink")
	if code, page, _ = w.get(t, l.GetPath()+"?lang=en"); code != 503 || !strings.Contains(page, "cannot be reached") {
		t.Errorf("%d %s", code, page)
	}
	down.of("none")
	if _, page, _ = w.send(t, l.GetPath(), "step", "1", "lang", "en", "do", "next", "q.nps", "3"); !strings.Contains(page, "What went wrong") {
		t.Errorf("it does not heal: %s", page)
	}
}

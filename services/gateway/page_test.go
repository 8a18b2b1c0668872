package gateway_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

// page reads a page that must be there.
func (w *world) page(t *testing.T, path string, header ...string) string {
	t.Helper()
	code, body, _ := w.get(t, path, header...)
	if code != 200 {
		t.Fatalf("GET %s: HTTP %d: %s", path, code, body)
	}
	return body
}

// seen is the text of an element by its id, without tags.
func seen(t *testing.T, page, id string) string {
	t.Helper()
	m := regexp.MustCompile(`(?s)id="` + id + `"[^>]*>(.*?)</(?:strong|span|p|b)>`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no %q on the page", id)
	}
	return html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(m[1], ""))
}

// TestPageAsksNobody: no host but ours, no code but ours, nothing inline that the
// policy does not name.
func TestPageAsksNobody(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	fill(t, w)
	_, body, header := w.get(t, "/?lang=ru")
	policy := header.Get("Content-Security-Policy")
	for _, must := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, must) {
			t.Errorf("the policy lacks %s: %s", must, policy)
		}
	}
	for _, tag := range []string{"style", "script"} {
		all := regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(body, -1)
		if len(all) != 1 {
			t.Fatalf("%d of <%s>", len(all), tag)
		}
		sum := sha256.Sum256([]byte(all[0][1]))
		if want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
			t.Errorf("the policy does not allow our own <%s>: %s", tag, policy)
		}
		body = strings.Replace(body, all[0][0], "", 1)
	}
	for what, wrong := range map[string]string{
		"an address elsewhere": `(?i)(src|href|action)="(https?:)?//`, "an image or script": `(?i)\ssrc=`, "a handler": `(?i)<[^>]*\son[a-z]+=`,
		"a style": `(?i)<[^>]*\sstyle=`, "an import": `@import|url\(`,
	} {
		if found := regexp.MustCompile(wrong).FindString(body); found != "" {
			t.Errorf("%s: %s", what, found)
		}
	}
}

// TestWordsStayWords: whatever customers, brands or readers write is text.
func TestWordsStayWords(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`
	w.submit(t, "a", response("101", 0, 2, evil+"\nsecond line"))
	if _, err := w.UpsertSubjects(t.Context(), &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: []*surveyv1.Subject{{Ref: store("101"), Name: evil}}}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/?subject=STORE:101", "/?q=" + "%3Cscript%3Ealert(1)%3C/script%3E"} {
		page := w.page(t, path)
		if strings.Contains(page, "<script>alert") || strings.Contains(page, "<img") {
			t.Errorf("%s runs what somebody wrote", path)
		}
		if !strings.Contains(page, "&lt;script&gt;alert(1)&lt;/script&gt;") {
			t.Errorf("%s does not show what somebody wrote", path)
		}
	}
	if page := w.page(t, "/"); !strings.Contains(page, "&gt;\nsecond line") {
		t.Error("the second line of the comment is gone")
	}
}

// TestNoAnswersIsNotZero: where nobody answered there is no number.
func TestNoAnswersIsNotZero(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	for _, path := range []string{"/?lang=en", "/?lang=en&metric=csi.visit", "/?lang=en&days=all", "/?lang=en&subject=STORE:101&days=7"} {
		page := w.page(t, path)
		if got := seen(t, page, "value"); got != "no answers" {
			t.Errorf("%s: %q", path, got)
		}
		if strings.Contains(page, `id="interval"`) || strings.Contains(page, "NaN") || regexp.MustCompile(`>0(\.0)?[^0-9]{0,3}%?<`).MatchString(page) {
			t.Errorf("%s shows a number of nothing", path)
		}
	}
}

// TestOldAnswersAreFound: the newest ones may be years old; the page goes there and
// says so.
func TestOldAnswersAreFound(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	for i := range 4 {
		w.submit(t, fmt.Sprint(i), response("101", 1000+20*i, 10, ""))
	}
	page := w.page(t, "/?lang=en")
	if got := seen(t, page, "value"); got != "100.0" {
		t.Errorf("value %q", got)
	}
	if got := seen(t, page, "n"); got != "2\u00a0answers" {
		t.Errorf("%q in the last 30 days that have some", got)
	}
	if !strings.Contains(page, "No answers in the last 30 days.") || !strings.Contains(page, "6\u00a0June\u00a02023") {
		t.Error("the page does not say that it is old")
	}
	if got := seen(t, w.page(t, "/?lang=ru&days=365"), "n"); got != "4\u00a0ответа" {
		t.Errorf("in a year: %q", got)
	}
}

// TestBrandWithDataIsShown: without a choice the first brand that has something to
// show is shown.
func TestBrandWithDataIsShown(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if page := w.page(t, "/"); !strings.Contains(page, "<h1>Demo Retail") {
		t.Error("nobody has data: the first brand is shown")
	}
	if _, err := w.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: "olist", Metrics: []*surveyv1.Metric{{Name: "nps.network", Kind: surveyv1.MetricKind_METRIC_KIND_NPS}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: "olist", Survey: &surveyv1.Survey{Id: "s", Kind: surveyv1.SurveyKind_SURVEY_KIND_PASSIVE,
		Draft: &surveyv1.Questionnaire{Questions: []*surveyv1.Question{{Id: "q", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps.network"}}}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: "olist", SurveyId: "s"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SubmitResponse(ctx, &surveyv1.SubmitResponseRequest{Brand: "olist", RequestId: "1", Response: &surveyv1.Response{SurveyId: "s", Answers: []*surveyv1.Answer{scored("q", 9)}}}); err != nil {
		t.Fatal(err)
	}
	if page := w.page(t, "/"); !strings.Contains(page, "<h1>Olist") || seen(t, page, "value") != "100.0" {
		t.Error("olist has data and is not shown")
	}
}

// TestAPartMayFail: what is broken is named, and the rest is there.
func TestAPartMayFail(t *testing.T) {
	for _, c := range []struct {
		code  codes.Code
		words string
	}{{codes.Unavailable, "a service cannot be reached"}, {codes.Internal, "something went wrong inside"}} {
		w := newWorld(t, func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if strings.HasSuffix(method, "/RankSubjects") || strings.HasSuffix(method, "/GetCaseStats") {
				return status.Error(c.code, "secret")
			}
			return invoke(ctx, method, req, reply, cc, opts...)
		})
		define(t, w)
		w.submit(t, "a", response("101", 0, 10, "Lovely."))
		page := w.page(t, "/?lang=en")
		if n := strings.Count(page, `class="failed"`); n != 2 || strings.Count(page, c.words) != 2 {
			t.Errorf("%s: %d parts failed", c.code, n)
		}
		if seen(t, page, "value") != "100.0" || !strings.Contains(page, "Lovely.") || strings.Contains(page, "secret") {
			t.Errorf("%s: the rest of the page is not as it should be", c.code)
		}
	}
}

// TestEveryLinkLeads: all ways on from a page lead to pages.
func TestEveryLinkLeads(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	fill(t, w)
	tried := map[string]bool{}
	for _, from := range []string{"/?lang=en", "/?lang=en&subject=REGION:north&kind=STORE", "/?lang=ru&q=Ленина", "/?lang=en&subject=STORE:101&from=2026-02-01&to=2026-02-20"} {
		for _, m := range regexp.MustCompile(`href="(/[^"]*)"`).FindAllStringSubmatch(w.page(t, from), -1) {
			to, _, _ := strings.Cut(html.UnescapeString(m[1]), "#")
			if tried[to] {
				continue
			}
			tried[to] = true
			if code, body, _ := w.get(t, to); code != 200 || strings.Contains(body, `class="failed"`) {
				t.Errorf("%s leads to %s: HTTP %d", from, to, code)
			}
		}
	}
	if len(tried) < 30 {
		t.Errorf("only %d links", len(tried))
	}
}

// TestTokenIsAskedFor: where others can reach us nothing is shown without the
// token, and with it the gateway's own calls pass too.
func TestTokenIsAskedFor(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("open sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newGuardedWorld(t, config.SecretFile(file))
	define(t, w)
	bearer, basic := "Bearer open sesame", "Basic "+base64.StdEncoding.EncodeToString([]byte("anna:open sesame"))
	for _, path := range []string{"/", "/v1/demo/metrics", "/openapi.json", "/live?brand=demo&metric=x"} {
		for _, header := range []string{"", "Bearer wrong", "Basic d3Jvbmc6d3Jvbmc="} {
			if code, body, _ := w.get(t, path, "Authorization", header); code != 401 || strings.Contains(body, "nps") {
				t.Errorf("%s with %q: HTTP %d", path, header, code)
			}
		}
		for _, header := range []string{bearer, basic} {
			if code, body, _ := w.get(t, path, "Authorization", header); code == 401 || code >= 500 && path != "/live?brand=demo&metric=x" {
				t.Errorf("%s with the token as %.6s: HTTP %d: %s", path, header, code, body)
			}
		}
	}
}

func TestWrongAddresses(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	for path, want := range map[string]int{
		"/?brand=nobody": 404, "/?metric=none": 404, "/?subject=STORE:none": 404, "/?subject=STORE": 400, "/?subject=ROCKET:1": 400,
		"/?days=8": 400, "/?from=2026-13-01": 400, "/?from=2026-02-02&to=2026-02-01": 400, "/?kind=x": 400, "/live": 400, "/live?brand=nobody&metric=x": 404,
		"/?lang=xx": 200, "/?from=2026-02-01": 200,
	} {
		code, body, header := w.get(t, path)
		if code != want {
			t.Errorf("%s: HTTP %d, want %d", path, code, want)
		}
		if strings.HasPrefix(path, "/?") && (header.Get("Content-Security-Policy") == "" || !strings.Contains(body, "</html>")) {
			t.Errorf("%s: no page", path)
		}
	}
}

// TestAcceptLanguage: a browser that speaks Russian reads Russian.
func TestAcceptLanguage(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	if page := w.page(t, "/", "Accept-Language", "ru-RU,ru;q=0.9,en;q=0.5"); !strings.Contains(page, `<html lang="ru"`) || seen(t, page, "value") != "нет ответов" {
		t.Error("no Russian page")
	}
}

// TestSearchNeedsNoScript: one hit leads to its page, several are listed, none is
// said.
func TestSearchNeedsNoScript(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	for query, want := range map[string]string{
		"107": "<h1>Магазин на Ленина, 19", "Магазин на Ленина, 1": "<h1>Магазин на Ленина, 1 ", "Ленина": "Found for “Ленина”", "Марс": "Nothing found for “Марс”",
	} {
		if page := w.page(t, "/?lang=en&q="+strings.ReplaceAll(query, " ", "+")); !strings.Contains(page, want) {
			t.Errorf("%s does not lead to %q", query, want)
		}
	}
}

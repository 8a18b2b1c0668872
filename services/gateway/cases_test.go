package gateway_test

import (
	"encoding/csv"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// TestACaseIsClaimedAndResolved by somebody at a telephone, without a script: who it
// is is asked once, and every step is there over gRPC.
func TestACaseIsClaimedAndResolved(t *testing.T) {
	s := newSuite(t, nil)
	define(t, s.world)
	s.submit(t, "bad", response("101", 0, 1, "Nobody came."))
	id := s.firstCase(t)
	ctx := browse(t, 390, 844)
	script(t, ctx, false)
	follow(t, ctx, chromedp.Navigate(s.url+"/cases?brand=demo&lang=en"))
	if left := s.text(t, "/cases?brand=demo&lang=en", `<span class="due">([^<]+)</span>`); !strings.HasSuffix(left, "left") {
		t.Errorf("the list says %q", left)
	}
	follow(t, ctx, chromedp.Click(chromedp.CSS("#queue .action")))
	follow(t, ctx, chromedp.SendKeys(chromedp.CSS("#name input[name=who]"), "Ann Smith"+kb.Enter))
	follow(t, ctx, chromedp.Click(chromedp.CSS("#claim button")))
	if c := s.theCase(t, id); c.GetState() != surveyv1.CaseState_CASE_STATE_CLAIMED || c.GetAssignee() != "Ann Smith" {
		t.Fatalf("not claimed: %v", c)
	}
	do(t, ctx, chromedp.SendKeys(chromedp.CSS("#call textarea"), "Will call at six."))
	follow(t, ctx, chromedp.Click(chromedp.CSS("#call button[value=call]")))
	do(t, ctx, chromedp.SendKeys(chromedp.CSS("#resolve input[name=root_cause]"), "courier was ill"))
	do(t, ctx, chromedp.SendKeys(chromedp.CSS("#resolve textarea"), "Sent flowers."))
	shoot(t, ctx, "case-work")
	follow(t, ctx, chromedp.Click(chromedp.CSS("#resolve button")))
	c := s.theCase(t, id)
	if c.GetState() != surveyv1.CaseState_CASE_STATE_RESOLVED || c.GetRootCause() != "courier was ill" {
		t.Fatalf("not resolved: %v", c)
	}
	var all []string
	for _, n := range c.GetNotes() {
		all = append(all, n.GetAuthor()+": "+n.GetText())
	}
	if told := strings.Join(all, "\n"); !strings.Contains(told, "Ann Smith: Call: reached\nWill call at six.") || !strings.Contains(told, "Sent flowers.") {
		t.Errorf("notes: %s", told)
	}
	do(t, ctx, chromedp.SendKeys(chromedp.CSS("#reopen textarea"), "They called again."))
	follow(t, ctx, chromedp.Click(chromedp.CSS("#reopen button")))
	if c := s.theCase(t, id); c.GetState() != surveyv1.CaseState_CASE_STATE_OPEN || c.GetReopened() != 1 {
		t.Errorf("not open again: %v", c)
	}
	follow(t, ctx, chromedp.Navigate(s.url+"/cases?brand=demo&lang=en"))
	follow(t, ctx, chromedp.Click(chromedp.CSS("#queue .case button"))) // by now the list knows who it is
	if c := s.theCase(t, id); c.GetAssignee() != "Ann Smith" {
		t.Errorf("not claimed from the list: %v", c)
	}
	follow(t, ctx, chromedp.Navigate(s.url+"/cases?brand=demo&lang=en&mine=1"))
	shoot(t, ctx, "cases-mine")
	if n := s.rows(t, "/cases?brand=demo&lang=en&mine=1", "rapport-name="+url.QueryEscape("Ann Smith")); n != 1 {
		t.Errorf("%d cases are hers", n)
	}
	if n := s.rows(t, "/cases?brand=demo&lang=en&mine=1", "rapport-name=Bob"); n != 0 {
		t.Errorf("%d cases are his", n)
	}
}

// text is what a pattern finds on a page.
func (s *suite) text(t *testing.T, path, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(s.page(t, path))
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// rows counts the cases that a page lists for whoever has a cookie.
func (s *suite) rows(t *testing.T, path, cookie string) int {
	t.Helper()
	return strings.Count(s.page(t, path, "Cookie", cookie), `<article class="case`)
}

// worker is somebody's browser without a script.
type worker struct {
	*http.Client
	s    *suite
	name string
}

func (s *suite) worker(t *testing.T, name string) *worker {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &worker{&http.Client{Jar: jar}, s, name}
}

// send sends a form of a case's page.
func (w *worker) send(t *testing.T, id string, form url.Values) (int, string) {
	t.Helper()
	form.Set("who", w.name)
	form.Set("brand", brand)
	form.Set("lang", "en")
	res, err := w.PostForm(w.s.url+"/cases/"+id, form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body strings.Builder
	if _, err := io.Copy(&body, res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, html.UnescapeString(body.String())
}

// TestTwoWantTheSameCase: who comes second is told so, sees whose it is, and loses
// nothing of what was written.
func TestTwoWantTheSameCase(t *testing.T) {
	s := newSuite(t, nil)
	define(t, s.world)
	s.submit(t, "bad", response("101", 0, 1, "Nobody came."))
	id := s.firstCase(t)
	ann, bob, seen := s.worker(t, "Ann"), s.worker(t, "Bob"), fmt.Sprint(s.theCase(t, id).GetRevision())
	if code, _ := ann.send(t, id, url.Values{"do": {"claim"}, "revision": {seen}}); code != http.StatusOK {
		t.Fatalf("the first: HTTP %d", code)
	}
	code, body := bob.send(t, id, url.Values{"do": {"claim"}, "revision": {seen}})
	if code != http.StatusConflict || !strings.Contains(body, "somebody changed this case") || !strings.Contains(body, "In work by Ann.") {
		t.Errorf("the second: HTTP %d", code)
	}
	code, body = bob.send(t, id, url.Values{"do": {"resolve"}, "revision": {seen}, "root_cause": {"it was raining"}, "note": {"umbrella"}})
	if code != http.StatusConflict || !strings.Contains(body, `value="it was raining"`) || !strings.Contains(body, ">umbrella</textarea>") {
		t.Errorf("what was written is lost: HTTP %d", code)
	}
	if c := s.theCase(t, id); c.GetAssignee() != "Ann" || c.GetState() != surveyv1.CaseState_CASE_STATE_CLAIMED {
		t.Errorf("the case is %v", c)
	}
	fresh := regexp.MustCompile(`name="revision" value="(\d+)"`).FindStringSubmatch(body)
	if code, _ := bob.send(t, id, url.Values{"do": {"claim"}, "revision": {fresh[1]}}); code != http.StatusOK || s.theCase(t, id).GetAssignee() != "Bob" {
		t.Errorf("who has seen whose it is cannot take it over: HTTP %d", code)
	}
}

// TestNotesAreWrittenOnce: a form that is sent twice writes one note; a step that
// lacks something says what; a page of another origin does nothing.
func TestNotesAreWrittenOnce(t *testing.T) {
	s := newSuite(t, nil)
	define(t, s.world)
	s.submit(t, "bad", response("101", 0, 1, "Nobody came."))
	id := s.firstCase(t)
	ann := s.worker(t, "Ann")
	before := len(s.theCase(t, id).GetNotes())
	for range 2 {
		if code, _ := ann.send(t, id, url.Values{"do": {"note"}, "text": {"Called."}, "request": {"once"}}); code != http.StatusOK {
			t.Errorf("HTTP %d", code)
		}
	}
	if n := len(s.theCase(t, id).GetNotes()); n != before+1 {
		t.Errorf("%d notes were written", n-before)
	}
	for what, form := range map[string]url.Values{
		"the note is empty": {"do": {"note"}}, "say what it really was": {"do": {"resolve"}, "root_cause": {" "}}, "say how the call ended": {"do": {"call"}},
	} {
		if code, body := ann.send(t, id, form); code != http.StatusBadRequest || !strings.Contains(body, what) {
			t.Errorf("%s: HTTP %d", what, code)
		}
	}
	nobody := s.worker(t, "")
	if code, body := nobody.send(t, id, url.Values{"do": {"claim"}}); code != http.StatusBadRequest || !strings.Contains(body, "say who you are") {
		t.Errorf("nobody: HTTP %d", code)
	}
	code, _, _ := s.do(t, http.MethodPost, "/cases/"+id, strings.NewReader("brand=demo&do=claim&who=Eve"), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site")
	if code != http.StatusForbidden || s.theCase(t, id).GetState() != surveyv1.CaseState_CASE_STATE_OPEN {
		t.Errorf("another origin: HTTP %d", code)
	}
	for _, to := range []string{"https://elsewhere.example/", "//elsewhere.example", "/cases\\elsewhere"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/cases?who=x&back="+url.QueryEscape(to), nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if at := res.Header.Get("Location"); at != "/cases" {
			t.Errorf("%s leads to %s", to, at)
		}
	}
}

// csv reads a table that may have no lines.
func (s *suite) csv(t *testing.T, path string) [][]string {
	t.Helper()
	code, body, _ := s.get(t, path)
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if code != http.StatusOK || err != nil {
		t.Fatal(path, code, err)
	}
	return rows
}

// TestCasesAreFound: by place, reason and queue.
func TestCasesAreFound(t *testing.T) {
	s := newSuite(t, nil)
	define(t, s.world)
	for i, at := range []string{"101", "102", "102"} {
		s.submit(t, fmt.Sprint(i), response(at, 0, 1, "Bad."))
	}
	for s.rows(t, "/cases?brand=demo", "") < 3 {
		s.firstCase(t)
	}
	for query, want := range map[string]int{
		"": 3, "&subject=STORE:102": 2, "&cause=low_score": 3, "&cause=other": 0, "&queue=store": 3, "&queue=logistics": 0, "&overdue=1": 0, "&state=resolved": 0, "&state=open": 3, "&state=claimed": 0,
	} {
		if n := s.rows(t, "/cases?brand=demo"+query, ""); n != want {
			t.Errorf("%q: %d cases, want %d", query, n, want)
		}
		if n := len(s.csv(t, "/csv/cases?brand=demo"+query)) - 1; n != want {
			t.Errorf("%q: %d lines, want %d", query, n, want)
		}
	}
	for _, wrong := range []string{"/cases?brand=demo&state=x", "/cases?brand=demo&subject=x", "/rankings?brand=demo&kind=EMPLOYEE", "/rankings?brand=demo&min=x", "/omnichannel?brand=demo&days=8", "/scorecards/x?brand=demo", "/scorecards/STORE:101?brand=demo&days=3"} {
		if code, _, _ := s.get(t, wrong); code != http.StatusBadRequest {
			t.Errorf("%s: HTTP %d", wrong, code)
		}
	}
	for _, gone := range []string{"/cases/99?brand=demo", "/scorecards/STORE:none?brand=demo", "/rankings?brand=demo&metric=none", "/omnichannel?brand=nobody"} {
		if code, _, _ := s.get(t, gone); code != http.StatusNotFound {
			t.Errorf("%s: HTTP %d", gone, code)
		}
	}
}

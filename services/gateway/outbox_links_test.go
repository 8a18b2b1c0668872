package gateway_test

import (
	"bytes"
	"image/png"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

var store103 = []*commonv1.SubjectRef{store("103")}

// TestALinkIsMadeByHand at a telephone, without a script: its code leads to the survey,
// it is listed, and it is taken back.
func TestALinkIsMadeByHand(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	s := &suite{world: w}
	ctx := browse(t, 390, 844)
	script(t, ctx, false)
	follow(t, ctx, chromedp.Navigate(w.url+"/survey-links?brand=demo&lang=ru"))
	follow(t, ctx, chromedp.Click(chromedp.CSS("#which .action")))
	do(t, ctx, chromedp.SendKeys(chromedp.CSS("#f-subject"), "STORE:103"), chromedp.SetValue(chromedp.CSS("#f-channel"), "STORE"))
	follow(t, ctx, chromedp.Click(chromedp.CSS("#new-link button")))
	shoot(t, ctx, "link-made")
	one := onlyLink(t, w, 0)
	if !one.GetOpen() || one.GetSurveyId() != "visit" || one.GetSubjects()[0].GetId() != "103" || one.GetMode() != commonv1.ContactMode_CONTACT_MODE_QR || one.GetChannel() != commonv1.Channel_CHANNEL_STORE || one.GetExpiresAt() != nil {
		t.Fatalf("made %v", one)
	}
	address := w.url + one.GetPath()
	if got := eval[string](t, ctx, "document.querySelector('.address a').href"); got != address {
		t.Errorf("it leads to %s, not %s", got, address)
	}
	if name := eval[string](t, ctx, "document.querySelector('#code svg').getAttribute('aria-label')"); !strings.Contains(name, address) {
		t.Errorf("the code is called %q", name)
	}
	at := "/survey-links/" + one.GetId()
	code, svg, header := w.get(t, at+"/code.svg?brand=demo")
	if code != http.StatusOK || header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(w.page(t, at+"?brand=demo"), regexp.MustCompile(` d="([^"]+)"`).FindStringSubmatch(svg)[1]) {
		t.Errorf("the file is another code: HTTP %d, %s", code, header.Get("Content-Type"))
	}
	code, picture, _ := w.get(t, at+"/code.png?brand=demo")
	if drawn, err := png.Decode(bytes.NewReader([]byte(picture))); code != http.StatusOK || err != nil || drawn.Bounds().Dx() < 500 {
		t.Errorf("the picture: HTTP %d, %v", code, err)
	}
	if code, _, _ := w.get(t, at+"/code.gif?brand=demo"); code != http.StatusNotFound {
		t.Errorf("a file that is none: HTTP %d", code)
	}
	w.page(t, one.GetPath())
	if rows := s.table(t, "/csv/survey-links?brand=demo"); len(rows) != 2 || rows[1][0] != one.GetId() || rows[1][4] != "STORE:103" || rows[1][14] != address || rows[1][10] != "USABLE" {
		t.Errorf("the table has %v", rows)
	}
	do(t, ctx, chromedp.Click(chromedp.CSS("#revoke [name=sure]")))
	follow(t, ctx, chromedp.Click(chromedp.CSS("#revoke button")))
	if got := onlyLink(t, w, 0); got.GetState() != surveyv1.SurveyLinkState_SURVEY_LINK_STATE_REVOKED {
		t.Errorf("not taken back: %v", got)
	}
	if page := w.page(t, at+"?brand=demo&lang=en"); !strings.Contains(page, "taken back") || strings.Contains(page, `id="revoke"`) || strings.Contains(page, "code.svg") {
		t.Error("the page still offers it")
	}
}

// onlyLink is the one link there is of a customer, 0: that is open.
func onlyLink(t *testing.T, w *world, customer int64) *surveyv1.SurveyLink {
	t.Helper()
	list, err := w.ListSurveyLinks(t.Context(), &surveyv1.ListSurveyLinksRequest{Brand: brand, CustomerId: customer})
	if err != nil || len(list.GetLinks()) != 1 {
		t.Fatal(list, err)
	}
	return list.GetLinks()[0]
}

// TestALinkForOnePerson is made once however often the form is sent; what is wrong is
// said beside its field.
func TestALinkForOnePerson(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	good := func(more ...string) url.Values {
		out := url.Values{"survey": {"visit"}, "whom": {"one"}, "customer": {"7"}, "subject": {"STORE:103, STORE:104"}, "order": {"o-1"}, "experienced": {"2026-03-01T18:30"}, "expires": {"2026-03-20"}, "request": {"once"}}
		for i := 0; i+1 < len(more); i += 2 {
			out.Set(more[i], more[i+1])
		}
		return out
	}
	const at = "/survey-links/new?brand=demo&lang=en"
	for _, tt := range []struct {
		form url.Values
		want string
	}{
		{good("customer", "anna"), "customer"}, {good("customer", ""), "customer"}, {good("customer", "anna@example.com"), "customer"}, {good("subject", "103"), "subject"}, {good("subject", "STORE:none"), "subject"},
		{good("survey", "none"), "survey"}, {good("survey", ""), "survey"}, {good("expires", "2020-01-01"), "expires"}, {good("expires", "soon"), "expires"}, {good("experienced", "soon"), "experienced"},
		{good("experienced", "2027-01-01T10:00"), "experienced"}, {good("order", strings.Repeat("x", 80)), "order"}, {good("locale", strings.Repeat("x", 80)), "locale"},
	} {
		code, page := w.post(t, at, tt.form)
		if code < 400 || code >= 500 || marked(page) != tt.want || !strings.Contains(page, `class="failed" role="alert"`) || tt.want != "order" && !strings.Contains(page, `value="o-1"`) {
			t.Errorf("%v: HTTP %d, marked %q, want %q", tt.form, code, marked(page), tt.want)
		}
	}
	for range 2 {
		if code, page := w.post(t, at, good()); code != http.StatusOK || !strings.Contains(page, "one customer, once") {
			t.Fatalf("HTTP %d", code)
		}
	}
	one := onlyLink(t, w, 7)
	if one.GetOrderId() != "o-1" || len(one.GetSubjects()) != 2 || one.GetExperiencedAt().AsTime().Format("2006-01-02T15:04Z") != "2026-03-01T15:30Z" || one.GetExpiresAt().AsTime().Format("2006-01-02T15:04Z") != "2026-03-20T21:00Z" {
		t.Errorf("made %v", one)
	}
	if page := w.page(t, "/survey-links/"+one.GetId()+"?brand=demo&lang=en"); !strings.Contains(page, w.url+one.GetPath()) {
		t.Error("it is not found again")
	}
	if code, page := w.post(t, "/survey-links/"+one.GetId()+"?brand=demo&lang=en", url.Values{}); code != http.StatusBadRequest || marked(page) != "sure" {
		t.Errorf("not meant: HTTP %d, marked %q", code, marked(page))
	}
	if code, _ := w.post(t, at, good("request", "x"), "Sec-Fetch-Site", "cross-site"); code != http.StatusForbidden {
		t.Errorf("another origin: HTTP %d", code)
	}
}

// TestTheContactBudgetIsAskedBeforeALink: who may not be asked again so soon is named
// beside whom the form asks for.
func TestTheContactBudgetIsAskedBeforeALink(t *testing.T) {
	s := newSuite(t, nil)
	define(t, s.world)
	form := url.Values{"survey": {"visit"}, "whom": {"one"}, "customer": {"anna@example.com"}, "mode": {"EMAIL"}}
	if code, page := s.post(t, "/survey-links/new?brand=demo&lang=en", form); code != http.StatusOK || strings.Contains(page, "anna@") {
		t.Fatalf("the first: HTTP %d", code)
	}
	code, page := s.post(t, "/survey-links/new?brand=demo&lang=en", form)
	if code != http.StatusConflict || marked(page) != "customer" || !strings.Contains(page, "The contact budget forbids asking this customer so now.") || !strings.Contains(page, `value="anna@example.com"`) {
		t.Errorf("the second: HTTP %d, marked %q", code, marked(page))
	}
}

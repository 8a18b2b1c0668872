package gateway_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// subscription makes one over gRPC, and sends it once for a try.
func (s *suite) subscription(t *testing.T, in *reportv1.Subscription) *reportv1.Subscription {
	t.Helper()
	made, err := s.reports.CreateSubscription(t.Context(), &reportv1.CreateSubscriptionRequest{Brand: brand, Subscription: in, RequestId: in.GetEmail().GetAddress()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.reports.SendSubscription(t.Context(), &reportv1.SendSubscriptionRequest{Brand: brand, SubscriptionId: made.GetSubscription().GetId(), RequestId: "try"}); err != nil {
		t.Fatal(err)
	}
	return made.GetSubscription()
}

func byLetter(address string) *reportv1.Subscription_Email {
	return &reportv1.Subscription_Email{Email: &reportv1.EmailTarget{Address: address, Name: "Анна"}}
}

// TestOutboxIsReadable opens each page at a desk, on a telephone, on a wall and in the
// dark, in both languages.
func TestOutboxIsReadable(t *testing.T) {
	s := newSuite(t, nil)
	define(t, s.world)
	sub := s.subscription(t, &reportv1.Subscription{Report: reportv1.ReportKind_REPORT_KIND_SCORECARD, Subject: store("103"), Target: byLetter("a.very.long.address.of.somebody@reports.example.com"),
		Cadence: &reportv1.Cadence{Every: reportv1.Cadence_EVERY_WEEK, Weekday: 5, Hour: 18, Minute: 30}, Zone: "Asia/Vladivostok"})
	s.subscription(t, &reportv1.Subscription{Report: reportv1.ReportKind_REPORT_KIND_OMNICHANNEL, Sections: []string{"scores", "orders"}, Target: byLetter("anna@example.com"), Cadence: &reportv1.Cadence{Every: reportv1.Cadence_EVERY_QUARTER_HOUR}})
	link, err := s.CreateSurveyLink(t.Context(), &surveyv1.CreateSurveyLinkRequest{Brand: brand, RequestId: "door", Link: &surveyv1.SurveyLink{SurveyId: "visit", Open: true, Subjects: store103}})
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{
		"subscriptions": "/subscriptions?", "subscribe": "/subscriptions/new?", "subscription": "/subscriptions/" + sub.GetId() + "?", "no-deliveries": "/subscriptions/" + sub.GetId() + "?status=failed",
		"links": "/survey-links?", "new-link": "/survey-links/new?", "link": "/survey-links/" + link.GetLink().GetId() + "?", "no-links": "/survey-links?customer=77",
	}
	ctx := browse(t, 1280, 900)
	for _, size := range []struct {
		name          string
		width, height int64
		dark          bool
		langs         []string
	}{{"desktop", 1280, 900, false, []string{"ru", "en"}}, {"phone", 390, 844, false, []string{"ru", "en"}}, {"dark", 1280, 900, true, []string{"ru"}}, {"wall", 2560, 1440, false, []string{"en"}}} {
		look(t, ctx, size.width, size.height, size.dark)
		for _, lang := range size.langs {
			for view, path := range pages {
				s.open(t, ctx, strings.Join([]string{"outbox", size.name, lang, view}, "-"), path+"&brand=demo&lang="+lang)
				if got := eval[string](t, ctx, "document.documentElement.lang"); got != lang {
					t.Errorf("%s: language %q", path, got)
				}
			}
		}
	}
	for view, path := range pages {
		if _, _, header := s.get(t, path+"&brand=demo"); header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s names people and may be kept: %s", view, header.Get("Cache-Control"))
		}
	}
}

// TestASubscriptionIsMadeByHand at a telephone, without a script: made, changed, tried,
// paused and deleted, and each step is there over gRPC.
func TestASubscriptionIsMadeByHand(t *testing.T) {
	s := newSuite(t, nil)
	define(t, s.world)
	ctx := browse(t, 390, 844)
	script(t, ctx, false)
	follow(t, ctx, chromedp.Navigate(s.url+"/subscriptions?brand=demo&lang=en"))
	follow(t, ctx, chromedp.Click(chromedp.CSS("#subscriptions .action")))
	do(t, ctx, chromedp.SetValue(chromedp.CSS("#f-zone"), "Moscow"), chromedp.SendKeys(chromedp.CSS("#f-to"), "http://10.0.0.1/"), chromedp.Click(chromedp.CSS("#subscribe button")), chromedp.WaitVisible(chromedp.CSS("#w-zone")))
	if wrong := eval[string](t, ctx, faultsOf("p.failed[role=alert]")); wrong != "" {
		t.Errorf("a form that was refused: %s", wrong)
	}
	if by := eval[string](t, ctx, "document.querySelector('#f-zone').getAttribute('aria-describedby')"); by != "w-zone" {
		t.Errorf("the field is described by %q", by)
	}
	shoot(t, ctx, "outbox-refused")
	follow(t, ctx, chromedp.Navigate(s.url+"/subscriptions/new?brand=demo&lang=en"))
	do(t, ctx, chromedp.SetValue(chromedp.CSS("#f-report"), "SCORECARD"), chromedp.SendKeys(chromedp.CSS("#f-subject"), "STORE:103"),
		chromedp.SetValue(chromedp.CSS("#f-every"), "MONTH"), chromedp.SetValue(chromedp.CSS("#f-day"), "15"), chromedp.SetValue(chromedp.CSS("#f-at"), "07:45"))
	follow(t, ctx, chromedp.SendKeys(chromedp.CSS("#f-to"), "anna@example.com"+kb.Enter))
	one := s.only(t)
	if c := one.GetCadence(); one.GetSubject().GetId() != "103" || one.GetReport() != reportv1.ReportKind_REPORT_KIND_SCORECARD || c.GetEvery() != reportv1.Cadence_EVERY_MONTH || c.GetDay() != 15 ||
		c.GetHour() != 7 || c.GetMinute() != 45 || one.GetEmail().GetAddress() != "anna@example.com" || one.GetLocale() != "en" || one.GetZone() != "Europe/Moscow" {
		t.Fatalf("made %v", one)
	}
	at := "/subscriptions/" + one.GetId() + "?brand=demo&lang=en"
	do(t, ctx, chromedp.SetValue(chromedp.CSS("#f-zone"), "Asia/Omsk"))
	follow(t, ctx, chromedp.Click(chromedp.CSS("#subscribe button")))
	if got := s.only(t); got.GetZone() != "Asia/Omsk" || got.GetEtag() != one.GetEtag()+1 || got.GetCadence().GetDay() != 15 {
		t.Errorf("changed to %v", got)
	}
	follow(t, ctx, chromedp.Click(chromedp.CSS("#steps [value=send]")))
	list, err := s.reports.ListDeliveries(t.Context(), &reportv1.ListDeliveriesRequest{Brand: brand, SubscriptionId: one.GetId()})
	if err != nil || len(list.GetDeliveries()) != 1 {
		t.Fatal(list, err)
	}
	page, d := s.page(t, at), list.GetDeliveries()[0]
	if !strings.Contains(page, "<code>"+d.GetId()+"</code>") || !strings.Contains(page, "for a try") || !strings.Contains(page, ">pending</span>") {
		t.Errorf("the delivery is not listed")
	}
	if row := s.table(t, "/csv/subscriptions/"+one.GetId()+"?brand=demo")[1]; row[0] != d.GetId() || row[7] != "PENDING" || row[5] != "true" {
		t.Errorf("the table has %v", row)
	}
	if row := s.table(t, "/csv/subscriptions?brand=demo")[1]; row[0] != one.GetId() || row[2] != "STORE:103" || row[6] != "MONTH" || row[13] != "anna@example.com" {
		t.Errorf("the table has %v", row)
	}
	follow(t, ctx, chromedp.Click(chromedp.CSS("#steps [value=pause]")))
	if got := s.only(t); got.GetState() != reportv1.Subscription_STATE_PAUSED {
		t.Errorf("not paused: %v", got)
	}
	follow(t, ctx, chromedp.Click(chromedp.CSS("#steps [value=resume]")))
	if got := s.only(t); got.GetState() != reportv1.Subscription_STATE_ACTIVE {
		t.Errorf("not resumed: %v", got)
	}
	do(t, ctx, chromedp.Click(chromedp.CSS("#end [name=sure]")))
	follow(t, ctx, chromedp.Click(chromedp.CSS("#end button")))
	if all, err := s.reports.ListSubscriptions(t.Context(), &reportv1.ListSubscriptionsRequest{Brand: brand}); err != nil || len(all.GetSubscriptions()) != 0 {
		t.Error(all, err)
	}
	if code, _, _ := s.get(t, at); code != http.StatusNotFound {
		t.Errorf("what was deleted: HTTP %d", code)
	}
}

// faultsOf are what is wrong with a page beside what it says itself is wrong.
func faultsOf(but string) string {
	return strings.Replace(faults, "all('.failed')", "all('.failed').filter((e) => !e.matches('"+but+"'))", 1)
}

// only is the one subscription there is.
func (s *suite) only(t *testing.T) *reportv1.Subscription {
	t.Helper()
	list, err := s.reports.ListSubscriptions(t.Context(), &reportv1.ListSubscriptionsRequest{Brand: brand})
	if err != nil || len(list.GetSubscriptions()) != 1 {
		t.Fatal(list, err)
	}
	return list.GetSubscriptions()[0]
}

// post sends a form as a browser does, and reads where it leads.
func (w *world) post(t *testing.T, path string, form url.Values, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, html.UnescapeString(string(text))
}

// marked are the fields that a page says are wrong.
func marked(page string) string {
	var all []string
	for _, m := range regexp.MustCompile(`<p class="wrong" id="w-([a-z]+)">`).FindAllStringSubmatch(page, -1) {
		all = append(all, m[1])
	}
	return strings.Join(all, " ")
}

// TestFormsSayWhatIsWrong beside the field that it is about, and lose nothing of what was
// written; a page of another origin does nothing.
func TestFormsSayWhatIsWrong(t *testing.T) {
	s := newSuite(t, nil)
	define(t, s.world)
	good := func(more ...string) url.Values {
		out := url.Values{"report": {"OMNICHANNEL"}, "every": {"DAY"}, "at": {"09:00"}, "zone": {"Europe/Moscow"}, "to": {"anna@example.com"}, "locale": {"ru"}}
		for i := 0; i+1 < len(more); i += 2 {
			out.Set(more[i], more[i+1])
		}
		return out
	}
	for _, tt := range []struct {
		form url.Values
		want string
	}{
		{good("zone", "Moscow time", "to", "nobody"), "to"}, {good("zone", "Moscow time"), "zone"}, {good("at", "noon", "days", "-1"), "days at"}, {good("days", "900"), "days"},
		{good("report", "SCORECARD"), "subject"}, {good("subject", "103"), "subject"}, {good("subject", "STORE:none"), "subject"}, {good("every", "MONTH", "day", "40"), "day"},
		{good("report", "SCORECARD", "subject", "STORE:103", "metric", "none"), "metric"}, {good("to", "http://10.0.0.1/hook"), "to"}, {good("to", "a@b@c"), "to"}, {good("every", "x"), "every"},
		{good("every", "QUARTER_HOUR", "days", "3"), "days"}, {good("name", "x\ny"), "name"}, {good("locale", "de"), "locale"}, {good("sections", "weather"), "sections"},
	} {
		for _, lang := range []string{"en", "ru"} {
			code, page := s.post(t, "/subscriptions/new?brand=demo&lang="+lang, tt.form)
			if code < 400 || code >= 500 || marked(page) != tt.want || !strings.Contains(page, `class="failed" role="alert"`) {
				t.Errorf("%v: HTTP %d, marked %q, want %q", tt.form, code, marked(page), tt.want)
			}
			if to := tt.form.Get("to"); !strings.Contains(page, `value="`+to+`"`) {
				t.Errorf("%v: what was written is lost", tt.form)
			}
		}
	}
	if all, err := s.reports.ListSubscriptions(t.Context(), &reportv1.ListSubscriptionsRequest{Brand: brand}); err != nil || len(all.GetSubscriptions()) != 0 {
		t.Fatal(all, err)
	}
	if code, _ := s.post(t, "/subscriptions/new?brand=demo", good(), "Sec-Fetch-Site", "cross-site"); code != http.StatusForbidden {
		t.Errorf("another origin: HTTP %d", code)
	}
	for range 2 { // sent twice, made once
		if code, _ := s.post(t, "/subscriptions/new?brand=demo&lang=en", good("request", "once")); code != http.StatusOK {
			t.Fatalf("HTTP %d", code)
		}
	}
	one := s.only(t)
	at := "/subscriptions/" + one.GetId() + "?brand=demo&lang=en"
	if code, page := s.post(t, "/subscriptions/new?brand=demo&lang=en", good("request", "once", "zone", "UTC")); code != http.StatusConflict || !strings.Contains(page, "sent before with other content") {
		t.Errorf("another form under the same key: HTTP %d", code)
	}
	if code, page := s.post(t, at, url.Values{"do": {"delete"}, "etag": {"1"}}); code != http.StatusBadRequest || marked(page) != "sure" {
		t.Errorf("not meant: HTTP %d, marked %q", code, marked(page))
	}
	if code, page := s.post(t, at, good("do", "change", "etag", "7", "to", "boris@example.com")); code != http.StatusConflict || !strings.Contains(page, "somebody changed it") || !strings.Contains(page, `value="boris@example.com"`) {
		t.Errorf("changed meanwhile: HTTP %d", code)
	}
	for _, form := range []url.Values{{"do": {"dance"}, "etag": {"1"}}, {"do": {"pause"}}} {
		if code, _ := s.post(t, at, form); code != http.StatusBadRequest {
			t.Errorf("%v: HTTP %d", form, code)
		}
	}
	if got := s.only(t); got.GetEtag() != one.GetEtag() {
		t.Errorf("it became %v", got)
	}
	for path, code := range map[string]int{"/subscriptions/none?brand=demo": 404, at + "&status=x": 400, "/survey-links?brand=demo&customer=x": 400, "/survey-links/99?brand=demo": 404, "/survey-links/x?brand=demo": 404, "/subscriptions?brand=nobody": 404} {
		if have, _, _ := s.get(t, path); have != code {
			t.Errorf("%s: HTTP %d, want %d", path, have, code)
		}
	}
}

// TestASecretIsToldOnce: when a webhook is made and when it gets a new one.
func TestASecretIsToldOnce(t *testing.T) {
	s := newSuite(t, nil)
	define(t, s.world)
	form := url.Values{"report": {"OMNICHANNEL"}, "every": {"QUARTER_HOUR"}, "zone": {"UTC"}, "locale": {"en"}, "to": {"https://hooks.example.com/rapport"}}
	secret := regexp.MustCompile(`<code>(whsec_[^<]+)</code>`)
	code, page := s.post(t, "/subscriptions/new?brand=demo&lang=en", form)
	first := secret.FindStringSubmatch(page)
	if code != http.StatusOK || first == nil {
		t.Fatalf("HTTP %d, no secret", code)
	}
	one := s.only(t)
	at := "/subscriptions/" + one.GetId() + "?brand=demo&lang=en"
	if strings.Contains(s.page(t, at), "whsec_") {
		t.Error("it is told again")
	}
	_, page = s.post(t, at, url.Values{"do": {"rotate"}, "etag": {fmt.Sprint(one.GetEtag())}})
	if second := secret.FindStringSubmatch(page); second == nil || second[1] == first[1] {
		t.Errorf("a new one: %v", second)
	}
}

package gateway_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway"
)

// leafPages are the pages beside the overview, as they are read.
func leafPages(id int64) map[string]string {
	return map[string]string{
		"customers": "/customers?", "customer": fmt.Sprintf("/customers/%d?", id), "journeys": "/journeys?days=365",
		"funnel": "/funnel?days=365&by=month", "paths": "/paths?days=365", "maps": "/maps?", "map": "/maps/order?days=365", "draft": "/maps/draft?",
	}
}

// TestLeavesAreReadable opens each page at a desk and on a telephone, in both
// languages.
func TestLeavesAreReadable(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.live(t)
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"desktop", 1280, 900}, {"phone", 390, 844}} {
		ctx := browse(t, size.width, size.height)
		for _, lang := range []string{"ru", "en"} {
			for view, path := range leafPages(ids[2]) {
				name := strings.Join([]string{size.name, lang, view}, "-")
				do(t, ctx, chromedp.Navigate(s.url+path+"&brand=demo&lang="+lang), chromedp.WaitVisible(chromedp.CSS("h1")))
				if got := eval[string](t, ctx, "document.documentElement.lang"); got != lang {
					t.Errorf("%s: language %q", name, got)
				}
				if over := eval[int](t, ctx, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
					t.Errorf("%s: the page is %d pixels wider than the window", name, over)
				}
				if failed := eval[string](t, ctx, "[...document.querySelectorAll('.failed')].map(e => e.textContent).join()"); failed != "" {
					t.Errorf("%s: %s", name, failed)
				}
				if text := eval[string](t, ctx, "document.body.innerText"); strings.Contains(text, "%!") || strings.Contains(text, "NaN") {
					t.Errorf("%s: a text is filled in wrongly: %s", name, text)
				}
				if bare := eval[int](t, ctx, "[...document.querySelectorAll('main table')].filter(e => !e.caption).length"); bare > 0 {
					t.Errorf("%s: %d tables without a caption", name, bare)
				}
				if deaf := eval[int](t, ctx, "[...document.querySelectorAll('main input:not([type=hidden]), main select')].filter(e => !e.labels.length && !e.ariaLabel).length"); deaf > 0 {
					t.Errorf("%s: %d fields without a label", name, deaf)
				}
				shoot(t, ctx, "leaf-"+name)
			}
		}
	}
}

// TestLeavesAskNobody: the pages keep to the policy that the overview has.
func TestLeavesAskNobody(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.live(t)
	for name, path := range leafPages(ids[0]) {
		code, body, header := s.get(t, path+"&lang=en")
		if code != 200 || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: HTTP %d, policy %q", name, code, header.Get("Content-Security-Policy"))
		}
		body = regexp.MustCompile(`(?s)<(style|script)>.*?</(style|script)>`).ReplaceAllString(body, "")
		for what, wrong := range map[string]string{
			"an address elsewhere": `(?i)(src|href|action)="(https?:)?//`, "an image or script": `(?i)\ssrc=`, "a handler": `(?i)<[^>]*\son[a-z]+=`, "a style": `(?i)<[^>]*\sstyle=`,
		} {
			if found := regexp.MustCompile(wrong).FindString(body); found != "" {
				t.Errorf("%s: %s: %s", name, what, found)
			}
		}
	}
}

// TestEveryLeafLinkLeads: all ways on lead somewhere.
func TestEveryLeafLinkLeads(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.live(t)
	tried := map[string]bool{}
	for _, from := range leafPages(ids[1]) {
		for _, m := range regexp.MustCompile(`href="(/[^"]*)"`).FindAllStringSubmatch(s.page(t, from+"&lang=en&brand=demo"), -1) {
			to, _, _ := strings.Cut(html.UnescapeString(m[1]), "#")
			if tried[to] {
				continue
			}
			tried[to] = true
			if code, body, _ := s.get(t, to); code != 200 || strings.Contains(body, `class="failed"`) {
				t.Errorf("%s leads to %s: HTTP %d", from, to, code)
			}
		}
	}
	if len(tried) < 60 {
		t.Errorf("only %d links", len(tried))
	}
}

// TestACustomerIsFound by all that customers are known by, and no address of a page
// says what was typed.
func TestACustomerIsFound(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.live(t)
	id := strconv.FormatInt(ids[3], 10)
	ask := func(query string) (*url.URL, string) {
		t.Helper()
		res, err := http.PostForm(s.url+"/customers", url.Values{"q": {query}, "brand": {brand}, "lang": {"en"}})
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		_, body, _ := s.get(t, res.Request.URL.RequestURI())
		return res.Request.URL, body
	}
	for _, query := range []string{"Customer3@Example.com", "77000003", "shop:c-3", id} {
		at, body := ask(query)
		if at.Path != "/customers/"+id || at.Query().Has("q") {
			t.Errorf("%s leads to %s", query, at)
		}
		if !strings.Contains(body, "c***@example.com") || strings.Contains(body, "customer3@") || strings.Contains(body, "77000003") {
			t.Errorf("%s: identities are not masked", query)
		}
	}
	if code, body, _ := s.get(t, "/customers?brand=demo&lang=en&q=nobody@example.com"); code != 200 || !strings.Contains(body, "Nobody is known by n***@example.com") || strings.Contains(body, "nobody@") {
		t.Errorf("nobody: HTTP %d", code)
	}
}

// TestATimeLineIsWhole: what a person did and said stands in one line, over all
// numbers, each thing once, whatever page it is on.
func TestATimeLineIsWhole(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.live(t)
	if _, err := s.MergeCustomers(t.Context(), &segmentationv1.MergeCustomersRequest{Brand: brand, FromId: ids[5], IntoId: ids[2]}); err != nil {
		t.Fatal(err)
	}
	var many []*journeyv1.Event
	for i := range 120 { // ten at a time, so that pages must not tear a moment apart
		many = append(many, &journeyv1.Event{
			Source: "test", ExternalId: fmt.Sprint(i), Kind: "visit", Touchpoint: fmt.Sprintf("shelf-%d.", i), OccurredAt: stamp(noon.AddDate(0, 0, -1-i/10)),
			Actor: &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: ids[2]}}},
		})
	}
	s.record(t, many)
	want := s.merged(t, ids[2], ids[5])
	var events, answers, pages int
	var all strings.Builder
	for at := fmt.Sprintf("/customers/%d?brand=demo&lang=en", ids[2]); at != ""; pages++ {
		page := s.page(t, at)
		answers += strings.Count(page, "Answered a survey")
		events += strings.Count(page, "<time>")
		all.WriteString(page)
		at = ""
		if m := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(page); m != nil {
			at = html.UnescapeString(m[1])
		}
		if pages > 10 {
			t.Fatal("the time line never ends")
		}
	}
	if answers != 2 || events-answers != want {
		t.Errorf("%d answers and %d events on %d pages, want 2 and %d", answers, events-answers, pages, want)
	}
	for i := range many {
		if n := strings.Count(all.String(), fmt.Sprintf("at shelf-%d.", i)); n != 1 {
			t.Errorf("event %d is there %d times", i, n)
		}
	}
	if !strings.Contains(all.String(), "2 numbers merged") || !strings.Contains(all.String(), "RUB") {
		t.Error("the numbers or the amounts are missing")
	}
}

// merged waits until Journey and Survey know that two numbers are one person, and
// returns how many events that one has.
func (s *suite) merged(t *testing.T, into, from int64) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	happened := func(id int64) int {
		list, err := s.ListJourney(ctx, &journeyv1.ListJourneyRequest{Brand: brand, CustomerId: id, PageSize: 1000})
		if err != nil {
			t.Fatal(err)
		}
		return len(list.GetEvents())
	}
	for {
		list, err := s.ListResponses(ctx, &surveyv1.ListResponsesRequest{Brand: brand, Filter: &surveyv1.ResponseFilter{CustomerId: into}})
		if err != nil {
			t.Fatal(err)
		}
		if n := happened(into); len(list.GetResponses()) == 2 && n == happened(from) {
			return n
		}
	}
}

// TestTheErasedAreNamedSo: the page of an erased customer says so.
func TestTheErasedAreNamedSo(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.live(t)
	if _, err := s.EraseCustomer(t.Context(), &segmentationv1.EraseCustomerRequest{Brand: brand, Id: ids[4]}); err != nil {
		t.Fatal(err)
	}
	page := s.page(t, fmt.Sprintf("/customers/%d?brand=demo&lang=en", ids[4]))
	if !strings.Contains(page, "This customer was erased") || strings.Contains(page, "***@") {
		t.Error("the page does not say so")
	}
}

// TestFiguresAreTheServices: what pages show and tables hold is what the services
// answer, and transitions sum to all events and all units.
func TestFiguresAreTheServices(t *testing.T) {
	s := newSuite(t, nil)
	s.live(t)
	const steps = "&step=order.placed&within=&step=order.shipped&within=30h&step=order.delivered&within=&unit=order"
	rows := s.table(t, "/csv/funnel?brand=demo&days=all&by=channel"+steps)
	sums := map[string]int64{}
	for _, row := range rows[1:] {
		n, err := strconv.ParseInt(row[4], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if row[0] != "total" {
			sums[row[2]] += n
		}
	}
	for _, row := range rows[1:4] {
		if got := strconv.FormatInt(sums[row[2]], 10); row[0] != "total" || got != row[4] {
			t.Errorf("step %s: groups sum to %s, total %v", row[2], got, row)
		}
	}
	page := s.page(t, "/funnel?brand=demo&lang=en&days=all"+steps)
	if !strings.Contains(page, ">"+rows[3][4]+"</b>") || !strings.Contains(page, `value="30h" selected`) || !strings.Contains(page, `value="order.delivered" selected`) {
		t.Error("the page is not what its address says")
	}
	got, err := s.GetTransitions(t.Context(), &journeyv1.GetTransitionsRequest{Brand: brand, CollapseRepeats: true})
	if err != nil {
		t.Fatal(err)
	}
	var times int64
	for _, row := range s.table(t, "/csv/paths?brand=demo&days=all")[1:] {
		n, _ := strconv.ParseInt(row[2], 10, 64)
		times += n
	}
	if times == 0 || times != got.GetEvents()+got.GetUnits() {
		t.Errorf("transitions sum to %d, want %d + %d", times, got.GetEvents(), got.GetUnits())
	}
	var units int64
	for _, row := range s.table(t, "/csv/paths?brand=demo&days=all&table=paths")[1:] {
		n, _ := strconv.ParseInt(row[2], 10, 64)
		units += n
	}
	if units != got.GetUnits() {
		t.Errorf("paths sum to %d units, want %d", units, got.GetUnits())
	}
}

func (s *suite) table(t *testing.T, path string) [][]string {
	t.Helper()
	code, body, header := s.get(t, path)
	if code != 200 || !strings.HasPrefix(header.Get("Content-Type"), "text/csv") {
		t.Fatalf("%s: HTTP %d %s: %s", path, code, header.Get("Content-Type"), body)
	}
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatal(body, err)
	}
	return rows
}

// TestAMissingServiceIsNamed: without one of the services its part says so and the
// rest is there.
func TestAMissingServiceIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		take  func(*gateway.Services)
		says  map[string]string
		there map[string]string
	}{
		"without Journey": {
			func(all *gateway.Services) { all.Journey = nil },
			map[string]string{"/funnel": "Journey is not part", "/paths": "Journey is not part", "/maps": "Journey is not part", "/journeys": "Journey is not part", "/customers/3": "Events are missing here: Journey is not part"},
			map[string]string{"/customers/3": "Answered a survey", "/customers": ">Number<", "/": `id="value"`},
		},
		"without Survey": {
			func(all *gateway.Services) { all.Survey = nil },
			map[string]string{"/customers/3": "Answers are missing here: Survey is not part"},
			map[string]string{"/": "Orders within norm", "/funnel": "Order placed", "/maps/order": "The site", "/customers/3": "Purchase"},
		},
		"without Segmentation": {
			func(all *gateway.Services) { all.Segmentation = nil },
			map[string]string{"/customers": "Segmentation is not part", "/customers/3": "Segmentation is not part"},
			map[string]string{"/customers/3": "Order placed", "/journeys": "Orders within norm"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSuite(t, c.take)
			s.live(t)
			for path, want := range c.says {
				if !strings.Contains(s.page(t, path+"?brand=demo&lang=en&days=365"), want) {
					t.Errorf("%s does not say %q", path, want)
				}
			}
			for path, want := range c.there {
				if !strings.Contains(s.page(t, path+"?brand=demo&lang=en&days=365"), want) {
					t.Errorf("%s does not show %q", path, want)
				}
			}
		})
	}
}

// TestEmptyPagesSayWhatToDo: where there is nothing, the page tells how to bring it.
func TestEmptyPagesSayWhatToDo(t *testing.T) {
	s := newSuite(t, nil)
	for path, want := range map[string]string{
		"/customers": "rapport import customers", "/journeys": "rapport import events", "/funnel": "rapport import events",
		"/paths": "rapport import events", "/maps": "/v1/demo/maps",
	} {
		for _, lang := range []string{"en", "ru"} {
			page := s.page(t, path+"?brand=demo&lang="+lang)
			if !strings.Contains(page, want) || strings.Contains(page, `class="failed"`) {
				t.Errorf("%s in %s does not say %q", path, lang, want)
			}
		}
	}
}

// TestWrongLeafAddresses: what cannot be shown is refused as a page or as a part.
func TestWrongLeafAddresses(t *testing.T) {
	s := newSuite(t, nil)
	for path, want := range map[string]int{
		"/funnel?brand=nobody": 404, "/funnel?days=8": 400, "/paths?unit=rocket": 200, "/csv/funnel?brand=demo": 400, "/csv/paths?brand=demo&unit=x": 400,
		"/customers/x": 200, "/maps/none": 200, "/live/nowhere?brand=demo": 404, "/live/maps/order": 400, "/live?metric=nps": 400, "/funnel?step=%ff": 400,
	} {
		if code, _, _ := s.get(t, path); code != want {
			t.Errorf("%s: HTTP %d, want %d", path, code, want)
		}
	}
}

// TestAMapMoves: an event that comes in shows on the open map, and the worst is red.
func TestAMapMoves(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.live(t)
	ctx := browse(t, 1280, 900)
	do(t, ctx, chromedp.Navigate(s.url+"/maps/order?brand=demo&lang=en&days=7"), chromedp.WaitVisible(chromedp.CSS("#live:not(.lost)")))
	before := eval[string](t, ctx, "document.querySelector('.counts b').textContent")
	n, err := strconv.Atoi(before)
	if err != nil {
		t.Fatal(err)
	}
	s.record(t, []*journeyv1.Event{{
		Source: "test", ExternalId: "new", Kind: "visit", OccurredAt: stamp(noon),
		Actor: &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: ids[0]}}},
	}})
	until(t, ctx, fmt.Sprintf("document.querySelector('.counts b').textContent === '%d'", n+1))
	follow(t, ctx, chromedp.Navigate(s.url+"/maps/order?brand=demo&lang=en&days=365"))
	if red := eval[int](t, ctx, "document.querySelectorAll('.point.worst, .point.lowest').length"); red != 1 {
		t.Errorf("%d touchpoints are the worst", red)
	}
	if legend := eval[string](t, ctx, "document.querySelector('.legend').textContent"); !strings.HasPrefix(legend, "Red: the lowest score") {
		t.Errorf("legend %q", legend)
	}
}

package gateway_test

import (
	"fmt"
	"html"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/services/gateway"
)

// audiencePages are the pages of whom the brand deals with, as they are read.
var audiencePages = map[string]string{
	"segments": "/segments?", "segment": "/segments/toddlers?", "new": "/segments/new?expression=" + url.QueryEscape(`attributes.city == "Омск"`),
	"template": "/segments/new?template=dissatisfied&p.metric=nps.network&p.score=6", "panel": "/panel?", "rfm": "/rfm?by=money", "migration": "/migration?over=rf",
	"chosen":       "/panel?where=attributes.family.youngest:toddler&where=purchases.channels:COURIER&also=purchases.spent_90d",
	"few":          "/panel?where=attributes.city:%D0%9E%D0%BC%D1%81%D0%BA&range=attributes.born:1960..1961&segment=!toddlers",
	"migration-of": "/migration?over=segments&segment=toddlers&segment=omsk&from=2026-03-01", "drivers": "/drivers?", "segment-drivers": "/drivers?segment=toddlers",
}

// TestAMarketersQuestion: from an empty page to NPS, average check and top problem of
// parents of toddlers who buy by courier, against the rest, in at most five
// interactions. What the page says is what a count of the guests says.
func TestAMarketersQuestion(t *testing.T) {
	s := newSuite(t, nil)
	all := s.audience(t)
	ctx := browse(t, 1280, 900)
	do(t, ctx, chromedp.Navigate(s.url+"/?lang=en&brand=demo"), chromedp.WaitVisible(chromedp.CSS(".tabs")))

	interactions := 1 // opens the panel
	follow(t, ctx, chromedp.Click(chromedp.CSS(`.tabs a[href^="/panel"]`)))
	do(t, ctx, chromedp.WaitVisible(chromedp.CSS("#by-attributes-family-youngest")))
	choose := func(card, value string) {
		interactions++
		before := eval[string](t, ctx, "location.href")
		eval[bool](t, ctx, fmt.Sprintf(`(() => { [...document.querySelectorAll('#by-%s tbody th a')].find((a) => a.textContent === %q).click(); return true; })()`, card, value))
		until(t, ctx, fmt.Sprintf("location.href !== %q && !document.querySelector('.busy')", before))
	}
	choose("attributes-family-youngest", "toddler") // clicks the bar
	choose("purchases-channels", "Courier")         // and the other one
	if interactions > 5 {
		t.Errorf("%d interactions", interactions)
	}

	chosen, rest := parted(all, func(g guest) bool { return g.youngest == "toddler" && g.channel == "COURIER" })
	want, others := paint(chosen), paint(rest)
	text := func(css string) string {
		return eval[string](t, ctx, fmt.Sprintf("document.querySelector(%q).textContent.replaceAll('\u2212', '-').replace(/\\s+/g, ' ').trim()", css))
	}
	for css, want := range map[string]float64{
		"#persons": float64(want.n), "#scores .chosen b": want.nps, "#scores .rest b": others.nps, "#money .chosen b": want.check, "#money .rest b": others.check,
		"#by-attributes-problem tbody tr td.num": want.share,
	} {
		var got float64
		if _, err := fmt.Sscan(text(css), &got); err != nil || math.Abs(got-want) > 0.051 {
			t.Errorf("%s: %q, want %g", css, text(css), want)
		}
	}
	if got := text("#by-attributes-problem tbody tr th"); got != want.problem {
		t.Errorf("top problem %q, want %q", got, want.problem)
	}
	shoot(t, ctx, "audience-question")

	// Without a script the address shows the same.
	at := eval[string](t, ctx, "location.pathname + location.search")
	if body := s.page(t, at); !strings.Contains(html.UnescapeString(body), fmt.Sprintf(`<strong id="persons">%d`, want.n)) {
		t.Errorf("%s does not show the same", at)
	}
	do(t, ctx, chromedp.NavigateBack())
	until(t, ctx, "document.querySelectorAll('.chip').length === 1")
}

// TestAudienceIsReadable opens each page at a desk, on a telephone and on a wall, in
// both languages.
func TestAudienceIsReadable(t *testing.T) {
	s := newSuite(t, nil)
	s.audience(t)
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"desktop", 1280, 900}, {"phone", 390, 844}, {"wall", 2560, 1440}} {
		ctx := browse(t, size.width, size.height)
		for _, lang := range []string{"ru", "en"} {
			for view, path := range audiencePages {
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
				if deaf := eval[int](t, ctx, "[...document.querySelectorAll('main input:not([type=hidden]), main select, main textarea')].filter(e => !e.labels.length && !e.ariaLabel).length"); deaf > 0 {
					t.Errorf("%s: %d fields without a label", name, deaf)
				}
				cut := eval[string](t, ctx, `[...document.querySelectorAll('main .card')].filter(c => c.scrollWidth > c.clientWidth + 1).map(c => c.id).join()`)
				if cut != "" {
					t.Errorf("%s: %s is wider than its card", name, cut)
				}
				shoot(t, ctx, "audience-"+name)
			}
		}
	}
}

// TestAudienceLinksLead: all ways on lead somewhere, and the pages keep to the
// policy.
func TestAudienceLinksLead(t *testing.T) {
	s := newSuite(t, nil)
	s.audience(t)
	tried := map[string]bool{}
	for name, from := range audiencePages {
		code, body, header := s.get(t, from+"&lang=en&brand=demo")
		if code != 200 || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: HTTP %d, policy %q", name, code, header.Get("Content-Security-Policy"))
		}
		bare := regexp.MustCompile(`(?s)<(style|script)>.*?</(style|script)>`).ReplaceAllString(body, "")
		for what, wrong := range map[string]string{
			"an address elsewhere": `(?i)(src|href|action)="(https?:)?//`, "an image or script": `(?i)\ssrc=`, "a handler": `(?i)<[^>]*\son[a-z]+=`, "a style": `(?i)<[^>]*\sstyle=`,
		} {
			if found := regexp.MustCompile(wrong).FindString(bare); found != "" {
				t.Errorf("%s: %s: %s", name, what, found)
			}
		}
		few := 0
		for _, m := range regexp.MustCompile(`href="(/[^"]*)"`).FindAllStringSubmatch(body, -1) {
			to, _, _ := strings.Cut(html.UnescapeString(m[1]), "#")
			if tried[to] || few > 25 {
				continue
			}
			few++
			tried[to] = true
			if code, body, _ := s.get(t, to); code != 200 || strings.Contains(body, `class="failed"`) {
				t.Errorf("%s leads to %s: HTTP %d", from, to, code)
			}
		}
	}
	if len(tried) < 150 {
		t.Errorf("only %d links", len(tried))
	}
}

// TestASegmentIsSaved: what the panel chose can be saved as a segment and has the
// same persons; a page of another origin cannot do that.
func TestASegmentIsSaved(t *testing.T) {
	s := newSuite(t, nil)
	all := s.audience(t)
	want, _ := parted(all, func(g guest) bool {
		return g.youngest == "toddler" && g.channel == "COURIER" && g.born >= 1960 && g.born < 1980 && g.problem != "time"
	})
	body := s.page(t, "/panel?brand=demo&lang=en&where=attributes.family.youngest:toddler&where=purchases.channels:COURIER&range=attributes.born:1960..1980&where=!attributes.problem:time")
	if !strings.Contains(body, fmt.Sprintf(`<strong id="persons">%d`, len(want))) {
		t.Fatalf("not %d persons", len(want))
	}
	link := regexp.MustCompile(`href="(/segments/new[^"]*)"`).FindStringSubmatch(body)
	if link == nil {
		t.Fatal("no way to save it")
	}
	to := html.UnescapeString(link[1])
	if preview := s.page(t, to); !strings.Contains(preview, fmt.Sprintf("It would have %d", len(want))) {
		t.Errorf("the preview is another one: %s", to)
	}
	if ready := s.page(t, "/segments/new?brand=demo&lang=en&template=active&p.days=90&p.times=1"); !strings.Contains(ready, fmt.Sprintf("It would have %d", len(all))) ||
		!strings.Contains(html.UnescapeString(ready), "purchases.count_90d >= 1") {
		t.Error("a ready rule is not previewed")
	}
	if wrong := s.page(t, "/segments/new?brand=demo&lang=en&expression=purchases.nothing"); !strings.Contains(wrong, `role="alert"`) {
		t.Error("nothing says what is wrong with a rule")
	}
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	form := u.Query()
	form.Set("id", "chosen-ones")
	form.Set("title", "Chosen ones")
	post := func(site string) int {
		code, _, _ := s.do(t, http.MethodPost, "/segments/new", strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", site)
		return code
	}
	if code := post("cross-site"); code != http.StatusForbidden {
		t.Errorf("another origin: HTTP %d", code)
	}
	if code := post("same-origin"); code != http.StatusOK && code != http.StatusSeeOther {
		t.Errorf("the page itself: HTTP %d", code)
	}
	got, err := s.GetSegment(t.Context(), &segmentationv1.GetSegmentRequest{Brand: brand, SegmentId: "chosen-ones"})
	if err != nil || got.GetSegment().GetMembers() != int64(len(want)) || got.GetSegment().GetTitles()["en"] != "Chosen ones" {
		t.Errorf("%v, %v", got, err)
	}
	form.Set("expression", "purchases.count > 5")
	if code := post("same-origin"); code != http.StatusConflict {
		t.Errorf("another one of the same id: HTTP %d", code)
	}
}

// TestTablesAgree: a spreadsheet has what the page shows, and rows that add up.
func TestTablesAgree(t *testing.T) {
	s := newSuite(t, nil)
	all := s.audience(t)
	var persons, units int64
	for _, row := range s.table(t, "/csv/rfm?brand=demo")[1:] {
		persons += int64(integer(t, row[5]))
	}
	for _, row := range s.table(t, "/csv/migration?brand=demo&over=rf")[1:] {
		units += int64(integer(t, row[2]))
	}
	if persons != int64(len(all)) || units != int64(len(all)) {
		t.Errorf("%d persons in the grid, %d moved, of %d", persons, units, len(all))
	}
	for _, path := range []string{"/csv/panel?where=attributes.city:%D0%A2%D1%83%D0%BB%D0%B0&", "/csv/segments?", "/csv/drivers?"} {
		if rows := s.table(t, path+"brand=demo"); len(rows) < 2 {
			t.Errorf("%s: %v", path, rows)
		}
	}
}

// TestASegmentMoves: somebody who enters is counted on the open page of the segment.
func TestASegmentMoves(t *testing.T) {
	s := newSuite(t, nil)
	s.audience(t)
	if _, err := s.CreateSegment(t.Context(), &segmentationv1.CreateSegmentRequest{Brand: brand, Segment: &segmentationv1.Segment{
		Id: "here", Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: `attributes.city == "Мирный"`}},
	}}); err != nil {
		t.Fatal(err)
	}
	ctx := browse(t, 1280, 900)
	do(t, ctx, chromedp.Navigate(s.url+"/segments/here?brand=demo&lang=en"), chromedp.WaitVisible(chromedp.CSS("#live:not(.lost)")))
	before := eval[string](t, ctx, "document.querySelector('#members').textContent")
	s.welcome(t, []guest{{city: "Мирный"}}) // the first of them moved
	until(t, ctx, fmt.Sprintf("document.querySelector('#members').textContent !== %q", before))
}

func integer(t *testing.T, text string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAudienceWithoutNeighbours: what is missing is named, the rest is there.
func TestAudienceWithoutNeighbours(t *testing.T) {
	s := newSuite(t, func(all *gateway.Services) { all.Survey = nil })
	s.audience(t)
	for _, path := range []string{"/panel?brand=demo&lang=en", "/segments/omsk?brand=demo&lang=en"} {
		if body := s.page(t, path); !strings.Contains(body, "City") && !strings.Contains(body, "attributes.city") {
			t.Errorf("%s is empty", path)
		}
	}
	if body := s.page(t, "/segments/omsk?brand=demo&lang=en"); !strings.Contains(body, "Survey is not part of this deployment") {
		t.Error("nothing says that Survey is missing")
	}
	for path, want := range map[string]int{
		"/panel?where=nonsense": 400, "/panel?range=attributes.born:x..y": 400, "/panel?brand=nobody": 404, "/panel?where=attributes.none:1": 200, "/rfm?run=99&brand=demo": 200,
		"/segments/none?brand=demo": 404,
	} {
		if code, _, _ := s.get(t, path); code != want {
			t.Errorf("%s: HTTP %d, want %d", path, code, want)
		}
	}
}

package gateway_test

import (
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
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/services/gateway"
)

// loyaltyPages are the pages of a club, as they are read.
func loyaltyPages(ids []int64) map[string]string {
	return map[string]string{
		"health": "/loyalty?", "month": "/loyalty?days=30", "past": "/loyalty?from=2025-12-01&to=2026-01-31", "find": "/members?",
		"member": fmt.Sprintf("/members/%d?", ids[1]), "higher": fmt.Sprintf("/members/%d?", ids[9]), "stranger": fmt.Sprintf("/members/%d?", ids[39]),
	}
}

// TestLoyaltyIsReadable opens each page at a desk, on a telephone and on a wall, in
// both languages.
func TestLoyaltyIsReadable(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.clubbed(t)
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"desktop", 1280, 900}, {"phone", 390, 844}, {"wall", 2560, 1440}} {
		ctx := browse(t, size.width, size.height)
		for _, lang := range []string{"ru", "en"} {
			for view, path := range loyaltyPages(ids) {
				name := strings.Join([]string{size.name, lang, view}, "-")
				do(t, ctx, chromedp.Navigate(s.url+path+"&brand=demo&lang="+lang), chromedp.WaitVisible(chromedp.CSS("h1")))
				if got := eval[string](t, ctx, "document.documentElement.lang"); got != lang {
					t.Errorf("%s: language %q", name, got)
				}
				for what, js := range map[string]string{
					"parts that failed":          `[...document.querySelectorAll('.failed')].map(e => e.textContent).join()`,
					"tables without a caption":   `[...document.querySelectorAll('main table')].filter(e => !e.caption).map(e => e.innerText).join()`,
					"fields without a label":     `[...document.querySelectorAll('main input:not([type=hidden])')].filter(e => !e.labels.length && !e.ariaLabel).map(e => e.name).join()`,
					"cards too narrow":           `[...document.querySelectorAll('main .card')].filter(c => c.scrollWidth > c.clientWidth + 1).map(c => c.id).join()`,
					"drawings without a name":    `[...document.querySelectorAll('main svg')].filter(e => !e.ariaLabel && !e.ariaHidden).map(e => e.outerHTML).join()`,
					"a page wider than a window": `Math.max(0, document.documentElement.scrollWidth - innerWidth) || ''`,
					"texts filled in wrongly":    `(document.body.innerText.match(/%!.{0,30}|NaN|undefined/) || []).join()`,
				} {
					if got := eval[string](t, ctx, "String("+js+")"); got != "" {
						t.Errorf("%s: %s: %s", name, what, got)
					}
				}
				shoot(t, ctx, "loyalty-"+name)
			}
		}
	}
}

// counted is the number that an element of a page shows.
func counted(t *testing.T, page, id, inner string) int64 {
	t.Helper()
	if inner != "" {
		inner = `.*?` + inner + `>`
	}
	m := regexp.MustCompile(`(?s)id="` + id + `"[^>]*>` + inner + `([^<]*)<`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no %q on the page", id)
	}
	text := strings.NewReplacer("\u202f", "", "\u00a0", "", ",", "", "\u2212", "-", "+", "", "±", "").Replace(html.UnescapeString(m[1]))
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %q", id, m[1])
	}
	return n
}

// TestHealthIsWhatTheServiceSays: the figures on the page are the answers of the service,
// and a spreadsheet has the same.
func TestHealthIsWhatTheServiceSays(t *testing.T) {
	s := newSuite(t, nil)
	s.clubbed(t)
	ctx := t.Context()
	page := s.page(t, "/loyalty?brand=demo&lang=en&days=90")
	days := &commonv1.DateRange{Start: noon.AddDate(0, 0, -89).Format(time.DateOnly), End: noon.AddDate(0, 0, 1).Format(time.DateOnly)}
	rate, err := s.GetRedemptionRate(ctx, &loyaltyv1.GetRedemptionRateRequest{Brand: brand, Scope: &loyaltyv1.RateScope{ProgrammeId: "club", Dates: days}, Split: loyaltyv1.RateSplit_RATE_SPLIT_CHANNEL})
	lost, err2 := s.GetBreakage(ctx, &loyaltyv1.GetBreakageRequest{Brand: brand, ProgrammeId: "club", Dates: days})
	owed, err3 := s.GetLiability(ctx, &loyaltyv1.GetLiabilityRequest{Brand: brand, ProgrammeId: "club"})
	takes, err4 := s.GetParticipation(ctx, &loyaltyv1.GetParticipationRequest{Brand: brand, ProgrammeId: "club", Dates: days})
	flow, err5 := s.GetTierFlow(ctx, &loyaltyv1.GetTierFlowRequest{Brand: brand, ProgrammeId: "club", From: noon.AddDate(0, 0, -90).Format(time.DateOnly)})
	for _, err := range []error{err, err2, err3, err4, err5} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]int64{
		"issued": rate.GetTotal().GetIssued(), "spent": rate.GetTotal().GetSpent(), "expired": lost.GetExpired(), "outstanding": owed.GetPoints(),
		"members": takes.GetTotal().GetMembers(), "active": takes.GetTotal().GetActive(),
	}
	for id, n := range want {
		if got := counted(t, page, "f-"+id, `class="now"`); got != n || n == 0 {
			t.Errorf("%s: the page says %d, the service %d", id, got, n)
		}
	}
	for id, n := range map[string]int64{"rose": flow.GetRose(), "fell": flow.GetFell(), "stayed": flow.GetStayed(), "joined": flow.GetJoined()} {
		if got := counted(t, page, "flow-"+id, "<b"); got != n {
			t.Errorf("%s: the page says %d, the service %d", id, got, n)
		}
	}
	if flow.GetRose() == 0 || flow.GetFell() == 0 {
		t.Errorf("nobody rose or nobody fell: %v", flow)
	}
	for _, row := range s.table(t, "/csv/loyalty?brand=demo&days=90&table=figures")[1:] {
		if n, named := want[row[0]]; named && row[1] != strconv.FormatInt(n, 10) {
			t.Errorf("the spreadsheet says %v, the service %d", row, n)
		}
	}
	rows := s.table(t, "/csv/loyalty?brand=demo&days=90&table=channels")[1:]
	if len(rows) != len(rate.GetGroups()) || len(rows) < 3 {
		t.Fatalf("%d channels, the service has %d", len(rows), len(rate.GetGroups()))
	}
	for i, g := range rate.GetGroups() {
		if rows[i][0] != g.GetKey() || rows[i][1] != strconv.FormatInt(g.GetIssued(), 10) || rows[i][2] != strconv.FormatInt(g.GetSpent(), 10) {
			t.Errorf("the spreadsheet says %v, the service %v", rows[i], g)
		}
	}
}

// cells are the numbers of a table on a page, column by column, as a spreadsheet has them.
func cells(t *testing.T, page, section string) (out []string) {
	t.Helper()
	m := regexp.MustCompile(`(?s)<section class="card" id="` + section + `".*?<tbody>(.*?)</tbody>`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no table in %q", section)
	}
	for _, c := range regexp.MustCompile(`(?s)<td class="num[^"]*">(.*?)</td>`).FindAllStringSubmatch(m[1], -1) {
		text := html.UnescapeString(regexp.MustCompile(`(?s)<br>.*|<[^>]*>`).ReplaceAllString(c[1], ""))
		out = append(out, strings.NewReplacer("\u202f", "", "\u00a0", "", ",", "", "%", "", "\u2212", "-", "–", "").Replace(text))
	}
	return out
}

// TestSpreadsheetsHaveWhatThePageHas, in the same order and to the digit.
func TestSpreadsheetsHaveWhatThePageHas(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.clubbed(t)
	page := s.page(t, "/loyalty?brand=demo&lang=en&days=90")
	compare := func(page, section, path string, columns ...int) {
		t.Helper()
		shown, rows := cells(t, page, section), s.table(t, path)[1:]
		if len(rows) == 0 || len(shown)%len(rows) != 0 {
			t.Fatalf("%s: %d cells, %d rows", section, len(shown), len(rows))
		}
		width := len(shown) / len(rows)
		for i, row := range rows {
			for at, column := range columns {
				if column < 0 {
					continue
				}
				have, want := shown[i*width+at], row[column]
				a, err := strconv.ParseFloat(have, 64)
				b, err2 := strconv.ParseFloat(want, 64)
				if have == "" && want == "" {
					continue
				}
				if err != nil || err2 != nil || a-b > 0.051 || b-a > 0.051 {
					t.Errorf("%s, row %d: the page says %q, the spreadsheet %q", section, i, have, want)
				}
			}
		}
	}
	compare(page, "months", "/csv/loyalty?brand=demo&days=90&table=months", 1, 2, 3, 4)
	compare(page, "by-channel", "/csv/loyalty?brand=demo&days=90&table=channels", 1, 2, 3, 4)
	compare(page, "liability", "/csv/loyalty?brand=demo&days=90&table=liability", 1)
	compare(page, "participation", "/csv/loyalty?brand=demo&days=90&table=participation", 5, 4, 6, 3, 2)
	compare(page, "offers", "/csv/loyalty?brand=demo&table=offers", 6, 2, 3, 4, 5)
	compare(s.page(t, fmt.Sprintf("/members/%d?brand=demo&lang=en", ids[1])), "expiries", fmt.Sprintf("/csv/members/%d?brand=demo&table=expiries", ids[1]), 2)
	for name, least := range map[string]int{"cohorts": 5, "tiers": 2, "tier-flow": 3, "rewards": 2, "impact": 6, "figures": 10} {
		if rows := s.table(t, "/csv/loyalty?brand=demo&table="+name); len(rows) < least+1 {
			t.Errorf("%s: %v", name, rows)
		}
	}
}

// TestAMembersAccount: the account on the page is the service's, its entries page to the
// end, and the spreadsheet has them all.
func TestAMembersAccount(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.clubbed(t)
	who := &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: ids[1]}}
	for i := range 40 {
		_, err := s.Adjust(t.Context(), &loyaltyv1.AdjustRequest{Brand: brand, RequestId: fmt.Sprint("adj", i), ProgrammeId: "club", Customer: who, Points: 1, Reason: "<script>alert(1)</script>"})
		if err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.GetAccount(t.Context(), &loyaltyv1.GetAccountRequest{Brand: brand, ProgrammeId: "club", Customer: who})
	if err != nil {
		t.Fatal(err)
	}
	a := got.GetAccount()
	path := fmt.Sprintf("/members/%d?brand=demo&lang=en", ids[1])
	page := s.page(t, path)
	if n := counted(t, page, "available", ""); n != a.GetBalance().GetAvailable() || n == 0 {
		t.Errorf("the page says %d, the service %v", n, a)
	}
	for id, n := range map[string]int64{"held": 70, "earned": a.GetEarned(), "ever-spent": a.GetSpent(), "ever-expired": a.GetExpired(), "adjusted": 40, "transferred": -15} {
		if got := counted(t, page, "a-"+id, ""); got != n {
			t.Errorf("%s: the page says %d, the service %d", id, got, n)
		}
	}
	if !strings.Contains(page, "order basket") || !strings.Contains(page, "Twice") || !strings.Contains(page, "Mug") || strings.Contains(page, "<script>alert") {
		t.Error("the hold, the offer or the reward is missing, or a reason runs")
	}
	if missing := html.UnescapeString(seen(t, page, "missing")); !strings.Contains(missing, fmt.Sprintf("%d", a.GetTier().GetMissing())) {
		t.Errorf("missing: %q, the service says %d", missing, a.GetTier().GetMissing())
	}
	entries, pages := strings.Count(page, `class="num legs"`), 1
	for next := regexp.MustCompile(`rel="next" href="([^"]*)"`); ; pages++ {
		m := next.FindStringSubmatch(page)
		if m == nil {
			break
		}
		page = s.page(t, html.UnescapeString(m[1]))
		entries += strings.Count(page, `class="num legs"`)
	}
	list, err := s.ListEntries(t.Context(), &loyaltyv1.ListEntriesRequest{Brand: brand, ProgrammeId: "club", CustomerId: ids[1], PageSize: 1000})
	if err != nil || len(list.GetEntries()) != entries || pages < 2 {
		t.Errorf("%d entries on %d pages, the service has %d; %v", entries, pages, len(list.GetEntries()), err)
	}
	var sum int64
	for _, row := range s.table(t, fmt.Sprintf("/csv/members/%d?brand=demo", ids[1]))[1:] {
		sum += int64(integer(t, row[5]))
	}
	b := a.GetBalance()
	if want := b.GetAvailable() + b.GetHeld() + b.GetPending() - b.GetOwed(); sum != want {
		t.Errorf("the spreadsheet sums to %d, the balance is %d", sum, want)
	}
}

// TestAMemberIsFound by a card, and from the customer's page; what was typed stays out of
// addresses.
func TestAMemberIsFound(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.clubbed(t)
	ctx := browse(t, 390, 844)
	do(t, ctx, chromedp.Navigate(s.url+"/loyalty?brand=demo&lang=en"), chromedp.WaitVisible(chromedp.CSS("#member")))
	follow(t, ctx, chromedp.SendKeys(chromedp.CSS("#member"), address(1)+"\r"))
	if at := eval[string](t, ctx, "location.pathname + location.search"); !strings.HasPrefix(at, fmt.Sprintf("/members/%d?", ids[1])) || strings.Contains(at, "example") {
		t.Errorf("the search led to %s", at)
	}
	follow(t, ctx, chromedp.Navigate(s.url+fmt.Sprintf("/customers/%d?brand=demo&lang=en", ids[2])))
	follow(t, ctx, chromedp.Click(chromedp.CSS("#to-account")))
	if name := eval[string](t, ctx, "document.querySelector('h1').textContent"); !strings.Contains(name, fmt.Sprint(ids[2])) {
		t.Errorf("the customer's page led to %q", name)
	}
	form := url.Values{"brand": {brand}, "lang": {"en"}, "q": {"nobody@example.com"}}
	_, body, _ := s.do(t, http.MethodPost, "/members", strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	if !strings.Contains(body, "Nobody was found by n***@example.com") || strings.Contains(body, "nobody@example.com") {
		t.Error("who is not found is not said, or is named")
	}
}

// tabs are the ways to the pages on a page.
func tabs(page string) string {
	_, rest, _ := strings.Cut(page, `<nav class="tabs"`)
	all, _, _ := strings.Cut(rest, "</nav>")
	return all
}

// TestOnlyWhoHasAProgrammeIsShownTheWay, and others what to do.
func TestOnlyWhoHasAProgrammeIsShownTheWay(t *testing.T) {
	s := newSuite(t, nil)
	s.clubbed(t)
	for path, shown := range map[string]bool{
		"/customers?brand=demo": true, "/segments?brand=demo": true, "/loyalty?brand=demo": true,
		"/customers?brand=olist": false, "/segments?brand=olist": false, "/loyalty?brand=olist": false,
	} {
		page := s.page(t, path+"&lang=en")
		if has := strings.Contains(tabs(page), `href="/loyalty?`); has != shown {
			t.Errorf("%s shows the way: %v", path, has)
		}
	}
	for _, lang := range []string{"en", "ru"} {
		if page := s.page(t, "/loyalty?brand=olist&lang="+lang); !strings.Contains(page, "rapport loyalty programme create") || strings.Contains(page, `class="failed"`) {
			t.Errorf("%s: nothing says what to do", lang)
		}
	}
	for path, want := range map[string]int{
		"/loyalty?brand=demo&days=8": 400, "/loyalty?brand=demo&from=x": 400, "/loyalty?brand=demo&programme=none": 404, "/loyalty?brand=nobody": 404,
		"/csv/loyalty?brand=demo&table=none": 400, "/loyalty.csv?brand=olist": 404, "/members/x?brand=demo": 200, "/members/x/table.csv?brand=demo": 404,
		"/loyalty?brand=demo&from=2026-02-01": 200,
	} {
		if code, _, _ := s.get(t, path); code != want {
			t.Errorf("%s: HTTP %d, want %d", path, code, want)
		}
	}
}

// TestLoyaltyLinksLead: all ways on lead somewhere, and the pages keep to the policy.
func TestLoyaltyLinksLead(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.clubbed(t)
	tried := map[string]bool{}
	for name, from := range loyaltyPages(ids) {
		code, body, header := s.get(t, from+"&lang=en&brand=demo")
		if code != 200 || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: HTTP %d, policy %q", name, code, header.Get("Content-Security-Policy"))
		}
		bare := regexp.MustCompile(`(?s)<(style|script)>.*?</(style|script)>`).ReplaceAllString(body, "")
		for what, wrong := range map[string]string{
			"an address elsewhere": `(?i)(src|href|action)="(https?:)?//`, "an image or script": `(?i)\ssrc=`, "a handler": `(?i)<[^>]*\son[a-z]+=`, "a style": `(?i)<[^>]*\sstyle=`,
			"what somebody wrote": `<b>friends|<i>to come`,
		} {
			if found := regexp.MustCompile(wrong).FindString(bare); found != "" {
				t.Errorf("%s: %s: %s", name, what, found)
			}
		}
		for _, m := range regexp.MustCompile(`href="(/[^"]*)"`).FindAllStringSubmatch(body, -1) {
			to := html.UnescapeString(m[1])
			if tried[to] {
				continue
			}
			tried[to] = true
			if code, body, _ := s.get(t, to); code != 200 || strings.Contains(body, `class="failed"`) && !strings.Contains(to, "/panel") && !strings.HasPrefix(to, "/?") {
				t.Errorf("%s leads to %s: HTTP %d", from, to, code)
			}
		}
	}
	if len(tried) < 60 {
		t.Errorf("only %d links", len(tried))
	}
}

// TestLoyaltyWithoutNeighbours: what is missing is named.
func TestLoyaltyWithoutNeighbours(t *testing.T) {
	s := newSuite(t, func(all *gateway.Services) { all.Loyalty = nil })
	for _, path := range []string{"/loyalty?brand=demo&lang=en", "/members/1?brand=demo&lang=en"} {
		if page := s.page(t, path); !strings.Contains(page, "Loyalty is not part of this deployment") || strings.Contains(tabs(page), `href="/loyalty?`) {
			t.Errorf("%s does not say that Loyalty is missing", path)
		}
	}
	if code, _, _ := s.get(t, "/csv/loyalty?brand=demo"); code != 503 {
		t.Errorf("a table of nobody: HTTP %d", code)
	}
}

// TestAnAccountMoves: points that are earned show on the open page of the member, and on
// that of the programme.
func TestAnAccountMoves(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.clubbed(t)
	ctx := browse(t, 1280, 900)
	for _, c := range []struct{ path, id, wanted string }{
		{fmt.Sprintf("/members/%d?brand=demo&lang=en", ids[0]), "available", "document.querySelector('#available').textContent"},
		{"/loyalty?brand=demo&lang=en", "issued", "document.querySelector('#f-issued .now').textContent"},
	} {
		do(t, ctx, chromedp.Navigate(s.url+c.path), chromedp.WaitVisible(chromedp.CSS("#live:not(.lost)")))
		before := eval[string](t, ctx, c.wanted)
		if _, err := s.Earn(t.Context(), &loyaltyv1.EarnRequest{
			Brand: brand, RequestId: "while-open-" + c.id, ProgrammeId: "club", Points: 1234, OccurredAt: stamp(noon),
			Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: ids[0]}},
		}); err != nil {
			t.Fatal(err)
		}
		until(t, ctx, fmt.Sprintf("%s !== %q", c.wanted, before))
	}
}

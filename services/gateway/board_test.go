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

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// TestBoardIsReadable opens each page at a desk, on a telephone, on a wall and in the
// dark, in both languages, and walks one by keyboard.
func TestBoardIsReadable(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.managed(t)
	ctx := browse(t, 1280, 900)
	for _, size := range []struct {
		name          string
		width, height int64
		dark          bool
		langs         []string
	}{{"desktop", 1280, 900, false, []string{"ru", "en"}}, {"phone", 390, 844, false, []string{"ru", "en"}}, {"dark", 1280, 900, true, []string{"ru"}}, {"wall", 2560, 1440, false, []string{"en"}}} {
		look(t, ctx, size.width, size.height, size.dark)
		for _, lang := range size.langs {
			for view, path := range boardPages(ids[2]) {
				s.open(t, ctx, strings.Join([]string{"board", size.name, lang, view}, "-"), path+"&brand=demo&lang="+lang)
				if got := eval[string](t, ctx, "document.documentElement.lang"); got != lang {
					t.Errorf("%s: language %q", path, got)
				}
			}
		}
	}
	look(t, ctx, 1280, 900, false)
	do(t, ctx, chromedp.Navigate(s.url+"/rankings?brand=demo&lang=en"), chromedp.WaitReady(chromedp.CSS("#league")))
	var stops []string
	for range 60 {
		do(t, ctx, chromedp.KeyEvent(kb.Tab))
		stops = append(stops, eval[string](t, ctx, "(document.activeElement.ariaLabel || document.activeElement.name || document.activeElement.textContent).trim()"))
	}
	walk := strings.Join(stops, "|")
	if !strings.HasPrefix(walk, "To the content|Rapport|") {
		t.Errorf("the walk begins with %q", stops[:3])
	}
	for _, must := range []string{"League tables", "30 days", "metric", "subject", "min", "Apply", "Магазин на Ленина"} {
		if !strings.Contains(walk, must) {
			t.Errorf("%q is not reached by keyboard: %s", must, walk)
		}
	}
	do(t, ctx, chromedp.Navigate(s.url+"/rankings?brand=demo&lang=en"), chromedp.WaitReady(chromedp.CSS("#league")), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	do(t, ctx, chromedp.KeyEvent(kb.Tab))
	if in := eval[bool](t, ctx, "!!document.activeElement.closest('main')"); !in {
		t.Error("the way to the content does not lead there")
	}
}

// sheet reads a table of the board by section, item and measure.
func (s *suite) sheet(t *testing.T, path string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, row := range s.table(t, path)[1:] {
		out[strings.Join(row[:3], "/")] = row
	}
	return out
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

// TestBoardIsTheServices: what pages show and tables hold is what ReportService and
// Survey answer, figure by figure.
func TestBoardIsTheServices(t *testing.T) {
	s := newSuite(t, nil)
	s.managed(t)
	report := s.reports
	got, err := report.GetOmnichannelReport(t.Context(), &reportv1.GetOmnichannelReportRequest{Brand: brand, Window: &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: 90}}})
	if err != nil {
		t.Fatal(err)
	}
	rows, page := s.sheet(t, "/csv/omnichannel?brand=demo&days=90"), s.page(t, "/omnichannel?brand=demo&lang=en&days=90")
	same := func(where string, c *reportv1.ChannelReport) {
		for _, line := range c.GetMetrics() {
			row, v := rows["scores/"+where+"/"+line.GetMetric().GetName()], line.GetScore()
			if len(row) < 7 || row[3] != number(v.Value) || row[4] != number(v.Low) || row[5] != number(v.High) || row[6] != fmt.Sprint(v.GetN()) {
				t.Errorf("%s %s: %v, want %v", where, line.GetMetric().GetName(), row, v)
			}
			if v.Value != nil && where == "total" && line.GetMetric().GetName() == "nps.network" && !strings.Contains(page, strings.ReplaceAll(fmt.Sprintf("<strong>%.1f</strong>", v.GetValue()), "-", "\u2212")) {
				t.Errorf("the page does not show %v", v)
			}
		}
		for _, r := range c.GetRates() {
			if row := rows["rates/"+where+"/"+r.GetName()]; len(row) < 7 || row[3] != number(r.Value) || row[6] != fmt.Sprint(r.GetDenominator()) {
				t.Errorf("%s %s: %v, want %v", where, r.GetName(), row, r)
			}
		}
	}
	same("total", got.GetTotal())
	for _, c := range got.GetChannels() {
		same(c.GetChannel().String(), c)
	}
	if len(got.GetTotal().GetMetrics()) < 2 || len(got.GetChannels()) < 3 || !strings.Contains(page, "goal 60.0") {
		t.Error("there is nothing to compare")
	}

	card, err := report.GetSubjectScorecard(t.Context(), &reportv1.GetSubjectScorecardRequest{Brand: brand, Subject: store("103"), MinN: 10})
	if err != nil {
		t.Fatal(err)
	}
	rows = s.sheet(t, "/csv/scorecards/STORE:103?brand=demo")
	if r := card.GetRank(); r == nil || rows["rank/STORE:103/rank"][3] != fmt.Sprint(r.GetRank()) || rows["rank/STORE:103/rank"][4] != fmt.Sprint(r.GetBestRank()) {
		t.Errorf("rank %v, want %v", rows["rank/STORE:103/rank"], card.GetRank())
	}
	for _, line := range card.GetScores() {
		if row := rows["scores/STORE:103/"+line.GetMetric().GetName()]; row[3] != number(line.GetScore().Value) || row[6] != fmt.Sprint(line.GetScore().GetN()) {
			t.Errorf("%v, want %v", row, line.GetScore())
		}
	}
}

// TestALeagueTableSaysNoMoreThanIsKnown: places are ranges, the table is Survey's own,
// and a page of it goes on where the one before ended.
func TestALeagueTableSaysNoMoreThanIsKnown(t *testing.T) {
	s := newSuite(t, nil)
	s.managed(t)
	got, err := s.RankSubjects(t.Context(), &surveyv1.RankSubjectsRequest{
		Brand: brand, Metric: "nps.network", Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, MinN: 10, Window: &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: 90}},
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := s.table(t, "/csv/rankings?brand=demo&kind=STORE&metric=nps.network&days=90")
	if len(rows)-1 != len(got.GetSubjects()) || len(rows) < 10 {
		t.Fatalf("%d lines, want %d", len(rows)-1, len(got.GetSubjects()))
	}
	page := html.UnescapeString(s.page(t, "/rankings?brand=demo&lang=en&kind=STORE&metric=nps.network&days=90"))
	ranges := 0
	for i, one := range got.GetSubjects() {
		row := rows[i+1]
		if row[5] != one.GetSubject().GetId() || row[0] != fmt.Sprint(one.GetRank()) || row[2] != fmt.Sprint(one.GetWorstRank()) || row[8] != number(one.GetScore().Value) || row[11] != fmt.Sprint(one.GetScore().GetN()) {
			t.Errorf("line %d: %v, want %v", i, row, one)
		}
		place := fmt.Sprint(one.GetRank())
		if one.GetBestRank() != one.GetWorstRank() {
			place = fmt.Sprintf("%d–%d", one.GetBestRank(), one.GetWorstRank())
			ranges++
		}
		line := fmt.Sprintf(`<td class="place">%s</td><th scope="row"><a href="/scorecards/STORE:%s?`, place, one.GetSubject().GetId())
		if !strings.Contains(page, line) {
			t.Errorf("the page has no %s", line)
		}
	}
	if ranges == 0 {
		t.Error("every place is certain: nothing is tried")
	}
}

// TestOmnichannelMoves: a number on the open page is another one as soon as a response
// has come in over gRPC.
func TestOmnichannelMoves(t *testing.T) {
	s := newSuite(t, nil)
	define(t, s.world)
	s.submit(t, "first", courierSaid(10))
	ctx := browse(t, 1280, 900)
	do(t, ctx, chromedp.Navigate(s.url+"/omnichannel?brand=demo&lang=en"), chromedp.WaitVisible(chromedp.CSS("#live:not(.lost)")))
	const shown = "document.querySelector('.tile strong').textContent"
	until(t, ctx, shown+" === '100.0'")
	for i := range 3 {
		s.submit(t, fmt.Sprint("second", i), courierSaid(0))
	}
	until(t, ctx, shown+" === '\u221250.0'")
	until(t, ctx, "document.querySelector('#compared tbody td.num b').textContent === '\u221250.0'")
	do(t, ctx, chromedp.Navigate(s.url+"/scorecards/STORE:101?brand=demo&lang=en"), chromedp.WaitVisible(chromedp.CSS("#live:not(.lost)")))
	s.submit(t, "third", courierSaid(9))
	until(t, ctx, "document.querySelector('#main-value').textContent === '\u221220.0'")
}

// TestEveryPageHasItsNumbers: each page has a download that works and a link that
// shows it again, with its brand, language and days; and none of it is kept by others.
func TestEveryPageHasItsNumbers(t *testing.T) {
	s := newSuite(t, nil)
	ids := s.managed(t)
	pages := boardPages(ids[2])
	for name, path := range leafPages(ids[2]) {
		if name != "draft" { // of a map that is not published there are no numbers
			pages["leaf "+name] = path
		}
	}
	for name, path := range map[string]string{"overview": "/?", "store": "/?subject=STORE:103&days=7", "segments": "/segments?", "segment": "/segments/loyal?", "panel": "/panel?", "rfm": "/rfm?", "migration": "/migration?", "drivers": "/drivers?"} {
		pages[name] = path
	}
	out := regexp.MustCompile(`(?s)<footer class="out"><a href="([^"]+)" download>.*?<a href="([^"]+)" rel="bookmark">`)
	for name, path := range pages {
		code, body, header := s.get(t, path+"&brand=demo&lang=ru")
		links := out.FindStringSubmatch(body)
		if code != 200 || links == nil {
			t.Errorf("%s: HTTP %d, no download or link", name, code)
			continue
		}
		table, again := html.UnescapeString(links[1]), html.UnescapeString(links[2])
		if code, body, header := s.get(t, table); code != 200 || !strings.HasPrefix(header.Get("Content-Type"), "text/csv") || !strings.Contains(body, ",") {
			t.Errorf("%s: %s: HTTP %d", name, table, code)
		}
		u, err := url.Parse(again)
		if err != nil || u.Query().Get("brand") != brand || u.Query().Get("lang") != "ru" {
			t.Errorf("%s: %s is no link to it", name, again)
		}
		if code, _, _ := s.get(t, again); code != 200 {
			t.Errorf("%s: %s: HTTP %d", name, again, code)
		}
		personal := strings.HasPrefix(path, "/customers") || strings.HasPrefix(path, "/cases") || strings.HasPrefix(path, "/scorecards") || strings.HasPrefix(path, "/?")
		if kept := header.Get("Cache-Control"); personal != (kept == "no-store") || !personal && kept != "private, no-cache" {
			t.Errorf("%s: Cache-Control %q", name, kept)
		}
		if tag := header.Get("ETag"); !personal {
			if code, body, _ := s.get(t, path+"&brand=demo&lang=ru", "If-None-Match", tag); code != http.StatusNotModified || body != "" {
				t.Errorf("%s: HTTP %d and %d bytes for who has it", name, code, len(body))
			}
		}
	}
}

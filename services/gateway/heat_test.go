package gateway_test

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// TestAHeatMapIsTheServices: each cell of the table is ReportService's own, the page
// orders its rows by the column that was chosen, and says in words what colours say.
func TestAHeatMapIsTheServices(t *testing.T) {
	s := newSuite(t, nil)
	s.managed(t)
	for _, label := range []string{"", "format"} {
		s.heatMap(t, label)
	}
	for query, code := range map[string]int{"by=none": 200, "metric=none": 404, "min=0": 400, "after=x": 400, "kind=EMPLOYEE": 400, "subject=x": 400, "subject=REGION:none": 404, "from=2026-02-30": 400} {
		if have, _, _ := s.get(t, "/heatmap?brand=demo&"+query); have != code {
			t.Errorf("%s: HTTP %d, want %d", query, have, code)
		}
	}
}

// heatMap holds the page and the table of a map against the service's answer.
func (s *suite) heatMap(t *testing.T, label string) {
	t.Helper()
	got, err := s.reports.GetHeatMap(t.Context(), &reportv1.GetHeatMapRequest{
		Brand: brand, Under: network, Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, ClassLabel: label, MinN: 10,
		Window: &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: 30}},
	})
	if err != nil {
		t.Fatal(err)
	}
	at := "brand=demo&lang=en&subject=NETWORK:all&days=30&label=" + label
	rows := map[string][]string{}
	for _, row := range s.table(t, "/csv/heatmap?"+at)[1:] {
		rows[strings.Join([]string{row[0], row[2], row[4]}, "/")] = row
	}
	page, standings := html.UnescapeString(s.page(t, "/heatmap?"+at)), map[reportv1.HeatCell_Standing]int{}
	for _, c := range got.GetClasses() {
		for _, r := range append([]*reportv1.HeatRow{{Cells: c.GetPooled()}}, c.GetRows()...) {
			for i, cell := range r.GetCells() {
				row := rows[strings.Join([]string{c.GetValue(), r.GetSubject().GetId(), got.GetMetrics()[i].GetName()}, "/")]
				if len(row) < 15 || row[5] != number(cell.Value) || row[6] != number(cell.Low) || row[8] != fmt.Sprint(cell.GetN()) || "STANDING_"+row[9] != cell.GetStanding().String() ||
					cell.GetTier() > 0 && (row[11] != fmt.Sprint(cell.GetTier()) || row[14] != fmt.Sprint(cell.GetWorstRank())) {
					t.Errorf("%v, want %v", row, cell)
				}
				standings[cell.GetStanding()]++
			}
		}
	}
	if standings[reportv1.HeatCell_STANDING_ALIKE] == 0 || label == "" && (standings[reportv1.HeatCell_STANDING_BETTER] == 0 || standings[reportv1.HeatCell_STANDING_WORSE] == 0) || label != "" && len(got.GetClasses()) != 2 {
		t.Errorf("nothing is tried: %v", standings)
	}
	for standing, words := range map[reportv1.HeatCell_Standing]string{reportv1.HeatCell_STANDING_BETTER: "; better than the others; ", reportv1.HeatCell_STANDING_WORSE: "; worse than the others; "} {
		if strings.Count(page, words) != 2*standings[standing] { // for the eye, and for the ear
			t.Errorf("%q is said %d times, of %d cells", words, strings.Count(page, words), standings[standing])
		}
	}
	for column, m := range got.GetMetrics() {
		page := s.page(t, "/heatmap?"+at+"&by="+m.GetName())
		var want, have []int
		for _, c := range got.GetClasses() {
			all := slices.Clone(c.GetRows())
			slices.SortStableFunc(all, func(x, y *reportv1.HeatRow) int {
				return int(x.GetCells()[column].GetRank() - y.GetCells()[column].GetRank())
			})
			for _, r := range all {
				have = append(have, strings.Index(page, "/scorecards/STORE:"+r.GetSubject().GetId()+"?"))
			}
		}
		if want = slices.Sorted(slices.Values(have)); have[0] < 0 || !slices.Equal(have, want) {
			t.Errorf("by %s: rows stand at %v", m.GetName(), have)
		}
	}
}

// TestAHeatMapMoves: a cell of the open page is another one once responses have come in.
func TestAHeatMapMoves(t *testing.T) {
	s := newSuite(t, nil)
	define(t, s.world)
	s.submit(t, "first", response("101", 0, 10, ""))
	ctx := browse(t, 1280, 900)
	do(t, ctx, chromedp.Navigate(s.url+"/heatmap?brand=demo&lang=en&min=1&metric=nps.network"), chromedp.WaitVisible(chromedp.CSS("#live:not(.lost)")))
	cell := `[...document.querySelectorAll('.heat tbody tr')].find((r) => r.textContent.includes('Магазин на Ленина, 1')).querySelector('td').textContent`
	until(t, ctx, cell+".includes('100.0')")
	for i := range 3 {
		s.submit(t, fmt.Sprint("second", i), response("101", 0, 0, ""))
	}
	until(t, ctx, cell+".includes('\u221250.0') && "+cell+".includes('n = 4')")
}

// TestPagesLeadOn: from what is read to having it come by itself, with what was looked at
// filled in, and from a league table to the map of the same and back.
func TestPagesLeadOn(t *testing.T) {
	s := newSuite(t, nil)
	define(t, s.world)
	ways := regexp.MustCompile(`(?s)<p class="further small">(.*?)</p>`)
	links := regexp.MustCompile(`href="([^"]+)"`)
	for path, want := range map[string][]string{
		"/omnichannel?brand=demo&lang=en&subject=STORE:103":                {`name="subject" type="text" value="STORE:103"`},
		"/scorecards/STORE:103?brand=demo&lang=en":                         {`<option value="SCORECARD" selected>`, `name="subject" type="text" value="STORE:103"`},
		"/rankings?brand=demo&lang=en&kind=STORE&metric=csi.visit&days=90": {`<h1>Heat map`},
		"/heatmap?brand=demo&lang=en&kind=STORE&days=90":                   {`<h1>League tables`},
	} {
		further := ways.FindStringSubmatch(s.page(t, path))
		if further == nil {
			t.Errorf("%s leads nowhere", path)
			continue
		}
		for i, m := range links.FindAllStringSubmatch(further[1], -1) {
			if page := s.page(t, html.UnescapeString(m[1])); !strings.Contains(page, want[min(i, len(want)-1)]) {
				t.Errorf("%s leads to %s, which lacks %s", path, m[1], want[min(i, len(want)-1)])
			}
		}
	}
}

package board

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

// TestACellSaysWhatIsNotToldOfIt: nobody can take what is hidden for nothing, nor what
// few said for a conclusion.
func TestACellSaysWhatIsNotToldOfIt(t *testing.T) {
	nps := &surveyv1.Metric{Name: "nps", Kind: surveyv1.MetricKind_METRIC_KIND_NPS}
	some := &reportv1.HeatCell{N: 7, Value: proto.Float64(-14.3), Low: proto.Float64(-60), High: proto.Float64(31), Standing: reportv1.HeatCell_STANDING_FEW}
	for _, l := range catalogues {
		s := &scene{Lang: l, brand: &config.Brand{}}
		s.table.minN = 10
		for _, tt := range []struct {
			cell       *reportv1.HeatCell
			mark, n    string
			hint, with string
		}{
			{&reportv1.HeatCell{Standing: reportv1.HeatCell_STANDING_HIDDEN}, "×", "", l.standings[reportv1.HeatCell_STANDING_HIDDEN], ""},
			{&reportv1.HeatCell{Standing: reportv1.HeatCell_STANDING_EMPTY}, "–", "", l.standings[reportv1.HeatCell_STANDING_EMPTY], ""},
			{&reportv1.HeatCell{}, "–", "", l.NoAnswers, ""},
			{some, "?", "n = 7", s.standing(reportv1.HeatCell_STANDING_FEW), "\u221214"},
			{&reportv1.HeatCell{N: 90, Value: proto.Float64(50), Low: proto.Float64(40), High: proto.Float64(60), Gap: proto.Float64(-3.5), Tier: 2, Rank: 4, BestRank: 3, WorstRank: 9, Standing: reportv1.HeatCell_STANDING_WORSE},
				"▼", "n = 90", l.standings[reportv1.HeatCell_STANDING_WORSE], "2"},
		} {
			got := s.heatCell(nps, tt.cell, false)
			if got.Mark != tt.mark || got.N != tt.n || !strings.Contains(got.Hint, tt.hint) || !strings.HasPrefix(got.Value, tt.with) && tt.with != "2" {
				t.Errorf("%s: %v is %+v", l.Code, tt.cell, got)
			}
			if tt.with == "2" && (!strings.Contains(got.Place, "3") || !strings.Contains(got.Place, "9") || !strings.Contains(got.Hint, "\u22123")) {
				t.Errorf("%s: a place of %q in %q", l.Code, got.Place, got.Hint)
			}
		}
	}
}

// TestWhoIsAloneIsBesideNobody: of a subject without a class nothing is said that would
// need others.
func TestWhoIsAloneIsBesideNobody(t *testing.T) {
	s := &scene{Lang: &english, brand: &config.Brand{}}
	s.table.label, s.table.minN = "format", 10
	s.heat.got = &reportv1.GetHeatMapResponse{Metrics: []*surveyv1.Metric{{Kind: surveyv1.MetricKind_METRIC_KIND_NPS}}, Sections: []*reportv1.Section{{Name: "tiers", Status: reportv1.Section_STATUS_OK}}}
	cell := &reportv1.HeatCell{N: 90, Value: proto.Float64(50), Low: proto.Float64(40), High: proto.Float64(60), Standing: reportv1.HeatCell_STANDING_ALIKE}
	row := &reportv1.HeatRow{Cells: []*reportv1.HeatCell{cell}}
	alike := english.standings[reportv1.HeatCell_STANDING_ALIKE]
	for class, alone := range map[string]bool{"": true, "hyper": false} {
		c := &reportv1.HeatClass{Value: class, Pooled: []*reportv1.HeatCell{cell}}
		got := s.heatCell(&surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_NPS}, cell, s.alone(c))
		if strings.Contains(got.Hint, alike) == alone || (got.Mark == "") != alone || (s.heatTier(c, row) == "") != alone || (len(s.heatClass(c).Rows) == 0) != alone && class == "" {
			t.Errorf("class %q: %+v under %q", class, got, s.heatTier(c, row))
		}
	}
	s.heat.got.Sections[0].Status = reportv1.Section_STATUS_MISSING
	if tier := s.heatTier(&reportv1.HeatClass{Value: "hyper"}, row); tier != "" {
		t.Errorf("without ranks it stands under %q", tier)
	}
}

// TestRowsBeginWhereAPageEnded: pages together are the whole map, each row once, and a
// class that goes on is named again.
func TestRowsBeginWhereAPageEnded(t *testing.T) {
	got := &reportv1.GetHeatMapResponse{Metrics: []*surveyv1.Metric{{Name: "nps", Kind: surveyv1.MetricKind_METRIC_KIND_NPS}}}
	for _, class := range []string{"a", "b"} {
		c := &reportv1.HeatClass{Value: class, Pooled: []*reportv1.HeatCell{{}}}
		for range 130 {
			c.Rows = append(c.Rows, &reportv1.HeatRow{Name: class, Cells: []*reportv1.HeatCell{{}}})
		}
		got.Classes = append(got.Classes, c)
	}
	var pages []string
	for after := 0; after < 260; after += heatPage {
		s := &scene{Lang: &english, brand: &config.Brand{}, heat: heat{got: got, after: after}}
		s.table.label = "format"
		d, text := &heatData{}, ""
		shown := s.heatBodies(d)
		for _, b := range d.Bodies {
			if b.Class != "" {
				text += "[" + b.Class + "]"
			}
			for _, r := range b.Rows {
				if !r.Sum {
					text += r.Name
				}
			}
		}
		if n := strings.Count(text, "a]") + strings.Count(text, "b]"); n == 0 || shown > heatPage {
			t.Errorf("%d rows under %d headings", shown, n)
		}
		pages = append(pages, strings.NewReplacer("[format: a]", "A", "[format: b]", "B").Replace(text))
	}
	want := []string{"A" + strings.Repeat("a", 100), "A" + strings.Repeat("a", 30) + "B" + strings.Repeat("b", 70), "B" + strings.Repeat("b", 60)}
	if strings.Join(pages, "|") != strings.Join(want, "|") {
		t.Errorf("%q", pages)
	}
}

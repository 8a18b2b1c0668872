package report_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/report"
)

// A segment's panel is what each service says of it.
func TestSegmentPanel(t *testing.T) {
	w := newWorld(t, monday, report.Config{})
	w.live(t)
	got, err := w.reports.GetSegmentPanel(t.Context(), &reportv1.GetSegmentPanelRequest{Brand: brand, SegmentId: "us",
		Distributions: []*segmentationv1.DistributionQuery{{Field: "purchases.count"}}})
	must(t, err)
	panel, err := w.segmentation.QueryPanel(t.Context(), &segmentationv1.QueryPanelRequest{Brand: brand, Rest: true,
		Distributions: []*segmentationv1.DistributionQuery{{Field: "purchases.count"}},
		Filters:       []*segmentationv1.PanelFilter{{Filter: &segmentationv1.PanelFilter_SegmentId{SegmentId: "us"}}}})
	must(t, err)
	if !proto.Equal(panel.GetChosen(), got.GetMembers()) || !proto.Equal(panel.GetRest(), got.GetOthers()) || got.GetPersons() != 1 || got.GetMembers().GetPersons() != 1 {
		t.Errorf("%v\n%v", panel, got.GetMembers())
	}
	for dates, have := range map[*commonv1.DateRange]*segmentationv1.ValuePeriod{
		{Start: "2026-02-01", End: "2026-03-03"}: got.GetValue(), {Start: "2026-01-02", End: "2026-02-01"}: got.GetValueBefore(),
	} {
		value, err := w.segmentation.GetSegmentValue(t.Context(), &segmentationv1.GetSegmentValueRequest{Brand: brand, SegmentId: "us", Dates: dates})
		must(t, err)
		if !proto.Equal(value.GetTotal(), have) || have.GetValue().GetPurchases() == 0 {
			t.Errorf("%v, not %v", have, value.GetTotal())
		}
	}
	window := dates("2026-02-01", "2026-03-03")
	for _, s := range got.GetScores() {
		score, err := w.survey.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: s.GetMetric().GetName(), Window: window, Scope: &surveyv1.Scope{SegmentId: "us"}})
		must(t, err)
		if !proto.Equal(score.GetTotal(), s.GetMembers()) || s.GetOthers().GetN() != 0 || s.Difference != nil || !s.GetTooFew() {
			t.Errorf("%v, not %v", s, score.GetTotal())
		}
	}
	if r := got.GetRedemption(); len(got.GetScores()) != 5 || r.GetNumerator() != 100 || r.GetDenominator() != 500 || got.GetRedemptionOfAll().GetNumerator() != 100 {
		t.Errorf("%d scores, %v", len(got.GetScores()), r)
	}
	if _, err := w.reports.GetSegmentPanel(t.Context(), &reportv1.GetSegmentPanelRequest{Brand: brand, SegmentId: "none"}); !fault.Is(err, commonv1.Reason_REASON_SEGMENT_UNKNOWN) {
		t.Error(err)
	}
	if _, err := w.reports.GetSegmentPanel(t.Context(), &reportv1.GetSegmentPanelRequest{Brand: brand, SegmentId: "us", Metrics: []string{"none"}}); !fault.Is(err, commonv1.Reason_REASON_METRIC_UNKNOWN) {
		t.Error(err)
	}
}

// What programmes do and cost is what Loyalty says of each.
func TestLoyaltyImpact(t *testing.T) {
	w := newWorld(t, monday, report.Config{})
	w.live(t)
	_, err := w.loyalty.CreateProgramme(t.Context(), &loyaltyv1.CreateProgrammeRequest{Brand: brand, Programme: &loyaltyv1.Programme{Id: "also", EffectiveFrom: stamp(w.now.AddDate(-1, 0, 0))}})
	must(t, err)
	got, err := w.reports.GetLoyaltyImpact(t.Context(), &reportv1.GetLoyaltyImpactRequest{Brand: brand})
	must(t, err)
	if p := got.GetProgrammes(); len(p) != 2 || p[0].GetTitle() != "also" || p[1].GetTitle() != "Club" {
		t.Fatal(got)
	}
	days := &commonv1.DateRange{Start: "2025-03-03", End: "2026-03-03"}
	for _, p := range got.GetProgrammes() {
		impact, err := w.loyalty.GetLoyaltyImpact(t.Context(), &loyaltyv1.GetLoyaltyImpactRequest{Brand: brand, ProgrammeId: p.GetProgrammeId(), Dates: days})
		must(t, err)
		taking, err := w.loyalty.GetParticipation(t.Context(), &loyaltyv1.GetParticipationRequest{Brand: brand, ProgrammeId: p.GetProgrammeId(), Dates: days})
		must(t, err)
		breakage, err := w.loyalty.GetBreakage(t.Context(), &loyaltyv1.GetBreakageRequest{Brand: brand, ProgrammeId: p.GetProgrammeId(), Dates: days})
		must(t, err)
		liability, err := w.loyalty.GetLiability(t.Context(), &loyaltyv1.GetLiabilityRequest{Brand: brand, ProgrammeId: p.GetProgrammeId()})
		must(t, err)
		if !proto.Equal(impact, p.GetImpact()) || !proto.Equal(taking, p.GetParticipation()) || !proto.Equal(breakage, p.GetBreakage()) || !proto.Equal(liability, p.GetLiability()) {
			t.Errorf("%s: %v", p.GetProgrammeId(), p)
		}
	}
	if club := got.GetProgrammes()[1]; club.GetLiability().GetPoints() != 400 || club.GetRedemption().GetNumerator() != 100 || club.GetParticipation().GetTotal().GetMembers() != 1 {
		t.Error(club)
	}
	one, err := w.reports.GetLoyaltyImpact(t.Context(), &reportv1.GetLoyaltyImpactRequest{Brand: brand, ProgrammeId: "club"})
	must(t, err)
	if len(one.GetProgrammes()) != 1 || !proto.Equal(one.GetProgrammes()[0], got.GetProgrammes()[1]) {
		t.Error(one)
	}
	if _, err := w.reports.GetLoyaltyImpact(t.Context(), &reportv1.GetLoyaltyImpactRequest{Brand: brand, ProgrammeId: "none"}); !fault.Is(err, commonv1.Reason_REASON_PROGRAMME_UNKNOWN) {
		t.Error(err)
	}
	if _, err := w.reports.GetLoyaltyImpact(t.Context(), &reportv1.GetLoyaltyImpactRequest{Brand: brand, Window: &surveyv1.Window{}}); !fault.Is(err, commonv1.Reason_REASON_FIELD_INVALID) {
		t.Error(err)
	}
}

// A tree names metrics that are there; it is refused, not guessed, while nobody can tell.
func TestTreeOfMetricsThatAre(t *testing.T) {
	w := newWorld(t, monday, report.Config{})
	w.defined(t)
	set := func(names ...string) error {
		tree := &reportv1.MetricTree{}
		for i, name := range names {
			tree.Nodes = append(tree.Nodes, &reportv1.MetricNode{Id: string(rune('a' + i)), Role: reportv1.MetricNode_ROLE_MAIN, Figure: &reportv1.MetricNode_Metric{Metric: name}})
		}
		_, err := w.reports.SetMetricTree(t.Context(), &reportv1.SetMetricTreeRequest{Brand: brand, Tree: tree})
		return err
	}
	must(t, set("nps.network", "low.share"))
	err := set("nps.network", "nps.weather")
	if e := fault.From(err); !fault.Is(err, commonv1.Reason_REASON_FIELD_INVALID) || len(e.Fields) != 1 || e.Fields[0].Path != "tree.nodes[1].metric" {
		t.Error(err)
	}
	w.served["survey"].stop()
	if err := set("nps.network"); err == nil || !fault.Retryable(err) {
		t.Error("without Survey:", err)
	}
	w.served["survey"].start()
	got, err := w.reports.GetMetricTree(t.Context(), &reportv1.GetMetricTreeRequest{Brand: brand})
	must(t, err)
	if got.GetTree().GetVersion() != 1 {
		t.Error(got.GetTree())
	}
}

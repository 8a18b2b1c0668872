package report_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
)

// partsOf are the fields that each section of an answer fills.
var partsOf = map[string]map[string][]protoreflect.Name{
	"omnichannel": {},
	"scorecard": {
		"subject": {"name"}, "scores": {"scores"}, "trend": {"trend", "today"}, "rank": {"rank", "peers", "spread"}, "gaps": {"gaps"},
		"comments": {"comments"}, "cases": {"cases"}, "orders": {"off_norm", "rates"},
	},
	"customer": {
		"profile": {"customer", "value"}, "segments": {"segment_ids"}, "rfm": {"rfm"}, "contacts": {"contacts"}, "responses": {"responses"},
		"cases": {"cases"}, "journey": {"events"}, "loyalty": {"accounts"},
	},
	"segment": {
		"panel": {"members", "others", "persons"}, "scores": {"scores"}, "value": {"value", "value_before", "value_of_all"},
		"loyalty": {"redemption", "redemption_of_all"},
	},
	"impact": {}, "heat": {}, "tree": {},
}

// holdWhatIsThere compares a report with the whole one, as far as its sections are there.
// What is not there must leave nothing behind.
func holdWhatIsThere(t *testing.T, name string, whole, got sectioned) {
	t.Helper()
	there := states(got)
	for section, fields := range partsOf[name] {
		for _, field := range fields {
			fd := got.ProtoReflect().Descriptor().Fields().ByName(field)
			switch {
			case there[section] == reportv1.Section_STATUS_OK && !whole.ProtoReflect().Get(fd).Equal(got.ProtoReflect().Get(fd)):
				t.Errorf("%s: %s differs though %s is there", name, field, section)
			case there[section] != reportv1.Section_STATUS_OK && got.ProtoReflect().Has(fd):
				t.Errorf("%s: %s is told though %s is not there", name, field, section)
			}
		}
	}
	switch of := got.(type) {
	case *reportv1.GetOmnichannelReportResponse:
		holdChannels(t, whole.(*reportv1.GetOmnichannelReportResponse), of)
	case *reportv1.GetHeatMapResponse:
		holdHeat(t, whole.(*reportv1.GetHeatMapResponse), of)
	case *reportv1.GetLoyaltyImpactResponse:
		holdImpact(t, whole.(*reportv1.GetLoyaltyImpactResponse), of)
	}
	for _, text := range got.GetSections() {
		if m := text.GetMessage(); m != "" && containsAddress(m) {
			t.Errorf("told outside: %s", m)
		}
	}
}

func holdChannels(t *testing.T, want, got *reportv1.GetOmnichannelReportResponse) {
	t.Helper()
	of, there := got.GetTotal(), states(got)
	if there["scores"] == reportv1.Section_STATUS_OK {
		if diff := cmp.Diff(want.GetTotal().GetMetrics(), of.GetMetrics(), protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
	} else if len(of.GetMetrics()) > 0 {
		t.Error("a section that failed has numbers")
	}
	rates := map[string]*reportv1.Rate{}
	for _, r := range of.GetRates() {
		rates[r.GetName()] = r
	}
	section := map[string]string{"response_rate": "invitations", "success_index": "orders", "contact_rate": "contacts", "redemption_rate": "loyalty", "retention": "retention"}
	for _, r := range want.GetTotal().GetRates() {
		have := rates[r.GetName()]
		if ok := there[section[r.GetName()]] == reportv1.Section_STATUS_OK; ok != (have != nil) || ok && !proto.Equal(r, have) {
			t.Errorf("%s: %v, not %v", r.GetName(), have, r)
		}
	}
	if there["orders"] == reportv1.Section_STATUS_OK && of.GetOrders() != want.GetTotal().GetOrders() {
		t.Errorf("%d orders, want %d", of.GetOrders(), want.GetTotal().GetOrders())
	}
}

// holdHeat: without subjects there are no rows, without scores no cells, without tiers no
// places.
func holdHeat(t *testing.T, want, got *reportv1.GetHeatMapResponse) {
	t.Helper()
	there := states(got)
	if there["subjects"] != reportv1.Section_STATUS_OK {
		if len(got.GetClasses()) > 0 {
			t.Error("rows without subjects")
		}
		return
	}
	want = proto.CloneOf(want)
	scores, tiers := there["scores"] == reportv1.Section_STATUS_OK, there["tiers"] == reportv1.Section_STATUS_OK
	for _, c := range want.GetClasses() {
		if !scores {
			c.Pooled = nil
		}
		for _, r := range c.GetRows() {
			if !scores {
				r.Cells = nil
			}
			for _, cell := range r.GetCells() {
				if !tiers {
					cell.Tier, cell.Rank, cell.BestRank, cell.WorstRank = 0, 0, 0, 0
				}
			}
		}
		slices.SortFunc(c.GetRows(), func(x, y *reportv1.HeatRow) int {
			return strings.Compare(x.GetSubject().GetId(), y.GetSubject().GetId())
		})
	}
	have := proto.CloneOf(got)
	for _, c := range have.GetClasses() {
		slices.SortFunc(c.GetRows(), func(x, y *reportv1.HeatRow) int {
			return strings.Compare(x.GetSubject().GetId(), y.GetSubject().GetId())
		})
	}
	if diff := cmp.Diff(want.GetClasses(), have.GetClasses(), protocmp.Transform()); diff != "" {
		t.Errorf("heat map with scores %v, tiers %v: %s", scores, tiers, diff)
	}
}

func holdImpact(t *testing.T, want, got *reportv1.GetLoyaltyImpactResponse) {
	t.Helper()
	there := states(got)
	for i, p := range got.GetProgrammes() {
		whole := proto.CloneOf(want.GetProgrammes()[i])
		for name, clear := range map[string]func(){
			"impact": func() { whole.Impact = nil }, "participation": func() { whole.Participation = nil }, "redemption": func() { whole.Redemption = nil },
			"breakage": func() { whole.Breakage = nil }, "liability": func() { whole.Liability = nil },
		} {
			if there[name] != reportv1.Section_STATUS_OK {
				clear()
			}
		}
		if diff := cmp.Diff(whole, p, protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
	}
}

package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Rates of points are of what their reader sees: a director's are of its own store, and
// of a region they are of all that stands below it, which the facts do not say.
func TestRatesOfAPart(t *testing.T) {
	f := newFortress(t)
	f.plant()
	points, reports := loyaltyv1.NewLoyaltyServiceClient(f.conn), reportv1.NewReportServiceClient(f.conn)
	region := &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, Id: "R"}
	_, err := points.CreateProgramme(f.with(f.service), &loyaltyv1.CreateProgrammeRequest{Brand: "demo", Programme: &loyaltyv1.Programme{
		Id: "places", Titles: map[string]string{"en": "Places"}, EffectiveFrom: timestamppb.New(time.Now().AddDate(0, 0, -9)),
	}})
	f.ok(err)
	for at, n := range map[string]int64{"1": 100, "2": 40, "elsewhere": 7} {
		_, err := points.Earn(f.with(f.service), &loyaltyv1.EarnRequest{
			Brand: "demo", RequestId: "at-" + at, ProgrammeId: "places", Points: n, Origin: &loyaltyv1.Origin{OrderId: at, Subjects: []*commonv1.SubjectRef{storeRef(at)}},
			Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: &commonv1.Identity{Kind: commonv1.Identity_KIND_CARD, Value: "7001"}}},
		})
		f.ok(err)
	}
	director := jwt.MapClaims{"subjects": "STORE/1"}
	for what, c := range map[string]struct {
		claims jwt.MapClaims
		scope  *loyaltyv1.RateScope
		want   string
	}{
		"all, of everything":        {nil, &loyaltyv1.RateScope{}, "147 [STORE:1 STORE:2 STORE:elsewhere]"},
		"all, of a region":          {nil, &loyaltyv1.RateScope{Under: region}, "140 [STORE:1 STORE:2]"},
		"all, of a store":           {nil, &loyaltyv1.RateScope{Under: storeRef("2")}, "40 [STORE:2]"},
		"all, of nothing":           {nil, &loyaltyv1.RateScope{Under: storeRef("none")}, "NotFound"},
		"all, of both":              {nil, &loyaltyv1.RateScope{Under: region, Subjects: []*commonv1.SubjectRef{storeRef("1")}}, "InvalidArgument"},
		"a director":                {director, &loyaltyv1.RateScope{}, "100 [STORE:1]"},
		"a director, of its store":  {director, &loyaltyv1.RateScope{Under: storeRef("1")}, "100 [STORE:1]"},
		"a director, of another":    {director, &loyaltyv1.RateScope{Subjects: []*commonv1.SubjectRef{storeRef("2")}}, "PermissionDenied"},
		"a director, of its region": {director, &loyaltyv1.RateScope{Under: region}, "PermissionDenied"},
	} {
		c.scope.ProgrammeId = "places"
		in := &loyaltyv1.GetRedemptionRateRequest{Brand: "demo", Scope: c.scope, Split: loyaltyv1.RateSplit_RATE_SPLIT_SUBJECT}
		out, err := points.GetRedemptionRate(f.with(f.token(c.claims)), in)
		got := status.Code(err).String()
		if err == nil {
			var groups []string
			for _, g := range out.GetGroups() {
				groups = append(groups, g.GetKey())
			}
			got = fmt.Sprint(out.GetTotal().GetIssued(), " ", groups)
		}
		if got != c.want {
			t.Errorf("%s: %s, not %s: %v", what, got, c.want, err)
		}
	}
	_, err = points.GetRedemptionRate(f.with(f.token(director)), &loyaltyv1.GetRedemptionRateRequest{Brand: "demo", Scope: &loyaltyv1.RateScope{ProgrammeId: "places"}, Cohorts: true})
	if status.Code(err) != codes.PermissionDenied {
		t.Errorf("a director, of cohorts: %v", err)
	}
	for of, want := range map[*commonv1.SubjectRef]int64{storeRef("1"): 100, region: 140} {
		claims := director
		if of == region {
			claims = jwt.MapClaims{"subjects": "REGION/R"}
		}
		out, err := reports.GetOmnichannelReport(f.with(f.token(claims)), &reportv1.GetOmnichannelReportRequest{Brand: "demo", Subject: of, Sections: []string{"loyalty"}})
		f.ok(err)
		if rates := out.GetTotal().GetRates(); len(rates) != 1 || rates[0].GetDenominator() != want {
			t.Errorf("the report of %v: %v, %v", of, rates, out.GetSections())
		}
	}
}

// Measures of a region are of all that stands below it, as its reader sees it.
func TestMeasuresOfAPart(t *testing.T) {
	f := newFortress(t)
	f.plant()
	whole := f.bringer(nil)
	// Beside what is there: two receipts of store 1, seven of store 2.
	for _, at := range []string{"1", "2", "elsewhere"} {
		if code := whole.recorded(happened("bought-"+at, "", storeRef(at))); code != codes.OK {
			t.Fatal(code)
		}
	}
	region, director := &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, Id: "R"}, jwt.MapClaims{"subjects": "STORE/1"}
	for what, c := range map[string]struct {
		claims jwt.MapClaims
		under  *commonv1.SubjectRef
		want   string
	}{
		"all, of everything": {nil, nil, "12"}, "all, of a region": {nil, region, "11"}, "all, of a store": {nil, storeRef("2"), "8"}, "all, of nothing": {nil, storeRef("none"), "NotFound"},
		"a director": {director, nil, "3"}, "a director, of its store": {director, storeRef("1"), "3"}, "a director, of its region": {director, region, "PermissionDenied"},
	} {
		b := f.bringer(c.claims)
		out, err := b.journey.GetContactRate(b.ctx, &journeyv1.GetContactRateRequest{Brand: "demo", Under: c.under})
		got := status.Code(err).String()
		if err == nil {
			got = fmt.Sprint(out.GetTotal().GetReceipts())
		}
		orders, err := b.journey.GetSuccessIndex(b.ctx, &journeyv1.GetSuccessIndexRequest{Brand: "demo", Under: c.under})
		if got != c.want || err != nil && status.Code(err).String() != c.want {
			t.Errorf("%s: %s, not %s; orders %v, %v", what, got, c.want, orders, err)
		}
	}
	_, err := whole.journey.GetSuccessIndex(whole.ctx, &journeyv1.GetSuccessIndexRequest{Brand: "demo", Under: region, Filter: &journeyv1.EventFilter{Subjects: []*commonv1.SubjectRef{storeRef("1")}}})
	if fields := fault.From(fault.FromStatus(status.Convert(err).Proto())).Fields; len(fields) != 1 || fields[0].Path != "under" {
		t.Errorf("both: %v", err)
	}
}

package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
)

// stretches are the messages that say which time is asked about.
var stretches = []protoreflect.FullName{
	"rapport.common.v1.DateRange", "rapport.common.v1.TimeRange", "rapport.survey.v1.Window", "rapport.journey.v1.Window",
}

// timed tells whether a request names a stretch of time, a grain or a day.
func timed(m protoreflect.MessageDescriptor, depth int) bool {
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		switch {
		case f.Enum() != nil && f.Enum().FullName() == "rapport.common.v1.Grain", f.Kind() == protoreflect.StringKind && (f.Name() == "day" || strings.HasSuffix(string(f.Name()), "_day")):
			return true
		case f.Message() != nil && (slices.Contains(stretches, f.Message().FullName()) || depth > 0 && timed(f.Message(), depth-1)):
			return true
		}
	}
	return false
}

// untimed are RPCs that name times, but of single facts or of what is written down. What is
// composed of others is refused by those.
var untimed = map[string]string{
	"ListResponses": "single responses", "ListJourney": "single events", "ListUnmatchedReturns": "single returns", "ExamineContact": "a rule's day", "ExamineEarn": "terms",
	"ListMembers": "persons", "GetSegmentBitmap": "persons", "ListGoals": "goals tries it", "ListLakeFiles": "files", "ListCases": "single cases", "ExamineReward": "terms",
}

// A role whose finest grain is a month: each RPC that names times
// is asked for less, and for months.
func TestMonthlyCadence(t *testing.T) {
	f := newFortress(t)
	f.plant()
	ctx := f.with(f.token(jwt.MapClaims{"roles": []string{"everything", "monthly"}}))
	table := map[string][2]string{ // refused, and not refused for that
		"GetMetric":          {`{"metric":"nps","window":{"dates":{"start":"2026-03-02","end":"2026-04-01"}}}`, `{"metric":"nps","window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}},"grain":"GRAIN_MONTH"}`},
		"WatchMetric":        {`{"query":{"brand":"demo","metric":"nps","window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}}`, ``},
		"RankSubjects":       {`{"metric":"nps","kind":"SUBJECT_KIND_STORE","window":{"lastDays":30}}`, `{"metric":"nps","kind":"SUBJECT_KIND_STORE","window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}`},
		"CompareMetric":      {`{"metric":"nps","a":{"window":{"lastDays":7}},"b":{}}`, `{"metric":"nps","a":{"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}},"b":{}}`},
		"GetDrivers":         {`{"metric":"nps","window":{"dates":{"start":"2026-03-01","end":"2026-04-02"}}}`, `{"metric":"nps","window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}`},
		"GetOverview":        {`{"windows":[{"dates":{"start":"2026-03-01","end":"2026-04-01"}},{"dates":{"start":"2026-03-02","end":"2026-04-01"}}]}`, `{"windows":[{"dates":{"start":"2026-03-01","end":"2026-04-01"}}]}`},
		"BatchGetMetrics":    {`{"requests":[{"metric":"nps","window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}},{"metric":"nps","window":{"dates":{"start":"2026-03-02","end":"2026-04-01"}}}]}`, `{"requests":[{"metric":"nps","window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}},"grain":"GRAIN_MONTH"}]}`},
		"GetCaseStats":       {`{"firstDay":"2026-03-02"}`, `{"firstDay":"2026-03-01","lastDay":"2026-03-31"}`},
		"GetSuccessIndex":    {`{"window":{"lastDays":30}}`, `{"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}`},
		"GetContactRate":     {`{"window":{"dates":{"start":"2026-03-01","end":"2026-03-20"}}}`, `{"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}`},
		"BatchGetMeasures":   {`{"requests":[{"contactRate":{"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}},{"successIndex":{"window":{"lastDays":30}}}]}`, `{"requests":[{"contactRate":{"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}}]}`},
		"GetRetention":       {`{"window":{"lastDays":30}}`, `{"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}`},
		"GetFunnel":          {`{"steps":[{"filter":{"kinds":["a"]}},{"filter":{"kinds":["b"]}}],"window":{"lastDays":30}}`, `{"steps":[{"filter":{"kinds":["a"]}},{"filter":{"kinds":["b"]}}],"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}`},
		"GetPaths":           {`{"window":{"lastDays":30}}`, `{"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}`},
		"GetTransitions":     {`{"window":{"lastDays":30}}`, `{"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}`},
		"GetStageDurations":  {`{"window":{"lastDays":30},"stages":[{"from":{"kinds":["a"]},"to":{"kinds":["b"]}}]}`, `{"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}},"stages":[{"from":{"kinds":["a"]},"to":{"kinds":["b"]}}]}`},
		"GetMapScores":       {`{"window":{"lastDays":30},"mapId":"m"}`, `{"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}},"mapId":"m"}`},
		"GetSegmentValue":    {`{}`, `{"dates":{"start":"2026-03-01","end":"2026-04-01"},"grain":"GRAIN_MONTH"}`},
		"QueryPanel":         {`{"metrics":["nps"],"window":{"lastDays":30}}`, `{"metrics":["nps"],"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}`},
		"CompareSegments":    {`{"overlap":{"segmentIds":["a","b"],"day":"2026-03-30"}}`, `{"overlap":{"segmentIds":["a","b"],"day":"2026-03-31"}}`},
		"GetExperiment":      {`{"id":"e","dates":{"start":"2026-03-01","end":"2026-03-31"}}`, `{"id":"e"}`},
		"GetRedemptionRate":  {`{"scope":{"programmeId":"p"}}`, `{"scope":{"programmeId":"p","dates":{"start":"2026-03-01","end":"2026-04-01"}}}`},
		"GetLiability":       {`{"programmeId":"p","day":"2026-03-30"}`, `{"programmeId":"p","day":"2026-03-31"}`},
		"GetBreakage":        {`{"programmeId":"p","dates":{"start":"2026-03-01","end":"2026-03-31"}}`, `{"programmeId":"p","dates":{"start":"2026-03-01","end":"2026-04-01"}}`},
		"GetParticipation":   {`{"programmeId":"p","dates":{"start":"2026-03-01","end":"2026-04-01"},"grain":"GRAIN_WEEK"}`, `{"programmeId":"p","dates":{"start":"2026-03-01","end":"2026-04-01"},"grain":"GRAIN_MONTH"}`},
		"GetInvitationStats": {`{"window":{"lastDays":30}}`, `{"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}`},

		"BatchGetInvitationStats": {`{"requests":[{"window":{"lastDays":30}}]}`, `{"requests":[{"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}]}`},
		"BatchGetSegmentValues":   {`{"requests":[{"dates":{"start":"2026-03-01","end":"2026-04-01"}},{}]}`, `{"requests":[{"dates":{"start":"2026-03-01","end":"2026-04-01"},"grain":"GRAIN_MONTH"}]}`},
		"BatchGetRedemptionRates": {`{"requests":[{"scope":{"programmeId":"p","dates":{"start":"2026-03-01","end":"2026-04-01"}}},{"scope":{"programmeId":"p"}}]}`, `{"requests":[{"scope":{"programmeId":"p","dates":{"start":"2026-03-01","end":"2026-04-01"}}}]}`},

		"GetStanding": {
			`{"metric":"nps","subject":{"kind":"SUBJECT_KIND_STORE","id":"1"},"window":{"lastDays":30}}`,
			`{"metric":"nps","subject":{"kind":"SUBJECT_KIND_STORE","id":"1"},"window":{"dates":{"start":"2026-03-01","end":"2026-04-01"}}}`,
		},
		"GetLoyaltyImpact": {`{"programmeId":"p"}`, `{"programmeId":"p","dates":{"start":"2026-03-01","end":"2026-04-01"}}`},
	}
	_, err := loyaltyv1.NewLoyaltyServiceClient(f.conn).CreateProgramme(f.with(f.service), &loyaltyv1.CreateProgrammeRequest{
		Brand: "demo", Programme: &loyaltyv1.Programme{Id: "p", Lifetime: &loyaltyv1.Lifetime{ExpireMonths: 12}},
	})
	f.ok(err)
	f.goals(ctx, t)
	for _, m := range f.methods() {
		name, r := string(m.Name()), rule(t, m)
		reads := slices.Contains(r.Verbs, access.Read) || slices.Contains(r.Verbs, access.Detail)
		if !reads || r.Reach == access.Composed || !timed(m.Input(), 2) || untimed[name] != "" {
			continue
		}
		asked, ok := table[name]
		if !ok {
			t.Errorf("%s names times, and nobody tries it", path(m))
			continue
		}
		for i, text := range asked {
			if text == "" {
				continue
			}
			in := dynamicpb.NewMessage(m.Input())
			f.ok(protojson.Unmarshal([]byte(text), in))
			if b := m.Input().Fields().ByName("brand"); b != nil {
				in.Set(b, protoreflect.ValueOfString("demo"))
			}
			s := status.Convert(f.call(ctx, m, in))
			if refused := s.Code() == codes.PermissionDenied; refused != (i == 0) || refused && !strings.Contains(s.Message(), "month") {
				t.Errorf("%s %s: %s %s", path(m), text, s.Code(), s.Message())
			}
		}
	}
}

// goals of days that the caller may not know of are told without what was reached.
func (f *fortress) goals(ctx context.Context, t *testing.T) {
	client := surveyv1.NewSurveyServiceClient(f.conn)
	for start, end := range map[string]string{"2026-03-01": "2030-04-01", "2026-03-02": "2030-04-02"} {
		_, err := client.SetGoal(f.with(f.service), &surveyv1.SetGoalRequest{Brand: "demo", Goal: &surveyv1.Goal{
			Metric: "nps", Target: 10, Subject: storeRef(start[9:]), Days: &commonv1.DateRange{Start: start, End: end},
		}})
		f.ok(err)
	}
	out, err := client.ListGoals(ctx, &surveyv1.ListGoalsRequest{Brand: "demo"})
	f.ok(err)
	if len(out.GetGoals()) != 2 {
		t.Fatalf("%d goals", len(out.GetGoals()))
	}
	for _, g := range out.GetGoals() {
		if hidden := g.GetGoal().GetDays().GetStart() != "2026-03-01"; g.GetScore().GetSuppressed() != hidden || hidden == (g.GetScore().GetN() > 0) {
			t.Errorf("a goal from %s: %v", g.GetGoal().GetDays().GetStart(), g.GetScore())
		}
	}
}

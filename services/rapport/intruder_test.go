package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
)

// fill makes a request about a brand that names everything by n: 1 is of things that
// are there, 2 of such that are not.
func fill(m protoreflect.Message, brand string, n int64, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		switch {
		case f.Name() == "brand":
			m.Set(f, protoreflect.ValueOfString(brand))
		case f.IsMap() || f.IsList() || depth > 3:
		case f.Kind() == protoreflect.StringKind:
			m.Set(f, protoreflect.ValueOfString(fmt.Sprint(n)))
		case f.Kind() == protoreflect.Int64Kind:
			m.Set(f, protoreflect.ValueOfInt64(n))
		case f.Kind() == protoreflect.MessageKind && strings.HasPrefix(string(f.Message().FullName()), "rapport."):
			if o := f.ContainingOneof(); o == nil || m.WhichOneof(o) == nil {
				fill(m.Mutable(f).Message(), brand, n, depth+1)
			}
		}
	}
}

// call makes a call with a request and waits for the first answer.
func (f *fortress) call(ctx context.Context, m protoreflect.MethodDescriptor, in proto.Message) error {
	out := dynamicpb.NewMessage(m.Output())
	if !m.IsStreamingClient() && !m.IsStreamingServer() {
		return f.conn.Invoke(ctx, path(m), in, out)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	stream, err := f.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, path(m))
	if err != nil {
		return err
	}
	if err := stream.SendMsg(in); err != nil {
		return stream.RecvMsg(out)
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return stream.RecvMsg(out)
}

// refused asks for what is there and for what is not: both must be refused alike.
func (f *fortress) refused(t *testing.T, who, token string, m protoreflect.MethodDescriptor, brands [2]string, want codes.Code) {
	t.Helper()
	var told [2]string
	for i, brand := range brands {
		in := dynamicpb.NewMessage(m.Input())
		fill(in, brand, int64(1+i*999_998), 0)
		s := status.Convert(f.call(f.with(token), m, in))
		if s.Code() != want {
			t.Errorf("%s, %s: %s %s", path(m), who, s.Code(), s.Message())
		}
		told[i] = fmt.Sprint(s.Proto())
	}
	if told[0] != told[1] {
		t.Errorf("%s, %s: tells what is there:\n%s\n%s", path(m), who, told[0], told[1])
	}
}

func TestIntruders(t *testing.T) {
	f := newFortress(t)
	f.plant()
	methods := f.methods()
	t.Run("strangers", func(t *testing.T) {
		for who, token := range f.strangers() {
			for _, m := range methods {
				f.refused(t, who, token, m, [2]string{"demo", "no-such-brand"}, codes.Unauthenticated)
			}
		}
	})
	t.Run("other brand", func(t *testing.T) {
		for who, claims := range map[string]jwt.MapClaims{
			"by role":       {"roles": "elsewhere"},
			"by claim":      {"brands": []string{"sfo"}},
			"roles meet":    {"roles": []string{"elsewhere", "everything"}},
			"no brands":     {"brands": []string{}},
			"no role":       {"roles": []string{}},
			"unknown role":  {"roles": []string{"everything", "of-old"}},
			"roles disjoin": {"roles": []string{"elsewhere", "daily"}},
		} {
			for _, m := range methods {
				f.refused(t, who, f.token(claims), m, [2]string{"demo", "no-such-brand"}, codes.PermissionDenied)
			}
		}
	})
	t.Run("narrower role", func(t *testing.T) {
		for _, m := range methods {
			r := rule(t, m)
			for _, v := range r.Verbs {
				lacking := fmt.Sprintf("no.%s.%s", r.Section, v)
				for _, roles := range [][]string{{lacking}, {"everything", lacking}} {
					f.refused(t, lacking, f.token(jwt.MapClaims{"roles": roles}), m, [2]string{"demo", "demo"}, codes.PermissionDenied)
				}
			}
			if m.Name() != "GetMetric" {
				f.refused(t, "one operation", f.token(jwt.MapClaims{"roles": "metric"}), m, [2]string{"demo", "demo"}, codes.PermissionDenied)
			}
		}
	})
	t.Run("part of the structure", func(t *testing.T) {
		for _, m := range methods {
			if rule(t, m).Reach != access.Whole {
				continue
			}
			for who, claims := range map[string]jwt.MapClaims{
				"a store":         {"subjects": []string{"STORE/1"}},
				"no store":        {"subjects": []string{}},
				"claim left out":  {"roles": "claimed"},
				"unknown subject": {"subjects": "STORE/none"},
			} {
				f.refused(t, who, f.token(claims), m, [2]string{"demo", "demo"}, codes.PermissionDenied)
			}
		}
	})
	t.Run("other store", f.otherStore)
	t.Run("own store", f.ownStore)
	t.Run("http", f.http)
	t.Run("cadence", f.cadence)
	t.Run("logs", f.logs)
}

// otherStore asks, as STORE/2, by each RPC that can be narrowed, about STORE/1 and
// about what is not there.
func (f *fortress) otherStore(t *testing.T) {
	type asked = func(ref *commonv1.SubjectRef, id string) proto.Message
	scope := func(ref *commonv1.SubjectRef) *surveyv1.Scope {
		return &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{ref}}
	}
	side := &surveyv1.MetricSide{}
	table := map[string]asked{
		"GetSubject":   func(r *commonv1.SubjectRef, _ string) proto.Message { return &surveyv1.GetSubjectRequest{Ref: r} },
		"ListSubjects": func(r *commonv1.SubjectRef, _ string) proto.Message { return &surveyv1.ListSubjectsRequest{Under: r} },
		"SubmitResponse": func(r *commonv1.SubjectRef, id string) proto.Message {
			return &surveyv1.SubmitResponseRequest{RequestId: id, Response: rated(id, 5, r)}
		},
		"AmendResponse": func(r *commonv1.SubjectRef, id string) proto.Message {
			out := rated("", 5, r)
			out.Id, out.Source = id, ""
			return &surveyv1.AmendResponseRequest{Response: out}
		},
		"RetractResponse": func(_ *commonv1.SubjectRef, id string) proto.Message { return &surveyv1.RetractResponseRequest{Id: id} },
		"GetResponse":     func(_ *commonv1.SubjectRef, id string) proto.Message { return &surveyv1.GetResponseRequest{Id: id} },
		"ListResponses": func(r *commonv1.SubjectRef, _ string) proto.Message {
			return &surveyv1.ListResponsesRequest{Filter: &surveyv1.ResponseFilter{Subjects: []*commonv1.SubjectRef{r}}}
		},
		"GetMetric": func(r *commonv1.SubjectRef, _ string) proto.Message {
			return &surveyv1.GetMetricRequest{Metric: "nps", Scope: scope(r)}
		},
		"BatchGetMetrics": func(r *commonv1.SubjectRef, _ string) proto.Message {
			return &surveyv1.BatchGetMetricsRequest{Requests: []*surveyv1.GetMetricRequest{{Metric: "nps", Scope: scope(r)}}}
		},
		"GetOverview": func(r *commonv1.SubjectRef, _ string) proto.Message { return &surveyv1.GetOverviewRequest{Subject: r} },
		"WatchMetric": func(r *commonv1.SubjectRef, _ string) proto.Message {
			return &surveyv1.WatchMetricRequest{Query: &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps", Scope: scope(r)}}
		},
		"RankSubjects": func(r *commonv1.SubjectRef, _ string) proto.Message {
			return &surveyv1.RankSubjectsRequest{Metric: "nps", Kind: r.GetKind(), Within: []*commonv1.SubjectRef{r}}
		},
		"GetStanding": func(r *commonv1.SubjectRef, _ string) proto.Message {
			return &surveyv1.GetStandingRequest{Metric: "nps", Subject: r}
		},
		"ReplyToResponse": func(r *commonv1.SubjectRef, id string) proto.Message {
			return &surveyv1.ReplyToResponseRequest{ResponseId: id, Subject: r, Text: "x"}
		},
		"CompareMetric": func(r *commonv1.SubjectRef, _ string) proto.Message {
			return &surveyv1.CompareMetricRequest{Metric: "nps", A: side, B: &surveyv1.MetricSide{Scope: scope(r)}}
		},
		"GetDrivers": func(r *commonv1.SubjectRef, _ string) proto.Message {
			return &surveyv1.GetDriversRequest{Metric: "nps", Scope: scope(r)}
		},
		"SetGoal": func(r *commonv1.SubjectRef, _ string) proto.Message {
			return &surveyv1.SetGoalRequest{Goal: &surveyv1.Goal{Metric: "nps", Subject: r, Target: 1, Days: &commonv1.DateRange{Start: "2026-01-01", End: "2026-02-01"}}}
		},
		"ListGoals": func(r *commonv1.SubjectRef, _ string) proto.Message { return &surveyv1.ListGoalsRequest{Subject: r} },
		"ListCases": func(r *commonv1.SubjectRef, _ string) proto.Message { return &surveyv1.ListCasesRequest{Subject: r} },
		"GetCase":   func(_ *commonv1.SubjectRef, id string) proto.Message { return &surveyv1.GetCaseRequest{Id: id} },
		"ClaimCase": func(_ *commonv1.SubjectRef, id string) proto.Message {
			return &surveyv1.ClaimCaseRequest{Id: id, Assignee: "x"}
		},
		"AddCaseNote": func(_ *commonv1.SubjectRef, id string) proto.Message {
			return &surveyv1.AddCaseNoteRequest{Id: id, Author: "x", Text: "x", RequestId: "x"}
		},
		"ResolveCase": func(_ *commonv1.SubjectRef, id string) proto.Message {
			return &surveyv1.ResolveCaseRequest{Id: id, Author: "x", RootCause: "x"}
		},
		"ReopenCase": func(_ *commonv1.SubjectRef, id string) proto.Message {
			return &surveyv1.ReopenCaseRequest{Id: id, Author: "x", Note: "x"}
		},
		"GetInvitationStats": func(r *commonv1.SubjectRef, _ string) proto.Message {
			return &surveyv1.GetInvitationStatsRequest{Subjects: []*commonv1.SubjectRef{r}}
		},
		"BatchGetInvitationStats": func(r *commonv1.SubjectRef, _ string) proto.Message {
			one := &surveyv1.GetInvitationStatsRequest{Subjects: []*commonv1.SubjectRef{r}}
			return &surveyv1.BatchGetInvitationStatsRequest{Requests: []*surveyv1.GetInvitationStatsRequest{one}}
		},
		"GetSuccessIndex": func(r *commonv1.SubjectRef, _ string) proto.Message {
			return &journeyv1.GetSuccessIndexRequest{Under: r}
		},
		"GetContactRate": func(r *commonv1.SubjectRef, _ string) proto.Message {
			return &journeyv1.GetContactRateRequest{Filter: &journeyv1.EventFilter{Subjects: []*commonv1.SubjectRef{r}}}
		},
		"BatchGetMeasures": func(r *commonv1.SubjectRef, _ string) proto.Message {
			one := &journeyv1.GetContactRateRequest{Filter: &journeyv1.EventFilter{Subjects: []*commonv1.SubjectRef{r}}}
			return &journeyv1.BatchGetMeasuresRequest{Requests: []*journeyv1.MeasureRequest{{Measure: &journeyv1.MeasureRequest_ContactRate{ContactRate: one}}}}
		},
		"GetCaseStats": func(r *commonv1.SubjectRef, _ string) proto.Message { return &surveyv1.GetCaseStatsRequest{Subject: r} },
		"GetRedemptionRate": func(r *commonv1.SubjectRef, _ string) proto.Message {
			return &loyaltyv1.GetRedemptionRateRequest{Scope: &loyaltyv1.RateScope{ProgrammeId: "club", Subjects: []*commonv1.SubjectRef{r}}}
		},
		"BatchGetRedemptionRates": func(r *commonv1.SubjectRef, _ string) proto.Message {
			one := &loyaltyv1.GetRedemptionRateRequest{Scope: &loyaltyv1.RateScope{ProgrammeId: "club", Under: r}}
			return &loyaltyv1.BatchGetRedemptionRatesRequest{Requests: []*loyaltyv1.GetRedemptionRateRequest{one}}
		},
	}
	token := f.token(jwt.MapClaims{"subjects": []string{"STORE/2"}})
	for _, m := range f.methods() {
		if rule(t, m).Reach != access.Narrowed || bringing[string(m.Name())] {
			continue
		}
		ask := table[string(m.Name())]
		if ask == nil {
			t.Errorf("%s narrows what is asked, and no intruder tries it", path(m))
			continue
		}
		ids := [2]string{f.response, "999999"}
		if strings.Contains(string(m.Name()), "Case") {
			ids[0] = f.file
		}
		var told [3]string
		for i, in := range []proto.Message{ask(storeRef("1"), ids[0]), ask(storeRef("none"), ids[1]), ask(&commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, Id: "R"}, "x")} {
			if b := in.ProtoReflect().Descriptor().Fields().ByName("brand"); b != nil {
				in.ProtoReflect().Set(b, protoreflect.ValueOfString("demo"))
			}
			s := status.Convert(f.call(f.with(token), m, in))
			if s.Code() != codes.PermissionDenied {
				t.Errorf("%s: %s %s", path(m), s.Code(), s.Message())
			}
			told[i] = fmt.Sprint(s.Proto())
		}
		if told[0] != told[1] || told[0] != told[2] {
			t.Errorf("%s tells what is there: %q", path(m), told)
		}
	}
}

// ownStore asks about nothing in particular: the answers are of the caller's own.
func (f *fortress) ownStore(t *testing.T) {
	client := surveyv1.NewSurveyServiceClient(f.conn)
	for who, c := range map[string]struct {
		claims        jwt.MapClaims
		n             int64
		cases, stores int
	}{
		"first":         {jwt.MapClaims{"subjects": "STORE/1"}, 2, 2, 1},
		"second":        {jwt.MapClaims{"subjects": []string{"STORE/2"}}, 7, 5, 1},
		"both":          {jwt.MapClaims{"subjects": "STORE/1 STORE/2"}, 9, 7, 2},
		"region":        {jwt.MapClaims{"subjects": "REGION/R"}, 9, 7, 2},
		"by a claim":    {jwt.MapClaims{"roles": "claimed", "stores": "STORE/1"}, 2, 2, 1},
		"claims meet":   {jwt.MapClaims{"roles": "claimed", "stores": "REGION/R", "subjects": "STORE/1"}, 2, 2, 1},
		"the structure": {jwt.MapClaims{}, 9, 7, 2},
	} {
		ctx := f.with(f.token(c.claims))
		score, err := client.GetMetric(ctx, &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps"})
		if err != nil || score.GetTotal().GetN() != c.n {
			t.Errorf("%s: score of %d answers, not %d: %v", who, score.GetTotal().GetN(), c.n, err)
		}
		split, err := client.GetMetric(ctx, &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps", GroupBy: []*surveyv1.GroupBy{
			{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT, Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE},
		}})
		if err != nil || len(split.GetSeries()) != c.stores {
			t.Errorf("%s: %d stores, not %d: %v", who, len(split.GetSeries()), c.stores, err)
		}
		ranked, err := client.RankSubjects(ctx, &surveyv1.RankSubjectsRequest{Brand: "demo", Metric: "nps", Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE})
		if err != nil || len(ranked.GetSubjects()) != c.stores {
			t.Errorf("%s: %d stores ranked, not %d: %v", who, len(ranked.GetSubjects()), c.stores, err)
		}
		listed, err := client.ListSubjects(ctx, &surveyv1.ListSubjectsRequest{Brand: "demo", Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE})
		if err != nil || len(listed.GetSubjects()) != c.stores {
			t.Errorf("%s: %d stores listed, not %d: %v", who, len(listed.GetSubjects()), c.stores, err)
		}
		responses, err := client.ListResponses(ctx, &surveyv1.ListResponsesRequest{Brand: "demo"})
		if err != nil || len(responses.GetResponses()) != int(c.n) {
			t.Errorf("%s: %d responses, not %d: %v", who, len(responses.GetResponses()), c.n, err)
		}
		cases, err := client.ListCases(ctx, &surveyv1.ListCasesRequest{Brand: "demo"})
		stats, failed := client.GetCaseStats(ctx, &surveyv1.GetCaseStatsRequest{Brand: "demo"})
		if err != nil || failed != nil || len(cases.GetCases()) != c.cases || stats.GetTotal().GetOpen() != int64(c.cases) {
			t.Errorf("%s: %d and %d cases, not %d: %v %v", who, len(cases.GetCases()), stats.GetTotal().GetOpen(), c.cases, err, failed)
		}
		rate, err := journeyv1.NewJourneyServiceClient(f.conn).GetContactRate(ctx, &journeyv1.GetContactRateRequest{
			Brand: "demo", GroupBy: journeyv1.MeasureGroup_MEASURE_GROUP_SUBJECT, SubjectKind: commonv1.SubjectKind_SUBJECT_KIND_STORE,
		})
		if err != nil || rate.GetTotal().GetReceipts() != c.n || len(rate.GetGroups()) != c.stores {
			t.Errorf("%s: %d receipts of %d stores, not %d of %d: %v", who, rate.GetTotal().GetReceipts(), len(rate.GetGroups()), c.n, c.stores, err)
		}
		if slices.ContainsFunc(listed.GetSubjects(), func(s *surveyv1.Subject) bool { return c.stores == 1 && who == "second" && s.GetName() == plantedName }) {
			t.Errorf("%s sees %s", who, plantedName)
		}
	}
}

// A caller that asks too often is told when to come back, over gRPC and HTTP.
func TestAskingTooOften(t *testing.T) {
	f := newFortress(t, "--rate=1")
	ctx := f.with(f.token(nil))
	client := surveyv1.NewSurveyServiceClient(f.conn)
	var err error
	for range 10 {
		_, err = client.ListMetrics(ctx, &surveyv1.ListMetricsRequest{Brand: "demo"})
	}
	s := status.Convert(err)
	if s.Code() != codes.ResourceExhausted || !strings.Contains(fmt.Sprint(s.Details()), "retry_delay") || !strings.Contains(fmt.Sprint(s.Details()), "RATE_LIMITED") {
		t.Errorf("the tenth call: %v %v", err, s.Details())
	}
	code, _, h := f.ask("GET", "/v1/demo/metrics", "", "Authorization", "Bearer "+f.token(nil))
	if code != http.StatusTooManyRequests || h.Get("Retry-After") != "1" {
		t.Errorf("over HTTP: %d after %q", code, h.Get("Retry-After"))
	}
	if _, err := client.ListMetrics(f.with(f.token(jwt.MapClaims{"sub": "another"})), &surveyv1.ListMetricsRequest{Brand: "demo"}); err != nil {
		t.Errorf("another caller pays for it: %v", err)
	}
}

// Whoever watches is let in for no longer than the token is good.
func TestWatchingEndsWithTheToken(t *testing.T) {
	f := newFortress(t)
	f.plant()
	almost := f.token(jwt.MapClaims{"exp": time.Now().Add(-28 * time.Second).Unix()}) // within the leeway
	watch, err := surveyv1.NewSurveyServiceClient(f.conn).WatchMetric(f.with(almost), &surveyv1.WatchMetricRequest{
		Query: &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps"},
	})
	f.ok(err)
	if got, err := watch.Recv(); err != nil || got.GetResult().GetTotal().GetN() != 9 {
		t.Fatalf("%v %v", got, err)
	}
	if _, err := watch.Recv(); status.Code(err) != codes.Unauthenticated {
		t.Errorf("after the token's end: %v", err)
	}
}

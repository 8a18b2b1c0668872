package survey_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/hot/hottest"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// list is one paged call: a query with a token, and what comes next.
type list struct {
	name string
	ask  func(ctx context.Context, r *replica, brand, token string, other bool) (next string, err error)
}

// lists are all of the service, each with a query and another one.
var lists = []list{
	{"responses", func(ctx context.Context, r *replica, brand, token string, other bool) (string, error) {
		q := &surveyv1.ListResponsesRequest{Brand: brand, PageSize: 2, PageToken: token, Filter: &surveyv1.ResponseFilter{}}
		if other {
			q.Filter.Channels = []commonv1.Channel{commonv1.Channel_CHANNEL_STORE}
		}
		out, err := r.ListResponses(ctx, q)
		return out.GetNextPageToken(), err
	}},
	{"subjects", func(ctx context.Context, r *replica, brand, token string, other bool) (string, error) {
		q := &surveyv1.ListSubjectsRequest{Brand: brand, PageSize: 2, PageToken: token}
		if other {
			q.Kind = commonv1.SubjectKind_SUBJECT_KIND_STORE
		}
		out, err := r.ListSubjects(ctx, q)
		return out.GetNextPageToken(), err
	}},
	{"ranks", func(ctx context.Context, r *replica, brand, token string, other bool) (string, error) {
		q := &surveyv1.RankSubjectsRequest{Brand: brand, PageSize: 2, PageToken: token, Metric: "nps.network", Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE}
		q.WorstFirst = other
		out, err := r.RankSubjects(ctx, q)
		return out.GetNextPageToken(), err
	}},
	{"cases", func(ctx context.Context, r *replica, brand, token string, other bool) (string, error) {
		q := &surveyv1.ListCasesRequest{Brand: brand, PageSize: 2, PageToken: token}
		if other {
			q.Queue = "store"
		}
		out, err := r.ListCases(ctx, q)
		return out.GetNextPageToken(), err
	}},
}

// A page token fits its own query, brand and list, and only as it was given.
func TestTrapPageTokenOfAnotherQuery(t *testing.T) {
	r, _ := alone(t)
	for i := range 9 {
		submit(t, r, fmt.Sprint(i), response([]string{"n1", "s1", "m1"}[i%3], 3))
	}
	tokens := map[string]string{}
	for _, l := range lists {
		for deadline := time.Now().Add(20 * time.Second); tokens[l.name] == "" && time.Now().Before(deadline); {
			next, err := l.ask(t.Context(), r, brand, "", false)
			if err != nil {
				t.Fatal(l.name, err)
			}
			tokens[l.name] = next // cases come a moment after their responses
		}
		if _, err := l.ask(t.Context(), r, brand, tokens[l.name], false); err != nil || tokens[l.name] == "" {
			t.Fatalf("%s: the token %q in its place: %v", l.name, tokens[l.name], err)
		}
	}
	for _, l := range lists {
		refused := func(what, brand, token string, other bool) {
			t.Helper()
			if _, err := l.ask(t.Context(), r, brand, token, other); !fault.Is(err, commonv1.Reason_REASON_PAGE_TOKEN_INVALID) {
				t.Errorf("%s: %s: %v", l.name, what, err)
			}
		}
		token := tokens[l.name]
		refused("of another query", brand, token, true)
		refused("cut short", brand, token[:len(token)-2], false)
		refused("lengthened", brand, token+"AA", false)
		for i := range token {
			bent := []byte(token)
			if bent[i] = 'A'; token[i] == 'A' {
				bent[i] = 'B'
			}
			if i < len(token)-1 { // the last character may carry no bits
				refused(fmt.Sprintf("changed in place %d", i), brand, string(bent), false)
			}
		}
		for other, token := range tokens {
			if other != l.name {
				refused("of "+other, brand, token, false)
			}
		}
		if l.name == "responses" || l.name == "subjects" || l.name == "cases" {
			refused("of another brand", "sfo", token, false)
		}
	}
}

// One metric name in two brands is two numbers, whatever is cached where.
func TestTrapCacheKeyWithoutBrand(t *testing.T) {
	c := &clock{now: start}
	url, redis := sqldbtest.Postgres(t), hottest.Start(t).URL()
	r := newReplica(t, url, redis, c.Now)
	define(t, r)
	ask := func(brand string) (int64, error) {
		out, err := r.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: "low.share"})
		return out.GetTotal().GetN(), err
	}
	submit(t, r, "a", response("n1", 3))
	for range 2 {
		for b, want := range map[string]int64{brand: 1, "sfo": 0, "olist": 0} {
			if n, err := ask(b); err != nil || n != want {
				t.Errorf("%s: n = %d, %v; want %d", b, n, err, want)
			}
		}
	}
	// The same key in another brand is another response, too.
	if _, err := r.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: "sfo", RequestId: "a", Response: response("n1", 3)}); !fault.Is(err, commonv1.Reason_REASON_SURVEY_UNKNOWN) {
		t.Errorf("a survey of another brand: %v", err)
	}
}

// Under concurrency every body is whole: each answer is one that was true
// before or after the write beside it, and none is empty.
func TestTrapEmptyBodyUnderConcurrency(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		id := submit(t, r, "first", response("n1", 9)).GetId()
		calls := map[string]func() (proto.Message, bool, error){
			"metric": func() (proto.Message, bool, error) {
				out, err := r.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: "nps.network", Grain: commonv1.Grain_GRAIN_DAY})
				return out, out.GetTotal().GetN() > 0 && len(out.GetSeries()) == 1 && out.GetMetric() != nil && out.GetAsOf() != nil, err
			},
			"ranks": func() (proto.Message, bool, error) {
				out, err := r.RankSubjects(t.Context(), &surveyv1.RankSubjectsRequest{Brand: brand, Metric: "nps.network", Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE})
				return out, len(out.GetSubjects()) > 0 && out.GetRanked() > 0, err
			},
			"compare": func() (proto.Message, bool, error) {
				out, err := r.CompareMetric(t.Context(), &surveyv1.CompareMetricRequest{Brand: brand, Metric: "nps.network", A: &surveyv1.MetricSide{}, B: &surveyv1.MetricSide{}})
				return out, out.GetA().GetN() > 0 && out.GetB().GetN() == out.GetA().GetN(), err
			},
			"response": func() (proto.Message, bool, error) {
				out, err := r.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Brand: brand, Id: id})
				return out, len(out.GetResponse().GetAnswers()) == 2, err
			},
			"responses": func() (proto.Message, bool, error) {
				out, err := r.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Brand: brand})
				return out, len(out.GetResponses()) > 0 && !slices.ContainsFunc(out.GetResponses(), func(r *surveyv1.Response) bool { return len(r.GetAnswers()) == 0 }), err
			},
			"definitions": func() (proto.Message, bool, error) {
				out, err := r.ListMetrics(t.Context(), &surveyv1.ListMetricsRequest{Brand: brand})
				return out, len(out.GetMetrics()) == 4, err
			},
		}
		var all sync.WaitGroup
		for name, call := range calls {
			for range 3 {
				all.Go(func() {
					for range 25 {
						if out, whole, err := call(); err != nil || !whole {
							t.Errorf("%s: %v, %v", name, out, err)
							return
						}
					}
				})
			}
		}
		for i := range 40 {
			submit(t, r, fmt.Sprint(i), response("s1", int32(i%11)))
		}
		all.Wait()
	})
}

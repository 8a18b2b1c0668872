package survey_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/segmentation"
	"github.com/rapport-cx/rapport/services/survey"
	"github.com/rapport-cx/rapport/services/survey/segments"
	"github.com/rapport-cx/rapport/services/survey/segments/segmentstest"
)

// beside is Segmentation, whose segments have the members that the test says and
// not those that rules find.
type beside struct {
	*segmentation.Server
	members *segmentstest.Server
}

func (b beside) GetSegmentBitmap(ctx context.Context, in *segmentationv1.GetSegmentBitmapRequest) (*segmentationv1.GetSegmentBitmapResponse, error) {
	return b.members.GetSegmentBitmap(ctx, in)
}

// newSegmentation serves a Segmentation of the same brands until the test ends.
func newSegmentation(t *testing.T, c *clock) (segmentationv1.SegmentationServiceClient, *segmentstest.Server) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	brands, err := config.LoadBrands("testdata/brands.yaml")
	must(err)
	guard, err := access.New(access.Config{}, brands, true)
	must(err)
	tel, err := telemetry.New(ctx, telemetry.Config{}, "test", "test", io.Discard)
	must(err)
	s, err := segmentation.New(segmentation.Config{}, brands, guard, sqldbtest.Open(t, sqldbtest.SQLite(t)), secret, segmentation.Neighbours{}, c.Now, quiet)
	must(err)
	must(s.Migrate(ctx))
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(running) }()
	a, err := app.New(app.Config{MaxMessage: 4 << 20, MaxStreams: 1000, Deadline: time.Minute, Grace: 10 * time.Second}, guard, tel)
	must(err)
	b := beside{s, segmentstest.New(t)}
	a.Bind(app.Service{Name: "segmentation", Register: func(r grpc.ServiceRegistrar) { segmentationv1.RegisterSegmentationServiceServer(r, b) }})
	must(a.Start(ctx))
	conn, err := a.Dial()
	must(err)
	t.Cleanup(func() {
		err := errors.Join(conn.Close(), a.Stop())
		cancel()
		if err := errors.Join(err, <-stopped, s.Close(context.WithoutCancel(ctx))); err != nil {
			t.Error(err)
		}
	})
	return segmentationv1.NewSegmentationServiceClient(conn), b.members
}

// customers gives out so many numbers.
func customers(t *testing.T, c segmentationv1.SegmentationServiceClient, n int) {
	t.Helper()
	var all []*commonv1.Identity
	for i := range n {
		all = append(all, &commonv1.Identity{Kind: commonv1.Identity_KIND_CARD, Value: fmt.Sprintf("card-%04d", i)})
	}
	out, err := c.ResolveCustomers(t.Context(), &segmentationv1.ResolveCustomersRequest{Brand: brand, Identities: all})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range out.GetResults() {
		if r.GetId() != int64(i+1) {
			t.Fatalf("customer %d has number %d", i+1, r.GetId())
		}
	}
}

// answersOf are the scores of a question that the list of responses has of anybody
// among the given.
func answersOf(t *testing.T, r *replica, question string, among func(customer int64, day string) bool) (n, sum int64) {
	t.Helper()
	out, err := r.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Brand: brand, PageSize: 1000})
	if err != nil || out.GetNextPageToken() != "" {
		t.Fatal(err)
	}
	for _, listed := range out.GetResponses() {
		day := listed.GetExperiencedAt().AsTime().In(time.FixedZone("Moscow", 3*60*60)).Format(time.DateOnly)
		for _, a := range listed.GetAnswers() {
			if a.GetQuestionId() == question && among(listed.GetCustomer().GetId(), day) {
				n, sum = n+1, sum+int64(a.GetScore())
			}
		}
	}
	return n, sum
}

// Scores by segment are those of the responses listed of its members: now and on
// the day of the experience, by group and in a comparison, before and after a merge.
func TestScoresBySegment(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		near, members := newSegmentation(t, c)
		r := newReplicaBeside(t, url, "", c.Now, fold.Config{SweepEvery: -1}, hot.Options{}, survey.Neighbours{Segmentation: near})
		define(t, r)
		customers(t, near, 20)
		random := rand.New(rand.NewPCG(11, 12))
		for i := range 120 {
			one := response("n1", int32(random.IntN(11)))
			one.ExperiencedAt = stamp(start.Add(-time.Duration(30+random.IntN(400)) * time.Hour))
			if k := int64(i % 21); k > 0 { // all have answers
				one.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: k}}
			}
			submit(t, r, fmt.Sprint("r", i), one)
		}
		const turned = "2026-02-20"
		members.Begin("a", "2026-02-10", 1, 2, 3, 4, 5)
		members.Change("a", turned, []uint64{6, 7, 8}, []uint64{1, 2})
		members.Begin("b", "2026-02-10", 8, 9, 10)
		before, after := []int64{1, 2, 3, 4, 5}, []int64{3, 4, 5, 6, 7, 8}
		now := func(customer int64, _ string) bool { return slices.Contains(after, customer) }
		then := func(customer int64, day string) bool {
			return day >= "2026-02-10" && slices.Contains(before, customer) && day < turned || day >= turned && slices.Contains(after, customer)
		}
		ask := func(at surveyv1.SegmentTime, among func(int64, string) bool) {
			t.Helper()
			scope := &surveyv1.Scope{SegmentId: "a", SegmentTime: at}
			a, err := r.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: "nps.network", Scope: scope,
				GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_SEGMENT, SegmentIds: []string{"a", "b"}}}})
			if err != nil {
				t.Fatal(err)
			}
			n, sum := answersOf(t, r, "nps", among)
			if got := a.GetTotal(); n == 0 || got.GetN() != n || got.GetMean() != float64(sum)/float64(n) || a.GetSeries()[0].GetTotal().GetN() != n {
				t.Fatalf("%v: %v, want %d answers that sum to %d", at, a, n, sum)
			}
			side := &surveyv1.MetricSide{Scope: scope}
			d, err := r.CompareMetric(t.Context(), &surveyv1.CompareMetricRequest{Brand: brand, Metric: "nps.network", A: side, B: &surveyv1.MetricSide{}})
			if err != nil || d.GetA().GetN() != n {
				t.Fatalf("%v, %v", d, err)
			}
		}
		ask(surveyv1.SegmentTime_SEGMENT_TIME_NOW, now)
		ask(surveyv1.SegmentTime_SEGMENT_TIME_THEN, then)
		table, err := r.RankSubjects(t.Context(), &surveyv1.RankSubjectsRequest{Brand: brand, Metric: "nps.network",
			Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, SegmentId: "a"})
		if n, _ := answersOf(t, r, "nps", now); err != nil || len(table.GetSubjects()) != 1 || table.GetSubjects()[0].GetScore().GetN() != n {
			t.Fatalf("%v, %v, want %d answers", table, err, n)
		}
		for _, merge := range [][2]int64{{20, 6}, {3, 15}} {
			mergeAndSee(t, r, near, merge[0], merge[1])
		}
		before, after = append(before, 15), append(after, 20, 15)
		c.Add(segments.Recent)
		ask(surveyv1.SegmentTime_SEGMENT_TIME_NOW, now)
		ask(surveyv1.SegmentTime_SEGMENT_TIME_THEN, then)
		_, err = r.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: "nps.network", Scope: &surveyv1.Scope{SegmentId: "c"}})
		if !fault.Is(err, commonv1.Reason_REASON_SEGMENT_UNKNOWN) {
			t.Fatal(err)
		}
	})
}

// mergeAndSee merges two customers of segment a and waits until Survey's scores of
// the segment have followed.
func mergeAndSee(t *testing.T, r *replica, near segmentationv1.SegmentationServiceClient, from, into int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stream, err := r.WatchMetric(ctx, &surveyv1.WatchMetricRequest{Query: &surveyv1.GetMetricRequest{
		Brand: brand, Metric: "nps.network", Scope: &surveyv1.Scope{SegmentId: "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	first, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := near.MergeCustomers(ctx, &segmentationv1.MergeCustomersRequest{Brand: brand, FromId: from, IntoId: into, Reason: "same"}); err != nil {
		t.Fatal(err)
	}
	for {
		next, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if next.GetResult().GetTotal().GetN() > first.GetResult().GetTotal().GetN() {
			return
		}
	}
}

// Without Segmentation a score of a segment cannot be had, and all others can.
func TestScoresBySegmentNeedSegmentation(t *testing.T) {
	c := &clock{now: start}
	near, members := newSegmentation(t, c)
	r := newReplicaBeside(t, sqldbtest.SQLite(t), "", c.Now, fold.Config{SweepEvery: -1}, hot.Options{}, survey.Neighbours{Segmentation: near})
	define(t, r)
	submit(t, r, "one", response("n1", 9))
	members.Begin("a", "2026-02-10", 1)
	ask := func(segment string) error {
		_, err := r.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: "nps.network", Scope: &surveyv1.Scope{SegmentId: segment}})
		return err
	}
	if err := ask("a"); err != nil {
		t.Fatal(err)
	}
	members.Away(true)
	c.Add(time.Minute)
	if err := ask("a"); err != nil {
		t.Errorf("a set of a minute ago does not serve: %v", err)
	}
	c.Add(segments.Enough)
	if err := ask("a"); !fault.Is(err, commonv1.Reason_REASON_UNAVAILABLE) {
		t.Errorf("a set too old: %v", err)
	}
	if err := ask(""); err != nil {
		t.Errorf("everybody: %v", err)
	}
	alone := newReplica(t, sqldbtest.SQLite(t), "", c.Now)
	define(t, alone)
	_, err := alone.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: "nps.network", Scope: &surveyv1.Scope{SegmentId: "a"}})
	if !fault.Is(err, commonv1.Reason_REASON_UNAVAILABLE) {
		t.Errorf("no Segmentation at all: %v", err)
	}
}

// Who watches a score of a segment is told when somebody enters it, although
// nothing was answered.
func TestWatchersSeeWhoEnters(t *testing.T) {
	c := &clock{now: start}
	near, members := newSegmentation(t, c)
	r := newReplicaBeside(t, sqldbtest.SQLite(t), "", c.Now, fold.Config{SweepEvery: -1}, hot.Options{}, survey.Neighbours{Segmentation: near})
	define(t, r)
	customers(t, near, 1)
	one := response("n1", 9)
	one.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 1}}
	submit(t, r, "one", one)
	members.Begin("a", "2026-02-10")
	stream, err := r.WatchMetric(t.Context(), &surveyv1.WatchMetricRequest{Query: &surveyv1.GetMetricRequest{Brand: brand,
		Metric: "nps.network", GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_SEGMENT, SegmentIds: []string{"a"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{0, 1} {
		next, err := stream.Recv()
		if err != nil || len(next.GetResult().GetSeries()) != want {
			t.Fatalf("%v, %v, want %d series", next, err, want)
		}
		members.Change("a", "2026-03-02", []uint64{1}, nil)
		c.Add(segments.Recent)
	}
}

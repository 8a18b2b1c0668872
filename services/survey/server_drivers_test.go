package survey_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/survey"
	"github.com/rapport-cx/rapport/services/survey/segments"
)

// together are the answers to two questions of those listed responses that have both.
func together(t *testing.T, r *replica, main, other string, among func(customer int64) bool) (x, y []float64) {
	t.Helper()
	out, err := r.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Brand: brand, PageSize: 1000})
	if err != nil || out.GetNextPageToken() != "" {
		t.Fatal(err)
	}
	for _, listed := range out.GetResponses() {
		given := map[string]float64{}
		for _, a := range listed.GetAnswers() {
			given[a.GetQuestionId()] = float64(a.GetScore())
		}
		a, asked := given[other]
		b, scored := given[main]
		if asked && scored && among(listed.GetCustomer().GetId()) {
			x, y = append(x, a), append(y, b)
		}
	}
	return x, y
}

// correlated is Pearson's correlation by its definition.
func correlated(x, y []float64) float64 {
	n, mx, my := float64(len(x)), 0.0, 0.0
	for i := range x {
		mx, my = mx+x[i]/n, my+y[i]/n
	}
	var xx, yy, xy float64
	for i := range x {
		xx, yy, xy = xx+(x[i]-mx)*(x[i]-mx), yy+(y[i]-my)*(y[i]-my), xy+(x[i]-mx)*(y[i]-my)
	}
	return xy / math.Sqrt(xx*yy)
}

// Drivers are worked out of the responses as they are listed, after amendments,
// retractions and merges, of everybody, of a segment, of customers given and of the
// others.
func TestDriversAreOfTheResponsesListed(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		near, members := newSegmentation(t, c)
		r := newReplicaBeside(t, url, "", c.Now, fold.Config{SweepEvery: -1}, hot.Options{}, survey.Neighbours{Segmentation: near})
		define(t, r)
		customers(t, near, 20)
		random := rand.New(rand.NewPCG(21, 22))
		for i := range 120 {
			submit(t, r, fmt.Sprint("r", i), moody(random, int64(i%21)))
		}
		changeSome(t, r, random)
		members.Begin("a", "2026-02-10", 1, 2, 3, 4, 5, 6)
		in := []int64{1, 2, 3, 4, 5, 6}
		given, err := roaring64.BitmapOf(3, 4, 5, 6, 7, 8, 9, 10, 11).ToBytes()
		if err != nil {
			t.Fatal(err)
		}
		ofGiven := []int64{3, 4, 5, 6, 7, 8, 9, 10, 11}
		ask := func(scope *surveyv1.Scope, among func(int64) bool) {
			t.Helper()
			out, err := r.GetDrivers(t.Context(), &surveyv1.GetDriversRequest{Brand: brand, Metric: "nps.network", Scope: scope})
			if err != nil || len(out.GetDrivers()) != 2 || out.GetAsOf() == nil {
				t.Fatalf("%v, %v", out, err)
			}
			for _, d := range out.GetDrivers() {
				x, y := together(t, r, "nps", map[string]string{"csi.visit": "visit", "csi.queue": "queue"}[d.GetMetric()], among)
				if want := correlated(x, y); d.GetN() != int64(len(x)) || math.Abs(d.GetDerived()-want) > 1e-9 {
					t.Fatalf("%v of %v: want %v over %d", d, scope, want, len(x))
				}
			}
			// Everybody who answers is asked how the visit was.
			if x, _ := together(t, r, "nps", "visit", among); out.GetN() != int64(len(x)) || out.GetScore().GetN() != out.GetN() {
				t.Fatalf("%d questionnaires, want %d", out.GetN(), len(x))
			}
		}
		all := func() {
			t.Helper()
			ask(nil, func(int64) bool { return true })
			ask(&surveyv1.Scope{SegmentId: "a"}, func(n int64) bool { return slices.Contains(in, n) })
			ask(&surveyv1.Scope{Customers: given}, func(n int64) bool { return slices.Contains(ofGiven, n) })
			ask(&surveyv1.Scope{SegmentId: "a", Customers: given, Outside: true}, func(n int64) bool {
				return n != 0 && (!slices.Contains(in, n) || !slices.Contains(ofGiven, n))
			})
		}
		all()
		mergeAndSee(t, r, near, 20, 6)
		in, ofGiven = append(in, 20), append(ofGiven, 20)
		c.Add(segments.Recent)
		all()
		_, err = r.GetDrivers(t.Context(), &surveyv1.GetDriversRequest{Brand: brand, Metric: "nps.none"})
		if !fault.Is(err, commonv1.Reason_REASON_METRIC_UNKNOWN) {
			t.Error(err)
		}
	})
}

// moody is a questionnaire whose answers go together; 0: of nobody known.
func moody(random *rand.Rand, customer int64) *surveyv1.Response {
	mood := int32(random.IntN(11))
	one := response("n1", mood)
	one.Answers[1] = scoreOf("visit", 1+(mood+int32(random.IntN(11)))/5)
	if random.IntN(3) > 0 {
		queue := scoreOf("queue", 1+(mood+int32(random.IntN(9)))/2)
		queue.Importance = proto.Int32(1 + int32(random.IntN(10)))
		one.Answers = append(one.Answers, queue)
	}
	one.ExperiencedAt = stamp(start.Add(-time.Duration(30+random.IntN(800)) * time.Hour))
	if customer > 0 {
		one.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: customer}}
	}
	return one
}

// changeSome amends some responses and retracts others.
func changeSome(t *testing.T, r *replica, random *rand.Rand) {
	t.Helper()
	out, err := r.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Brand: brand, PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for i, listed := range out.GetResponses() {
		switch i % 11 {
		case 3:
			one := moody(random, listed.GetCustomer().GetId())
			one.Id = listed.GetId()
			_, err = r.AmendResponse(t.Context(), &surveyv1.AmendResponseRequest{Brand: brand, Reason: "misread", Response: one})
		case 7:
			_, err = r.RetractResponse(t.Context(), &surveyv1.RetractResponseRequest{Brand: brand, Id: listed.GetId(), Reason: "a test"})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

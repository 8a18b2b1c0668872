package app

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// arrive reads and judges one request as a call does.
func arrive(t *testing.T, m *method, req *surveyv1.GetMetricRequest) (*asked, error) {
	t.Helper()
	wire, err := proto.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	in := arrival{known: m.repeats, fresh: &surveyv1.GetMetricRequest{}}
	if err := newCodec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(wire)}, &in); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(in.is.req, req) {
		t.Fatalf("read %v, sent %v", in.is.req, req)
	}
	return in.is, m.judge(in.is.req, in.is)
}

func metricMethod() *method { return &method{repeats: &repeats{}} }

func TestOnlyGoodRequestsAreRemembered(t *testing.T) {
	m := metricMethod()
	good := &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps.network"}
	var first *asked
	for i := range 3 {
		q, err := arrive(t, m, good)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = q
		}
		if q != first {
			t.Error("the same question was read again")
		}
		if _, err := arrive(t, m, &surveyv1.GetMetricRequest{Brand: "demo"}); err == nil {
			t.Fatal("a request without a metric was let through")
		}
	}
	if len(m.repeats.known) != 1 {
		t.Errorf("%d requests remembered, want the good one", len(m.repeats.known))
	}
}

func TestTheSameReplyIsEncodedOnce(t *testing.T) {
	m := metricMethod()
	ask := &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps.network"}
	reuse := func(reply *surveyv1.GetMetricResponse) any {
		q, err := arrive(t, m, ask)
		if err != nil {
			t.Fatal(err)
		}
		return q.reuse(reply)
	}
	one, other := &surveyv1.GetMetricResponse{Zone: "one"}, &surveyv1.GetMetricResponse{Zone: "other"}
	if a, b := reuse(one), reuse(one); a != b {
		t.Error("the same message was encoded twice")
	}
	for _, reply := range []*surveyv1.GetMetricResponse{other, one, other} {
		sent, err := newCodec().Marshal(reuse(reply))
		if err != nil {
			t.Fatal(err)
		}
		got := &surveyv1.GetMetricResponse{}
		if err := proto.Unmarshal(sent.Materialize(), got); err != nil || !proto.Equal(got, reply) {
			t.Errorf("sent %v for %v, %v", got, reply, err)
		}
	}
	large := &surveyv1.GetMetricResponse{Zone: strings.Repeat("x", maxEncoded)}
	if reuse(large) != any(large) {
		t.Error("a large reply is kept")
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	m := metricMethod()
	for i := range 3 * maxRepeats {
		if _, err := arrive(t, m, &surveyv1.GetMetricRequest{Brand: "demo", Metric: fmt.Sprint("m", i)}); err != nil {
			t.Fatal(err)
		}
		if len(m.repeats.known) > maxRepeats {
			t.Fatalf("%d requests remembered", len(m.repeats.known))
		}
	}
	long := &surveyv1.GetMetricRequest{Brand: "demo", Metric: string(make([]byte, maxRepeatBytes))}
	n := len(m.repeats.known)
	if _, err := arrive(t, m, long); err != nil || len(m.repeats.known) != n {
		t.Errorf("a long request: %v, %d remembered, want %d", err, len(m.repeats.known), n)
	}
}

func TestWritesAreNotRemembered(t *testing.T) {
	if remembers("SubmitResponse") || remembers("BatchPost") || !remembers("GetMetric") || !remembers("BatchGetMetrics") {
		t.Error("reads repeat, submits never do")
	}
}

package several_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/several"
)

func asked(brands ...string) []*journeyv1.GetContactRateRequest {
	out := make([]*journeyv1.GetContactRateRequest, len(brands))
	for i, b := range brands {
		out[i] = &journeyv1.GetContactRateRequest{Brand: b, GroupBy: journeyv1.MeasureGroup(i % 2)}
	}
	return out
}

// Each question is asked of the call's brand, its own copy of it; what is wrong with one
// is told in its place.
func TestAnswer(t *testing.T) {
	in := append(asked("", "demo", "", "", ""), &journeyv1.GetContactRateRequest{GroupBy: 99})
	wrong := []error{nil, nil, fault.NotFound(nil, "no"), fault.Precondition(nil, "no"), fault.Invalid().Field("window", "no").Err(), nil}
	out := make([]string, len(in))
	err := several.Answer(t.Context(), "demo", in, func(_ context.Context, q *journeyv1.GetContactRateRequest) (string, error) {
		for i := range in {
			if in[i] == q && in[i].GetBrand() == "" {
				t.Errorf("question %d was changed", i)
			}
		}
		return q.GetBrand(), nil
	}, func(i int, got string, why *spb.Status) { out[i] = fmt.Sprint(got, codes.Code(why.GetCode())) })
	if want := "[demoOK demoOK demoOK demoOK demoOK InvalidArgument]"; err != nil || fmt.Sprint(out) != want {
		t.Errorf("%v, not %s: %v", out, want, err)
	}
	if in[0].GetBrand() != "" {
		t.Error("a request was changed")
	}
	err = several.Each(t.Context(), "demo", len(in), func(int) string { return "" }, func(_ context.Context, i int) error { out[i] = "asked"; return wrong[i] },
		func(i int, why *spb.Status) { out[i] = codes.Code(why.GetCode()).String() })
	if want := "[asked asked NotFound FailedPrecondition InvalidArgument asked]"; err != nil || fmt.Sprint(out) != want {
		t.Errorf("%v, not %s: %v", out, want, err)
	}
}

// What may be asked again, or is not the caller's to ask, fails the call, and so does what
// is wrong with it as a whole: then nothing is asked.
func TestFails(t *testing.T) {
	for _, why := range []error{fault.Unavailable(nil, "no"), errors.New("broken"), fault.Denied(nil, "no"), context.DeadlineExceeded} {
		err := several.Each(t.Context(), "demo", 5, func(int) string { return "" }, func(_ context.Context, i int) error {
			if i == 3 {
				return why
			}
			return nil
		}, func(i int, _ *spb.Status) { t.Errorf("%v: question %d is refused", why, i) })
		if !errors.Is(err, why) {
			t.Errorf("%v, not %v", err, why)
		}
	}
	for name, in := range map[string][]*journeyv1.GetContactRateRequest{"none": nil, "too many": asked(make([]string, 201)...), "another brand": asked("", "olist")} {
		err := several.Answer(t.Context(), "demo", in, func(context.Context, *journeyv1.GetContactRateRequest) (string, error) {
			t.Error(name, "is asked")
			return "", nil
		}, func(int, string, *spb.Status) { t.Error(name, "is answered") })
		if fault.Code(err) != codes.InvalidArgument || len(fault.From(err).Fields) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A question that was asked before is judged as it was then, one of another kind that is
// packed alike by its own rules.
func TestJudgedOnce(t *testing.T) {
	ask := func(in *journeyv1.GetContactRateRequest) (string, error) {
		return several.Ask(t.Context(), "demo", in, func(_ context.Context, q *journeyv1.GetContactRateRequest) (string, error) { return q.GetBrand(), nil })
	}
	wrong := &journeyv1.GetContactRateRequest{GroupBy: 98}
	for range 3 {
		if got, err := ask(&journeyv1.GetContactRateRequest{GroupBy: 1}); got != "demo" || err != nil {
			t.Error(got, err)
		}
		if got, err := ask(wrong); fault.Code(err) != codes.InvalidArgument {
			t.Error(got, err)
		}
	}
	// More than are remembered.
	for i := range 5000 {
		filter := &journeyv1.EventFilter{Kinds: []string{fmt.Sprint("kind", i)}}
		if got, err := ask(&journeyv1.GetContactRateRequest{Filter: filter}); got != "demo" || err != nil {
			t.Fatal(got, err)
		}
	}
	if _, err := ask(wrong); fault.Code(err) != codes.InvalidArgument {
		t.Error(err)
	}
	// GetMetricRequest needs a metric; field 2 of either is empty here.
	_, err := several.Ask(t.Context(), "demo", &surveyv1.GetMetricRequest{}, func(context.Context, *surveyv1.GetMetricRequest) (string, error) { return "", nil })
	if fault.Code(err) != codes.InvalidArgument {
		t.Error(err)
	}
}

// Where all questions are one, what is wrong with one of them fails the call.
func TestAll(t *testing.T) {
	done := make([]bool, 300)
	if err := several.All(t.Context(), len(done), func(_ context.Context, i int) error { done[i] = true; return nil }); err != nil || slices.Contains(done, false) {
		t.Error(done, err)
	}
	if err := several.All(t.Context(), 0, nil); err != nil {
		t.Error(err)
	}
	no := fault.NotFound(nil, "no")
	if err := several.All(t.Context(), 5, func(_ context.Context, i int) error {
		if i == 3 {
			return no
		}
		return nil
	}); !errors.Is(err, no) {
		t.Error(err)
	}
}

// The call ends with its caller, and says so.
func TestEnds(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	err := several.Each(ctx, "demo", 100, func(int) string { return "" }, func(context.Context, int) error { leave(); return nil }, nil)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestEarliest(t *testing.T) {
	one, two := &timestamppb.Timestamp{Seconds: 1}, &timestamppb.Timestamp{Seconds: 2}
	if several.Earliest() != nil || several.Earliest(nil, nil) != nil || several.Earliest(nil, two, one, nil) != one || several.Earliest(two) != two {
		t.Error("not the earliest")
	}
}

package several_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
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

func TestEarliest(t *testing.T) {
	one, two := &timestamppb.Timestamp{Seconds: 1}, &timestamppb.Timestamp{Seconds: 2}
	if several.Earliest() != nil || several.Earliest(nil, nil) != nil || several.Earliest(nil, two, one, nil) != one || several.Earliest(two) != two {
		t.Error("not the earliest")
	}
}

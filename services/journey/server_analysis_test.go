package journey_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

// went is an event of a customer and of an order of the same number.
func went(customer int64, kind string, before time.Duration, with ...func(*journeyv1.Event)) *journeyv1.Event {
	e := happened(fmt.Sprintf("%d/%s/%s", customer, kind, before), kind, before)
	e.Actor, e.OrderId = byNumber(customer), fmt.Sprint("o", customer)
	for _, w := range with {
		w(e)
	}
	return e
}

func inApp(e *journeyv1.Event) { e.Channel = commonv1.Channel_CHANNEL_APP }

func nowhere(e *journeyv1.Event) { e.Subjects = nil }

func kinds(kinds ...string) *journeyv1.EventFilter { return &journeyv1.EventFilter{Kinds: kinds} }

func lastDays(n int32) *journeyv1.Window {
	return &journeyv1.Window{Window: &journeyv1.Window_LastDays{LastDays: n}}
}

func between(from, until string) *journeyv1.Window {
	return &journeyv1.Window{Window: &journeyv1.Window_Dates{Dates: &commonv1.DateRange{Start: from, End: until}}}
}

// asked is the answer to a question that must have one.
func asked[Q, A any](t *testing.T, ask func(context.Context, Q, ...grpc.CallOption) (A, error), in Q) A {
	t.Helper()
	out, err := ask(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func visitThenPurchase() *journeyv1.GetFunnelRequest {
	return &journeyv1.GetFunnelRequest{Brand: brand, Steps: []*journeyv1.FunnelStep{
		{Filter: kinds("visit")}, {Filter: kinds("purchase"), Within: durationpb.New(2 * time.Hour)},
	}}
}

// reached are a funnel's key and units.
func reached(f *journeyv1.Funnel) string {
	out := f.GetKey()
	for _, s := range f.GetSteps() {
		out += fmt.Sprint(" ", s.GetUnits())
	}
	return out
}

func TestFunnelCountsWhatArrived(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		in := visitThenPurchase()
		in.GroupBy = journeyv1.FunnelGroup_FUNNEL_GROUP_CHANNEL
		if out := asked(t, r.GetFunnel, in); out.AsOf != nil || reached(out.Total) != " 0 0" || len(out.Groups) != 0 {
			t.Fatalf("before the first event: %v", out)
		}
		put(t, r, went(1, "visit.page", 3*time.Hour, inApp), went(1, "purchase", time.Hour),
			went(2, "visit", 9*time.Hour), went(2, "purchase", 5*time.Hour), went(3, "visitor", time.Hour))
		out := asked(t, r.GetFunnel, in)
		if out.AsOf == nil || reached(out.Total) != " 2 1" || len(out.Groups) != 2 ||
			reached(out.Groups[0]) != "APP 1 1" || reached(out.Groups[1]) != "STORE 1 0" {
			t.Fatalf("got %v", out)
		}
		second := out.Total.Steps[1]
		if second.GetOfFirst() != 0.5 || second.GetOfPrevious() != 0.5 || second.SincePrevious.GetP50().AsDuration() != 2*time.Hour {
			t.Errorf("second step: %v", second)
		}
		// A late event of the same day asks anew.
		put(t, r, went(2, "visit", 6*time.Hour, nowhere))
		if out := asked(t, r.GetFunnel, in); reached(out.Total) != " 2 2" {
			t.Errorf("after a late event: %v", out)
		}
		in.GroupBy, in.SubjectKind = journeyv1.FunnelGroup_FUNNEL_GROUP_SUBJECT, commonv1.SubjectKind_SUBJECT_KIND_STORE
		out = asked(t, r.GetFunnel, in)
		if len(out.Groups) != 2 || reached(out.Groups[0]) != " 1 1" || reached(out.Groups[1]) != "s1 1 1" {
			t.Errorf("by store: %v", out)
		}
		in.GroupBy, in.SubjectKind = journeyv1.FunnelGroup_FUNNEL_GROUP_MONTH, 0
		if out = asked(t, r.GetFunnel, in); len(out.Groups) != 1 || reached(out.Groups[0]) != "2026-03 2 2" {
			t.Errorf("by month: %v", out)
		}
	})
}

// Days are the brand's: 00:30 of 2 March in Moscow is 21:30 of 1 March in London.
func TestAnalysisKeepsToTheWindow(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		put(t, r, went(1, "visit", 11*time.Hour+30*time.Minute), went(2, "visit", 12*time.Hour+30*time.Minute),
			went(3, "visit", 40*24*time.Hour))
		for _, c := range []struct {
			window *journeyv1.Window
			units  int64
		}{
			{nil, 3}, {lastDays(1), 1}, {lastDays(2), 2}, {lastDays(3660), 3}, {between("2026-03-01", "2026-03-02"), 1},
			{between("2026-03-03", "2026-03-09"), 0}, {between("0001-01-01", "9999-12-31"), 3},
		} {
			out := asked(t, r.GetPaths, &journeyv1.GetPathsRequest{Brand: brand, Window: c.window})
			if out.Units != c.units {
				t.Errorf("%v: %d units, want %d", c.window, out.Units, c.units)
			}
		}
	})
}

func TestPathsAndTransitionsOfOrders(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		for n := range int64(3) {
			put(t, r, went(n+1, "order.placed", 9*time.Hour), went(n+1, "order.delivered", time.Hour))
		}
		put(t, r, went(9, "order.placed", time.Hour), went(9, "order.placed", 2*time.Hour))
		paths := asked(t, r.GetPaths, &journeyv1.GetPathsRequest{
			Brand: brand, Unit: journeyv1.Unit_UNIT_ORDER, Top: 1, Filter: kinds("order"),
		})
		first := paths.GetPaths()[0]
		if paths.Units != 4 || paths.OtherUnits != 1 || paths.OtherPaths != 1 || first.Units != 3 || first.Share != 0.75 ||
			first.Duration.GetMedian().AsDuration() != 8*time.Hour {
			t.Errorf("paths: %v", paths)
		}
		pairs := asked(t, r.GetTransitions, &journeyv1.GetTransitionsRequest{
			Brand: brand, Unit: journeyv1.Unit_UNIT_ORDER, Top: 2, CollapseRepeats: true,
		})
		// Four begin, three go on, and the two ends are others.
		if len(pairs.Transitions) != 2 || pairs.Transitions[0].Times != 4 || pairs.Transitions[0].From != "" ||
			pairs.OtherTimes != 4 || pairs.OtherTransitions != 2 || pairs.Events != 7 || pairs.Units != 4 {
			t.Errorf("transitions: %v", pairs)
		}
	})
}

// A stage belongs to the day it begins, whenever it ends.
func TestStagesMayEndBehindTheWindow(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		const day = 24 * time.Hour
		put(t, r, went(1, "order.placed", 9*day), went(1, "order.delivered", day), went(2, "order.placed", 9*day),
			went(3, "order.placed", 2*day), went(3, "order.delivered", day),
			went(4, "order.placed", 9*day-time.Hour), went(4, "order.delivered", 9*day))
		in := &journeyv1.GetStageDurationsRequest{
			Brand: brand, Unit: journeyv1.Unit_UNIT_ORDER, Window: between("2026-02-20", "2026-02-23"),
			Stages: []*journeyv1.DurationStage{{From: kinds("order.placed"), To: kinds("order.delivered")}},
		}
		got := asked(t, r.GetStageDurations, in).GetStages()[0]
		if got.Reversed != 1 || got.Unfinished != 1 || got.Took.GetN() != 2 || got.Took.GetP50().AsDuration() != -time.Hour ||
			got.Took.GetP90().AsDuration() != 8*day {
			t.Errorf("got %v", got)
		}
		in.ForwardOnly, in.Having = true, kinds("order.delivered")
		got = asked(t, r.GetStageDurations, in).GetStages()[0]
		if got.Reversed != 1 || got.Unfinished != 0 || got.Took.GetN() != 1 || got.Took.GetMedian().AsDuration() != 8*day {
			t.Errorf("forward only: %v", got)
		}
	})
}

func TestAnalysisRefusesWhatItCannotMean(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		early, fine, twice := visitThenPurchase(), visitThenPurchase(), visitThenPurchase()
		early.Steps[0].Within = durationpb.New(time.Hour)
		fine.Steps[1].Within = &durationpb.Duration{Nanos: 1}
		twice.SubjectKind = commonv1.SubjectKind_SUBJECT_KIND_STORE
		never, no := visitThenPurchase(), visitThenPurchase()
		never.Window = between("2026-02-30", "2026-03-09")
		no.Window = between("2026-03-09", "2026-03-09")
		for field, in := range map[string]*journeyv1.GetFunnelRequest{
			"steps[0].within": early, "steps[1].within": fine, "subject_kind": twice,
			"window.dates.start": never, "window.dates": no,
		} {
			_, err := r.GetFunnel(t.Context(), in)
			if got := wrongFields(err); status.Code(err) != codes.InvalidArgument || len(got) != 1 || got[0] != field {
				t.Errorf("%s: %v %v", field, got, err)
			}
		}
	})
}

// However events arrive, and whatever is sealed when, the answers are the same.
func TestAnalysisOfAnyArrival(t *testing.T) {
	var events []*journeyv1.Event
	dice := rand.New(rand.NewPCG(11, 1))
	for i := range 120 {
		kind := []string{"visit", "purchase", "contact.call"}[dice.IntN(3)]
		e := went(int64(1+dice.IntN(9)), kind, time.Duration(dice.IntN(200))*time.Hour)
		e.ExternalId, e.Sequence = fmt.Sprint(i), int32(i)
		events = append(events, e)
	}
	var first []proto.Message
	each(t, func(t *testing.T, r *replica, _ *clock) {
		dice.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		for i := 0; i < len(events); i += 30 {
			put(t, r, events[i:i+30]...)
			asked(t, r.GetFunnel, visitThenPurchase())
			if i > 0 {
				asked(t, r.SealLake, &journeyv1.SealLakeRequest{Brand: brand, Compact: i > 60})
			}
		}
		funnel := asked(t, r.GetFunnel, visitThenPurchase())
		paths := asked(t, r.GetPaths, &journeyv1.GetPathsRequest{Brand: brand, MaxLength: 3})
		pairs := asked(t, r.GetTransitions, &journeyv1.GetTransitionsRequest{Brand: brand})
		funnel.AsOf, paths.AsOf, pairs.AsOf = nil, nil, nil
		got := []proto.Message{funnel, paths, pairs}
		if first == nil {
			first = got
		}
		if diff := cmp.Diff(first, got, protocmp.Transform()); diff != "" {
			t.Errorf("(-one order +another)\n%s", diff)
		}
	})
}

// wrongFields are the fields that a refusal names.
func wrongFields(err error) []string {
	var out []string
	for _, d := range status.Convert(err).Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				out = append(out, v.GetField())
			}
		}
	}
	return out
}

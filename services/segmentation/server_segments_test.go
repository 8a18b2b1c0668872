package segmentation_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
)

// The clock moves by 31 days without a single event: nobody ordered in the last 30.
func TestWindowsRollWithoutEvents(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		j := newJourney(t, c)
		r := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j})
		w := newWatcher(t, url, c)
		numbered(t, r, 5)
		createSegment(t, r, expression("lately", "purchases.count_30d > 0"))
		createSegment(t, r, expression("asleep", "purchases.days_since_last > 20"))
		for i := range int64(4) {
			buy(t, j, fmt.Sprint(i), i+1, start.AddDate(0, 0, -int(i)*9))
			purchasesOnce(t, r, i+1, 1)
		}
		w.settled(t)
		same := func(id, day string, want ...int64) {
			t.Helper()
			if diff := cmp.Diff(want, inSegment(t, r, id, day)); diff != "" {
				t.Errorf("%s on %q: %s", id, day, diff)
			}
		}
		same("lately", "", 1, 2, 3, 4)
		same("asleep", "", 4)
		c.Add(4 * 24 * time.Hour)
		w.settled(t)
		same("lately", "", 1, 2, 3)
		same("asleep", "", 3, 4)
		c.Add(27 * 24 * time.Hour)
		w.settled(t)
		same("lately", "")
		same("asleep", "", 1, 2, 3, 4)
		// The past stays what it was.
		same("lately", "2026-03-02", 1, 2, 3, 4)
		same("lately", "2026-03-10", 1, 2, 3)
		same("asleep", "2026-03-05", 4)
		got, err := r.GetSegment(t.Context(), &segmentationv1.GetSegmentRequest{Brand: brand, SegmentId: "lately"})
		if err != nil || got.GetRolledTo() != "2026-04-02" || got.GetSegment().GetMembers() != 0 {
			t.Errorf("%v, %v", got, err)
		}
		audit(t, url, "")
	})
}

func TestSegmentsAreDefined(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		numbered(t, r, 4)
		if _, err := merge(t, r, 1, 2); err != nil {
			t.Fatal(err)
		}
		some := createSegment(t, r, listOf("some", 1, 3))
		if some.GetVersion() != 1 || some.GetBeganAt() == nil || some.GetMembers() != 2 {
			t.Errorf("created %v", some)
		}
		if diff := cmp.Diff(some, createSegment(t, r, listOf("some", 1, 3)), protocmp.Transform()); diff != "" {
			t.Errorf("created again: %s", diff)
		}
		rest := createSegment(t, r, expression("rest", "customer.numbers == 1"))
		if diff := cmp.Diff([]string{"customer.numbers"}, rest.GetFields()); diff != "" {
			t.Error(diff)
		}
		createSegment(t, r, algebra("both", segmentationv1.SegmentAlgebra_OPERATION_INTERSECTION, "some", "rest"))
		createSegment(t, r, algebra("either", segmentationv1.SegmentAlgebra_OPERATION_UNION, "some", "both"))
		createSegment(t, r, algebra("other", segmentationv1.SegmentAlgebra_OPERATION_DIFFERENCE, "either", "both"))
		same := func(id string, want ...int64) {
			t.Helper()
			if diff := cmp.Diff(want, inSegment(t, r, id, "")); diff != "" {
				t.Errorf("%s: %s", id, diff)
			}
		}
		same("some", 2, 3)
		same("both", 3)
		same("other", 2)
		// What is made of a segment follows its new version at once.
		if s := updateSegment(t, r, listOf("some", 3, 4)); s.GetVersion() != 2 || s.GetMembers() != 2 {
			t.Errorf("updated %v", s)
		}
		same("both", 3, 4)
		same("other")
		in, err := r.GetMemberships(t.Context(), &segmentationv1.GetMembershipsRequest{Brand: brand, CustomerId: 3})
		if diff := cmp.Diff([]string{"both", "either", "rest", "some"}, in.GetSegmentIds()); diff != "" || err != nil {
			t.Error(diff, err)
		}
		all, err := r.ListSegments(t.Context(), &segmentationv1.ListSegmentsRequest{Brand: brand, PageSize: 2})
		if err != nil || len(all.GetSegments()) != 2 || all.GetSegments()[1].GetId() != "either" {
			t.Errorf("%v, %v", all, err)
		}
		next, err := r.ListSegments(t.Context(), &segmentationv1.ListSegmentsRequest{Brand: brand, PageSize: 3, PageToken: all.GetNextPageToken()})
		if err != nil || len(next.GetSegments()) != 3 || next.GetNextPageToken() != "" {
			t.Errorf("%v, %v", next, err)
		}
		before := proto.CloneOf(next.GetSegments()[2])
		if before.Titles = map[string]string{"ru": "Некоторые"}; updateSegment(t, r, before).GetVersion() != 2 {
			t.Error("a title made a version")
		}
		same("some", 3, 4)
	})
}

func TestSegmentsAreRefused(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		numbered(t, r, 2)
		createSegment(t, r, listOf("a", 1))
		union := segmentationv1.SegmentAlgebra_OPERATION_UNION
		createSegment(t, r, algebra("b", union, "a"))
		create := func(s *segmentationv1.Segment) error {
			_, err := r.CreateSegment(t.Context(), &segmentationv1.CreateSegmentRequest{Brand: brand, Segment: s})
			return err
		}
		update := func(s *segmentationv1.Segment) error {
			_, err := r.UpdateSegment(t.Context(), &segmentationv1.UpdateSegmentRequest{Brand: brand, Segment: s})
			return err
		}
		archive := func(id string) error {
			_, err := r.ArchiveSegment(t.Context(), &segmentationv1.ArchiveSegmentRequest{Brand: brand, SegmentId: id})
			return err
		}
		told := expression("x", "true")
		told.Members = 3
		old := listOf("a", 2)
		old.Version = 7
		for _, c := range []struct {
			name   string
			err    error
			reason commonv1.Reason
		}{
			{"other content", create(listOf("a", 2)), commonv1.Reason_REASON_ALREADY_EXISTS},
			{"unknown field", create(expression("x", "purchases.nothing > 1")), commonv1.Reason_REASON_FIELD_INVALID},
			{"no truth", create(expression("x", "purchases.count")), commonv1.Reason_REASON_FIELD_INVALID},
			{"unknown part", create(algebra("x", union, "nobody")), commonv1.Reason_REASON_SEGMENT_UNKNOWN},
			{"of itself", create(algebra("x", union, "x")), commonv1.Reason_REASON_FIELD_INVALID},
			{"cycle", update(algebra("a", union, "b")), commonv1.Reason_REASON_FIELD_INVALID},
			{"output", create(told), commonv1.Reason_REASON_FIELD_INVALID},
			{"unknown", update(listOf("x", 1)), commonv1.Reason_REASON_SEGMENT_UNKNOWN},
			{"older version", update(old), commonv1.Reason_REASON_VERSION_CONFLICT},
			{"in use", archive("a"), commonv1.Reason_REASON_SEGMENT_IN_USE},
			{"archive unknown", archive("x"), commonv1.Reason_REASON_SEGMENT_UNKNOWN},
		} {
			if !fault.Is(c.err, c.reason) {
				t.Errorf("%s: %v", c.name, c.err)
			}
		}
		for range 2 {
			if err := archive("b"); err != nil {
				t.Fatal(err)
			}
		}
		if err := archive("a"); err != nil {
			t.Error(err)
		}
		if got := inSegment(t, r, "a", ""); len(got) != 0 {
			t.Errorf("archived, and still has %v", got)
		}
		if err := update(listOf("a", 1)); !fault.Is(err, commonv1.Reason_REASON_SEGMENT_UNKNOWN) {
			t.Errorf("archived and updated: %v", err)
		}
	})
}

// Explanations say which part holds, on what, and since when.
func TestExplainMembership(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, "", c.Now)
		w := newWatcher(t, url, c)
		declare(t, r, city)
		upsert(t, r, false, anna())
		createSegment(t, r, expression("there", "attributes.city == 'Tver' && customer.numbers == 1"))
		createSegment(t, r, algebra("too", segmentationv1.SegmentAlgebra_OPERATION_UNION, "there"))
		explain := func(id string) *segmentationv1.ExplainMembershipResponse {
			t.Helper()
			out, err := r.ExplainMembership(t.Context(), &segmentationv1.ExplainMembershipRequest{Brand: brand, SegmentId: id, CustomerId: 1})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if got := explain("there"); !got.GetMember() || got.GetSince() != nil || len(got.GetParts()) != 2 || !got.GetParts()[0].GetHolds() {
			t.Errorf("at first: %v", got)
		}
		w.settled(t)
		c.Add(time.Hour)
		upsert(t, r, false, &segmentationv1.Customer{Id: 1, Attributes: map[string]*segmentationv1.AttributeValue{"city": textValue("Omsk")}})
		w.settled(t)
		got := explain("there")
		// Time may go on while the evaluator is waited for.
		since := got.GetSince().AsTime()
		if got.GetMember() || since.Before(start.Add(time.Hour)) || since.After(c.Now()) || got.GetParts()[0].GetHolds() || !got.GetParts()[1].GetHolds() ||
			got.GetValues()["attributes.city"] == "" {
			t.Errorf("moved away: %v", got)
		}
		if got := explain("too"); got.GetMember() || got.GetParts()[0].GetText() != "there" || got.GetParts()[0].GetHolds() {
			t.Errorf("moved away: %v", got)
		}
	})
}

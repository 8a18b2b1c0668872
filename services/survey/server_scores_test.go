package survey_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// nps asks for the network NPS of a scope, over everything.
func nps(t testing.TB, c surveyv1.SurveyServiceClient, scope *surveyv1.Scope) *surveyv1.Score {
	t.Helper()
	out, err := c.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: "nps.network", Scope: scope})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetTotal()
}

func in(refs ...*commonv1.SubjectRef) *surveyv1.Scope { return &surveyv1.Scope{Subjects: refs} }

func TestAnAcknowledgedResponseIsInTheScore(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		if got := nps(t, r, nil); got.GetN() != 0 || got.Value != nil {
			t.Fatalf("score of nothing = %v, want absent", got)
		}
		for i, score := range []int32{9, 10, 7, 3} {
			submit(t, r, fmt.Sprint(i), response("n1", score))
			if got := nps(t, r, nil); got.GetN() != int64(i+1) {
				t.Fatalf("after %d responses n = %d", i+1, got.GetN())
			}
		}
		got := nps(t, r, in(north))
		if got.GetPromoters() != 2 || got.GetPassives() != 1 || got.GetDetractors() != 1 || got.GetValue() != 25 {
			t.Errorf("NPS of the north = %v, want 2/1/1, 25", got)
		}
	})
}

// TestAmendAndRetractLeaveNothingBehind is the trap of hot aggregates that keep
// the old contribution.
func TestAmendAndRetractLeaveNothingBehind(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		id := submit(t, r, "a", response("n1", 2)).GetId()
		submit(t, r, "b", response("n1", 9))
		amended := response("s1", 10)
		amended.Id = id
		amended.ExperiencedAt = stamp(start.Add(-80 * time.Hour))
		out, err := r.AmendResponse(t.Context(), &surveyv1.AmendResponseRequest{Brand: brand, Response: amended, Reason: "wrong store"})
		if err != nil {
			t.Fatal(err)
		}
		if got := out.GetResponse(); got.GetChangeReason() != "wrong store" || got.GetId() != id || got.GetChangedAt() == nil {
			t.Errorf("amended = %v", got)
		}
		if got := nps(t, r, in(store("n1"))); got.GetN() != 1 || got.GetValue() != 100 {
			t.Errorf("the store it left = %v, want one promoter", got)
		}
		if got := nps(t, r, in(south)); got.GetN() != 1 || got.GetPromoters() != 1 {
			t.Errorf("the region it came to = %v, want one promoter", got)
		}
		again, err := r.AmendResponse(t.Context(), &surveyv1.AmendResponseRequest{Brand: brand, Response: amended, Reason: "again"})
		if err != nil || !again.GetReplayed() {
			t.Errorf("the same amendment again = %v, %v; want a replay", again, err)
		}
		for range 2 {
			if _, err := r.RetractResponse(t.Context(), &surveyv1.RetractResponseRequest{Brand: brand, Id: id, Reason: "spam"}); err != nil {
				t.Fatal(err)
			}
		}
		if got := nps(t, r, nil); got.GetN() != 1 {
			t.Errorf("after the retraction n = %d, want 1", got.GetN())
		}
		_, err = r.AmendResponse(t.Context(), &surveyv1.AmendResponseRequest{Brand: brand, Response: amended})
		if fault.Code(err) != codes.FailedPrecondition || !fault.Is(err, commonv1.Reason_REASON_RESPONSE_RETRACTED) {
			t.Errorf("amend what was retracted: %v", err)
		}
		got, err := r.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Brand: brand, Id: id})
		if err != nil || !got.GetResponse().GetRetracted() || got.GetResponse().GetChangeReason() != "spam" {
			t.Errorf("retracted response = %v, %v", got, err)
		}
	})
}

func TestAmendRefusesALostUpdate(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		first := submit(t, r, "a", response("n1", 2))
		change := func(score int32) error {
			in := response("n1", score)
			in.Id, in.Version = first.GetId(), first.GetVersion()
			_, err := r.AmendResponse(t.Context(), &surveyv1.AmendResponseRequest{Brand: brand, Response: in})
			return err
		}
		if err := change(5); err != nil {
			t.Fatal(err)
		}
		if err := change(6); fault.Code(err) != codes.Aborted {
			t.Errorf("second change of the version read = %v, want Aborted", err)
		}
	})
}

// TestAResponseCountsOnceInAnAncestor: its two stores share the region.
func TestAResponseCountsOnceInAnAncestor(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		both := response("s1", 9)
		both.Subjects = append(both.Subjects, store("m1"))
		submit(t, r, "a", both)
		for name, scope := range map[string]*surveyv1.Scope{
			"all": nil, "network": in(network), "south": in(south), "one": in(store("m1")), "two": in(store("m1"), store("s1")),
			"label": {Labels: map[string]string{"format": "hyper"}},
		} {
			if got := nps(t, r, scope); got.GetN() != 1 {
				t.Errorf("%s: n = %d, want 1", name, got.GetN())
			}
		}
		if got := nps(t, r, in(north)); got.GetN() != 0 {
			t.Errorf("north: n = %d, want 0", got.GetN())
		}
	})
}

// TestAMovedStore is read in both structures: before March it stood in the north.
func TestAMovedStore(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		old := response("m1", 9)
		old.ExperiencedAt = stamp(start.AddDate(0, 0, -10))
		submit(t, r, "a", old)
		submit(t, r, "b", response("m1", 3))
		current := surveyv1.Structure_STRUCTURE_CURRENT
		for _, tt := range []struct {
			name  string
			scope *surveyv1.Scope
			n     int64
		}{
			{"north as it was", in(north), 1},
			{"south as it was", in(south), 1},
			{"north as it is", &surveyv1.Scope{Subjects: in(north).GetSubjects(), Structure: current}, 0},
			{"south as it is", &surveyv1.Scope{Subjects: in(south).GetSubjects(), Structure: current}, 2},
		} {
			if got := nps(t, r, tt.scope); got.GetN() != tt.n {
				t.Errorf("%s: n = %d, want %d", tt.name, got.GetN(), tt.n)
			}
		}
	})
}

func TestListResponsesPagesNewestFirst(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		for i := range 25 {
			one := response("n1", int32(i%11))
			one.ExperiencedAt = stamp(start.AddDate(0, 0, -1-i/4))
			if i%11 < 9 {
				one.Answers = append(one.Answers, &surveyv1.Answer{QuestionId: "why", Value: &surveyv1.Answer_Text{Text: fmt.Sprint("text ", i)}})
			}
			submit(t, r, fmt.Sprint(i), one)
		}
		ask := &surveyv1.ListResponsesRequest{Brand: brand, PageSize: 7, Filter: &surveyv1.ResponseFilter{Commented: proto.Bool(true)}}
		var got []*surveyv1.Response
		for {
			page, err := r.ListResponses(t.Context(), ask)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page.GetResponses()...)
			if ask.PageToken = page.GetNextPageToken(); ask.GetPageToken() == "" {
				break
			}
		}
		if len(got) != 21 {
			t.Fatalf("%d commented responses, want 21", len(got))
		}
		for i := 1; i < len(got); i++ {
			if got[i].GetExperiencedAt().AsTime().After(got[i-1].GetExperiencedAt().AsTime()) {
				t.Errorf("response %d is newer than the one before it", i)
			}
		}
		one, err := r.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Brand: brand, Id: got[3].GetId()})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(one.GetResponse(), got[3], protocmp.Transform()); d != "" {
			t.Errorf("listed and read alone differ:\n%s", d)
		}
		ask.PageToken = "AAAA"
		if _, err := r.ListResponses(t.Context(), ask); !fault.Is(err, commonv1.Reason_REASON_PAGE_TOKEN_INVALID) {
			t.Errorf("made-up token: %v", err)
		}
	})
}

func TestWatchResponsesGoesOnBehindItsCursor(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		id := submit(t, r, "a", response("n1", 2)).GetId()
		submit(t, r, "b", response("n1", 3))
		change := response("n1", 4)
		change.Id = id
		if _, err := r.AmendResponse(t.Context(), &surveyv1.AmendResponseRequest{Brand: brand, Response: change}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.RetractResponse(t.Context(), &surveyv1.RetractResponseRequest{Brand: brand, Id: id}); err != nil {
			t.Fatal(err)
		}
		events, cursor := watch(t, r, nil, 4)
		var kinds []string
		for _, e := range events {
			kinds = append(kinds, fmt.Sprint(e.GetKind().String()[5:], " ", e.GetResponse().GetId() == id, " ", e.GetResponse().GetAnswers()[0].GetScore()))
		}
		if d := cmp.Diff([]string{"RECORDED true 2", "RECORDED false 3", "AMENDED true 4", "RETRACTED true 4"}, kinds); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
		submit(t, r, "c", response("n1", 5))
		if events, _ := watch(t, r, cursor, 1); events[0].GetResponse().GetAnswers()[0].GetScore() != 5 {
			t.Errorf("behind the cursor comes %v", events[0])
		}
		stream, err := r.WatchResponses(t.Context(), &surveyv1.WatchResponsesRequest{Brand: brand, After: &commonv1.Cursor{Seq: cursor.GetSeq(), CommitId: cursor.GetCommitId() + 1}})
		if err == nil {
			_, err = stream.Recv()
		}
		if !fault.Is(err, commonv1.Reason_REASON_LOG_REPLACED) {
			t.Errorf("a cursor of another log: %v", err)
		}
	})
}

// watch collects n events behind a cursor.
func watch(t *testing.T, r *replica, after *commonv1.Cursor, n int) (events []*surveyv1.ResponseEvent, at *commonv1.Cursor) {
	t.Helper()
	stream, err := r.WatchResponses(t.Context(), &surveyv1.WatchResponsesRequest{Brand: brand, After: after})
	if err != nil {
		t.Fatal(err)
	}
	for len(events) < n {
		out, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		events, at = append(events, out.GetEvents()...), out.GetCursor()
	}
	return events, at
}

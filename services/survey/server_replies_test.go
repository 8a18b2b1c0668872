package survey_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

func replying(r *replica, t *testing.T, id, who, text string, version int64) (*surveyv1.ReplyToResponseResponse, error) {
	t.Helper()
	return r.ReplyToResponse(t.Context(), &surveyv1.ReplyToResponseRequest{
		Brand: brand, ResponseId: id, Subject: store(who), Author: "The manager", Text: text, Public: true, Version: version})
}

// replies are those shown in a list and those of the response itself, which agree.
func replies(t *testing.T, r *replica, id string) []*surveyv1.Reply {
	t.Helper()
	one, err := r.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Brand: brand, Id: id})
	if err != nil {
		t.Fatal(err)
	}
	list, err := r.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Brand: brand})
	if err != nil {
		t.Fatal(err)
	}
	got := one.GetResponse().GetReplies()
	for _, listed := range list.GetResponses() {
		if listed.GetId() != id {
			continue
		}
		if len(listed.GetReplies()) != len(got) {
			t.Fatalf("%d replies in the list, %d of the response", len(listed.GetReplies()), len(got))
		}
		for i, bare := range listed.GetReplies() {
			whole := proto.CloneOf(got[i])
			whole.Earlier = nil
			if !proto.Equal(bare, whole) {
				t.Errorf("listed %v, read %v", bare, whole)
			}
		}
	}
	return got
}

// A reply is written, written again, amended and withheld; nothing of it is lost.
func TestReplies(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		define(t, r)
		both := response("n1", 3)
		both.Subjects = append(both.Subjects, store("s1"))
		id := submit(t, r, "a", both).GetId()
		submit(t, r, "b", response("n1", 9))
		first, err := replying(r, t, id, "n1", "We are sorry.", 0)
		if err != nil || first.GetReplayed() || first.GetReply().GetText() != "We are sorry." || first.GetReply().GetAmendedAt() != nil {
			t.Fatal(first, err)
		}
		if again, err := replying(r, t, id, "n1", "We are sorry.", 0); err != nil || !again.GetReplayed() || !proto.Equal(again.GetReply(), first.GetReply()) {
			t.Fatal(again, err)
		}
		c.Add(time.Hour)
		second, err := replying(r, t, id, "n1", "We mended it.", first.GetReply().GetVersion())
		if err != nil || second.GetReplayed() || !proto.Equal(second.GetReply().GetWrittenAt(), first.GetReply().GetWrittenAt()) || second.GetReply().GetAmendedAt() == nil {
			t.Fatal(second, err)
		}
		if _, err := replying(r, t, id, "n1", "No.", first.GetReply().GetVersion()); !fault.Is(err, commonv1.Reason_REASON_VERSION_CONFLICT) {
			t.Error(err)
		}
		if _, err := replying(r, t, id, "s1", "So are we.", 0); err != nil {
			t.Fatal(err)
		}
		got := replies(t, r, id)
		if len(got) != 2 || got[0].GetText() != "We mended it." || len(got[0].GetEarlier()) != 1 || got[0].GetEarlier()[0].GetText() != "We are sorry." || got[1].GetText() != "So are we." {
			t.Fatal(got)
		}
		moderate := func(withheld bool, reason string) *surveyv1.ModerateReplyResponse {
			out, err := r.ModerateReply(t.Context(), &surveyv1.ModerateReplyRequest{Brand: brand, ResponseId: id, Subject: store("n1"), Withheld: withheld, Reason: reason})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if out := moderate(true, "names a customer"); out.GetReplayed() || !out.GetReply().GetWithheld() || out.GetReply().GetWithheldReason() != "names a customer" {
			t.Error(out)
		}
		if out := moderate(true, "names a customer"); !out.GetReplayed() {
			t.Error(out)
		}
		// Who is withheld cannot help it by other words.
		if out, err := replying(r, t, id, "n1", "We mended it well.", 0); err != nil || !out.GetReply().GetWithheld() {
			t.Error(out, err)
		}
		if out := moderate(false, ""); out.GetReply().GetWithheld() || out.GetReply().GetWithheldReason() != "" {
			t.Error(out)
		}
		// A response that is amended keeps what was said to it.
		changed, err := r.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Brand: brand, Id: id})
		if err != nil {
			t.Fatal(err)
		}
		changed.Response.Answers[0] = scoreOf("nps", 8)
		if _, err := r.AmendResponse(t.Context(), &surveyv1.AmendResponseRequest{Brand: brand, Response: changed.GetResponse()}); err != nil {
			t.Fatal(err)
		}
		if got := replies(t, r, id); len(got) != 2 || len(got[0].GetEarlier()) != 2 {
			t.Error(got)
		}
	})
}

func TestRepliesRefused(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		define(t, r)
		id, gone := submit(t, r, "a", response("n1", 3)).GetId(), submit(t, r, "b", response("n1", 3)).GetId()
		if _, err := r.RetractResponse(t.Context(), &surveyv1.RetractResponseRequest{Brand: brand, Id: gone}); err != nil {
			t.Fatal(err)
		}
		for name, tt := range map[string]struct {
			id, who, text string
			version       int64
			code          codes.Code
			reason        commonv1.Reason
		}{
			"no such response": {"999999", "n1", "x", 0, codes.NotFound, commonv1.Reason_REASON_RESPONSE_UNKNOWN},
			"no number":        {"x", "n1", "x", 0, codes.NotFound, commonv1.Reason_REASON_RESPONSE_UNKNOWN},
			"about another":    {id, "s1", "x", 0, codes.NotFound, commonv1.Reason_REASON_RESPONSE_UNKNOWN},
			"no such store":    {id, "nowhere", "x", 0, codes.NotFound, commonv1.Reason_REASON_SUBJECT_UNKNOWN},
			"retracted":        {gone, "n1", "x", 0, codes.FailedPrecondition, commonv1.Reason_REASON_RESPONSE_RETRACTED},
			"no text":          {id, "n1", "", 0, codes.InvalidArgument, commonv1.Reason_REASON_FIELD_INVALID},
			"of no version":    {id, "n1", "x", 7, codes.Aborted, commonv1.Reason_REASON_VERSION_CONFLICT},
		} {
			if _, err := replying(r, t, tt.id, tt.who, tt.text, tt.version); status.Code(err) != tt.code || !fault.Is(err, tt.reason) {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := r.ModerateReply(t.Context(), &surveyv1.ModerateReplyRequest{Brand: brand, ResponseId: id, Subject: store("n1"), Withheld: true})
		if !fault.Is(err, commonv1.Reason_REASON_REPLY_UNKNOWN) {
			t.Error(err)
		}
		own := response("n1", 3)
		own.Replies = []*surveyv1.Reply{{Text: "mine"}}
		_, err = r.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: "c", Response: own})
		if status.Code(err) != codes.InvalidArgument {
			t.Error("with replies of its own:", err)
		}
	})
}

// Of many who amend the version that all of them saw one wins, on whichever replica, and
// a replica that starts later knows it.
func TestRepliesAcrossReplicas(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		rs := []*replica{newReplica(t, url, "", c.Now), newReplica(t, url, "", c.Now)}
		define(t, rs[0])
		id := submit(t, rs[0], "a", response("n1", 3)).GetId()
		first, err := replying(rs[1], t, id, "n1", "one", 0)
		if err != nil {
			t.Fatal(err)
		}
		var works sync.WaitGroup
		failed := make([]error, 8)
		for i := range failed {
			works.Go(func() {
				_, failed[i] = replying(rs[i%2], t, id, "n1", "two by "+string(rune('a'+i)), first.GetReply().GetVersion())
			})
		}
		works.Wait()
		won := 0
		for _, err := range failed {
			if err == nil {
				won++
			} else if !fault.Is(err, commonv1.Reason_REASON_VERSION_CONFLICT) {
				t.Error(err)
			}
		}
		late := newReplica(t, url, "", c.Now)
		if got := replies(t, late, id); won != 1 || len(got) != 1 || len(got[0].GetEarlier()) != 1 {
			t.Error(won, got, errors.Join(failed...))
		}
	})
}

package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

func sellerRef(id string) *commonv1.SubjectRef {
	return &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_SELLER, Id: id}
}

// sold brings sellers of whom each has answers, and gives back a response to each.
func (f *fortress) sold(n int) map[string]string {
	ctx, client := f.with(f.service), surveyv1.NewSurveyServiceClient(f.conn)
	out := map[string]string{}
	for i := range n {
		id := fmt.Sprint("secretive-", i)
		_, err := client.UpsertSubjects(ctx, &surveyv1.UpsertSubjectsRequest{Brand: "demo", Subjects: []*surveyv1.Subject{{Ref: sellerRef(id), Name: "Name of " + id}}})
		f.ok(err)
		for k := range 8 {
			r, err := client.SubmitResponse(ctx, &surveyv1.SubmitResponseRequest{Brand: "demo", RequestId: fmt.Sprint(id, k), Response: &surveyv1.Response{
				SurveyId: "visit", Subjects: []*commonv1.SubjectRef{sellerRef(id)}, Channel: commonv1.Channel_CHANNEL_MARKETPLACE,
				Answers: []*surveyv1.Answer{{QuestionId: "nps", Value: &surveyv1.Answer_Score{Score: int32((i + k) % 11)}}},
			}})
			f.ok(err)
			out[id] = r.GetId()
		}
	}
	return out
}

// A seller sees its own scorecard, where it stands among others whose names it is not
// told, and replies to what is said of it alone.
func TestSellerSeesItself(t *testing.T) {
	f := newFortress(t)
	f.plant()
	responses := f.sold(7)
	reports, answers := reportv1.NewReportServiceClient(f.conn), surveyv1.NewSurveyServiceClient(f.conn)
	own := f.with(f.token(jwt.MapClaims{"subjects": []string{"SELLER/secretive-3"}}))
	ask := &reportv1.GetSubjectScorecardRequest{Brand: "demo", Subject: sellerRef("secretive-3"), Metric: "nps", MinN: 1}
	card, err := reports.GetSubjectScorecard(own, ask)
	f.ok(err)
	whole, err := reports.GetSubjectScorecard(f.with(f.service), ask)
	f.ok(err)
	if card.GetRank().GetRank() == 0 || card.GetRank().GetRank() != whole.GetRank().GetRank() || card.GetRank().GetWorstRank() != whole.GetRank().GetWorstRank() ||
		card.GetPeers() != 7 || card.GetSpread().GetMedian() != whole.GetSpread().GetMedian() || card.GetSpread().Median == nil || card.GetSpread().GetHidden() {
		t.Errorf("the seller is told %v, the brand %v", card, whole)
	}
	told, err := protojson.Marshal(card)
	f.ok(err)
	for id := range responses {
		if id != "secretive-3" && strings.Contains(string(told), id) {
			t.Errorf("the scorecard names %s", id)
		}
	}
	for name, refused := range map[string]func() error{
		"another's standing": func() error {
			_, err := answers.GetStanding(own, &surveyv1.GetStandingRequest{Brand: "demo", Subject: sellerRef("secretive-4"), Metric: "nps"})
			return err
		},
		"a reply for another": func() error {
			_, err := answers.ReplyToResponse(own, &surveyv1.ReplyToResponseRequest{Brand: "demo", ResponseId: responses["secretive-4"], Subject: sellerRef("secretive-4"), Text: "x"})
			return err
		},
		"a reply to another": func() error {
			_, err := answers.ReplyToResponse(own, &surveyv1.ReplyToResponseRequest{Brand: "demo", ResponseId: responses["secretive-4"], Subject: sellerRef("secretive-3"), Text: "x"})
			return err
		},
		"a decision": func() error {
			_, err := answers.ModerateReply(own, &surveyv1.ModerateReplyRequest{Brand: "demo", ResponseId: responses["secretive-3"], Subject: sellerRef("secretive-3")})
			return err
		},
		"feedback": func() error {
			_, err := reports.ReportFeedback(own, &reportv1.ReportFeedbackRequest{Brand: "demo", OrderId: "o",
				Author: &reportv1.FeedbackAuthor{Author: &reportv1.FeedbackAuthor_Subject{Subject: sellerRef("secretive-3")}},
				Parts:  []*reportv1.FeedbackPart{{Subject: sellerRef("secretive-4"), SurveyId: "visit", Answers: []*surveyv1.Answer{{QuestionId: "nps", Value: &surveyv1.Answer_Score{Score: 10}}}}}})
			return err
		},
	} {
		if err := refused(); status.Code(err) != codes.PermissionDenied {
			t.Errorf("%s: %v", name, err)
		}
	}
	f.nothingOf(reports, own, "secretive-4")
	replied, err := answers.ReplyToResponse(own, &surveyv1.ReplyToResponseRequest{Brand: "demo", ResponseId: responses["secretive-3"], Subject: sellerRef("secretive-3"), Text: "Thank you.", Public: true})
	f.ok(err)
	list, err := answers.ListResponses(own, &surveyv1.ListResponsesRequest{Brand: "demo"})
	f.ok(err)
	shown := 0
	for _, r := range list.GetResponses() {
		for _, said := range r.GetReplies() {
			if shown++; said.GetText() != "Thank you." || said.GetVersion() != replied.GetReply().GetVersion() || r.GetId() != responses["secretive-3"] {
				t.Error(said)
			}
		}
	}
	if shown != 1 || len(list.GetResponses()) != 8 {
		t.Errorf("%d replies in %d responses", shown, len(list.GetResponses()))
	}
}

// nothingOf asks for another's scorecard, of which every part is hidden.
func (f *fortress) nothingOf(reports reportv1.ReportServiceClient, ctx context.Context, id string) {
	f.t.Helper()
	card, err := reports.GetSubjectScorecard(ctx, &reportv1.GetSubjectScorecardRequest{Brand: "demo", Subject: sellerRef(id), Metric: "nps"})
	f.ok(err)
	for _, s := range card.GetSections() {
		// The brand has no parameters to compare by: about gaps nobody is asked.
		if s.GetStatus() != reportv1.Section_STATUS_HIDDEN && s.GetName() != "gaps" {
			f.t.Errorf("of %s: %v", id, s)
		}
	}
	card.Sections = nil
	if proto.Size(card) > 0 {
		f.t.Errorf("of %s it is told %v", id, card)
	}
}

// Of few peers nothing is told that one of them could be known by.
func TestSellerAmongFew(t *testing.T) {
	f := newFortress(t)
	f.plant()
	f.sold(4)
	reports := reportv1.NewReportServiceClient(f.conn)
	ask := &reportv1.GetSubjectScorecardRequest{Brand: "demo", Subject: sellerRef("secretive-3"), Metric: "nps", MinN: 1}
	card, err := reports.GetSubjectScorecard(f.with(f.token(jwt.MapClaims{"subjects": []string{"SELLER/secretive-3"}})), ask)
	f.ok(err)
	if s := card.GetSpread(); !s.GetHidden() || s.Median != nil || card.GetRank().GetRank() == 0 || card.GetPeers() != 4 {
		t.Error(card.GetRank(), s)
	}
	whole, err := reports.GetSubjectScorecard(f.with(f.service), ask)
	f.ok(err)
	if s := whole.GetSpread(); s.GetHidden() || s.Median == nil {
		t.Error("the brand sees", s)
	}
}

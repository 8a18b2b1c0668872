package survey_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/survey"
)

// byMail is an invitation for whoever has an address.
func byMail(address string) *surveyv1.SurveyLink {
	l := invitation("n1", 1)
	l.Mode = commonv1.ContactMode_CONTACT_MODE_EMAIL
	l.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: &commonv1.Identity{Kind: commonv1.Identity_KIND_EMAIL, Value: address}}}
	return l
}

// eachBeside runs a test on a replica that has Segmentation beside it.
func eachBeside(t *testing.T, fn func(t *testing.T, r *replica, near segmentationv1.SegmentationServiceClient, c *clock, url string)) {
	t.Helper()
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		near, _ := newSegmentation(t, c)
		r := newReplicaBeside(t, url, "", c.Now, fold.Config{SweepEvery: -1}, hot.Options{}, survey.Neighbours{Segmentation: near})
		define(t, r)
		fn(t, r, near, c, url)
	})
}

// An invitation is a contact: it is counted against the customer's budget, once however
// often it is asked for, and refused where there is none left. A code at a place is none.
func TestLinkKeepsTheContactBudget(t *testing.T) {
	eachBeside(t, func(t *testing.T, r *replica, near segmentationv1.SegmentationServiceClient, c *clock, _ string) {
		first := makeLink(t, r, "1", byMail("Anna@Example.com"))
		if first.GetCustomer().GetId() == 0 || first.GetReservationId() == "" {
			t.Fatalf("link %v", first)
		}
		if again := makeLink(t, r, "1", byMail("anna@example.com")); again.GetToken() != first.GetToken() {
			t.Errorf("asked again: %v", again)
		}
		_, err := r.CreateSurveyLink(t.Context(), &surveyv1.CreateSurveyLinkRequest{Brand: brand, RequestId: "2", Link: byMail("anna@example.com")})
		e := fault.From(err)
		if !fault.Is(err, commonv1.Reason_REASON_CONTACT_FORBIDDEN) || e.Meta["rule"] != "CONTACT_RULE_PURPOSE_LIMIT" || e.Meta["allowed_from"] == "" {
			t.Errorf("over the budget: %v %v", err, e)
		}
		inPerson := byMail("anna@example.com")
		inPerson.Mode = commonv1.ContactMode_CONTACT_MODE_IN_PERSON
		if l := makeLink(t, r, "3", inPerson); l.GetReservationId() != "" {
			t.Errorf("nobody was contacted: %v", l)
		}
		leave, err := near.ReserveContact(t.Context(), &segmentationv1.ReserveContactRequest{Brand: brand, RequestId: "own", Contact: &segmentationv1.ContactRequest{
			Customer: byMail("boris@example.com").GetCustomer(), Purpose: "survey", Mode: commonv1.ContactMode_CONTACT_MODE_EMAIL}})
		if err == nil && leave.GetAllowed() {
			t.Fatalf("nobody is known by that address yet: %v", leave)
		}
		boris := makeLink(t, r, "4", byMail("boris@example.com"))
		reserved := byMail("boris@example.com")
		reserved.ReservationId = boris.GetReservationId()
		if l := makeLink(t, r, "5", reserved); l.GetReservationId() != boris.GetReservationId() {
			t.Errorf("leave was given already: %v", l)
		}
		invited(t, r, &surveyv1.InvitationCounts{Sent: 4})
		list, err := r.ListSurveyLinks(t.Context(), &surveyv1.ListSurveyLinksRequest{Brand: brand, CustomerId: boris.GetCustomer().GetId(), PageSize: 1})
		if err != nil || len(list.GetLinks()) != 1 || list.GetNextPageToken() == "" {
			t.Fatalf("%v %v", list, err)
		}
		list, err = r.ListSurveyLinks(t.Context(), &surveyv1.ListSurveyLinksRequest{Brand: brand, CustomerId: boris.GetCustomer().GetId(), PageSize: 1, PageToken: list.GetNextPageToken()})
		if err != nil || len(list.GetLinks()) != 1 || list.GetLinks()[0].GetId() != boris.GetId() || list.GetNextPageToken() != "" {
			t.Errorf("the second page: %v %v", list, err)
		}
	})
}

// silent is a Segmentation that does not answer.
type silent struct {
	segmentationv1.SegmentationServiceClient
}

func (silent) ReserveContact(context.Context, *segmentationv1.ReserveContactRequest, ...grpc.CallOption) (*segmentationv1.ReserveContactResponse, error) {
	return nil, fault.Unavailable(nil, "away")
}

// While nobody can say whether a customer may be contacted, nobody is.
func TestLinkWaitsForTheBudget(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		near, _ := newSegmentation(t, c)
		customers(t, near, 3)
		r := newReplicaBeside(t, url, "", c.Now, fold.Config{SweepEvery: -1}, hot.Options{}, survey.Neighbours{Segmentation: silent{near}})
		define(t, r)
		_, err := r.CreateSurveyLink(t.Context(), &surveyv1.CreateSurveyLinkRequest{Brand: brand, RequestId: "1", Link: invitation("n1", 1)})
		if !fault.Retryable(err) {
			t.Errorf("%v", err)
		}
		makeLink(t, r, "2", poster("n1"))
	})
}

// Of a customer who is erased nothing is left of what was not finished, and the link
// leads nowhere; what was counted stays.
func TestLinkOfWhoIsErased(t *testing.T) {
	eachBeside(t, func(t *testing.T, r *replica, near segmentationv1.SegmentationServiceClient, c *clock, url string) {
		l := makeLink(t, r, "1", byMail("anna@example.com"))
		openLink(t, r, l, "")
		saveAnswers(t, r, l, "", scoreOf("nps", 2), textOf("why", "my street is Lesnaya 5"))
		done := byMail("anna@example.com")
		done.Mode = commonv1.ContactMode_CONTACT_MODE_QR
		finish(t, r, makeLink(t, r, "2", done), "", scoreOf("nps", 1), textOf("why", "Lesnaya 5"))
		if _, err := near.EraseCustomer(t.Context(), &segmentationv1.EraseCustomerRequest{Brand: brand, Id: l.GetCustomer().GetId()}); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(20 * time.Second); openLink(t, r, l, "").GetState() != surveyv1.SurveyLinkState_SURVEY_LINK_STATE_REVOKED; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the link of an erased customer goes on")
			}
		}
		invited(t, r, &surveyv1.InvitationCounts{Sent: 2, Opened: 1, Started: 2, Answered: 1})
		db := sqldbtest.Open(t, url)
		var drafts int
		if err := db.QueryRow(t.Context(), "SELECT count(*) FROM link_draft").Scan(&drafts); err != nil || drafts != 0 {
			t.Errorf("%d drafts are left: %v", drafts, err)
		}
		if got := listed(t, r); len(got) != 1 || len(got[0].GetAnswers()) == 0 || got[0].GetAnswers()[0].GetScore() != 1 {
			t.Errorf("responses %v", got)
		}
	})
}

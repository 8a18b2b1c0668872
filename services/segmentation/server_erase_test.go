package segmentation_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
)

// known makes a person of two numbers of whom everything is known, and a bystander.
func known(t *testing.T, r *replica) {
	t.Helper()
	_, err := r.DeclareAttributes(t.Context(), &segmentationv1.DeclareAttributesRequest{Brand: brand, Attributes: []*segmentationv1.Attribute{
		{Name: "family.children", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER, Personal: true},
		{Name: "tier", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT},
	}})
	if err != nil {
		t.Fatal(err)
	}
	out := upsert(t, r, false,
		&segmentationv1.Customer{Identities: []*commonv1.Identity{email("one@example.com"), phone("+79051234567")},
			Attributes: map[string]*segmentationv1.AttributeValue{
				"family.children": {Value: &segmentationv1.AttributeValue_Number{Number: 3}},
				"tier":            {Value: &segmentationv1.AttributeValue_Text{Text: "gold"}},
			},
			LifeEvents: []*segmentationv1.LifeEvent{{Kind: "bereavement", Day: "2026-02-01"}}, Locale: "ru"},
		&segmentationv1.Customer{Identities: []*commonv1.Identity{card("2")}},
		&segmentationv1.Customer{Identities: []*commonv1.Identity{email("other@example.com")}, Locale: "fr"})
	if len(out.GetRejections()) > 0 {
		t.Fatal(out.GetRejections())
	}
	if _, err := merge(t, r, 1, 2); err != nil {
		t.Fatal(err)
	}
}

func TestErase(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, "", c.Now)
		known(t, r)
		before := get(t, r, 3)
		c.Add(time.Hour)
		erased := timestamppb.New(start.Add(time.Hour))
		want := &segmentationv1.EraseCustomerResponse{Erasure: &segmentationv1.Erasure{
			Id: 1, CustomerIds: []int64{1, 2}, ErasedAt: erased, Complete: true,
			Parts: []*segmentationv1.ErasurePart{{Service: "segmentation", CompletedAt: erased, Records: 4}},
		}}
		if diff := cmp.Diff(want, erase(t, r, 2), protocmp.Transform()); diff != "" {
			t.Errorf("erasure: %s", diff)
		}
		c.Add(time.Hour)
		want.Replayed = true
		for _, id := range []int64{1, 2} {
			if diff := cmp.Diff(want, erase(t, r, id), protocmp.Transform()); diff != "" {
				t.Errorf("erased again by %d: %s", id, diff)
			}
		}
		left := &segmentationv1.Customer{Id: 1, PersonId: 2, MemberIds: []int64{1, 2}, Erased: true, UpdatedAt: erased,
			CreatedAt: timestamppb.New(start), Attributes: map[string]*segmentationv1.AttributeValue{
				"tier": {Value: &segmentationv1.AttributeValue_Text{Text: "gold"}},
			}, AttributeTimes: map[string]*timestamppb.Timestamp{"tier": timestamppb.New(start)}}
		if diff := cmp.Diff(left, get(t, r, 1), protocmp.Transform()); diff != "" {
			t.Errorf("what is left: %s", diff)
		}
		if diff := cmp.Diff(before, get(t, r, 3), protocmp.Transform()); diff != "" {
			t.Errorf("the bystander: %s", diff)
		}
		nobodyComesBack(t, r)
		if n := sealedLeft(t, url); n != 1 {
			t.Errorf("%d identities can still be read, want the bystander's", n)
		}
		audit(t, url, "")
	})
}

// nobodyComesBack tries everything that could bring an erased person back.
func nobodyComesBack(t *testing.T, r *replica) {
	t.Helper()
	got := resolve(t, r, email("ONE@example.com"), phone("8 905 123-45-67"), card("2"), card("new"))
	if diff := cmp.Diff([]string{"IDENTITY_ERASED", "IDENTITY_ERASED", "IDENTITY_ERASED", ""}, reasons(got)); diff != "" {
		t.Errorf("resolving: %s", diff)
	}
	if diff := cmp.Diff([]int64{0, 0, 0, 4}, numbers(got)); diff != "" {
		t.Errorf("numbers: %s", diff)
	}
	for _, row := range []*segmentationv1.Customer{
		{Id: 1, Locale: "de"}, {Identities: []*commonv1.Identity{card("2")}, Locale: "de"}, {Id: 1, Identities: []*commonv1.Identity{card("3")}},
	} {
		if out := upsert(t, r, true, row); len(out.GetRejections()) != 1 {
			t.Errorf("an erased customer took %v", row)
		}
	}
	_, err := r.GetCustomer(t.Context(), &segmentationv1.GetCustomerRequest{Brand: brand, Customer: &commonv1.CustomerRef{
		Ref: &commonv1.CustomerRef_Identity{Identity: card("2")}}})
	if !fault.Is(err, commonv1.Reason_REASON_CUSTOMER_UNKNOWN) {
		t.Errorf("found by an identity that is gone: %v", err)
	}
	if _, err := unmerge(t, r, 1); err != nil {
		t.Errorf("unmerge of the erased: %v", err)
	}
}

// sealedLeft counts identities that somebody with the keys could read.
func sealedLeft(t *testing.T, url string) (n int) {
	t.Helper()
	err := sqldbtest.Open(t, url).QueryRow(t.Context(), "SELECT count(*) FROM identity WHERE sealed IS NOT NULL AND customer < 4").Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// An erasure is complete when all have reported whom this deployment has.
func TestErasureParts(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Survey: newSurvey(t, c), Journey: newJourney(t, c)})
		numbered(t, r, 1)
		if out := erase(t, r, 1); out.GetErasure().GetComplete() || len(out.GetErasure().GetParts()) != 3 {
			t.Errorf("erasure: %v", out)
		}
		report := func(id int64, service string, records int64) error {
			_, err := r.ReportErasure(t.Context(), &segmentationv1.ReportErasureRequest{Brand: brand, ErasureId: id, Service: service, Records: records})
			return err
		}
		for i, one := range []struct {
			service string
			records int64
		}{{"survey", 5}, {"survey", 9}, {"loyalty", 2}, {"journey", 0}} {
			c.Add(time.Minute)
			if err := report(1, one.service, one.records); err != nil {
				t.Fatal(err)
			}
			got, err := r.GetErasure(t.Context(), &segmentationv1.GetErasureRequest{Brand: brand, Id: 1})
			if err != nil || got.GetErasure().GetComplete() != (i == 3) {
				t.Errorf("after %s: %v, %v", one.service, got, err)
			}
		}
		at := func(minutes int) *timestamppb.Timestamp {
			return timestamppb.New(start.Add(time.Duration(minutes) * time.Minute))
		}
		got, err := r.GetErasure(t.Context(), &segmentationv1.GetErasureRequest{Brand: brand, Id: 1})
		if err != nil {
			t.Fatal(err)
		}
		want := []*segmentationv1.ErasurePart{
			{Service: "journey", CompletedAt: at(4)}, {Service: "loyalty", CompletedAt: at(3), Records: 2},
			{Service: "segmentation", CompletedAt: at(0), Records: 1}, {Service: "survey", CompletedAt: at(1), Records: 5},
		}
		if diff := cmp.Diff(want, got.GetErasure().GetParts(), protocmp.Transform()); diff != "" {
			t.Errorf("parts: %s", diff)
		}
		if err := report(2, "survey", 1); !fault.Is(err, commonv1.Reason_REASON_ERASURE_UNKNOWN) {
			t.Errorf("report of no erasure: %v", err)
		}
		if _, err := r.GetErasure(t.Context(), &segmentationv1.GetErasureRequest{Brand: brand, Id: 2}); !fault.Is(err, commonv1.Reason_REASON_ERASURE_UNKNOWN) {
			t.Errorf("no erasure: %v", err)
		}
		if _, err := r.EraseCustomer(t.Context(), &segmentationv1.EraseCustomerRequest{Brand: brand, Id: 77}); !fault.Is(err, commonv1.Reason_REASON_CUSTOMER_UNKNOWN) {
			t.Errorf("erasure of nobody: %v", err)
		}
	})
}

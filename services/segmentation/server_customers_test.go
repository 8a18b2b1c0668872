package segmentation_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

func TestGetCustomer(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		resolve(t, r, card("1"), email("anna@example.org"))
		for name, c := range map[string]struct {
			ref    *commonv1.CustomerRef
			id     int64
			reason string
		}{
			"number":   {&commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 2}}, 2, ""},
			"identity": {&commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: email("ANNA@example.org")}}, 2, ""},
			"nobody":   {&commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: card("2")}}, 0, "CUSTOMER_UNKNOWN"},
			"beyond":   {&commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 3}}, 0, "CUSTOMER_UNKNOWN"},
			"neither":  {&commonv1.CustomerRef{}, 0, "FIELD_INVALID"},
			"broken":   {&commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: email("x")}}, 0, "FIELD_INVALID"},
		} {
			out, err := r.GetCustomer(t.Context(), &segmentationv1.GetCustomerRequest{Brand: brand, Customer: c.ref})
			if out.GetCustomer().GetId() != c.id || fault.Reason(err) != c.reason {
				t.Errorf("%s: %v, %v", name, out, err)
			}
		}
	})
}

func TestListCustomers(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		var ids []*commonv1.Identity
		for i := range 25 {
			ids = append(ids, card(fmt.Sprint(i)))
		}
		resolve(t, r, ids...)
		in := &segmentationv1.ListCustomersRequest{Brand: brand, PageSize: 10}
		var got, want []int64
		for pages := 1; ; pages++ {
			out, err := r.ListCustomers(t.Context(), in)
			if err != nil || out.GetNumbers() != 25 || out.GetPersons() != 25 {
				t.Fatal(out, err)
			}
			for _, c := range out.GetCustomers() {
				got = append(got, c.GetId())
				if len(c.GetIdentities()) > 0 {
					t.Error("a list shows identities")
				}
			}
			if in.PageToken = out.GetNextPageToken(); in.GetPageToken() == "" {
				if pages != 3 {
					t.Errorf("%d pages", pages)
				}
				break
			}
			other := &segmentationv1.ListCustomersRequest{Brand: "other", PageSize: 10, PageToken: in.GetPageToken()}
			if _, err := r.ListCustomers(t.Context(), other); fault.Reason(err) != "PAGE_TOKEN_INVALID" {
				t.Error(err)
			}
		}
		for i := range int64(25) {
			want = append(want, i+1)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAttributes(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		size := &segmentationv1.Attribute{Name: "size", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER}
		declare(t, r, size, city)
		declare(t, r, city)
		titled := &segmentationv1.Attribute{Name: "city", Type: city.GetType(), Title: "Town"}
		declare(t, r, titled)
		out, err := r.ListAttributes(t.Context(), &segmentationv1.ListAttributesRequest{Brand: brand})
		if diff := cmp.Diff([]*segmentationv1.Attribute{titled, size}, out.GetAttributes(), protocmp.Transform()); diff != "" || err != nil {
			t.Error(diff, err)
		}
		_, err = r.DeclareAttributes(t.Context(), &segmentationv1.DeclareAttributesRequest{Brand: brand, Attributes: []*segmentationv1.Attribute{
			{Name: "new", Type: size.GetType()}, {Name: "size", Type: city.GetType()},
		}})
		if fault.Reason(err) != "ATTRIBUTE_MISMATCH" {
			t.Error(err)
		}
		if out, err := r.ListAttributes(t.Context(), &segmentationv1.ListAttributesRequest{Brand: brand}); err != nil || len(out.GetAttributes()) != 2 {
			t.Errorf("a refused declaration left something behind: %v, %v", out, err)
		}
	})
}

package shell

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// FindPersons are the persons that a query may mean, ascending: by number, e-mail,
// telephone, card, or system:number.
func FindPersons(ctx context.Context, people segmentationv1.SegmentationServiceClient, brand, query string) ([]int64, error) {
	var ids []int64
	if id, err := strconv.ParseInt(query, 10, 64); err == nil && id > 0 {
		got, err := people.GetCustomer(ctx, &segmentationv1.GetCustomerRequest{
			Brand: brand, Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}},
		})
		switch {
		case err == nil:
			ids = append(ids, got.GetCustomer().GetPersonId())
		case fault.Code(err).String() != "NotFound":
			return nil, err
		}
	}
	asked := identitiesOf(query)
	if len(asked) == 0 {
		return ids, nil
	}
	got, err := people.ResolveCustomers(ctx, &segmentationv1.ResolveCustomersRequest{Brand: brand, Identities: asked, KnownOnly: true})
	if err != nil {
		return nil, err
	}
	for _, r := range got.GetResults() {
		if r.GetError() == nil && r.GetId() > 0 {
			ids = append(ids, r.GetPersonId())
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// identitiesOf are what a query may be.
func identitiesOf(query string) []*commonv1.Identity {
	if query == "" || len(query) > 256 {
		return nil
	}
	if strings.Contains(query, "@") {
		return []*commonv1.Identity{{Kind: commonv1.Identity_KIND_EMAIL, Value: query}}
	}
	out := []*commonv1.Identity{{Kind: commonv1.Identity_KIND_CARD, Value: query}}
	if strings.IndexFunc(query, unicode.IsLetter) < 0 {
		out = append(out, &commonv1.Identity{Kind: commonv1.Identity_KIND_PHONE, Value: query})
	}
	if system, value, has := strings.Cut(query, ":"); has && system != "" && value != "" && len(system) <= 64 {
		out = append(out, &commonv1.Identity{Kind: commonv1.Identity_KIND_EXTERNAL, Namespace: system, Value: value})
	}
	return out
}

// Masked is an identity by which its owner knows it again, and nobody else: the
// first letter and the domain of an address, the last two digits of a number.
func Masked(value string) string {
	if name, domain, mail := strings.Cut(value, "@"); mail {
		first, size := utf8.DecodeRuneInString(name)
		if size == 0 {
			return "***@" + domain
		}
		return string(first) + "***@" + domain
	}
	all := []rune(value)
	if len(all) < 5 {
		return "***"
	}
	return "***" + string(all[len(all)-2:])
}

package survey

import (
	"bytes"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/differ"
)

// difference names the first field in which two records differ, in the order
// of the contract; empty if they say the same. Seals differ each time, so that
// identities are compared by their hash, whoever of them is resolved by now. What
// was blanked in either, now or then, is not held against the other.
func difference(a, b *surveyv1.ResponseRecord) string {
	if a.GetErased() || b.GetErased() {
		a, b = proto.CloneOf(a), proto.CloneOf(b)
		wipe(a)
		wipe(b)
		return differ.First("response", unnamed(a.GetResponse()), unnamed(b.GetResponse()))
	}
	if !bytes.Equal(a.GetIdentityHash(), b.GetIdentityHash()) {
		return "response.customer"
	}
	x, y := a.GetResponse(), b.GetResponse()
	if len(a.GetIdentityHash()) > 0 {
		x, y = unnamed(x), unnamed(y)
	}
	return differ.First("response", x, y)
}

// unnamed is a response without the number its identity was resolved to.
func unnamed(r *surveyv1.Response) *surveyv1.Response {
	if r.GetCustomer() == nil {
		return r
	}
	r = proto.CloneOf(r)
	r.Customer = nil
	return r
}

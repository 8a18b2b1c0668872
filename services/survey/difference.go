package survey

import (
	"bytes"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/differ"
)

// difference names the first field in which two records differ, in the order
// of the contract; empty if they say the same. Seals differ each time, so that
// identities are compared by their hash.
func difference(a, b *surveyv1.ResponseRecord) string {
	if !bytes.Equal(a.GetIdentityHash(), b.GetIdentityHash()) {
		return "response.customer"
	}
	return differ.First("response", a.GetResponse(), b.GetResponse())
}

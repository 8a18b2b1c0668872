package intake

import (
	"strings"
	"unicode"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
)

// Normalise writes an identity in one way, so that the same customer hashes
// alike: addresses without regard to case, numbers by their digits. Resolving
// it for good (countries, aliases) is Segmentation's business.
func Normalise(id *commonv1.Identity) []byte {
	return []byte(id.GetKind().String() + "\x00" + id.GetNamespace() + "\x00" + normal(id))
}

// blank tells an identity of which nothing is left: all customers whose address
// was lost on the way would be taken for one.
func blank(id *commonv1.Identity) bool { return normal(id) == "" }

func normal(id *commonv1.Identity) string {
	v := strings.TrimSpace(id.GetValue())
	switch id.GetKind() {
	case commonv1.Identity_KIND_EMAIL:
		v = strings.ToLower(v)
	case commonv1.Identity_KIND_PHONE, commonv1.Identity_KIND_CARD:
		v = strings.Map(func(r rune) rune {
			if r == '+' || unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1 // of the many ways to group digits, none tells numbers apart
		}, v)
	}
	return v
}

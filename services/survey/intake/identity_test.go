package intake

import (
	"testing"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
)

func TestBlankIdentities(t *testing.T) {
	for value, want := range map[string]bool{" ": true, "\u00a0": true, "+7 900": false, "x": false, " - ()": true} {
		if got := blank(&commonv1.Identity{Kind: commonv1.Identity_KIND_PHONE, Value: value}); got != want {
			t.Errorf("phone %q: blank = %v, want %v", value, got, want)
		}
	}
}

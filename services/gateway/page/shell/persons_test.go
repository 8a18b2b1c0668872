package shell

import (
	"strings"
	"testing"
)

func TestIdentitiesAreMasked(t *testing.T) {
	for value, want := range map[string]string{
		"anna@example.com": "a***@example.com", "@example.com": "***@example.com", "ёлка@example.com": "ё***@example.com",
		"+74951234567": "***67", "7700": "***", "": "***",
	} {
		if got := Masked(value); got != want {
			t.Errorf("%q is shown as %q, want %q", value, got, want)
		}
	}
}

func TestAQueryMayBeManyThings(t *testing.T) {
	for query, want := range map[string]string{
		"anna@example.com": "KIND_EMAIL", "+7 495 123": "KIND_CARD KIND_PHONE", "shop:12": "KIND_CARD KIND_EXTERNAL", "": "", strings.Repeat("1", 257): "",
	} {
		var got []string
		for _, i := range identitiesOf(query) {
			got = append(got, i.GetKind().String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, want %s", query, got, want)
		}
	}
}

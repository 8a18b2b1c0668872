// Package shelltest holds catalogues of words against each other.
package shelltest

import (
	"reflect"
	"regexp"
	"slices"
	"testing"
)

var verbs = regexp.MustCompile(`%[sd]`)

// SameWords fails where a text is missing in one of two catalogues, or takes other
// things than its fellow.
func SameWords(t *testing.T, code string, first, other any) {
	t.Helper()
	sameWords(t, code, reflect.ValueOf(first), reflect.ValueOf(other))
}

func sameWords(t *testing.T, code string, first, other reflect.Value) {
	t.Helper()
	for i := range first.NumField() {
		name, a, b := first.Type().Field(i).Name, first.Field(i), other.Field(i)
		switch a.Kind() {
		case reflect.Struct:
			sameWords(t, code, a, b)
		case reflect.String:
			if a.String() == "" || b.String() == "" {
				t.Errorf("%s is missing", name)
			}
			if x, y := verbs.FindAllString(a.String(), -1), verbs.FindAllString(b.String(), -1); !slices.Equal(x, y) {
				t.Errorf("%s takes %q, and %q in %s", name, x, y, code)
			}
		case reflect.Map:
			if a.Len() == 0 || a.Len() != b.Len() {
				t.Errorf("%s has %d and %d entries", name, a.Len(), b.Len())
			}
			for _, k := range a.MapKeys() {
				if !b.MapIndex(k).IsValid() {
					t.Errorf("%s lacks %v", name, k)
				}
			}
		}
	}
}

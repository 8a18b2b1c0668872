package identity_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/segmentation/identity"
)

var secret = bytes.Repeat([]byte{7}, 32)

// rules of a Russian brand with further settings.
func rules(t testing.TB, settings string) *identity.Rules {
	t.Helper()
	all, err := config.ParseBrands([]byte("brands:\n  - {id: shop, zone: Europe/Moscow, currency: RUB, country: RU, locales: [ru], identities: {" + settings + "}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	hasher, err := identity.NewHasher(secret)
	if err != nil {
		t.Fatal(err)
	}
	r, err := identity.NewRules(all.All()[0], hasher)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func of(kind identity.Kind, value string) *commonv1.Identity {
	return &commonv1.Identity{Kind: kind, Value: value}
}

func TestOneWayToWrite(t *testing.T) {
	plain := rules(t, "")
	for _, c := range []struct {
		kind     identity.Kind
		in, want string
	}{
		{identity.Email, " Anna.Smith+News@Example.ORG\t", "anna.smith+news@example.org"},
		{identity.Email, "Cafe\u0301@example.org", "caf\u00e9@example.org"},
		{identity.Email, "ПОЧТА@Пример.РФ", "почта@пример.рф"},
		{identity.Email, "a@b@example.org", "a@b@example.org"},
		{identity.Email, "anna", ""}, {identity.Email, "@example.org", ""}, {identity.Email, "anna@", ""},
		{identity.Email, "an na@example.org", ""}, {identity.Email, "a\x00@example.org", ""},
		{identity.Phone, "8 (916) 123-45-67", "+79161234567"},
		{identity.Phone, "+7 916 123 45 67", "+79161234567"},
		{identity.Phone, "9161234567", "+79161234567"},
		{identity.Phone, "+49 30 901820", "+4930901820"},
		{identity.Phone, "+44 (0)20 7946 0958", "+442079460958"},
		{identity.Phone, "911", ""}, {identity.Phone, "+7", ""}, {identity.Phone, "anna", ""}, {identity.Phone, "+79", ""},
		{identity.Card, "  Ab-12 ", "Ab-12"}, {identity.Card, " \t ", ""},
		{identity.External, " X ", "X"},
		{commonv1.Identity_KIND_UNSPECIFIED, "x", ""}, {99, "x", ""},
	} {
		known, err := plain.Read(of(c.kind, c.in), "identity")
		if c.want == "" {
			if fault.Reason(err) != fault.ReasonInvalid || !strings.HasPrefix(fault.From(err).Fields[0].Path, "identity.") {
				t.Errorf("%s %q: got %v, %v", c.kind, c.in, known, err)
			}
			if err != nil && len(c.in) > 3 && strings.Contains(err.Error(), c.in) {
				t.Errorf("%s %q stands in the refusal: %v", c.kind, c.in, err)
			}
			continue
		}
		if err != nil || known.Value != c.want {
			t.Errorf("%s %q: got %v, %v; want %q", c.kind, c.in, known, err, c.want)
		}
	}
}

// Spellings are one or many as the brand says.
func TestFolding(t *testing.T) {
	spellings := []string{"anna@example.org", "an.na@example.org", "anna+news@example.org", "a.nna+x+y@example.org", "+@example.org", ".@example.org"}
	for settings, want := range map[string]int{"": 6, "fold_plus: true": 5, "fold_dots: true": 5, "fold_plus: true, fold_dots: true": 3} {
		r := rules(t, settings)
		var hashes []identity.Hash
		for _, s := range spellings {
			known, err := r.Read(of(identity.Email, s), "identity")
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(hashes, known.Hash) {
				hashes = append(hashes, known.Hash)
			}
			if known.Value != s {
				t.Errorf("%q is shown as %q", s, known.Value)
			}
		}
		if len(hashes) != want {
			t.Errorf("%q: %d hashes, want %d", settings, len(hashes), want)
		}
	}
}

func TestBlocked(t *testing.T) {
	r := rules(t, `blocked: ["PHONE:8 495 123-45-67", "EMAIL:Info@Example.com", "EXTERNAL:till:0"]`)
	external := func(namespace, value string) *commonv1.Identity {
		return &commonv1.Identity{Kind: identity.External, Namespace: namespace, Value: value}
	}
	got := map[string]string{}
	for _, id := range []*commonv1.Identity{
		of(identity.Phone, "+74951234567"), of(identity.Phone, "495 1234567"), of(identity.Email, "INFO@example.COM"),
		external("till", " 0"), external("app", "0"), of(identity.Card, "0"), of(identity.Phone, "+74951234568"),
	} {
		_, err := r.Read(id, "identity")
		got[id.String()] = fault.Reason(err)
		if fault.Reason(err) == "IDENTITY_BLOCKED" && r.Guess(id) != nil {
			t.Errorf("%v is blocked, and guessed", id)
		}
	}
	want := map[string]int{"IDENTITY_BLOCKED": 4, "": 3}
	counted := map[string]int{}
	for _, reason := range got {
		counted[reason]++
	}
	if diff := cmp.Diff(want, counted); diff != "" {
		t.Error(got, diff)
	}
	if _, err := config.ParseBrands([]byte("brands:\n  - {id: a, zone: UTC, currency: EUR, locales: [fr], identities: {blocked: [x]}}")); err == nil {
		t.Error("a blocked identity of no kind was taken")
	}
}

// No two identities that differ in anything have one hash, and none says what it
// is of.
func TestHashesAreApart(t *testing.T) {
	seen := map[identity.Hash]string{}
	for _, brand := range []string{"a", "ab"} {
		for _, seed := range []byte{1, 2} {
			h, err := identity.NewHasher(bytes.Repeat([]byte{seed}, 32))
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range []identity.Kind{identity.Card, identity.External} {
				for _, namespace := range []string{"", "b", "bc"} {
					for _, value := range []string{"b", "bc", "c", "1"} {
						name := strings.Join([]string{brand, string(seed), kind.String(), namespace, value}, "|")
						hash := h.Hash(brand, kind, namespace, value)
						if other := seen[hash]; other != "" {
							t.Errorf("%s and %s have one hash", name, other)
						}
						seen[hash] = name
					}
				}
			}
		}
	}
	if _, err := identity.NewHasher([]byte("short")); err == nil {
		t.Error("a short secret was taken")
	}
}

// What was read once reads as itself, and a guess is never somebody else's number.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"Anna@Example.org", "8 916 123-45-67", "+7 (916) 123-45-67", "+44 (0)20 7946 0958", "+39 06 698 82", "İ@ß.ẞ", "+0", "+54 9 11 1234 5678", "001 212 555 0100", "+86 10 8888 8888;ext=5"} {
		f.Add(seed)
	}
	r := rules(f, "fold_plus: true")
	f.Fuzz(func(t *testing.T, value string) {
		for kind := identity.Email; kind <= identity.External; kind++ {
			known, err := r.Read(of(kind, value), "identity")
			if err != nil {
				if fault.Reason(err) != fault.ReasonInvalid {
					t.Fatalf("%s %q: %v", kind, value, err)
				}
				continue
			}
			again, err := r.Read(known.Proto(), "identity")
			if err != nil || *again != *known {
				t.Fatalf("%s %q reads as %+v, and that as %+v, %v", kind, value, known, again, err)
			}
			if hash, err := r.Hash(known); err != nil || hash != known.Hash {
				t.Fatalf("%s %q: kept under %x, found under %x, %v", kind, value, known.Hash, hash, err)
			}
		}
		guess := r.Guess(of(identity.Phone, value))
		if guess == nil {
			return
		}
		if kept, err := r.Read(of(identity.Phone, guess.Value), "identity"); err == nil && kept.Value == guess.Value {
			if known, err := r.Read(of(identity.Phone, value), "identity"); err != nil || known.Hash != guess.Hash {
				t.Fatalf("%q was guessed to be %q, and is %v, %v", value, guess.Value, known, err)
			}
		}
	})
}

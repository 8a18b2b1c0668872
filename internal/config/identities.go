package config

import (
	"slices"
	"strings"
)

// Identities says how a brand recognises its customers.
type Identities struct {
	// MaxPerKind bounds the identities of one kind that a customer may have; 10.
	MaxPerKind int `yaml:"max_per_kind"`
	// FoldPlus takes "anna+news@example.com" for "anna@example.com", FoldDots takes
	// "an.na@example.com" for it too. Mail hosts differ: off unless the brand knows.
	FoldPlus bool `yaml:"fold_plus"`
	FoldDots bool `yaml:"fold_dots"`
	// Blocked are identities that belong to nobody, such as the office telephone,
	// each as KIND:value (PHONE:+74951234567, EMAIL:info@example.com), those of
	// another system as EXTERNAL:namespace:value.
	Blocked []string `yaml:"blocked"`

	// Nobody is Blocked, split; the values are as written, not normalised.
	Nobody []BlockedIdentity `yaml:"-"`
}

// BlockedIdentity is an identity that belongs to nobody.
type BlockedIdentity struct {
	// Kind is EMAIL, PHONE, CARD or EXTERNAL; Namespace stands with the last alone.
	Kind, Namespace, Value string
}

// What MaxPerKind is where nothing is said, and at most.
const (
	defaultPerKind = 10
	mostPerKind    = 50
)

var identityKinds = []string{"EMAIL", "PHONE", "CARD", "EXTERNAL"}

func (i *Identities) check() error {
	if i.MaxPerKind == 0 {
		i.MaxPerKind = defaultPerKind
	}
	if i.MaxPerKind < 1 || i.MaxPerKind > mostPerKind {
		return wrong([]any{"max_per_kind"}, "max_per_kind %d: use 1 to %d", i.MaxPerKind, mostPerKind)
	}
	i.Nobody = nil
	for at, text := range i.Blocked {
		kind, value, _ := strings.Cut(text, ":")
		one := BlockedIdentity{Kind: kind, Value: strings.TrimSpace(value)}
		if kind == "EXTERNAL" {
			one.Namespace, one.Value, _ = strings.Cut(one.Value, ":")
		}
		if !slices.Contains(identityKinds, kind) || one.Value == "" || kind == "EXTERNAL" && one.Namespace == "" {
			return wrong([]any{"blocked", at},
				"blocked identity %q: use KIND:value such as PHONE:+74951234567, or EXTERNAL:namespace:value; kinds are %s",
				text, strings.Join(identityKinds, ", "))
		}
		i.Nobody = append(i.Nobody, one)
	}
	return nil
}

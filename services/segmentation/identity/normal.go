// Package identity reads what customers are recognised by, writes it in one way,
// finds it by a keyed hash and keeps it encrypted.
package identity

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Kind is short for the proto's.
type Kind = commonv1.Identity_Kind

// The kinds there are.
const (
	Email    = commonv1.Identity_KIND_EMAIL
	Phone    = commonv1.Identity_KIND_PHONE
	Card     = commonv1.Identity_KIND_CARD
	External = commonv1.Identity_KIND_EXTERNAL
)

// Known is an identity that was judged good: how it is written, and the hash
// under which it is found.
type Known struct {
	Kind      Kind
	Namespace string
	// Value is shown and sealed. Two spellings that the brand folds into one (dots,
	// plus tags) may differ in it and have one Hash.
	Value string
	Hash  Hash
}

// Proto is the identity as callers see it.
func (k *Known) Proto() *commonv1.Identity {
	return &commonv1.Identity{Kind: k.Kind, Namespace: k.Namespace, Value: k.Value}
}

// Rules are how one brand reads identities. They do not change.
type Rules struct {
	brand   string
	country string
	fold    struct{ plus, dots bool }
	most    int
	blocked map[Hash]bool
	hasher  *Hasher
}

// NewRules reads the settings of a brand.
func NewRules(b *config.Brand, hasher *Hasher) (*Rules, error) {
	r := &Rules{brand: b.ID, country: b.Country, most: b.Identities.MaxPerKind, hasher: hasher, blocked: map[Hash]bool{}}
	r.fold.plus, r.fold.dots = b.Identities.FoldPlus, b.Identities.FoldDots
	for _, one := range b.Identities.Nobody {
		kind := Kind(commonv1.Identity_Kind_value["KIND_"+one.Kind])
		known, err := r.read(&commonv1.Identity{Kind: kind, Namespace: one.Namespace, Value: one.Value})
		if err != nil {
			return nil, fmt.Errorf("blocked identity %s:%s: %w", one.Kind, one.Value, err)
		}
		r.blocked[known.Hash] = true
	}
	return r, nil
}

// MostPerKind is how many identities of one kind a customer may have.
func (r *Rules) MostPerKind() int { return r.most }

// Read judges an identity. Refusals name fields below path; they never repeat the
// value, since they end up in logs.
func (r *Rules) Read(id *commonv1.Identity, path string) (*Known, error) {
	known, err := r.read(id)
	if err != nil {
		return nil, under(path, err)
	}
	if r.blocked[known.Hash] {
		return nil, fault.Invalid().Reason(commonv1.Reason_REASON_IDENTITY_BLOCKED).
			Field(path, "belongs to nobody in particular: the brand has blocked it").Err()
	}
	return known, nil
}

// Guess is a telephone number with + and the country code without having been
// read: reading takes longer than looking it up. Somebody who has it under this
// hash has it indeed, since hashes are of numbers that were read; if nobody does,
// Read it. Of what cannot be guessed it returns nil.
func (r *Rules) Guess(id *commonv1.Identity) *Known {
	if id.GetKind() != Phone || id.GetNamespace() != "" {
		return nil
	}
	text := strings.TrimSpace(id.GetValue())
	if len(text) < 8 || len(text) > 32 || text[0] != '+' {
		return nil
	}
	digits := []byte("+")
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
		case c != ' ' && c != '-' && c != '(' && c != ')':
			return nil
		}
	}
	known := &Known{Kind: Phone, Value: string(digits), Hash: r.hasher.Hash(r.brand, Phone, "", string(digits))}
	if r.blocked[known.Hash] {
		return nil
	}
	return known
}

// under puts a path in front of those of a refusal.
func under(path string, err error) error {
	refusal := fault.From(err)
	for i := range refusal.Fields {
		refusal.Fields[i].Path = path + "." + refusal.Fields[i].Path
	}
	return refusal
}

func (r *Rules) read(id *commonv1.Identity) (*Known, error) {
	if id == nil {
		return nil, fault.Invalid().Field("value", "is required").Err()
	}
	if err := fault.Validate(id); err != nil {
		return nil, err
	}
	if id.GetNamespace() != "" && id.GetKind() != External {
		return nil, fault.Invalid().Field("namespace", "is for EXTERNAL alone").Err()
	}
	known := &Known{Kind: id.GetKind(), Namespace: id.GetNamespace(), Value: strings.TrimSpace(id.GetValue())}
	found := known.Value
	switch known.Kind {
	case Email:
		known.Value = lower(known.Value)
		if !plausible(known.Value) {
			return nil, fault.Invalid().Field("value", "is not an e-mail address").Err()
		}
		found = r.foldEmail(known.Value)
	case Phone:
		number, err := phonenumbers.Parse(known.Value, r.country)
		if err != nil || !phonenumbers.IsValidNumber(number) {
			return nil, fault.Invalid().Field("value", "is not a telephone number%s", r.inCountry()).Err()
		}
		known.Value = phonenumbers.Format(number, phonenumbers.E164)
		found = known.Value
	}
	if found == "" {
		return nil, fault.Invalid().Field("value", "is blank").Err()
	}
	known.Hash = r.hasher.Hash(r.brand, known.Kind, known.Namespace, found)
	return known, nil
}

func (r *Rules) inCountry() string {
	if r.country == "" {
		return ": write it with + and the country code"
	}
	return " of " + r.country + ", nor one with + and a country code"
}

// lower is the one way to write an address: lower case, composed.
func lower(text string) string { return norm.NFC.String(strings.ToLower(norm.NFC.String(text))) }

// plausible is what we hold against an address: a mail system may use more than
// anybody's pattern knows, but blanks and missing parts are mistakes.
func plausible(email string) bool {
	at := strings.LastIndexByte(email, '@')
	blank := strings.ContainsFunc(email, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	return at > 0 && at < len(email)-1 && !blank
}

// foldEmail takes spellings for one where the brand says so.
func (r *Rules) foldEmail(email string) string {
	at := strings.LastIndexByte(email, '@')
	local, host := email[:at], email[at:]
	if r.fold.plus {
		if bare, _, tagged := strings.Cut(local, "+"); tagged && bare != "" {
			local = bare
		}
	}
	if r.fold.dots {
		if bare := strings.ReplaceAll(local, ".", ""); bare != "" {
			local = bare
		}
	}
	return local + host
}

// Hash is where an identity that was kept is found today: the brand's rules may be
// others than when it came.
func (r *Rules) Hash(kept *Known) (Hash, error) {
	known, err := r.read(kept.Proto())
	if err != nil {
		return Hash{}, err
	}
	return known.Hash, nil
}

// hashed is what a hash is taken of: every part with its length, so that no two
// identities run together.
func hashed(brand string, kind Kind, namespace, value string) []byte {
	b := make([]byte, 0, len(brand)+len(namespace)+len(value)+8)
	for _, part := range []string{brand, namespace, value} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return binary.AppendVarint(b, int64(kind))
}

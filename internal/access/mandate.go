package access

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// MandateHeader carries a mandate beside the service token.
const MandateHeader = "rapport-mandate"

// Mandate is what somebody may do, kept for work that is done in its name when it is
// not there. It holds what its token said, not what that allowed: roles are those of
// access.yaml on the day the work is done. It can only narrow, as whoever presents it
// is a neighbour, who may do everything.
type Mandate struct {
	// Name is the principal's.
	Name   string `json:"name"`
	Issuer string `json:"issuer,omitempty"`
	// Claims are those of the token that roles are read from.
	Claims map[string]any `json:"claims,omitempty"`
}

// Mandate is what the caller may do, for later.
func (g *Guard) Mandate(ctx context.Context) *Mandate {
	who := FromContext(ctx)
	if who == nil {
		who = local
	}
	return &Mandate{Name: who.Name, Issuer: who.issuer, Claims: who.claims}
}

// Mandated lets calls that are made with the context be those of the mandate's owner.
func (g *Guard) Mandated(ctx context.Context, m *Mandate) (context.Context, error) {
	if g.open {
		return ctx, nil
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	shown := base64.RawURLEncoding.EncodeToString(text)
	return context.WithValue(ctx, behalfKey{}, (&Principal{shown: g.token, mandate: shown}).headers()), nil
}

// Assume is who calls where a neighbour shows a mandate: its owner, with what the
// roles allow by now. Anybody else's header means nothing.
func (g *Guard) Assume(who *Principal, shown string) (*Principal, error) {
	if g.open || !who.Service || shown == "" {
		return who, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(shown)
	var m Mandate
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil || m.Name == "" {
		return nil, errors.New("the mandate cannot be read")
	}
	if m.Name == service.Name && m.Issuer == "" {
		return service, nil
	}
	out := &Principal{Name: m.Name, issuer: m.Issuer, claims: m.Claims, shown: g.token, mandate: shown}
	// Without its issuer there is nobody who could have given roles; that holds for
	// "local" too, who was nobody in particular on a process that was open.
	now := g.policy()
	if now == nil || now.issuers[m.Issuer] == nil {
		return out, nil
	}
	if err := now.takenBack(m.Issuer, m.Claims); err != nil {
		return nil, err
	}
	out.grant, err = now.granted(m.Claims, now.issuers[m.Issuer].Claims)
	return out, err
}

// Allows tells whether the mandate's owner could call an RPC about a brand at all.
func (g *Guard) Allows(m *Mandate, method, brand string) bool {
	if g.open {
		return true
	}
	text, err := json.Marshal(m)
	if err != nil {
		return false
	}
	who, err := g.Assume(service, base64.RawURLEncoding.EncodeToString(text))
	if err != nil {
		return false
	}
	r := RuleOf(method)
	return who.Service || r != nil && who.grant != nil && who.grant.calls(r, brand)
}

// kept are the claims that rights are read from, by the roles as they are, and that a
// token is taken back by.
func (p *policy) kept(claims jwt.MapClaims, names claimNames) map[string]any {
	wanted := []string{names.Roles, names.Brands, names.Subjects, "sub", "jti", "iat"}
	for _, r := range p.roles {
		wanted = append(wanted, r.SubjectsFrom)
	}
	out := maps.Clone(map[string]any(claims))
	maps.DeleteFunc(out, func(name string, _ any) bool { return !slices.Contains(wanted, name) })
	return out
}

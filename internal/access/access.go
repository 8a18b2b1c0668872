// Package access decides who may do what in which scope. Every handler asks it
// with the brand, the subject and the verb of the call, from the first day, so
// that stricter rules can come without touching a handler.
//
// Today there are two answers. A process that listens on loopback alone is open.
// Any other asks for the service token, from people and neighbours alike.
package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"

	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
)

// The reasons of a refusal.
const (
	ReasonTokenMissing = "TOKEN_MISSING"
	ReasonTokenInvalid = "TOKEN_INVALID"
	ReasonDenied       = "ACCESS_DENIED"
)

// Verb is what a call wants to do.
type Verb string

// The verbs of today. A role will name those it allows.
const (
	Read   Verb = "read"   // numbers, definitions, directories
	Detail Verb = "detail" // single responses and what customers wrote
	Submit Verb = "submit" // add facts
	Amend  Verb = "amend"  // change or retract facts
	Define Verb = "define" // change what is asked and measured
	Work   Verb = "work"   // cases
)

// Request is one question to the guard.
type Request struct {
	Brand string
	// Subject is the kind and id of what is looked at, such as STORE/17; empty for
	// the brand as a whole.
	Subject string
	Verb    Verb
}

// Principal is who calls.
type Principal struct {
	// Name is for logs: "local" for anybody on an open process, "service" for a
	// holder of the service token.
	Name string
	// Service is a caller that may act for all brands and subjects.
	Service bool
}

// Guard is the one place that allows or refuses.
type Guard struct {
	brands *config.Brands
	open   bool
	token  string
	sum    [sha256.Size]byte
}

// Config is how callers prove who they are.
type Config struct {
	// TokenFile holds the token that services show each other.
	TokenFile config.SecretFile `flag:"token-file" help:"file with the service token; needed unless all listeners are on loopback"`
}

// New reads the token. A process that others can reach does not start without.
func New(cfg Config, brands *config.Brands, loopback bool) (*Guard, error) {
	token, err := cfg.TokenFile.Read()
	if err != nil {
		return nil, err
	}
	if !loopback && len(token) == 0 {
		return nil, errors.New("listening beyond loopback needs --token-file")
	}
	return &Guard{brands: brands, open: loopback, token: string(token), sum: sha256.Sum256(token)}, nil
}

// Open reports whether callers need no token.
func (g *Guard) Open() bool { return g.open }

var (
	local   = &Principal{Name: "local", Service: true}
	service = &Principal{Name: "service", Service: true}
)

// Authenticate finds who calls from the authorization header.
func (g *Guard) Authenticate(header string) (*Principal, error) {
	if g.open {
		return local, nil
	}
	kind, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(kind, "Bearer") || token == "" {
		return nil, fault.Unauthenticated(ReasonTokenMissing, "a bearer token is needed")
	}
	if !g.holds(token) {
		return nil, fault.Unauthenticated(ReasonTokenInvalid, "the token is not valid")
	}
	return service, nil
}

// AuthenticatePassword is Authenticate for a browser, which can ask a person for
// a password only: the token is the password, the name is free.
func (g *Guard) AuthenticatePassword(password string) (*Principal, error) {
	if g.open {
		return local, nil
	}
	if !g.holds(password) {
		return nil, fault.Unauthenticated(ReasonTokenInvalid, "the token is not valid")
	}
	return service, nil
}

// holds compares digests, so that neither the length nor the first wrong letter
// of a guess can be told from the time it takes.
func (g *Guard) holds(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return g.token != "" && subtle.ConstantTimeCompare(sum[:], g.sum[:]) == 1
}

// Check allows or refuses one call. Nothing crosses brands, and a brand that is
// not known is NotFound for everybody.
func (g *Guard) Check(ctx context.Context, r Request) error {
	if _, err := g.brands.Get(r.Brand); err != nil {
		return err
	}
	if g.open {
		return nil
	}
	if p := FromContext(ctx); p == nil || !p.Service {
		return fault.Denied(ReasonDenied, "%s of %s %s", r.Verb, r.Brand, r.Subject)
	}
	return nil
}

type principalKey struct{}

// With carries the principal to the handler's Check.
func With(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// FromContext is who calls; nil if nobody was authenticated.
func FromContext(ctx context.Context) *Principal {
	p, _ := ctx.Value(principalKey{}).(*Principal)
	return p
}

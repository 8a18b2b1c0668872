// Package access decides who may do what in which scope.
//
// A caller proves who it is by a bearer token: the service token, which
// neighbours show each other, or a signed one (JWT) of an issuer that access.yaml
// names. A signed token names roles; a role is brands × scope × sections with their
// verbs × cadence × operations. Where a token names several roles, what it may do is
// what all of them allow: the most restrictive wins, they are never joined by OR.
//
// There are two gates. Every RPC has a Rule (rules*.go; one without a rule is refused
// to all but neighbours), which Admit holds against brand, section, verb and operation
// before anything of the request is read. Then the handler, which alone knows what a
// subject is, calls Check and lays Narrowing over its question.
//
// A refusal is the same whether or not the thing is there: whoever may not look at a
// brand or subject is denied before anything is looked up, and for a caller who sees
// a part of the structure only, an id that is unknown reads as one that is elsewhere.
//
// A process that listens on loopback alone, and has neither access.yaml nor a token, is
// open.
package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"reflect"
	"strings"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
)

// The reasons of a refusal.
const (
	ReasonTokenMissing = "TOKEN_MISSING"
	ReasonTokenInvalid = "TOKEN_INVALID"
	ReasonDenied       = "ACCESS_DENIED"
	ReasonRateLimited  = "RATE_LIMITED"
)

// Verb is what a call wants to do.
type Verb string

// The verbs. A role names those it allows in each section.
const (
	Read   Verb = "read"   // numbers, definitions, directories
	Detail Verb = "detail" // single responses and what customers wrote
	Submit Verb = "submit" // add facts
	Amend  Verb = "amend"  // change or retract facts
	Define Verb = "define" // change what is asked and measured
	Work   Verb = "work"   // cases, and replies to responses
)

// Request is one question to the guard.
type Request struct {
	Brand string
	// Subject is the kind and id of what is looked at, such as STORE/17; empty for
	// whatever the caller may see of the brand.
	Subject string
	Verb    Verb
	// Section is what part of the suite it is in; empty: that of the RPC's rule.
	Section Section
}

// Principal is who calls.
type Principal struct {
	// Name is for logs: "local" for anybody on an open process, "service" for a
	// holder of the service token, issuer and subject of a signed token otherwise.
	Name string
	// Service is a caller that may act for all brands and subjects.
	Service bool
	// grant is what a signed token may do; nil: nothing.
	grant *grant
	// shown is the token itself, to be shown to neighbours on this caller's behalf.
	shown string
	// mandate narrows the token shown, where that is the service token.
	mandate string
	// issuer and claims are what grant was made of.
	issuer string
	claims map[string]any
	until  time.Time
}

// Until is up to when the token is taken; zero: for ever.
func (p *Principal) Until() time.Time { return p.until }

// Guard is the one place that allows or refuses.
type Guard struct {
	brands *config.Brands
	open   bool
	token  string
	sum    [sha256.Size]byte
	clock  func() time.Time
	source source
	known  verified
	limits *limits
	audit  *slog.Logger
}

// Open reports whether callers need no token.
func (g *Guard) Open() bool { return g.open }

// Silent reports whether nothing about callers needs to be known at all.
func (g *Guard) Silent() bool { return g.open && g.audit == nil }

// Signed reports whether people come with tokens of an issuer.
func (g *Guard) Signed() bool { return g.source.now.Load() != nil }

var (
	local   = &Principal{Name: "local", Service: true}
	service = &Principal{Name: "service", Service: true}
)

// Authenticate finds who calls from the authorization headers, of which there must be
// one: with several, whoever stands in between may have looked at another than we do.
func (g *Guard) Authenticate(ctx context.Context, headers ...string) (*Principal, error) {
	if g.open {
		return local, nil
	}
	if len(headers) > 1 {
		return nil, fault.Unauthenticated(ReasonTokenInvalid, "the token is not valid")
	}
	kind, token, _ := strings.Cut(strings.Join(headers, ""), " ")
	if !strings.EqualFold(kind, "Bearer") || token == "" {
		return nil, fault.Unauthenticated(ReasonTokenMissing, "a bearer token is needed")
	}
	return g.AuthenticateToken(ctx, token)
}

// AuthenticateToken is Authenticate for a bare token, as a browser shows it: in a
// cookie, or as a password where the name is free.
func (g *Guard) AuthenticateToken(ctx context.Context, token string) (*Principal, error) {
	switch {
	case g.open:
		return local, nil
	case g.holds(token):
		return service, nil
	}
	who, err := g.verify(ctx, token)
	if err != nil {
		return nil, fault.Unauthenticated(ReasonTokenInvalid, "the token is not valid").Because(err)
	}
	return who, nil
}

// errMoved is why a call that lasts must end, and come back to be judged anew.
var errMoved = fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "what the caller may see has changed; go on after your cursor")

// Again judges a caller whose call lasts: its token may have expired or been taken back,
// and its roles may be others by now.
func (g *Guard) Again(ctx context.Context, who *Principal) error {
	if who == nil || who.shown == "" {
		return nil
	}
	now, err := g.AuthenticateToken(ctx, who.shown)
	if err == nil {
		now, err = g.Assume(now, who.mandate)
	}
	if err != nil || now == who || reflect.DeepEqual(now.grant, who.grant) {
		return err
	}
	return errMoved
}

// holds compares digests, so that neither the length nor the first wrong letter
// of a guess can be told from the time it takes.
func (g *Guard) holds(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return g.token != "" && subtle.ConstantTimeCompare(sum[:], g.sum[:]) == 1
}

// Admit holds a call against the rule of its RPC, before its request is judged.
func (g *Guard) Admit(ctx context.Context, brand string) error {
	if g.open {
		return nil
	}
	c := callerOf(ctx)
	if c.who != nil && c.who.Service {
		return nil
	}
	if c.who == nil || c.rule == nil || !c.who.grant.calls(c.rule, brand) {
		return denied()
	}
	return nil
}

// Check allows or refuses one call. Nothing crosses brands. A brand that is not known
// is NotFound for those who may look at all of them, and denied to everybody else.
func (g *Guard) Check(ctx context.Context, r Request) error {
	if c := callerOf(ctx); !g.open && (c.who == nil || !c.who.Service) {
		if c.who == nil || c.rule == nil || !c.who.grant.checks(c.rule, r) {
			return denied()
		}
	}
	_, err := g.brands.Get(r.Brand)
	return err
}

// SeesBrand tells whether the caller may look at a brand at all; whoever was not
// asked who it is, on an open process, may.
func SeesBrand(ctx context.Context, brand string) bool {
	who := FromContext(ctx)
	return who == nil || who.Service || who.grant.of(brand)
}

// denied is the one refusal of callers who are known. It tells nothing of what was
// asked for: a caller learns from it neither that a thing is there nor that it is not.
func denied() error {
	return fault.Denied(ReasonDenied, "the caller's roles do not allow this")
}

// Denied is the refusal for what lies outside of the caller's scope.
func Denied() error { return denied() }

// caller is who calls what.
type caller struct {
	who  *Principal
	rule *Rule
}

type callerKey struct{}

// With carries the principal to the handler's Check, with the rule of what it calls.
func With(ctx context.Context, p *Principal, r *Rule) context.Context {
	return context.WithValue(ctx, callerKey{}, caller{p, r})
}

// As is the call as if it were of another RPC, by its full name: what an answer tells
// beside its own, it tells to who may ask for that, and as far as that would.
func As(ctx context.Context, method string) context.Context {
	return With(ctx, callerOf(ctx).who, RuleOf(method))
}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// FromContext is who calls; nil if nobody was authenticated.
func FromContext(ctx context.Context) *Principal { return callerOf(ctx).who }

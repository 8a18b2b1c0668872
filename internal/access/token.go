package access

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// leeway is how far clocks may be apart.
const leeway = 30 * time.Second

// maxToken bounds a token; claims are lists of a few names.
const maxToken = 8 << 10

// algorithms are those whose keys can be published: a shared secret would let every
// service make tokens, and "none" everybody.
var algorithms = []string{"RS256", "ES256", "EdDSA"}

// verified keeps tokens that were found good: a signature costs more than most answers.
type verified struct {
	mu   sync.RWMutex
	kept map[[sha256.Size]byte]*proven
}

// proven is a good token, as long as its issuer's keys are those it was proven by
// and access.yaml says what it said then.
type proven struct {
	who    *Principal
	policy *policy
	issuer *issuer
	keys   *keySet
}

// maxVerified bounds what is kept; it is dropped whole, and filled by the next calls.
const maxVerified = 10_000

// verify finds out who shows a signed token.
func (g *Guard) verify(ctx context.Context, token string) (*Principal, error) {
	now := g.policy()
	if now == nil || len(token) > maxToken {
		return nil, errors.New("no such token")
	}
	sum := sha256.Sum256([]byte(token))
	g.known.mu.RLock()
	p := g.known.kept[sum]
	g.known.mu.RUnlock()
	if p != nil && p.policy == now && p.issuer.current(g.clock()) == p.keys {
		if g.clock().After(p.who.until) {
			return nil, jwt.ErrTokenExpired
		}
		return p.who, nil
	}
	p, err := g.prove(ctx, now, token)
	if err != nil {
		return nil, err
	}
	g.known.mu.Lock()
	defer g.known.mu.Unlock()
	if g.known.kept == nil || len(g.known.kept) >= maxVerified {
		g.known.kept = map[[sha256.Size]byte]*proven{}
	}
	g.known.kept[sum] = p
	return p.who, nil
}

// prove checks signature, issuer, audience and times.
func (g *Guard) prove(ctx context.Context, now *policy, token string) (*proven, error) {
	out := &proven{policy: now}
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods(algorithms), jwt.WithLeeway(leeway), jwt.WithExpirationRequired(), jwt.WithTimeFunc(g.clock))
	_, err := parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		if t.Header["crit"] != nil {
			return nil, errors.New("the token needs an extension that we don't have")
		}
		from, _ := claims["iss"].(string)
		if out.issuer = now.issuers[from]; out.issuer == nil {
			return nil, errors.New("the issuer is not known")
		}
		id, _ := t.Header["kid"].(string)
		set, key, err := out.issuer.find(ctx, g.clock(), id, t.Method.Alg())
		out.keys = set
		return key, err
	})
	if err != nil {
		return nil, err
	}
	if audience, err := claims.GetAudience(); err != nil || !slices.Contains(audience, out.issuer.Audience) {
		return nil, jwt.ErrTokenInvalidAudience
	}
	subject, err := claims.GetSubject()
	if err != nil || subject == "" {
		return nil, errors.New("the token does not say whose it is")
	}
	if err := now.takenBack(out.issuer.Issuer, claims); err != nil {
		return nil, err
	}
	expires, err := claims.GetExpirationTime()
	if err != nil {
		return nil, err
	}
	granted, err := now.granted(claims, out.issuer.Claims)
	if err != nil {
		return nil, err
	}
	out.who = &Principal{Name: out.issuer.Issuer + " " + pseudonym(subject), grant: granted, shown: token, until: expires.Add(leeway)}
	return out, nil
}

// granted reads what the claims allow. A claim of another shape is no claim that was
// left out: the token is refused.
func (p *policy) granted(claims jwt.MapClaims, names claimNames) (*grant, error) {
	named, _, err := list(claims, names.Roles)
	if err != nil {
		return nil, err
	}
	out := &grant{}
	for _, id := range named {
		r := p.roles[id]
		if r == nil {
			// Of a role that is not known nothing is known but that it restricts.
			return &grant{}, nil
		}
		one := part{role: r, bound: len(r.tops) > 0 || r.SubjectsFrom != "", tops: r.tops}
		if r.SubjectsFrom != "" {
			if one.tops, _, err = refs(claims, r.SubjectsFrom); err != nil {
				return nil, err
			}
		}
		out.parts = append(out.parts, one)
	}
	brands, given, err := list(claims, names.Brands)
	if err != nil {
		return nil, err
	}
	if given {
		out.brands = append([]string{}, brands...)
	}
	tops, given, err := refs(claims, names.Subjects)
	if err != nil {
		return nil, err
	}
	if given {
		// The token's own scope binds wherever that of any role would.
		for _, one := range out.parts {
			out.parts = append(out.parts, part{role: one.role, bound: true, tops: tops})
		}
	}
	return out, nil
}

// list reads a claim of names: a list, or a text with spaces between.
func list(claims jwt.MapClaims, name string) (out []string, given bool, err error) {
	value, given := claims[name]
	switch v := value.(type) {
	case nil:
		return nil, given, nil
	case string:
		return strings.Fields(v), true, nil
	case []any:
		for _, one := range v {
			text, ok := one.(string)
			if !ok {
				return nil, true, fmt.Errorf("claim %s has something that is no text", name)
			}
			out = append(out, text)
		}
		return out, true, nil
	}
	return nil, true, fmt.Errorf("claim %s is no list of texts", name)
}

func refs(claims jwt.MapClaims, name string) ([]Ref, bool, error) {
	texts, given, err := list(claims, name)
	if err != nil || !given {
		return nil, given, err
	}
	out, err := parseRefs(texts)
	if err != nil {
		return nil, true, fmt.Errorf("claim %s has something that is no subject", name)
	}
	return out, true, nil
}

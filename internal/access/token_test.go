package access

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
)

// login is an issuer of the test: it publishes keys and signs.
type login struct {
	*httptest.Server
	published atomic.Value // of string
	asked     atomic.Int32
	down      atomic.Bool
}

func newLogin(t *testing.T) *login {
	l := &login{}
	l.published.Store(`{"keys":[]}`)
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		l.asked.Add(1)
		if l.down.Load() {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		fmt.Fprint(w, l.published.Load())
	}))
	t.Cleanup(l.Close)
	return l
}

// publish publishes public keys under ids k0, k1, …
func (l *login) publish(t *testing.T, keys ...crypto.PublicKey) {
	t.Helper()
	var all []jwk
	raw := base64.RawURLEncoding.EncodeToString
	for i, key := range keys {
		k := jwk{Kid: fmt.Sprint("k", i)}
		switch key := key.(type) {
		case *rsa.PublicKey:
			k.Kty, k.N, k.E = "RSA", raw(key.N.Bytes()), raw(big.NewInt(int64(key.E)).Bytes())
		case *ecdsa.PublicKey:
			point, err := key.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			half := 1 + len(point)/2
			k.Kty, k.Crv, k.X, k.Y = "EC", key.Curve.Params().Name, raw(point[1:half]), raw(point[half:])
		case ed25519.PublicKey:
			k.Kty, k.Crv, k.X = "OKP", "Ed25519", raw(key)
		}
		all = append(all, k)
	}
	text, err := json.Marshal(map[string]any{"keys": all})
	if err != nil {
		t.Fatal(err)
	}
	l.published.Store(string(text))
}

const rolesOfTest = `
roles:
  reader: {brands: [demo], sections: {scores: [read]}}
  writer: {brands: ["*"], sections: {scores: [read, define], goals: [define]}}
  store: {brands: [demo], subjects: [STORE/1], sections: {scores: [read], customers: [read]}, wide: [customers], finest: day}
  claimed: {brands: [demo], subjects_from: stores, sections: {scores: [read]}, finest: month}
`

func fileOfTest(l *login) string {
	return fmt.Sprintf("issuers:\n- {issuer: here, audience: us, jwks: %q}\n%s", l.URL, rolesOfTest)
}

// signedGuard is a guard that takes this issuer's tokens; its clock is moved by hand.
func signedGuard(t *testing.T, l *login) (*Guard, *atomic.Int64) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "access.yaml")
	text := fileOfTest(l)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	brands, err := config.LoadBrands("")
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(Config{File: name}, brands, true)
	if err != nil {
		t.Fatal(err)
	}
	now := &atomic.Int64{}
	now.Store(time.Now().Unix())
	g.clock = func() time.Time { return time.Unix(now.Load(), 0) }
	return g, now
}

func sign(t *testing.T, g *Guard, id string, method jwt.SigningMethod, key any, more jwt.MapClaims) string {
	t.Helper()
	claims := jwt.MapClaims{"iss": "here", "aud": []string{"others", "us"}, "sub": "u1", "roles": "reader", "exp": g.clock().Add(time.Hour).Unix()}
	for k, v := range more {
		claims[k] = v
	}
	token := jwt.NewWithClaims(method, claims)
	if id != "" {
		token.Header["kid"] = id
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func edKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAlgorithms(t *testing.T) {
	l := newLogin(t)
	g, _ := signedGuard(t, l)
	strong, _ := rsa.GenerateKey(rand.Reader, 2048)
	weak, _ := rsa.GenerateKey(rand.Reader, 1024)
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	ed := edKey(t)
	l.publish(t, &strong.PublicKey, &p256.PublicKey, ed.Public(), &weak.PublicKey, &p384.PublicKey)
	for what, c := range map[string]struct {
		id     string
		method jwt.SigningMethod
		key    any
		good   bool
	}{
		"RS256":               {"k0", jwt.SigningMethodRS256, strong, true},
		"ES256":               {"k1", jwt.SigningMethodES256, p256, true},
		"EdDSA":               {"k2", jwt.SigningMethodEdDSA, ed, true},
		"without an id":       {"", jwt.SigningMethodEdDSA, ed, true},
		"RS512":               {"k0", jwt.SigningMethodRS512, strong, false},
		"PS256":               {"k0", jwt.SigningMethodPS256, strong, false},
		"a weak key":          {"k3", jwt.SigningMethodRS256, weak, false},
		"ES384":               {"k4", jwt.SigningMethodES384, p384, false},
		"another's id":        {"k1", jwt.SigningMethodEdDSA, ed, false},
		"HMAC by public key":  {"k2", jwt.SigningMethodHS256, []byte(ed.Public().(ed25519.PublicKey)), false},
		"none":                {"k2", jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, false},
		"an id that is no id": {"k9", jwt.SigningMethodEdDSA, ed, false},
	} {
		_, err := g.AuthenticateToken(t.Context(), sign(t, g, c.id, c.method, c.key, nil))
		if c.good != (err == nil) || err != nil && !fault.Is(err, ReasonTokenInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	token := sign(t, g, "k2", jwt.SigningMethodEdDSA, ed, nil)
	flipped := "A"
	if strings.HasSuffix(token[:len(token)-2], "A") {
		flipped = "B"
	}
	if _, err := g.AuthenticateToken(t.Context(), token[:len(token)-3]+flipped+token[len(token)-2:]); err == nil {
		t.Error("a signature that was touched")
	}
	crit := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"iss": "here", "aud": "us", "sub": "u", "exp": g.clock().Add(time.Hour).Unix()})
	crit.Header["crit"] = []string{"b64"}
	text, _ := crit.SignedString(ed)
	if _, err := g.AuthenticateToken(t.Context(), text); err == nil {
		t.Error("an extension that we don't have")
	}
}

func TestTimes(t *testing.T) {
	l := newLogin(t)
	g, now := signedGuard(t, l)
	key := edKey(t)
	l.publish(t, key.Public())
	at := func(d time.Duration) int64 { return g.clock().Add(d).Unix() }
	for what, c := range map[string]struct {
		claims jwt.MapClaims
		good   bool
	}{
		"just over":         {jwt.MapClaims{"exp": at(-29 * time.Second)}, true},
		"over":              {jwt.MapClaims{"exp": at(-31 * time.Second)}, false},
		"just about to be":  {jwt.MapClaims{"nbf": at(29 * time.Second)}, true},
		"not yet":           {jwt.MapClaims{"nbf": at(31 * time.Second)}, false},
		"without an end":    {jwt.MapClaims{"exp": nil}, false},
		"for others":        {jwt.MapClaims{"aud": "others"}, false},
		"by others":         {jwt.MapClaims{"iss": "there"}, false},
		"of nobody":         {jwt.MapClaims{"sub": ""}, false},
		"roles of no shape": {jwt.MapClaims{"roles": []any{1}}, false},
		"odd subjects":      {jwt.MapClaims{"subjects": "somebody@shop.test"}, false},
	} {
		_, err := g.AuthenticateToken(t.Context(), sign(t, g, "", jwt.SigningMethodEdDSA, key, c.claims))
		if c.good != (err == nil) {
			t.Errorf("%s: %v", what, err)
		}
		if err != nil && strings.Contains(err.Error(), "shop.test") {
			t.Errorf("%s: the cause, which is logged, repeats a claim: %v", what, err)
		}
	}
	// One that was found good does not stay good.
	token := sign(t, g, "", jwt.SigningMethodEdDSA, key, nil)
	for _, c := range []struct {
		later int64
		good  bool
	}{{0, true}, {3600, true}, {31, false}} {
		now.Add(c.later)
		if _, err := g.AuthenticateToken(t.Context(), token); c.good != (err == nil) {
			t.Errorf("%d later: %v", c.later, err)
		}
	}
}

func TestKeysRotate(t *testing.T) {
	l := newLogin(t)
	g, now := signedGuard(t, l)
	l.down.Store(true)
	first, second := edKey(t), edKey(t)
	one := sign(t, g, "k0", jwt.SigningMethodEdDSA, first, nil)
	two := sign(t, g, "k1", jwt.SigningMethodEdDSA, second, nil)
	good := func(token string) bool {
		_, err := g.AuthenticateToken(t.Context(), token)
		return err == nil
	}
	if good(one) {
		t.Error("taken without a key")
	}
	l.down.Store(false)
	l.publish(t, first.Public())
	if good(one) || l.asked.Load() != 1 {
		t.Errorf("the issuer is asked for each token, %d times", l.asked.Load())
	}
	now.Add(11)
	if !good(one) || good(two) {
		t.Error("the first key is not the one")
	}
	l.publish(t, first.Public(), second.Public())
	now.Add(11)
	if !good(two) || !good(one) {
		t.Error("a new key is not found")
	}
	l.down.Store(true)
	now.Add(int64(refreshAfter/time.Second) + 1)
	if !good(one) || !good(two) {
		t.Error("the last known keys are gone with the issuer")
	}
	settle(g)
	l.down.Store(false)
	l.publish(t, edKey(t).Public(), second.Public())
	now.Add(int64(refreshAfter/time.Second) + 1)
	good(two) // notices that keys are old
	settle(g)
	if good(one) || !good(two) {
		t.Error("a key that was taken back is still good, for a token that was proven by it")
	}
}

// settle waits until no keys are being read.
func settle(g *Guard) {
	i := g.source.now.Load().issuers["here"]
	i.mu.Lock()
	reading := i.reading
	i.mu.Unlock()
	if reading != nil {
		<-reading
	}
}

func TestRolesRestrict(t *testing.T) {
	l := newLogin(t)
	g, _ := signedGuard(t, l)
	key := edKey(t)
	l.publish(t, key.Public())
	metric, goal, customer := RuleOf("/rapport.survey.v1.SurveyService/GetMetric"), RuleOf("/rapport.survey.v1.SurveyService/SetGoal"), RuleOf("/rapport.segmentation.v1.SegmentationService/GetCustomer")
	for what, c := range map[string]struct {
		claims                   jwt.MapClaims
		brand                    string
		metric, goals, customers bool
		tops                     string
		finest                   int
	}{
		"one":               {jwt.MapClaims{"roles": "reader"}, "demo", true, false, false, "[]", 0},
		"every brand":       {jwt.MapClaims{"roles": "writer"}, "sfo", true, true, false, "[]", 0},
		"both":              {jwt.MapClaims{"roles": "reader writer"}, "demo", true, false, false, "[]", 0},
		"both, elsewhere":   {jwt.MapClaims{"roles": "reader writer"}, "sfo", false, false, false, "[]", 0},
		"a store":           {jwt.MapClaims{"roles": "store"}, "demo", true, false, true, "[[STORE/1]]", 3},
		"a store's claim":   {jwt.MapClaims{"roles": "store claimed", "stores": "STORE/2"}, "demo", true, false, false, "[[STORE/1] [STORE/2]]", 5},
		"token's own":       {jwt.MapClaims{"roles": "reader", "subjects": []any{"REGION/R"}}, "demo", true, false, false, "[[REGION/R]]", 0},
		"claim is missing":  {jwt.MapClaims{"roles": "claimed"}, "demo", true, false, false, "[[]]", 5},
		"other brands":      {jwt.MapClaims{"roles": "reader", "brands": "sfo"}, "demo", false, false, false, "[]", 0},
		"unknown role":      {jwt.MapClaims{"roles": "reader nobody"}, "demo", false, false, false, "[]", 0},
		"roles are missing": {jwt.MapClaims{"roles": nil}, "demo", false, false, false, "[]", 0},
	} {
		who, err := g.AuthenticateToken(t.Context(), sign(t, g, "", jwt.SigningMethodEdDSA, key, c.claims))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		allowed := func(r *Rule) bool { return g.Admit(With(context.Background(), who, r), c.brand) == nil }
		if allowed(metric) != c.metric || allowed(goal) != c.goals || allowed(customer) != c.customers {
			t.Errorf("%s: %v %v %v", what, allowed(metric), allowed(goal), allowed(customer))
		}
		n := g.Narrowed(With(context.Background(), who, metric))
		if fmt.Sprint(n.Tops) != c.tops || int(n.Finest) != c.finest || !n.FewHidden {
			t.Errorf("%s: %v %v", what, n.Tops, n.Finest)
		}
		if err := g.Admit(With(context.Background(), who, nil), c.brand); !fault.Is(err, ReasonDenied) {
			t.Errorf("%s: an RPC without a rule: %v", what, err)
		}
	}
}

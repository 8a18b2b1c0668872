package access

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/rapport-cx/rapport/internal/fault"
)

// rewrite puts another text into access.yaml and lets a second pass.
func rewrite(t *testing.T, g *Guard, now interface{ Add(int64) int64 }, text string) {
	t.Helper()
	if err := os.WriteFile(g.source.name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	now.Add(int64(lookAgain/time.Second) + 1)
}

func TestTakenBack(t *testing.T) {
	l := newLogin(t)
	g, now := signedGuard(t, l)
	key := edKey(t)
	l.publish(t, key.Public())
	at := g.clock()
	tokens := map[string]string{}
	for name, claims := range map[string]jwt.MapClaims{
		"one":      {"jti": "a", "iat": at.Add(-time.Minute).Unix()},
		"other":    {"jti": "b", "iat": at.Add(-time.Minute).Unix()},
		"old":      {"sub": "u2", "iat": at.Add(-time.Hour).Unix()},
		"new":      {"sub": "u2", "iat": at.Unix()},
		"undated":  {"sub": "u2"},
		"bystands": {"sub": "u3"},
	} {
		tokens[name] = sign(t, g, "", jwt.SigningMethodEdDSA, key, claims)
	}
	refused := func() string {
		var out []string
		for _, name := range []string{"bystands", "new", "old", "one", "other", "undated"} {
			if _, err := g.AuthenticateToken(t.Context(), tokens[name]); err != nil {
				if !fault.Is(err, ReasonTokenInvalid) {
					t.Errorf("%s: %v", name, err)
				}
				out = append(out, name)
			}
		}
		return strings.Join(out, " ")
	}
	before := at.Add(-time.Minute).UTC().Format(time.RFC3339)
	for _, c := range []struct{ revoked, want string }{
		{"", ""},
		{"- {token: a, why: lost}", "one"},
		{"- {token: a, issuer: here}\n- {subject: u2, before: " + before + "}", "old one undated"},
		{"- {subject: u2}", "new old undated"},
		{"- {subject: u2", "new old undated"},                       // no YAML: what stood before stands
		{"- {subject: u2, issuer: other}", "new old undated"},       // nobody's issuer
		{"- {subject: u2, token: a}", "new old undated"},            // both
		{"- {token: a, before: " + before + "}", "new old undated"}, // of one token there is no before
		{"- {token: b}", "other"},
	} {
		rewrite(t, g, now, fileOfTest(l)+"revoked:\n"+c.revoked+"\n")
		if got := refused(); got != c.want {
			t.Errorf("%q: refused %q, not %q", c.revoked, got, c.want)
		}
	}
	if asked := l.asked.Load(); asked != 1 {
		t.Errorf("the keys were read %d times: an issuer that has not changed keeps them", asked)
	}
}

// A role that has become narrower binds the tokens that were given out before, and ends
// what goes on under them.
func TestRolesChange(t *testing.T) {
	l := newLogin(t)
	g, now := signedGuard(t, l)
	key := edKey(t)
	l.publish(t, key.Public())
	token := sign(t, g, "", jwt.SigningMethodEdDSA, key, nil)
	who, err := g.AuthenticateToken(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	metric := RuleOf("/rapport.survey.v1.SurveyService/GetMetric")
	allowed := func() bool {
		p, err := g.AuthenticateToken(t.Context(), token)
		return err == nil && g.Admit(With(context.Background(), p, metric), "demo") == nil
	}
	// Another file that says the same of this caller changes nothing for it.
	rewrite(t, g, now, fileOfTest(l)+"  another: {brands: [demo]}\n")
	if err := g.Again(t.Context(), who); err != nil || !allowed() {
		t.Errorf("a caller whose role has not changed: %v", err)
	}
	rewrite(t, g, now, strings.Replace(fileOfTest(l), "reader: {brands: [demo], sections: {scores: [read]}}", "reader: {brands: [demo], sections: {goals: [read]}}", 1))
	if err := g.Again(t.Context(), who); !fault.Retryable(err) || allowed() {
		t.Errorf("a caller whose role has become another: %v", err)
	}
	rewrite(t, g, now, fileOfTest(l)+"revoked: [{subject: u1}]\n")
	if err := g.Again(t.Context(), who); !fault.Is(err, ReasonTokenInvalid) {
		t.Errorf("a caller whose token was taken back: %v", err)
	}
	if err := g.Again(t.Context(), service); err != nil {
		t.Errorf("a neighbour: %v", err)
	}
}

func TestSeveralHeaders(t *testing.T) {
	g, err := guard(t, "s3cret", false)
	if err != nil {
		t.Fatal(err)
	}
	for _, headers := range [][]string{{"Bearer s3cret", "Bearer s3cret"}, {"Bearer s3cret", ""}, {"Basic x", "Bearer s3cret"}} {
		if _, err := g.Authenticate(t.Context(), headers...); !fault.Is(err, ReasonTokenInvalid) {
			t.Errorf("%q: %v", headers, err)
		}
	}
}

// A token says that somebody is to be kept out: also from this machine, where a proxy
// may stand before us.
func TestTokenClosesLoopback(t *testing.T) {
	g, err := guard(t, "s3cret", true)
	if err != nil || g.Open() {
		t.Errorf("open in spite of a token: %v", err)
	}
}

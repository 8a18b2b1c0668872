package access

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
)

func guard(t *testing.T, token string, loopback bool) (*Guard, error) {
	t.Helper()
	brands, err := config.LoadBrands("")
	if err != nil {
		t.Fatal(err)
	}
	var cfg Config
	if token != "" {
		path := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg.TokenFile = config.SecretFile(path)
	}
	return New(cfg, brands, loopback)
}

func TestLoopbackIsOpen(t *testing.T) {
	g, err := guard(t, "", true)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := g.Authenticate(t.Context(), ""); err != nil || p.Name != "local" {
		t.Errorf("got %v, %v", p, err)
	}
	if err := g.Check(context.Background(), Request{Brand: "demo", Verb: Read}); err != nil {
		t.Error(err)
	}
	if err := g.Check(context.Background(), Request{Brand: "Demo", Verb: Read}); !fault.Is(err, config.ReasonBrandUnknown) {
		t.Errorf("got %v", err)
	}
	if g.Credential(false) != nil {
		t.Error("a credential without a token")
	}
}

func TestReachableNeedsAToken(t *testing.T) {
	if _, err := guard(t, "", false); err == nil {
		t.Error("started without a token")
	}
	g, err := guard(t, "s3cret", false)
	if err != nil {
		t.Fatal(err)
	}
	for header, reason := range map[string]string{
		"": ReasonTokenMissing, "Bearer": ReasonTokenMissing, "Bearer ": ReasonTokenMissing, "Basic s3cret": ReasonTokenMissing,
		"Bearer s3cre": ReasonTokenInvalid, "Bearer s3cret ": ReasonTokenInvalid, "Bearer s3cret": "", "bearer s3cret": "",
	} {
		if _, err := g.Authenticate(t.Context(), header); fault.Reason(err) != reason {
			t.Errorf("%q: got %v, want %q", header, err, reason)
		}
	}
	if _, err := g.AuthenticateToken(t.Context(), "s3cret"); err != nil {
		t.Error(err)
	}
	if _, err := g.AuthenticateToken(t.Context(), ""); err == nil {
		t.Error("an empty password was accepted")
	}
	if err := g.Check(context.Background(), Request{Brand: "demo"}); !fault.Is(err, ReasonDenied) {
		t.Errorf("nobody was allowed: %v", err)
	}
	meta, err := g.Credential(true).GetRequestMetadata(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	p, err := g.Authenticate(t.Context(), meta["authorization"])
	if err != nil || g.Check(With(context.Background(), p, nil), Request{Brand: "demo"}) != nil {
		t.Errorf("a neighbour was refused: %v", err)
	}
}

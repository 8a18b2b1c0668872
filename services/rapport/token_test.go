package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

func TestTokensOfOwnKeys(t *testing.T) {
	dir := t.TempDir()
	if _, err := rapport(t, "token", "--dir", dir, "--name", "u1", "--role", "store"); err == nil || !strings.Contains(err.Error(), "rapport token keys") {
		t.Errorf("without a key: %v", err)
	}
	must(t, "token", "keys", "--dir", dir)
	must(t, "token", "keys", "--dir", dir)
	var public struct{ Keys []map[string]string }
	text, err := os.ReadFile(filepath.Join(dir, publicFile))
	if err != nil || json.Unmarshal(text, &public) != nil || len(public.Keys) != 2 || public.Keys[0]["kid"] == public.Keys[1]["kid"] {
		t.Fatalf("keys.json: %s, %v", text, err)
	}
	for _, k := range public.Keys {
		if k["d"] != "" {
			t.Error("a private part is published")
		}
	}
	if info, err := os.Stat(filepath.Join(dir, privateFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the private key is open to others: %v", err)
	}
	out := must(t, "token", "--dir", dir, "--name", "u1", "--role", "store,daily", "--brand-only", "demo", "--subject", "STORE/1", "--ttl", "10m")
	claims := jwt.MapClaims{}
	token, _, err := jwt.NewParser().ParseUnverified(strings.TrimSpace(out), claims)
	if err != nil || token.Header["kid"] != public.Keys[1]["kid"] || claims["sub"] != "u1" || len(claims["roles"].([]any)) != 2 || claims["subjects"].([]any)[0] != "STORE/1" {
		t.Errorf("%v %v: %v", token.Header, claims, err)
	}
	for _, wrong := range [][]string{{"--role", "x"}, {"--name", "x"}, {"--name", "x", "--role", "x", "--ttl", "0s"}, {"--name", "x", "--role", "x", "--subject", "store 1"}} {
		if _, err := rapport(t, append([]string{"token", "--dir", dir}, wrong...)...); err == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
}

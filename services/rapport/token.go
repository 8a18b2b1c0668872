package main

import (
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/spf13/cobra"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/config"
)

// granting are the settings of a token.
type granting struct {
	Dir      string        `flag:"dir" default:"." help:"where the keys are, as rapport token keys made them"`
	Issuer   string        `flag:"issuer" default:"rapport" help:"who issues: an issuer of access.yaml"`
	Audience string        `flag:"audience" default:"rapport" help:"for whom: the audience of that issuer"`
	Name     string        `flag:"name" help:"who it is for, as the audit log shall name it: an opaque id, no address"`
	Roles    []string      `flag:"role" help:"roles of access.yaml; with several, what all of them allow"`
	Brands   []string      `flag:"brand-only" help:"only these of the roles' brands"`
	Subjects []string      `flag:"subject" help:"only what stands in or below these, such as STORE/17"`
	TTL      time.Duration `flag:"ttl" default:"1h" help:"how long it is good"`
}

func tokenCommand(set *config.Set) *cobra.Command {
	cfg := &granting{}
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Issue a token by own keys",
		Long: `Issue a token by own keys, for those who have no issuer of their own. The servers
take it if access.yaml has the issuer, with the keys.json that rapport token keys made.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			token, err := cfg.issue(time.Now())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), token)
			return err
		},
	}
	bind(set, cmd, cfg)
	dir := &struct {
		Dir string `flag:"dir" default:"." help:"where to put them"`
	}{}
	keys := &cobra.Command{
		Use:   "keys",
		Short: "Make a key, and add it to those that servers know",
		Long: `Make a key: its private part replaces key.json, its public part is added to keys.json,
which the servers read again by themselves. Tokens of the keys before stay good until
these are taken out of keys.json.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return makeKey(dir.Dir) },
	}
	bind(set, keys, dir)
	cmd.AddCommand(keys)
	return cmd
}

// ownKey is an Ed25519 key as RFC 8037 writes it; D is the private part.
type ownKey struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	Use string `json:"use"`
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	X   string `json:"x"`
	D   string `json:"d,omitempty"`
}

type ownKeys struct {
	Keys []ownKey `json:"keys"`
}

const privateFile, publicFile = "key.json", "keys.json"

// makeKey writes the public part first: a token must not be ahead of its key.
func makeKey(dir string) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	key := ownKey{Kty: "OKP", Crv: "Ed25519", Use: "sig", Alg: "EdDSA", Kid: rand.Text()[:12], X: base64.RawURLEncoding.EncodeToString(public)}
	var known ownKeys
	text, err := os.ReadFile(filepath.Join(dir, publicFile))
	if err == nil {
		err = json.Unmarshal(text, &known)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read %s: %w", publicFile, err)
	}
	known.Keys = append(known.Keys, key)
	if err := replace(filepath.Join(dir, publicFile), known, 0o644); err != nil {
		return err
	}
	key.D = base64.RawURLEncoding.EncodeToString(private.Seed())
	return replace(filepath.Join(dir, privateFile), key, 0o600)
}

// replace writes a file whole or not at all: servers read it at any moment.
func replace(name string, content any, mode os.FileMode) error {
	text, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(name+".new", append(text, '\n'), mode); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// issue signs a token.
func (g *granting) issue(now time.Time) (string, error) {
	if g.Name == "" || len(g.Roles) == 0 {
		return "", errors.New("--name and --role are needed: whose token it is and what it allows")
	}
	if g.TTL <= 0 {
		return "", fmt.Errorf("--ttl %s: a token must be good for a while, and end", g.TTL)
	}
	for _, s := range g.Subjects {
		if _, err := access.ParseRef(s); err != nil {
			return "", fmt.Errorf("--subject: %w", err)
		}
	}
	var key ownKey
	text, err := os.ReadFile(filepath.Join(g.Dir, privateFile))
	if err == nil {
		err = json.Unmarshal(text, &key)
	}
	seed, bad := base64.RawURLEncoding.DecodeString(key.D)
	if err = cmp.Or(err, bad); err != nil || len(seed) != ed25519.SeedSize {
		return "", fmt.Errorf("no key in %s; make one with `rapport token keys`: %w", g.Dir, err)
	}
	claims := jwt.MapClaims{
		"iss": g.Issuer, "aud": g.Audience, "sub": g.Name, "roles": g.Roles,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(g.TTL).Unix(), "jti": rand.Text(),
	}
	if len(g.Brands) > 0 {
		claims["brands"] = g.Brands
	}
	if len(g.Subjects) > 0 {
		claims["subjects"] = g.Subjects
	}
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	t.Header["kid"] = key.Kid
	return t.SignedString(ed25519.NewKeyFromSeed(seed))
}

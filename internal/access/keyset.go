package access

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// keySet is an issuer's keys as it published them.
type keySet struct {
	text string
	keys []publicKey
}

// publicKey is one key and the only algorithm it is good for.
type publicKey struct {
	id, algorithm string
	key           any
}

// jwk is a key as RFC 7517 and 8037 write it.
type jwk struct {
	Kty string `json:"kty"`
	Kid string `json:"kid"`
	Use string `json:"use"`
	Alg string `json:"alg"`
	Crv string `json:"crv"`
	N   string `json:"n"`
	E   string `json:"e"`
	X   string `json:"x"`
	Y   string `json:"y"`
}

// parseKeys reads a set of keys. Those of kinds that we don't take are passed over:
// issuers publish keys for others too. None at all is an error.
func parseKeys(text []byte) (*keySet, error) {
	var in struct {
		Keys []jwk `json:"keys"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	out := &keySet{text: string(text)}
	for _, k := range in.Keys {
		algorithm, key, err := k.public()
		if err != nil || k.Use != "" && k.Use != "sig" || k.Alg != "" && k.Alg != algorithm {
			continue
		}
		out.keys = append(out.keys, publicKey{k.Kid, algorithm, key})
	}
	if len(out.keys) == 0 {
		return nil, errors.New("read keys: none of RS256, ES256 or EdDSA")
	}
	return out, nil
}

// public is the key itself, and what it signs with.
func (k *jwk) public() (algorithm string, key any, err error) {
	bytes := func(text string) []byte {
		b, bad := base64.RawURLEncoding.DecodeString(text)
		err = errors.Join(err, bad)
		return b
	}
	switch {
	case k.Kty == "RSA":
		n, e := new(big.Int).SetBytes(bytes(k.N)), new(big.Int).SetBytes(bytes(k.E))
		if n.BitLen() < 2048 || !e.IsInt64() || e.Int64() < 3 || e.Int64() > 1<<31-1 {
			return "", nil, errors.New("too weak a key")
		}
		return "RS256", &rsa.PublicKey{N: n, E: int(e.Int64())}, err
	case k.Kty == "EC" && k.Crv == "P-256":
		// SEC 1: 4, then both coordinates in full. What is not on the curve is refused.
		point, bad := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, bytes(k.X), bytes(k.Y)))
		return "ES256", point, errors.Join(err, bad)
	case k.Kty == "OKP" && k.Crv == "Ed25519":
		if x := bytes(k.X); len(x) == ed25519.PublicKeySize {
			return "EdDSA", ed25519.PublicKey(x), err
		}
		return "", nil, errors.New("not a key")
	}
	return "", nil, errors.New("not a kind we take")
}

// find is the key of an id; without an id the only one of the algorithm.
func (s *keySet) find(id, algorithm string) any {
	if s == nil {
		return nil
	}
	var found any
	for _, k := range s.keys {
		if k.algorithm != algorithm || id != "" && k.id != id {
			continue
		}
		if found != nil {
			return nil
		}
		found = k.key
	}
	return found
}

// Package seal keeps what must not lie about in the clear: identities until
// they are resolved, and page tokens that a caller carries but may not read or
// change. All keys come from one secret, so that replicas share a single file.
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"sync"
)

// Sealer encrypts (AES-256-GCM) and hashes (HMAC-SHA256) with keys of its own.
// The zero value is not usable.
type Sealer struct {
	aead cipher.AEAD
	// macs are used again: to set one up costs more than to hash an e-mail.
	macs sync.Pool
}

// SecretSize is the least number of bytes a secret must have.
const SecretSize = 32

// New derives the keys of one purpose from a secret; different purposes cannot
// read each other's seals.
func New(secret []byte, purpose string) (*Sealer, error) {
	if len(secret) < SecretSize {
		return nil, fmt.Errorf("seal: the secret has %d bytes, at least %d are needed", len(secret), SecretSize)
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "rapport/"+purpose+"/encrypt", 32)
	if err != nil {
		return nil, err
	}
	mac, err := hkdf.Key(sha256.New, secret, nil, "rapport/"+purpose+"/hash", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Sealer{aead: aead, macs: sync.Pool{New: func() any { return hmac.New(sha256.New, mac) }}}, nil
}

// Seal encrypts plain; context is checked, not kept: the same must be given to Open.
func (s *Sealer) Seal(plain, context []byte) []byte { return s.aead.Seal(nil, nil, plain, context) }

// ErrSeal says that a seal was broken, or made by another key or in another context.
var ErrSeal = errors.New("seal is broken")

// Open reads what Seal wrote in the same context.
func (s *Sealer) Open(sealed, context []byte) ([]byte, error) {
	return s.AppendOpen(nil, sealed, context)
}

// AppendOpen is Open that appends to a slice.
func (s *Sealer) AppendOpen(to, sealed, context []byte) ([]byte, error) {
	plain, err := s.aead.Open(to, nil, sealed, context)
	if err != nil {
		return nil, ErrSeal
	}
	return plain, nil
}

// Hash is a keyed fingerprint of 16 bytes: equal values have equal ones, and
// without the key nobody can try values out.
func (s *Sealer) Hash(value []byte) []byte {
	h := s.macs.Get().(hash.Hash)
	defer s.macs.Put(h)
	h.Reset()
	h.Write(value)
	return h.Sum(nil)[:16]
}

// LoadOrCreate reads the secret in a file; if there is no such file it makes one,
// readable by its owner alone. Replicas must share the file.
func LoadOrCreate(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		return bytes.TrimSpace(text), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make secret: %w", err)
	}
	return create(path, []byte(rand.Text()+rand.Text()+"\n"))
}

// create writes the secret under a name of its own and links it into place, so
// that of two processes starting at once one wins and both read the same whole
// file.
func create(path string, secret []byte) ([]byte, error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".secret-")
	if err != nil {
		return nil, fmt.Errorf("make secret: %w", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	if _, err = tmp.Write(secret); err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return nil, fmt.Errorf("make secret: %w", err)
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("make secret: %w", err)
	}
	text, err := os.ReadFile(path)
	return bytes.TrimSpace(text), err
}

package identity

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rapport-cx/rapport/internal/seal"
)

// Hash finds an identity: 128 bits of an HMAC-SHA256 over brand, kind, namespace
// and value. Without the key nobody can try telephone numbers out.
type Hash [16]byte

// Hasher has the key of all hashes. It comes from the secret and is never
// rotated: with another one no customer would be found again.
type Hasher struct{ key *seal.Sealer }

// NewHasher derives the key.
func NewHasher(secret []byte) (*Hasher, error) {
	key, err := seal.New(secret, "segmentation/identity")
	return &Hasher{key}, err
}

// Hash of an identity written in the one way.
func (h *Hasher) Hash(brand string, kind Kind, namespace, value string) Hash {
	return Hash(h.key.Hash(hashed(brand, kind, namespace, value)))
}

// Ring holds the keys that seal what is personal. The first seals, all open.
type Ring struct {
	first int32
	keys  map[int32]*seal.Sealer
}

// purpose keeps these keys apart from others made of the same bytes.
const purpose = "segmentation/personal"

// derived is the number of the key that comes from the secret.
const derived int32 = 0

// LoadRing reads a file of keys, a line "id:base64" each, ids from 1 and the
// newest first. The key derived from the secret stays among them, so that a
// deployment can begin without a file. No path: that key alone.
func LoadRing(path string, secret []byte) (*Ring, error) {
	key, err := seal.New(secret, purpose)
	if err != nil {
		return nil, err
	}
	r := &Ring{first: derived, keys: map[int32]*seal.Sealer{derived: key}}
	if path == "" {
		return r, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read identity keys: %w", err)
	}
	for n, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := r.add(line); err != nil {
			return nil, fmt.Errorf("identity keys, line %d: %w", n+1, err)
		}
	}
	if r.first == derived {
		return nil, fmt.Errorf("identity keys: %s has none", path)
	}
	return r, nil
}

// add reads one line. What it says of a wrong one never shows the key.
func (r *Ring) add(line string) error {
	name, coded, _ := strings.Cut(line, ":")
	id, err := strconv.ParseInt(strings.TrimSpace(name), 10, 32)
	if err != nil || id < 1 {
		return fmt.Errorf("begin with a number from 1 and a colon")
	}
	if r.keys[int32(id)] != nil {
		return fmt.Errorf("key %d stands here twice", id)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(coded))
	if err != nil || len(raw) < seal.SecretSize {
		return fmt.Errorf("key %d is not at least %d bytes in base64", id, seal.SecretSize)
	}
	key, err := seal.New(raw, purpose)
	if err != nil {
		return err
	}
	r.keys[int32(id)] = key
	if r.first == derived {
		r.first = int32(id)
	}
	return nil
}

// First is the id of the key that seals.
func (r *Ring) First() int32 { return r.first }

// Rotated tells whether anything could be sealed with another key.
func (r *Ring) Rotated() bool { return len(r.keys) > 1 }

// Seal encrypts with the first key. The context says whose it is; nothing opens
// in another one's place.
func (r *Ring) Seal(plain, context []byte) (sealed []byte, key int32) {
	return r.keys[r.first].Seal(plain, context), r.first
}

// Open decrypts what was sealed with the key of that id.
func (r *Ring) Open(sealed []byte, key int32, context []byte) ([]byte, error) {
	return r.AppendOpen(nil, sealed, key, context)
}

// AppendOpen is Open that appends to a slice.
func (r *Ring) AppendOpen(to, sealed []byte, key int32, context []byte) ([]byte, error) {
	k := r.keys[key]
	if k == nil {
		return nil, fmt.Errorf("key %d is not among the identity keys", key)
	}
	return k.AppendOpen(to, sealed, context)
}

// SealIdentity encrypts an identity for its row.
func (r *Ring) SealIdentity(brand string, k *Known) (sealed []byte, key int32) {
	return r.Seal([]byte(k.Namespace+"\x00"+k.Value), rowContext(brand, k.Hash))
}

// OpenIdentity decrypts the identity of a row.
func (r *Ring) OpenIdentity(brand string, kind Kind, hash Hash, sealed []byte, key int32) (*Known, error) {
	plain, err := r.Open(sealed, key, rowContext(brand, hash))
	if err != nil {
		return nil, err
	}
	// The namespace cannot hold the separator, the value may.
	namespace, value, found := bytes.Cut(plain, []byte{0})
	if !found {
		return nil, seal.ErrSeal
	}
	return &Known{Kind: kind, Namespace: string(namespace), Value: string(value), Hash: hash}, nil
}

// Reseal seals anew with the first key what an older one sealed.
func (r *Ring) Reseal(sealed []byte, key int32, context []byte) ([]byte, int32, error) {
	plain, err := r.Open(sealed, key, context)
	if err != nil {
		return nil, key, err
	}
	sealed, key = r.Seal(plain, context)
	return sealed, key, nil
}

// RowContext binds a sealed identity to its row.
func RowContext(brand string, hash Hash) []byte { return rowContext(brand, hash) }

func rowContext(brand string, hash Hash) []byte {
	return append([]byte("identity\x00"+brand+"\x00"), hash[:]...)
}

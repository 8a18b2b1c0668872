package link

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/rapport-cx/rapport/internal/seal"
)

// Keys make tokens and read them. A token is its brand, a dot and 22 letters: a keyed
// hash of 10 bytes over brand and number, and the number masked by a hash of that, so
// that it tells neither how many links there are nor which came first.
type Keys struct{ hash func([]byte) []byte }

const hashSize, numberSize = 10, 6

// NewKeys derives the keys from the suite's secret.
func NewKeys(secret []byte) (*Keys, error) {
	s, err := seal.New(secret, "survey/link")
	if err != nil {
		return nil, err
	}
	return &Keys{s.Hash}, nil
}

// Token is the token of a link.
func (k *Keys) Token(brand string, number int64) string {
	mac := k.mac(brand, number)
	code := append(mac, k.masked(brand, mac, number)...)
	return brand + "." + base64.RawURLEncoding.EncodeToString(code)
}

// Read is the number of the link that a token of the brand stands for; false: it is not
// one of ours. Nothing is looked up for it.
func (k *Keys) Read(brand, token string) (int64, bool) {
	text, ok := strings.CutPrefix(token, brand+".")
	if !ok {
		return 0, false
	}
	code, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(code) != hashSize+numberSize {
		return 0, false
	}
	mac := code[:hashSize]
	number := k.unmasked(brand, mac, code[hashSize:])
	return number, number > 0 && hmac.Equal(mac, k.mac(brand, number))
}

func (k *Keys) mac(brand string, number int64) []byte {
	text := binary.BigEndian.AppendUint64([]byte("number\x00"+brand+"\x00"), uint64(number))
	return k.hash(text)[:hashSize:hashSize]
}

func (k *Keys) mask(brand string, mac []byte) []byte {
	return k.hash(append([]byte("mask\x00"+brand+"\x00"), mac...))
}

func (k *Keys) masked(brand string, mac []byte, number int64) []byte {
	out := binary.BigEndian.AppendUint64(nil, uint64(number))[8-numberSize:]
	mask := k.mask(brand, mac)
	for i := range out {
		out[i] ^= mask[i]
	}
	return out
}

func (k *Keys) unmasked(brand string, mac, number []byte) int64 {
	out, mask := make([]byte, 8), k.mask(brand, mac)
	for i, b := range number {
		out[8-numberSize+i] = b ^ mask[i]
	}
	return int64(binary.BigEndian.Uint64(out))
}

package link

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

func keys(t testing.TB, secret byte) *Keys {
	t.Helper()
	k, err := NewKeys(bytes.Repeat([]byte{secret}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A token reads back as what it was made of, and is short enough for a text message.
func TestTokenReadsBack(t *testing.T) {
	k, r, seen := keys(t, 1), rand.New(rand.NewPCG(1, 2)), map[string]bool{}
	for range 2000 {
		number := 1 + r.Int64N(1<<uint(1+r.IntN(47)))
		token := k.Token("demo", number)
		if got, ok := k.Read("demo", token); !ok || got != number {
			t.Fatalf("%d became %s and %d (%v)", number, token, got, ok)
		}
		if code := strings.TrimPrefix(token, "demo."); len(code) != 22 || strings.ContainsAny(code, "+/=") {
			t.Fatalf("token %s", token)
		}
		seen[token] = true
	}
	if len(seen) < 1500 {
		t.Errorf("only %d tokens", len(seen))
	}
}

// Whatever letter is another one, it is no token of ours; nor is one of another brand or
// of another secret.
func TestTokenCannotBeForged(t *testing.T) {
	k := keys(t, 1)
	token := k.Token("demo", 77)
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range token {
		for _, l := range letters {
			forged := token[:i] + string(l) + token[i+1:]
			if _, ok := k.Read("demo", forged); ok && forged != token {
				t.Errorf("%s was taken", forged)
			}
		}
	}
	code := strings.TrimPrefix(token, "demo.")
	for what, c := range map[string]struct{ brand, token string }{
		"another brand": {"olist", "olist." + code}, "brand cut": {"dem", token}, "cut": {"demo", token[:len(token)-1]}, "longer": {"demo", token + "A"},
		"empty": {"demo", ""}, "no code": {"demo", "demo."}, "zeros": {"demo", "demo." + strings.Repeat("A", 22)}, "padded": {"demo", token + "=="},
	} {
		if n, ok := k.Read(c.brand, c.token); ok {
			t.Errorf("%s: taken as %d", what, n)
		}
	}
	if _, ok := keys(t, 2).Read("demo", token); ok {
		t.Error("another secret's token was taken")
	}
}

// Links made one after the other have nothing in common.
func TestTokensTellNoOrder(t *testing.T) {
	k := keys(t, 1)
	alike := 0
	a := k.Token("demo", 1000)
	for n := int64(1001); n < 1200; n++ {
		b := k.Token("demo", n)
		for i := len("demo."); i < len(a); i++ {
			if a[i] == b[i] {
				alike++
			}
		}
		a = b
	}
	if share := float64(alike) / (199 * 22); share > 0.05 {
		t.Errorf("%.1f %% of letters stay from one token to the next", 100*share)
	}
}

func FuzzRead(f *testing.F) {
	k := keys(f, 3)
	f.Add("demo.AAAA")
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		if n, ok := k.Read("demo", token); ok && k.Token("demo", n) != token {
			t.Fatalf("%q is taken for link %d", token, n)
		}
	})
}

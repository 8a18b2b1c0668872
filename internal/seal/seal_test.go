package seal

import (
	"bytes"
	"errors"
	"path/filepath"
	"sync"
	"testing"
)

func sealer(t *testing.T, secret byte, purpose string) *Sealer {
	t.Helper()
	s, err := New(bytes.Repeat([]byte{secret}, SecretSize), purpose)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOpenNeedsKeyPurposeAndContext(t *testing.T) {
	s := sealer(t, 1, "identity")
	sealed := s.Seal([]byte("a@b.example"), []byte("demo"))
	if bytes.Contains(sealed, []byte("a@b")) {
		t.Fatal("the seal shows what it hides")
	}
	if plain, err := s.Open(sealed, []byte("demo")); err != nil || string(plain) != "a@b.example" {
		t.Fatalf("Open = %q, %v", plain, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"other context": func() ([]byte, error) { return s.Open(sealed, []byte("other")) },
		"other key":     func() ([]byte, error) { return sealer(t, 2, "identity").Open(sealed, []byte("demo")) },
		"other purpose": func() ([]byte, error) { return sealer(t, 1, "token").Open(sealed, []byte("demo")) },
		"cut":           func() ([]byte, error) { return s.Open(sealed[:len(sealed)-1], []byte("demo")) },
		"empty":         func() ([]byte, error) { return s.Open(nil, []byte("demo")) },
	} {
		if _, err := open(); !errors.Is(err, ErrSeal) {
			t.Errorf("%s: err = %v, want ErrSeal", name, err)
		}
	}
}

func TestHashIsKeyed(t *testing.T) {
	a, b := sealer(t, 1, "identity"), sealer(t, 2, "identity")
	if !bytes.Equal(a.Hash([]byte("x")), a.Hash([]byte("x"))) || bytes.Equal(a.Hash([]byte("x")), b.Hash([]byte("x"))) {
		t.Fatal("equal values must hash alike under one key, and not under two")
	}
}

func TestShortSecretIsRefused(t *testing.T) {
	if _, err := New([]byte("short"), "identity"); err == nil {
		t.Fatal("a short secret was taken")
	}
}

func TestLoadOrCreateAgreesAmongStarters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "secret")
	var wg sync.WaitGroup
	got := make([][]byte, 8)
	for i := range got {
		wg.Go(func() {
			s, err := LoadOrCreate(path)
			if err != nil {
				t.Error(err)
			}
			got[i] = s
		})
	}
	wg.Wait()
	for _, s := range got {
		if len(s) < SecretSize || !bytes.Equal(s, got[0]) {
			t.Fatalf("starters disagree: %x and %x", s, got[0])
		}
	}
}

type position struct{ Day, Row int64 }

func TestTokenFitsItsQueryOnly(t *testing.T) {
	s := sealer(t, 1, "token")
	token, err := s.Token(position{3, 14}, []byte("query a"))
	if err != nil {
		t.Fatal(err)
	}
	var got position
	if err := s.ReadToken(token, &got, []byte("query a")); err != nil || got != (position{3, 14}) {
		t.Fatalf("ReadToken = %v, %v", got, err)
	}
	if err := s.ReadToken(token, &got, []byte("query b")); !errors.Is(err, ErrSeal) {
		t.Errorf("another query: %v, want ErrSeal", err)
	}
}

func FuzzReadToken(f *testing.F) {
	s, err := New(bytes.Repeat([]byte{7}, SecretSize), "token")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, token string) {
		var got position
		if err := s.ReadToken(token, &got, nil); err == nil {
			t.Fatalf("a made-up token %q was read as %v", token, got)
		}
	})
}

// What is used again between calls leaves nothing behind, whoever calls meanwhile.
func TestHashIsPure(t *testing.T) {
	s := sealer(t, 1, "identity")
	want := make([][]byte, 100)
	for i := range want {
		want[i] = sealer(t, 1, "identity").Hash([]byte{byte(i)})
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range want {
				if got := s.Hash([]byte{byte(i)}); !bytes.Equal(got, want[i]) {
					t.Errorf("hash of %d is %x, want %x", i, got, want[i])
				}
			}
		})
	}
	wg.Wait()
}

package identity_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rapport-cx/rapport/services/segmentation/identity"
)

func key(id int, seed byte) string {
	return fmt.Sprintf("%d:%s\n", id, base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{seed}, 32)))
}

func ring(t *testing.T, text string) (*identity.Ring, error) {
	t.Helper()
	path := ""
	if text != "" {
		path = filepath.Join(t.TempDir(), "keys")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return identity.LoadRing(path, secret)
}

func must(t *testing.T, text string) *identity.Ring {
	t.Helper()
	r, err := ring(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The newest key seals, all open; a key that is gone opens nothing.
func TestRotation(t *testing.T) {
	known, err := rules(t, "").Read(of(identity.Email, "anna@example.org"), "identity")
	if err != nil {
		t.Fatal(err)
	}
	none, first, second := must(t, ""), must(t, "# keys\n"+key(3, 1)), must(t, key(9, 2)+key(3, 1))
	sealed, id := none.SealIdentity("shop", known)
	if id != 0 || none.Rotated() || !first.Rotated() || second.First() != 9 {
		t.Error(id, none.Rotated(), first.Rotated(), second.First())
	}
	for _, r := range []*identity.Ring{none, first, second} {
		if sealed, id, err = r.Reseal(sealed, id, identity.RowContext("shop", known.Hash)); err != nil || id != r.First() {
			t.Fatal(id, err)
		}
		if bytes.Contains(sealed, []byte("anna")) {
			t.Error("the seal shows what it hides")
		}
		if got, err := r.OpenIdentity("shop", known.Kind, known.Hash, sealed, id); err != nil || *got != *known {
			t.Error(got, err)
		}
		if _, err := r.OpenIdentity("other", known.Kind, known.Hash, sealed, id); err == nil {
			t.Error("a seal opened in another brand's place")
		}
	}
	if _, err := first.OpenIdentity("shop", known.Kind, known.Hash, sealed, id); err == nil || !strings.Contains(err.Error(), "key 9") {
		t.Error(err)
	}
}

func TestWrongKeyFiles(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "# none\n", "no id": "AAAA\n", "id 0": key(0, 1), "negative": key(-1, 1), "twice": key(1, 1) + key(1, 2),
		"short": "1:QUFB\n", "not base64": "1:" + strings.Repeat("*", 44) + "\n",
	} {
		if _, err := ring(t, text); err == nil || strings.Contains(err.Error(), "QUFB") || strings.Contains(err.Error(), "***") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := identity.LoadRing(filepath.Join(t.TempDir(), "absent"), secret); err == nil {
		t.Error("a file that is not there was taken")
	}
}

package segmentation_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// Whatever is changed by hand is told of. The other tests look at what was not, on
// both engines.
func TestVerifyFindsDrift(t *testing.T) {
	for statement, want := range map[string]string{
		"DELETE FROM customer WHERE id = 2":                                     "numbers 2 to 2 are missing",
		"DELETE FROM customer WHERE id = 3":                                     "the last number given out is 2, by the head 3",
		"UPDATE customer_head SET last_id = 2":                                  "by the head 2, by the facts 3",
		"UPDATE customer_head SET last_id = 4":                                  "by the head 4",
		"DELETE FROM fact WHERE kind = 1 AND who = 1":                           "2 facts gave out numbers up to 3",
		"UPDATE identity SET customer = 9 WHERE customer = 3":                   "never given out",
		"UPDATE identity SET seal_key = 5 WHERE customer = 1":                   "key 5 is not among",
		"UPDATE customer SET profile_key = 5 WHERE id = 1":                      "key 5 is not among",
		"UPDATE identity SET kind = 4 WHERE kind = 1":                           "not what is found under its hash",
		"UPDATE identity SET sealed = substr(sealed, 1, 20) WHERE customer = 2": "seal is broken",
		"UPDATE customer SET profile = substr(profile, 2, 1000) WHERE id = 1":   "seal is broken",
	} {
		t.Run(statement, func(t *testing.T) {
			url, c := sqldbtest.SQLite(t), &clock{now: start}
			r := newReplica(t, url, "", c.Now)
			declare(t, r, city)
			upsert(t, r, false, anna())
			resolve(t, r, card("2"), card("3"))
			r.stop()
			db := sqldbtest.Open(t, url)
			err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), statement)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			var told strings.Builder
			for _, d := range drifts(t, url, "") {
				fmt.Fprintln(&told, d.Fold, d.Reason)
			}
			if !strings.Contains(told.String(), want) {
				t.Errorf("got %q, want %q", told.String(), want)
			}
			if strings.Contains(told.String(), "anna") {
				t.Error("a report shows an identity")
			}
		})
	}
}

// After a new key came in front, everything is sealed with it, and the old one can
// go; who is found stays the same.
func TestKeyRotation(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		line := func(id int, seed byte) string {
			return fmt.Sprintf("%d:%s\n", id, base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{seed}, 32)))
		}
		file := func(lines string) string {
			path := filepath.Join(t.TempDir(), "keys")
			if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		old, both, fresh := file(line(1, 1)), file(line(2, 2)+line(1, 1)), file(line(2, 2))
		first := newReplica(t, url, old, time.Now)
		declare(t, first, city)
		upsert(t, first, false, anna())
		first.stop()
		if len(drifts(t, url, fresh)) == 0 {
			t.Error("a key that is gone is not missed")
		}
		rebuild(t, url, both)
		audit(t, url, fresh)
		second := newReplica(t, url, fresh, time.Now)
		if got := get(t, second, 1); len(got.GetIdentities()) != 2 || got.GetAttributes()["city"].GetText() != "Tver" {
			t.Error(got)
		}
		if got := resolve(t, second, email("anna@example.org")); got[0].GetId() != 1 {
			t.Error(got)
		}
	})
}

// A server with two keys seals anew by itself.
func TestReplicasReseal(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		keys := filepath.Join(t.TempDir(), "keys")
		if err := os.WriteFile(keys, []byte("4:"+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{4}, 32))+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		first := newReplica(t, url, "", time.Now)
		declare(t, first, city)
		upsert(t, first, false, anna())
		first.stop()
		newReplica(t, url, keys, time.Now)
		db := sqldbtest.Open(t, url)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for left := 1; left > 0; {
			err := db.QueryRow(ctx, `SELECT (SELECT count(*) FROM identity WHERE seal_key <> 4)
+ (SELECT count(*) FROM customer WHERE profile IS NOT NULL AND profile_key <> 4)`).Scan(&left)
			if err != nil {
				t.Fatal(err)
			}
		}
		audit(t, url, keys)
	})
}

func rebuild(t *testing.T, url, keys string) {
	t.Helper()
	u := upkeep(t, url, keys)
	if err := u.Rebuild(t.Context(), brand, func(int, int) {}); err != nil {
		t.Error(err)
	}
	if err := u.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

func drifts(t *testing.T, url, keys string) (all []floor.Drift) {
	t.Helper()
	u := upkeep(t, url, keys)
	if _, err := u.Verify(t.Context(), brand, func(d floor.Drift) { all = append(all, d) }); err != nil {
		t.Error(err)
	}
	if err := u.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
	return all
}

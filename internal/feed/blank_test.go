package feed_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

func TestBlankReplacesTheBodyAlone(t *testing.T) {
	each(t, func(t *testing.T, l *feed.Log, more func() (*feed.Log, *sqldb.DB)) {
		facts := appendAll(t, l, fact("a", 1), fact("b", 1))
		_, db := more()
		write(t, db, func(tx *sqldb.Tx) error { return feed.Blank(t.Context(), tx, brand, facts[0].Seq, []byte("gone")) })
		got, err := l.Get(t.Context(), brand, facts[0].Seq, facts[1].Seq)
		if err != nil {
			t.Fatal(err)
		}
		facts[0].Body = []byte("gone")
		if diff := cmp.Diff(facts, got, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	})
}

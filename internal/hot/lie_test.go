package hot

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/rapport-cx/rapport/internal/hot/hottest"
)

// expectNothing reads the slab and wants no answer, and the lie counted.
func expectNothing(t *testing.T, c *Cache, key Key, what string) {
	t.Helper()
	before := c.Stats().Rejected
	if got := c.Get(t.Context(), key); got.Found {
		t.Errorf("%s: believed %+v", what, got)
	}
	if c.Stats().Rejected != before+1 {
		t.Errorf("%s: not counted as rejected", what)
	}
	flush(t, c)
}

func TestLiesAreNotBelieved(t *testing.T) {
	server := hottest.Start(t)
	c := open(t, server.URL(), Options{})
	other := Key{Brand: "acme", Measure: "csat", Day: nps.Day}
	name := c.slabKey(nps)
	store(t, c, other, Anchor{Seq: 9, CommitID: 1}, "other")
	store(t, c, nps, Anchor{Seq: 7, CommitID: 1}, "seven")
	good := server.Read(name)

	older := append([]byte(nil), good...)
	older[0]--
	for what, value := range map[string][]byte{
		"rubbish":      []byte("rubbish rubbish rubbish rubbish rubbish"),
		"moved":        server.Read(c.slabKey(other)),
		"other format": older,
		"one byte":     {format},
		"header only":  good[:sealSize],
		"longer":       append(append([]byte(nil), good...), 0),
		"a result":     c.seal.close(result, name, Anchor{Seq: 7, CommitID: 1}, []byte("seven")),
		"other secret": newSealer([]byte("fedcba9876543210")).close(slab, name, Anchor{Seq: 7, CommitID: 1}, []byte("seven")),
	} {
		server.Write(name, value)
		expectNothing(t, c, nps, what)
	}
	for i := range good {
		for bit := range 8 {
			bad := append([]byte(nil), good...)
			bad[i] ^= 1 << bit
			if _, _, ok := c.seal.open(slab, name, bad); ok {
				t.Errorf("bit %d of byte %d flipped and believed", bit, i)
			}
		}
		server.Write(name, append(append([]byte(nil), good[:i]...), ^good[i]))
		if c.Get(t.Context(), nps).Found {
			t.Errorf("cut and flipped at %d, and believed", i)
		}
	}
	server.Write(name, good)
	if got := c.Get(t.Context(), nps); string(got.Content) != "seven" {
		t.Errorf("the true value: %+v", got)
	}
}

// A value that claims the largest seq must not keep true ones out for ever.
func TestLieAboutSeqIsReplaced(t *testing.T) {
	server := hottest.Start(t)
	c := open(t, server.URL(), Options{})
	name := c.slabKey(nps)
	store(t, c, nps, Anchor{Seq: 7}, "seven")
	lie := server.Read(name)
	binary.BigEndian.PutUint64(lie[2:], math.MaxInt64)
	server.Write(name, lie)
	expectNothing(t, c, nps, "a large seq")
	store(t, c, nps, Anchor{Seq: 8}, "eight")
	if got := c.Get(t.Context(), nps); string(got.Content) != "eight" {
		t.Errorf("afterwards: %+v", got)
	}
}

func TestKeyOfAnotherTypeIsAMissAndIsReplaced(t *testing.T) {
	server := hottest.Start(t)
	c := open(t, server.URL(), Options{})
	server.WriteList(c.slabKey(nps))
	server.WriteList(c.resultKey("acme", Fingerprint{}))
	if c.Get(t.Context(), nps).Found {
		t.Error("a list believed")
	}
	if _, ok := c.GetResult(t.Context(), "acme", Fingerprint{}); ok {
		t.Error("a list believed to be a result")
	}
	store(t, c, nps, Anchor{Seq: 1}, "one")
	if got := c.Get(t.Context(), nps); string(got.Content) != "one" {
		t.Errorf("afterwards: %+v", got)
	}
}

func FuzzOpen(f *testing.F) {
	s := newSealer(secret)
	good := s.close(slab, "key", Anchor{Seq: 7, CommitID: 8}, []byte("content"))
	f.Add("key", good)
	f.Add("other", good)
	f.Add("", []byte{})
	f.Add("key", good[:sealSize])
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		anchor, content, ok := s.open(slab, key, value)
		if !ok {
			return
		}
		// Whatever is believed is exactly what close makes.
		if again := s.close(slab, key, anchor, content); string(again) != string(value) {
			t.Errorf("believed %x, which is not %x", value, again)
		}
	})
}

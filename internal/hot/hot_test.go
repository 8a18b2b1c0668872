package hot

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-cx/rapport/internal/hot/hottest"
)

var secret = []byte("0123456789abcdef")

func open(t testing.TB, url string, opts Options) *Cache {
	t.Helper()
	if opts.Service == "" {
		opts.Service = "survey"
	}
	if opts.ReadTimeout == 0 {
		opts.ReadTimeout = time.Second // a loaded machine is not what is tested
	}
	c, err := Open(url, secret, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// store puts a slab and waits until it is written.
func store(t testing.TB, c *Cache, key Key, anchor Anchor, content string) {
	t.Helper()
	c.Put(t.Context(), key, anchor, []byte(content))
	flush(t, c)
}

func flush(t testing.TB, c *Cache) {
	t.Helper()
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

var nps = Key{Brand: "acme", Measure: "nps.network", Day: 20000}

func TestSlabComesBackWithItsAnchor(t *testing.T) {
	url := hottest.Redis(t)
	one, two := open(t, url, Options{}), open(t, url, Options{})
	store(t, one, nps, Anchor{Seq: 7, CommitID: -3}, "seven")
	want := Entry{Anchor: Anchor{Seq: 7, CommitID: -3}, Content: []byte("seven"), Found: true}
	if diff := cmp.Diff(want, two.Get(t.Context(), nps)); diff != "" {
		t.Error(diff)
	}
	other := nps
	other.Day++
	got := two.GetMany(t.Context(), []Key{other, nps, nps})
	if diff := cmp.Diff([]Entry{{}, want, want}, got); diff != "" {
		t.Error(diff)
	}
	if s := two.Stats(); s.Hits != 3 || s.Misses != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestResultComesBack(t *testing.T) {
	c := open(t, hottest.Redis(t), Options{})
	f := Fingerprint{1, 2, 3}
	c.PutResult(t.Context(), "acme", f, []byte("42"))
	flush(t, c)
	if got, ok := c.GetResult(t.Context(), "acme", f); !ok || string(got) != "42" {
		t.Errorf("got %q, %v", got, ok)
	}
	if _, ok := c.GetResult(t.Context(), "other", f); ok {
		t.Error("found under another brand")
	}
}

func TestNoRedis(t *testing.T) {
	c, err := Open("", nil, Options{})
	if c != nil || err != nil {
		t.Fatalf("Open = %v, %v", c, err)
	}
	c.Put(t.Context(), nps, Anchor{}, nil)
	c.PutResult(t.Context(), "acme", Fingerprint{}, nil)
	c.Disown(nps)
	if c.Get(t.Context(), nps).Found || len(c.GetMany(t.Context(), []Key{nps})) != 1 {
		t.Error("found something")
	}
	if _, ok := c.GetResult(t.Context(), "acme", Fingerprint{}); ok {
		t.Error("found a result")
	}
	if !c.TryClaim(t.Context(), nps, time.Second) {
		t.Error("claim refused")
	}
	if c.Flush(t.Context()) != nil || c.Close(t.Context()) != nil || c.Stats().Breaker != "none" {
		t.Error("Flush, Close or Stats")
	}
}

func TestOlderSeqNeverReplacesNewer(t *testing.T) {
	url := hottest.Redis(t)
	one, two := open(t, url, Options{}), open(t, url, Options{})
	// 255 and 256 differ in another byte than 256 and 300; so do negatives of
	// nothing: seqs are compared as numbers.
	for _, step := range []struct {
		from *Cache
		seq  int64
		want int64
	}{{one, 256, 256}, {two, 255, 256}, {two, 300, 300}, {one, 299, 300}, {one, 1 << 40, 1 << 40}, {two, 301, 1 << 40}} {
		store(t, step.from, nps, Anchor{Seq: step.seq}, fmt.Sprint(step.seq))
		if got := one.Get(t.Context(), nps); got.Anchor.Seq != step.want || string(got.Content) != fmt.Sprint(step.want) {
			t.Errorf("after %d: %+v", step.seq, got)
		}
	}
	one.Disown(nps)
	flush(t, one)
	if one.Get(t.Context(), nps).Found {
		t.Error("a disowned slab is still there")
	}
	store(t, one, nps, Anchor{Seq: 5}, "5")
	if got := two.Get(t.Context(), nps); got.Anchor.Seq != 5 {
		t.Errorf("after Disown: %+v", got)
	}
}

func TestManyGetsShareRoundTrips(t *testing.T) {
	c := open(t, hottest.Redis(t), Options{})
	const keys = 50
	key := func(i int) Key { return Key{Brand: "acme", Measure: "nps", Day: int32(i)} }
	for i := range keys {
		c.Put(t.Context(), key(i), Anchor{Seq: int64(i)}, []byte(fmt.Sprint(i)))
	}
	flush(t, c)
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			for n := range 50 {
				i := (g + n) % (keys + 5)
				got := c.Get(t.Context(), key(i))
				if got.Found != (i < keys) || got.Found && string(got.Content) != fmt.Sprint(i) {
					t.Errorf("key %d: %+v", i, got)
				}
			}
		})
	}
	wg.Wait()
}

func TestCluster(t *testing.T) {
	server := hottest.StartCluster(t)
	c := open(t, server.URL()+"?cluster=true", Options{})
	if !c.cluster {
		t.Fatal("not taken for a Cluster")
	}
	other := Key{Brand: "other", Measure: "csat", Day: 1}
	c.Put(t.Context(), nps, Anchor{Seq: 7}, []byte("seven"))
	c.Put(t.Context(), other, Anchor{Seq: 8}, []byte("eight"))
	flush(t, c)
	store(t, c, nps, Anchor{Seq: 6}, "six")
	server.WriteList(c.slabKey(Key{}))
	got := c.GetMany(t.Context(), []Key{nps, {Day: 5}, other, {}, nps})
	want := []Entry{
		{Anchor{Seq: 7}, []byte("seven"), true}, {}, {Anchor{Seq: 8}, []byte("eight"), true}, {},
		{Anchor{Seq: 7}, []byte("seven"), true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOneClaims(t *testing.T) {
	server := hottest.Start(t)
	one, two := open(t, server.URL(), Options{}), open(t, server.URL(), Options{})
	if !one.TryClaim(t.Context(), nps, time.Hour) || two.TryClaim(t.Context(), nps, time.Hour) {
		t.Error("not exactly one claimed")
	}
	server.Flush()
	if !two.TryClaim(t.Context(), nps, time.Hour) {
		t.Error("a claim that is gone still holds")
	}
	server.Shutdown()
	if !one.TryClaim(t.Context(), nps, time.Hour) {
		t.Error("without Redis nobody may")
	}
}

func TestKeysAreApart(t *testing.T) {
	c, d := &Cache{opts: Options{Service: "a"}}, &Cache{opts: Options{Service: "a/b"}}
	seen := map[string]int{}
	names := []string{"", "b", "b/c", "c", "b}", "{b", "b%2Fc", "b:1", "b c", "b+c"}
	for _, brand := range names {
		for _, measure := range names {
			for _, day := range []int32{0, 1, -1, math.MaxInt32} {
				seen[c.slabKey(Key{brand, measure, day})]++
				seen[d.slabKey(Key{brand, measure, day})]++
			}
		}
		seen[c.resultKey(brand, Fingerprint{})]++
		seen[d.resultKey(brand, Fingerprint{1})]++
	}
	for key, n := range seen {
		if n > 1 {
			t.Errorf("%d things share %q", n, key)
		}
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]struct {
		addrs   []string
		cluster bool
		master  string
		db      int
	}{
		"redis://cache":                               {addrs: []string{"cache:6379"}},
		"redis://u:p%40w@cache:1/3":                   {addrs: []string{"cache:1"}, db: 3},
		"redis://a:1,b:2,[::1]:3":                     {addrs: []string{"a:1", "b:2", "[::1]:3"}, cluster: true},
		"redis://u:p@a,b/?cluster=true":               {addrs: []string{"a:6379", "b:6379"}, cluster: true},
		"redis://one:7?cluster=true":                  {addrs: []string{"one:7"}, cluster: true},
		"redis://s1:26379,s2:26379/2?master=mymaster": {addrs: []string{"s1:26379", "s2:26379"}, master: "mymaster", db: 2},
	} {
		got, err := parseAddress(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if cmp.Diff(want.addrs, got.Addrs) != "" || got.IsClusterMode != want.cluster || got.MasterName != want.master || got.DB != want.db {
			t.Errorf("%s: %v cluster %v master %q db %d", address, got.Addrs, got.IsClusterMode, got.MasterName, got.DB)
		}
	}
	for _, bad := range []string{"cache:6379", "http://cache", "redis://:hunter2@ca che/", "redis://:hunter2@c/x?y=1"} {
		_, err := Open(bad, secret, Options{})
		if err == nil {
			t.Errorf("%s accepted", bad)
		} else if bytes.Contains([]byte(err.Error()), []byte("hunter2")) {
			t.Errorf("password told: %v", err)
		}
	}
	if _, err := Open("redis://cache", secret[:15], Options{}); err == nil {
		t.Error("a short secret accepted")
	}
}

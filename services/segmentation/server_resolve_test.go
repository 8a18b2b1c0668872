package segmentation_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

func TestResolve(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		results := resolve(t, r, email("Anna@Example.org"), phone("8 (916) 123-45-67"), email(" anna@example.ORG "),
			phone("+7 916 123 45 67"), card(" 77 "), external("till", "77"), external("app", "77"), email("anna+news@example.org"))
		if diff := cmp.Diff([]int64{1, 2, 1, 2, 3, 4, 5, 1}, numbers(results)); diff != "" {
			t.Error(diff)
		}
		for i, one := range results {
			if !one.GetCreated() || one.GetPersonId() != one.GetId() || one.GetError() != nil {
				t.Errorf("result %d: %v", i, one)
			}
		}
		again := resolve(t, r, external("app", "77"), email("ANNA@example.org"), email("an.na@example.org"), email("bert@example.org"))
		if diff := cmp.Diff([]int64{5, 1, 6, 7}, numbers(again)); diff != "" {
			t.Error(diff)
		}
		if again[0].GetCreated() || again[1].GetCreated() || !again[3].GetCreated() {
			t.Errorf("created: %v", again)
		}
	})
}

// A refused identity refuses nothing beside it, and a known_only call creates nobody.
func TestResolveRefusals(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		results := resolve(t, r, phone("495 123-45-67"), email("info@EXAMPLE.com"), phone("12"), email("nobody"), email("a b@example.org"),
			card("   "), &commonv1.Identity{Value: "x"}, &commonv1.Identity{Kind: commonv1.Identity_KIND_CARD, Value: "1", Namespace: "till"}, card("1"))
		want := []string{"IDENTITY_BLOCKED", "IDENTITY_BLOCKED", "FIELD_INVALID", "FIELD_INVALID", "FIELD_INVALID", "FIELD_INVALID", "FIELD_INVALID", "FIELD_INVALID", ""}
		if diff := cmp.Diff(want, reasons(results)); diff != "" {
			t.Error(diff)
		}
		if got := numbers(results); got[len(got)-1] != 1 || slices.Max(got[:len(got)-1]) != 0 {
			t.Error(got)
		}
		out, err := r.ResolveCustomers(t.Context(), &segmentationv1.ResolveCustomersRequest{Brand: brand, KnownOnly: true,
			Identities: []*commonv1.Identity{card("1"), card("2")}})
		if err != nil || !slices.Equal(numbers(out.GetResults()), []int64{1, 0}) {
			t.Error(out, err)
		}
		if next := resolve(t, r, card("3")); next[0].GetId() != 2 {
			t.Errorf("known_only left a gap: %v", next)
		}
	})
}

// Brands share nothing: the same card is somebody else there.
func TestBrandsAreApart(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		resolve(t, r, card("a"), card("b"))
		out, err := r.ResolveCustomers(t.Context(), &segmentationv1.ResolveCustomersRequest{Brand: "other", Identities: []*commonv1.Identity{card("b")}})
		if err != nil || out.GetResults()[0].GetId() != 1 || !out.GetResults()[0].GetCreated() {
			t.Error(out, err)
		}
	})
}

// However many ask at once, on two replicas, one identity has one number and
// numbers have no gaps.
func TestResolveTogether(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		replicas := []*replica{newReplica(t, url, "", c.Now), newReplica(t, url, "", c.Now)}
		const callers, people, rounds = 64, 300, 4
		var mu sync.Mutex
		byCard := map[string]map[int64]bool{}
		creations := 0
		var wg sync.WaitGroup
		for n := range callers {
			wg.Go(func() {
				chance := rand.New(rand.NewPCG(uint64(n), 1))
				for range rounds {
					var ids []*commonv1.Identity
					for range 1 + chance.IntN(20) {
						ids = append(ids, card(fmt.Sprint(chance.IntN(people))))
					}
					out, err := replicas[n%2].ResolveCustomers(t.Context(), &segmentationv1.ResolveCustomersRequest{Brand: brand, Identities: ids})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					fresh := map[int64]bool{}
					for i, one := range out.GetResults() {
						if byCard[ids[i].GetValue()] == nil {
							byCard[ids[i].GetValue()] = map[int64]bool{}
						}
						byCard[ids[i].GetValue()][one.GetId()] = true
						if one.GetCreated() {
							fresh[one.GetId()] = true
						}
					}
					creations += len(fresh)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		given := map[int64]bool{}
		for name, ids := range byCard {
			if len(ids) != 1 {
				t.Errorf("card %s has numbers %v", name, ids)
			}
			for id := range ids {
				given[id] = true
			}
		}
		for id := int64(1); id <= int64(len(byCard)); id++ {
			if !given[id] {
				t.Errorf("number %d of %d is missing", id, len(byCard))
			}
		}
		if creations != len(byCard) {
			t.Errorf("%d creations were told of %d customers", creations, len(byCard))
		}
		audit(t, url, "")
	})
}

// What was given out is there after a restart, and goes on without a gap.
func TestRestart(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		first := newReplica(t, url, "", time.Now)
		resolve(t, first, card("a"), card("b"))
		first.stop()
		second := newReplica(t, url, "", time.Now)
		if got := numbers(resolve(t, second, card("c"), card("b"))); !slices.Equal(got, []int64{3, 2}) {
			t.Error(got)
		}
		audit(t, url, "")
	})
}

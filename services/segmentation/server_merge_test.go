package segmentation_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// numbered gives out n numbers, from 1.
func numbered(t testing.TB, r *replica, n int) {
	t.Helper()
	for i := range n {
		resolve(t, r, card(fmt.Sprint("card-", i+1)))
	}
}

func merge(t testing.TB, r *replica, from, into int64) (*segmentationv1.MergeCustomersResponse, error) {
	t.Helper()
	return r.MergeCustomers(t.Context(), &segmentationv1.MergeCustomersRequest{Brand: brand, FromId: from, IntoId: into, Reason: "test"})
}

func unmerge(t testing.TB, r *replica, from int64) (*segmentationv1.UnmergeCustomersResponse, error) {
	t.Helper()
	return r.UnmergeCustomers(t.Context(), &segmentationv1.UnmergeCustomersRequest{Brand: brand, FromId: from, Reason: "test"})
}

func erase(t testing.TB, r *replica, id int64) *segmentationv1.EraseCustomerResponse {
	t.Helper()
	out, err := r.EraseCustomer(t.Context(), &segmentationv1.EraseCustomerRequest{Brand: brand, Id: id, Reason: "letter 17"})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMergeChain(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		numbered(t, r, 4)
		for _, step := range []struct {
			from, into, person int64
			members            []int64
		}{{1, 2, 2, []int64{1, 2}}, {2, 3, 3, []int64{1, 2, 3}}, {4, 1, 3, []int64{1, 2, 3, 4}}} {
			out, err := merge(t, r, step.from, step.into)
			if err != nil {
				t.Fatal(err)
			}
			want := &segmentationv1.MergeCustomersResponse{PersonId: step.person, MemberIds: step.members}
			if diff := cmp.Diff(want, out, protocmp.Transform()); diff != "" {
				t.Errorf("merge of %d into %d: %s", step.from, step.into, diff)
			}
			again, err := merge(t, r, step.from, step.into)
			if err != nil || !again.GetReplayed() || again.GetPersonId() != step.person {
				t.Errorf("merged again: %v, %v", again, err)
			}
		}
		if got := resolve(t, r, card("card-1"))[0]; got.GetId() != 1 || got.GetPersonId() != 3 {
			t.Errorf("resolves to %v", got)
		}
		// An inner edge: 1, 4 and 2 stay together.
		if out, err := unmerge(t, r, 2); err != nil || out.GetReplayed() {
			t.Fatalf("unmerge: %v, %v", out, err)
		}
		if out, err := unmerge(t, r, 2); err != nil || !out.GetReplayed() {
			t.Errorf("unmerged again: %v, %v", out, err)
		}
		for id, want := range map[int64][]int64{1: {1, 2, 4}, 2: {1, 2, 4}, 3: {3}, 4: {1, 2, 4}} {
			if diff := cmp.Diff(want, get(t, r, id).GetMemberIds()); diff != "" {
				t.Errorf("members of %d: %s", id, diff)
			}
		}
	})
}

func TestMergeRefusals(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		numbered(t, r, 5)
		for _, e := range [][2]int64{{1, 2}, {2, 3}} {
			if _, err := merge(t, r, e[0], e[1]); err != nil {
				t.Fatal(err)
			}
		}
		erase(t, r, 5)
		for _, one := range []struct {
			from, into int64
			reason     commonv1.Reason
			into2      string
		}{
			{1, 4, commonv1.Reason_REASON_CUSTOMER_MERGED, "2"},
			{3, 1, commonv1.Reason_REASON_MERGE_CYCLE, ""},
			{4, 4, commonv1.Reason_REASON_MERGE_CYCLE, ""},
			{4, 77, commonv1.Reason_REASON_CUSTOMER_UNKNOWN, ""},
			{77, 4, commonv1.Reason_REASON_CUSTOMER_UNKNOWN, ""},
			{5, 4, commonv1.Reason_REASON_CUSTOMER_ERASED, ""},
			{4, 5, commonv1.Reason_REASON_CUSTOMER_ERASED, ""},
		} {
			_, err := merge(t, r, one.from, one.into)
			if !fault.Is(err, one.reason) || one.into2 != "" && fault.From(err).Meta["into"] != one.into2 {
				t.Errorf("merge of %d into %d: %v, want %v", one.from, one.into, err, one.reason)
			}
		}
		if _, err := unmerge(t, r, 77); !fault.Is(err, commonv1.Reason_REASON_CUSTOMER_UNKNOWN) {
			t.Errorf("unmerge of nobody: %v", err)
		}
	})
}

// Whatever was merged in between, and whatever was learnt meanwhile, after all is
// taken back every number is as it is where nobody ever merged anybody.
func TestUnmergeLeavesNoTrace(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		for seed := range uint64(3) {
			rnd := rand.New(rand.NewPCG(seed, 3))
			c := &clock{now: start}
			merging, plain := newReplica(t, freshURL(t, url), "", c.Now), newReplica(t, freshURL(t, url), "", c.Now)
			numbered(t, merging, 8)
			numbered(t, plain, 8)
			merged := map[int64]bool{}
			for step := range 30 {
				id, other := 1+rnd.Int64N(8), 1+rnd.Int64N(8)
				switch rnd.IntN(3) {
				case 0:
					if _, err := merge(t, merging, id, other); err == nil {
						merged[id] = true
					}
				case 1:
					if _, err := unmerge(t, merging, id); err != nil {
						t.Fatal(err)
					}
					delete(merged, id)
				default:
					// A fact that knows only the card of before.
					row := &segmentationv1.Customer{Identities: []*commonv1.Identity{card(fmt.Sprint("card-", id))},
						Consents: []*segmentationv1.Consent{{Purpose: fmt.Sprint("p", step), Granted: true}}}
					upsert(t, merging, false, row)
					upsert(t, plain, false, row)
				}
			}
			for id := range merged {
				if _, err := unmerge(t, merging, id); err != nil {
					t.Fatal(err)
				}
			}
			for id := int64(1); id <= 8; id++ {
				if diff := cmp.Diff(get(t, plain, id), get(t, merging, id), protocmp.Transform()); diff != "" {
					t.Errorf("seed %d, customer %d: %s", seed, id, diff)
				}
			}
			merging.stop()
			plain.stop()
		}
	})
}

// freshURL is another empty database on the same engine.
func freshURL(t *testing.T, like string) string {
	if len(like) > 7 && like[:7] == "sqlite:" {
		return sqldbtest.SQLite(t)
	}
	return sqldbtest.Postgres(t)
}

// What one replica merged, the other knows; also one that begins later.
func TestMergesReachReplicas(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		one, two := newReplica(t, url, "", c.Now), newReplica(t, url, "", c.Now)
		numbered(t, one, 3)
		if _, err := merge(t, one, 1, 2); err != nil {
			t.Fatal(err)
		}
		// A write of its own makes the other look first.
		out, err := merge(t, two, 2, 3)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int64{1, 2, 3}, out.GetMemberIds()); diff != "" {
			t.Errorf("the other replica's members: %s", diff)
		}
		if diff := cmp.Diff([]int64{1, 2, 3}, get(t, newReplica(t, url, "", c.Now), 1).GetMemberIds()); diff != "" {
			t.Errorf("a later replica's members: %s", diff)
		}
		audit(t, url, "")
	})
}

package standing

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// past is a log of movements, a few of which take another back, with facts of other kinds
// in between.
func past(r *rand.Rand, n int) (facts []feed.Fact, records []*loyaltyv1.EntryRecord) {
	for i := range n {
		f := feed.Fact{Seq: int64(i + 1), CommitID: 7, Kind: record.Movement, Who: 1 + r.Int64N(3)}
		points := 1 + r.Int64N(100)
		e := &loyaltyv1.EntryRecord{Movement: &loyaltyv1.Movement{ProgrammeId: "club", Postings: []*loyaltyv1.Posting{
			{Account: loyaltyv1.AccountKind_ACCOUNT_KIND_ISSUED, Points: -points},
		}}}
		e.Request = &loyaltyv1.EntryRecord_Earn{Earn: &loyaltyv1.EarnRequest{Points: points, Origin: &loyaltyv1.Origin{OrderId: "o"}}}
		switch {
		case r.IntN(8) == 0:
			f.Kind, e = record.Refused, &loyaltyv1.EntryRecord{}
		case r.IntN(8) == 0 && i > 0:
			e.Request, e.Undone = nil, []*loyaltyv1.Undone{{Seq: 1 + r.Int64N(int64(i)), Earned: 1}}
		}
		facts, records = append(facts, f), append(records, e)
	}
	return facts, records
}

// However commits are told of, and whatever is read in between, every fact counts once.
func TestTailCountsEachFactOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	taken := 0
	for range 300 {
		facts, records := past(r, 60)
		between := func(after, last int64) *sums {
			s := newSums()
			for i := after; i < last; i++ {
				if facts[i].Kind == record.Movement {
					s.add(&facts[i], records[i], func(seq int64) (*feed.Fact, *loyaltyv1.EntryRecord) { return &facts[seq-1], records[seq-1] })
				}
			}
			return s
		}
		var tail Tail
		got, head, told := newSums(), int64(0), int64(0)
		for told < int64(len(facts)) || head < told {
			from := told
			told = min(told+r.Int64N(6), int64(len(facts)))
			switch r.IntN(6) {
			case 0: // another replica wrote these
			case 1: // told of in the wrong order
				mid := from + (told-from)/2
				tail.Note(facts[mid:told], records[mid:told])
				tail.Note(facts[from:mid], records[from:mid])
			default:
				tail.Note(facts[from:told], records[from:told])
			}
			if r.IntN(3) == 0 {
				continue
			}
			p, gap := tail.take(head)
			if p == nil {
				last := told
				if gap > 0 {
					last = min(told, head+int64(gap))
				}
				p = &piece{after: head, last: feed.Cursor{Seq: last}, sums: between(head, last)}
			} else {
				taken++
			}
			if r.IntN(10) == 0 {
				continue // it could not be saved
			}
			got.join(p.sums)
			head = p.last.Seq
		}
		want := between(0, int64(len(facts)))
		if diff := cmp.Diff(want.days, got.days); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(want.lifetime, got.lifetime); diff != "" {
			t.Fatal(diff)
		}
	}
	if taken < 500 {
		t.Errorf("the tail was of use %d times", taken)
	}
}

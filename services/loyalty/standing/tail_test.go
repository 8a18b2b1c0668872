package standing

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// past is a log of movements, a few of which take another back, with facts of other kinds
// in between.
func past(r *rand.Rand, n int) (facts []feed.Fact, records []*loyaltyv1.EntryRecord) {
	for i := range n {
		f := feed.Fact{Seq: int64(i + 1), CommitID: 7, Kind: record.Movement, Who: 1 + 900*r.Int64N(4)}
		points := 1 + r.Int64N(100)
		e := &loyaltyv1.EntryRecord{Movement: &loyaltyv1.Movement{ProgrammeId: "club", Postings: []*loyaltyv1.Posting{
			{Account: loyaltyv1.AccountKind_ACCOUNT_KIND_ISSUED, Points: -points},
		}}}
		e.Request = &loyaltyv1.EntryRecord_Earn{Earn: &loyaltyv1.EarnRequest{Points: points, Origin: &loyaltyv1.Origin{OrderId: "o"}}}
		switch {
		case r.IntN(8) == 0:
			f.Kind, e = record.Refused, &loyaltyv1.EntryRecord{}
		case r.IntN(8) == 0:
			for _, was := range facts {
				if was.Who == f.Who {
					e.Request, e.Undone = nil, []*loyaltyv1.Undone{{Seq: was.Seq, Earned: 1}}
				}
			}
		}
		facts, records = append(facts, f), append(records, e)
	}
	return facts, records
}

// However commits are told of, and whatever is read in between, every fact counts once.
func TestTailCountsEachFactOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	taken, partly := 0, 0
	for range 300 {
		facts, records := past(r, 60)
		between := func(from heads, last int64) *sums {
			s := &sums{behind: &from}
			for i := from.least(); i < last; i++ {
				if facts[i].Kind == record.Movement {
					s.add(&facts[i], records[i], func(seq int64) (*feed.Fact, *loyaltyv1.EntryRecord) { return &facts[seq-1], records[seq-1] })
				}
			}
			return s
		}
		tail := Tail{enough: 3}
		got, now, told := &sums{}, heads{}, int64(0)
		for told < int64(len(facts)) || now.least() < told {
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
			if r.IntN(8) == 0 { // somebody else brought everything up
				got.join(between(now, told))
				now = now.reach(told)
				continue
			}
			tail.age(r)
			p, gap, wait := tail.take(now, time.Now())
			switch {
			case p != nil:
				taken++
				if p.to.least() != slices.Max(p.to[:]) {
					partly++
				}
			case wait > 0 && told < int64(len(facts)):
				continue
			default:
				last := told
				if gap > 0 {
					last = min(told, now.least()+int64(gap))
				}
				p = &piece{from: now, to: now.reach(last), sums: between(now, last)}
			}
			if r.IntN(10) == 0 {
				continue // it could not be saved
			}
			if p.from != now {
				t.Fatal("taken from elsewhere")
			}
			got.join(p.sums)
			now = p.to
		}
		want := between(heads{}, int64(len(facts)))
		for i := range want.of {
			if diff := cmp.Diff(want.of[i].days, got.of[i].days); diff != "" {
				t.Fatal(diff)
			}
			if diff := cmp.Diff(want.of[i].lifetime, got.of[i].lifetime); diff != "" {
				t.Fatal(diff)
			}
		}
	}
	if taken < 500 || partly < 50 {
		t.Errorf("the tail was of use %d times, %d times in part", taken, partly)
	}
}

// age lets parts have waited for different times.
func (t *Tail) age(r *rand.Rand) {
	for p := range parts {
		if t.sums != nil {
			t.sums.of[p].since = t.sums.of[p].since.Add(-time.Duration(r.IntN(2)) * gathered)
		}
	}
}

func TestHeadsAreKept(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 100 {
		want := heads{}.reach(r.Int64N(1 << 40))
		for range r.IntN(5) {
			want[r.IntN(parts)] += r.Int64N(1 << 20)
		}
		got, err := unpack(want.least(), want.pack())
		if err != nil || got != want {
			t.Fatal(got, err)
		}
	}
	if _, err := unpack(1, []byte{1, 2}); err == nil {
		t.Error("half of the heads are read")
	}
}

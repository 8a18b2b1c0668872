package trial

import (
	"math/rand/v2"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/rapport-cx/rapport/internal/people"
)

func set(ids ...uint64) *roaring64.Bitmap { return roaring64.BitmapOf(ids...) }

// Of merged persons the number that stands for them decides, else the lowest in any arm.
func TestArmsOfMergedPersons(t *testing.T) {
	a := NewArms([]*roaring64.Bitmap{set(1, 2), set(3, 4), set(5)})
	for _, c := range []struct {
		person  int64
		members []int64
		arm     int
		several bool
	}{
		{1, []int64{1}, 0, false}, {9, []int64{9}, -1, false}, {3, []int64{1, 3}, 1, true}, {9, []int64{5, 9}, 2, false},
		{9, []int64{2, 3, 9}, 0, true}, {1, []int64{1, 2, 9}, 0, false}, {5, []int64{1, 3, 5}, 2, true},
	} {
		if arm, several := a.Of(c.person, c.members); arm != c.arm || several != c.several {
			t.Errorf("%v: arm %d, several %v", c, arm, several)
		}
	}
}

// Whatever merges, unmerges and erasures do: everybody found is one person, found in
// the arm that is told of it, and of those counted no number is in another arm.
func TestFoundAgreesWithEachPerson(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		const last = 60
		sets := []*roaring64.Bitmap{set(), set(), set()}
		for id := uint64(1); id <= last; id++ {
			if at := rnd.IntN(4); at < 3 {
				sets[at].Add(id)
			}
		}
		a, book, erased := NewArms(sets), people.NewBook(), set()
		for range 6 {
			for range 8 {
				switch id := 1 + rnd.Int64N(last); rnd.IntN(6) {
				case 0:
					book.Unmerge(id)
				case 1:
					erased.Add(uint64(id))
				default:
					book.Merge(id, 1+rnd.Int64N(last))
				}
			}
			who := book.Now()
			found := a.Find(who, erased)
			if again := a.Find(who, erased); again != found {
				t.Error("found anew what is known")
			}
			counted := found.Counted()
			for id := int64(1); id <= last; id++ {
				arm, several := a.Of(who.Person(id), who.Members(id))
				is := who.Person(id) == id && !erased.Contains(uint64(id))
				for k := range sets {
					if want := is && arm == k; found.Sets[k].Contains(uint64(id)) != want {
						t.Fatalf("person %d of %v in arm %d: %v", id, who.Members(id), k, !want)
					}
					if want := is && arm == k && !several; counted[k].Contains(uint64(id)) != want {
						t.Fatalf("person %d of %v counted in arm %d: %v", id, who.Members(id), k, !want)
					}
				}
			}
		}
	}
}

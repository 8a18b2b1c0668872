package record_test

import (
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

func some(from, n, step uint64) *roaring64.Bitmap {
	set := roaring64.New()
	for i := range n {
		set.Add(from + i*step)
	}
	return set
}

// What is read is what was written, few or many, and nothing broken is read.
func TestMembership(t *testing.T) {
	for _, m := range []record.Membership{
		{Segment: "a", Version: 1, Day: -3, Base: true},
		{Segment: "sleepers", Version: 7, Day: 20514, Entered: some(5, 4096, 977), Left: some(1, 1, 1)},
		{Segment: "b", Version: 2, Day: 1, Base: true, Entered: some(1, 5000, 3)},
		{Segment: "c", Version: 2, Day: 1, Left: some(1<<40, 3, 1<<33)},
	} {
		f, err := record.Enter(&m, 12)
		if err != nil || f.Kind != record.Members || f.Of != 12 || f.Day != feed.NoDay {
			t.Fatal(f, err)
		}
		got, err := record.MembershipOf(&f)
		if err != nil {
			t.Fatal(err)
		}
		if got.Segment != m.Segment || got.Version != m.Version || got.Day != m.Day || got.Base != m.Base ||
			!equal(got.Entered, m.Entered) || !equal(got.Left, m.Left) {
			t.Errorf("%v read as %v", m, got)
		}
		for n := range len(f.Body) {
			if n > 100 && n < len(f.Body)-100 {
				continue
			}
			if _, err := record.MembershipOf(&feed.Fact{Body: f.Body[:n]}); err == nil {
				t.Errorf("%d bytes of %d were read", n, len(f.Body))
			}
		}
	}
}

func equal(got, want *roaring64.Bitmap) bool {
	if want == nil {
		return got.IsEmpty()
	}
	return got.Equals(want)
}

func FuzzMembership(f *testing.F) {
	one, err := record.Enter(&record.Membership{Segment: "a", Version: 1, Entered: some(1, 3, 7)}, 1)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(one.Body)
	f.Add([]byte("000\x0100\x00\b00000000"))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := record.MembershipOf(&feed.Fact{Body: body})
		if err != nil {
			return
		}
		again, err := record.Enter(m, 0)
		if err != nil {
			t.Fatal(err)
		}
		same, err := record.MembershipOf(&again)
		if err != nil || !same.Entered.Equals(m.Entered) || !same.Left.Equals(m.Left) {
			t.Errorf("%v read again as %v, %v", m, same, err)
		}
	})
}

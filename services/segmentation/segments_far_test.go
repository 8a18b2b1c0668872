package segmentation_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
)

// Many persons are read as a run of numbers; what those of them have whose other numbers
// lie far away, or stand between others', is known all the same.
func TestMergedNumbersLieAnywhere(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		const n = 9000 // more than one page
		c := &clock{now: start}
		j := newJourney(t, c)
		r := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j})
		w := newWatcher(t, url, c)
		declare(t, r, city)
		var some []*segmentationv1.Customer
		for id := int64(1); id <= n; id++ {
			one := &segmentationv1.Customer{Identities: cards(id)}
			if id%10 != 0 {
				one.Attributes = attribute([]string{"Omsk", "Tver", "Perm"}[id%3])
			}
			if some = append(some, one); len(some) == 1000 {
				upsert(t, r, false, some...)
				some = nil
			}
		}
		into := map[int64]int64{9000: 1, 8999: 10, 3: 8990, 300: 20, 21: 300, 8500: 8400, 5: 4}
		for _, from := range []int64{9000, 8999, 3, 300, 21, 8500, 5} {
			if _, err := merge(t, r, from, into[from]); err != nil {
				t.Fatal(err)
			}
		}
		for i, id := range []int64{9000, 3, 21, 77, 8500} {
			buy(t, j, fmt.Sprint(i), id, start)
			purchasesOnce(t, r, id, 1)
		}
		w.settled(t)
		createSegment(t, r, expression("bought", "purchases.count == 1"))
		createSegment(t, r, expression("omsk", "attributes.city == 'Omsk'"))
		if diff := cmp.Diff([]int64{1, 20, 77, 8400, 8990}, bitmapOf(t, r, "bought")); diff != "" {
			t.Error(diff)
		}
		var want []int64
		for id := int64(1); id <= n; id++ {
			if into[id] == 0 && id%10 != 0 && id%3 == 0 {
				want = append(want, id)
			}
		}
		// 8990 has nothing but what 3 has, and 20 what 21 has.
		want = append(want, 20, 8990)
		slices.Sort(want)
		if diff := cmp.Diff(want, bitmapOf(t, r, "omsk")); diff != "" {
			t.Error(diff)
		}
		audit(t, url, "")
	})
}

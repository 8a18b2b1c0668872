package segmentation_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
)

// While customers are merged and parted, buy and change, everybody is in an expression
// or in its negation and nobody in both, whenever anybody looks.
func TestNegationSplitsAtEveryMoment(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		j := newJourney(t, c)
		replicas := []*replica{newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j}), newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j})}
		w := newWatcher(t, url, c)
		declare(t, replicas[0], city)
		const n = 12
		numbered(t, replicas[0], n)
		createSegment(t, replicas[0], expression("all", "customer.numbers > 0"))
		rules := []string{"purchases.count_30d >= 2", "attributes.city == 'Omsk'", "customer.numbers > 1 || purchases.days_since_last > 3"}
		for i, rule := range rules {
			createSegment(t, replicas[0], expression(fmt.Sprint("is", i), rule))
			createSegment(t, replicas[0], expression(fmt.Sprint("not", i), "!("+rule+")"))
		}
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for i, r := range replicas {
			wg.Go(func() {
				for looks := 0; ; looks++ {
					select {
					case <-stop:
						return
					default:
						splits(t, r, (i+looks)%len(rules))
					}
				}
			})
		}
		rnd := rand.New(rand.NewPCG(4, 4))
		for step := range 100 {
			r, id := replicas[rnd.IntN(2)], 1+rnd.Int64N(n)
			switch rnd.IntN(5) {
			case 0:
				_, _ = merge(t, r, id, 1+rnd.Int64N(n))
			case 1, 2:
				_, _ = unmerge(t, r, id)
			case 3:
				upsert(t, r, false, &segmentationv1.Customer{Id: id, Attributes: attribute([]string{"Omsk", "Tver"}[rnd.IntN(2)])})
			}
			buy(t, j, fmt.Sprint(step), id, start.Add(-time.Duration(rnd.IntN(40*24))*time.Hour))
			if step%40 == 39 {
				c.Add(24 * time.Hour)
			}
		}
		w.settled(t)
		close(stop)
		wg.Wait()
		audit(t, url, "")
	})
}

// splits looks at an expression, its negation and everybody, as of one moment.
func splits(t *testing.T, r *replica, i int) {
	is, not := fmt.Sprint("is", i), fmt.Sprint("not", i)
	out, err := r.CompareSegments(t.Context(), &segmentationv1.CompareSegmentsRequest{Brand: brand,
		Comparison: &segmentationv1.CompareSegmentsRequest_Overlap{Overlap: &segmentationv1.OverlapQuery{SegmentIds: []string{is, not, "all"}}}})
	if err != nil {
		t.Error(err)
	}
	for _, c := range out.GetOverlap().GetCombinations() {
		if ids := c.GetSegmentIds(); len(ids) != 2 || !slices.Contains(ids, "all") {
			t.Errorf("%d persons are in %v of %s, %s and all", c.GetValue().GetPersons(), ids, is, not)
		}
	}
}

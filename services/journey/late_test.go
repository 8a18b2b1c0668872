package journey_test

import (
	"testing"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/journey"
)

// An event that had been judged before its customer was erased, and is committed
// only then, keeps nothing personal either.
func TestEraseWhatWasOnItsWay(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		near := newSegmentation(t, c.Now)
		who := numberOf(t, near, "a@example.com")
		r := newReplica(t, url, c.Now, journey.Neighbours{Segmentation: near})
		mine := happened("1", "visit", time.Hour)
		mine.Actor, mine.Properties = byNumber(who), map[string]string{"note": "allergic"}
		put(t, r, mine)
		log := feed.New(sqldbtest.Open(t, url))
		all, err := log.ReadWho(t.Context(), brand, who, 1<<62, 1)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		late := feed.Fact{Kind: all[0].Kind, Key: []byte("another"), Who: who, Day: all[0].Day, Day2: all[0].Day2, Data: all[0].Data, Body: all[0].Body}
		w := watch(t, r)
		if _, err := near.EraseCustomer(t.Context(), &segmentationv1.EraseCustomerRequest{Brand: brand, Id: who}); err != nil {
			t.Fatal(err)
		}
		blank := func(n int) func() bool {
			return func() bool {
				all := line(t, r, &journeyv1.ListJourneyRequest{CustomerId: who})
				for _, e := range all {
					if len(e.GetProperties()) > 0 {
						return false
					}
				}
				return len(all) == n
			}
		}
		w.until(t, blank(1))
		if _, _, err := log.Append(t.Context(), brand, []feed.Fact{late}, c.Now()); err != nil {
			t.Fatal(err)
		}
		w.until(t, blank(2))
		verify(t, r)
	})
}

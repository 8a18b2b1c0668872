package segmentation_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
)

// Segments that are made while customers come and change have nobody too many and
// miss nobody, and so do new versions; merges and unmerges are among what comes.
func TestSegmentsAreMadeWhileFactsCome(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		one, two := newReplica(t, url, "", c.Now), newReplica(t, url, "", c.Now)
		declare(t, one, city)
		numbered(t, one, 50)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for i, r := range []*replica{one, two} {
			wg.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					id := int64(1 + (n*7+i)%50)
					upsert(t, r, false, &segmentationv1.Customer{Id: id, Attributes: attribute([]string{"Omsk", "Tver", "Perm"}[n%3])},
						&segmentationv1.Customer{Identities: cards(int64(100 + 1000*i + n)), Attributes: attribute("Omsk")})
				}
			})
		}
		wg.Go(func() {
			// Chains of merges come and go; what cannot be merged is refused.
			for n := int64(0); ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				from := 1 + n*11%50
				if n%3 < 2 {
					_, _ = merge(t, one, from, 1+(from+n%7)%50)
				} else {
					_, _ = unmerge(t, two, 1+n*5%50)
				}
			}
		})
		for i := range 10 {
			createSegment(t, one, expression(fmt.Sprint("in", i), "attributes.city == 'Omsk'"))
			createSegment(t, two, expression(fmt.Sprint("out", i), "!(attributes.city == 'Omsk')"))
			updateSegment(t, two, expression(fmt.Sprint("in", i), "attributes.city in ['Omsk', 'Perm']"))
			createSegment(t, one, algebra(fmt.Sprint("both", i), segmentationv1.SegmentAlgebra_OPERATION_INTERSECTION, fmt.Sprint("in", i), fmt.Sprint("out", i)))
		}
		close(stop)
		wg.Wait()
		newWatcher(t, url, c).settled(t)
		audit(t, url, "")
		for i := range 10 {
			for _, kind := range []string{"in", "out", "both"} {
				if diff := cmp.Diff(bitmapOf(t, one, kind+"0"), bitmapOf(t, two, kind+fmt.Sprint(i))); diff != "" {
					t.Errorf("%s%d: %s", kind, i, diff)
				}
			}
		}
	})
}

// A restart goes on from stored bases and the log behind them, and a past day is
// found from either.
func TestSegmentsRestartFromBases(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, "", c.Now)
		w := newWatcher(t, url, c)
		declare(t, r, city)
		numbered(t, r, 6)
		createSegment(t, r, expression("omsk", "attributes.city == 'Omsk'"))
		createSegment(t, r, expression("still", "customer.numbers > 0"))
		createSegment(t, r, listOf("ended", 1))
		var days [][]int64
		for day := range int64(6) {
			upsert(t, r, false, &segmentationv1.Customer{Id: day + 1, Attributes: attribute("Omsk")})
			if day > 1 {
				upsert(t, r, false, &segmentationv1.Customer{Id: day - 1, Attributes: attribute("Tver")})
			}
			w.settled(t)
			days = append(days, inSegment(t, r, "omsk", ""))
			if day == 2 || day == 3 {
				live := segment.NewLive(brand)
				if err := live.Catch(t.Context(), w.db, w.log.Reader); err != nil {
					t.Fatal(err)
				}
				if err := segment.Keep(t.Context(), w.db, live); err != nil {
					t.Fatal(err)
				}
			}
			c.Add(24 * time.Hour)
			w.settled(t)
		}
		if _, err := r.ArchiveSegment(t.Context(), &segmentationv1.ArchiveSegmentRequest{Brand: brand, SegmentId: "ended"}); err != nil {
			t.Fatal(err)
		}
		r.stop()
		r = newReplica(t, url, "", c.Now)
		if diff := cmp.Diff([]int64{5, 6}, bitmapOf(t, r, "omsk")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]int64{1, 2, 3, 4, 5, 6}, bitmapOf(t, r, "still")); diff != "" {
			t.Error(diff)
		}
		for day, want := range days {
			if diff := cmp.Diff(want, inSegment(t, r, "omsk", start.AddDate(0, 0, day).Format(time.DateOnly))); diff != "" {
				t.Errorf("day %d: %s", day, diff)
			}
		}
		if diff := cmp.Diff([]int64{1}, inSegment(t, r, "ended", "2026-03-04")); diff != "" {
			t.Error(diff)
		}
		audit(t, url, "")
	})
}

// Members that no rule gives are found out, and a rebuild puts them right.
func TestVerifyFindsFalseMembers(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, "", c.Now)
		w := newWatcher(t, url, c)
		numbered(t, r, 4)
		createSegment(t, r, expression("one", "customer.numbers == 1"))
		w.settled(t)
		r.stop()
		live := segment.NewLive(brand)
		if err := live.Catch(t.Context(), w.db, w.log.Reader); err != nil {
			t.Fatal(err)
		}
		if err := segment.Keep(t.Context(), w.db, live); err != nil {
			t.Fatal(err)
		}
		audit(t, url, "")
		spoil(t, w, "UPDATE customer SET into_id = 2 WHERE id = 1")
		spoil(t, w, "DELETE FROM segment_base")
		spoil(t, w, "UPDATE segment_state SET based = 1000")
		said := ""
		for _, d := range drifts(t, url, "") {
			said += d.Fold + " " + d.Reason + "\n"
		}
		if !strings.Contains(said, `segment "one"`) {
			t.Errorf("said %q", said)
		}
		spoil(t, w, "UPDATE customer SET into_id = 0 WHERE id = 1")
		u := upkeep(t, url, "")
		if err := u.Rebuild(t.Context(), brand, func(int, int) {}); err != nil {
			t.Fatal(err)
		}
		if err := u.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.Add(time.Minute)
		r = newReplica(t, url, "", c.Now)
		w.settled(t)
		if diff := cmp.Diff([]int64{1, 2, 3, 4}, bitmapOf(t, r, "one")); diff != "" {
			t.Error(diff)
		}
		audit(t, url, "")
	})
}

// A stored base that is another one's, or none, is found out, and a rebuild heals it.
func TestVerifyFindsFalseBases(t *testing.T) {
	for name, lie := range map[string]string{
		"another": "UPDATE segment_base SET members = (SELECT o.members FROM segment_base o WHERE o.segment = 'two') WHERE segment = 'one'",
		"none":    "UPDATE segment_base SET members = profile FROM (SELECT profile FROM customer WHERE id = 1 AND brand = 'shop') c WHERE segment = 'one'",
	} {
		t.Run(name, func(t *testing.T) {
			sqldbtest.EachURL(t, func(t *testing.T, url string) {
				c := &clock{now: start}
				r := newReplica(t, url, "", c.Now)
				w := newWatcher(t, url, c)
				declare(t, r, city)
				numbered(t, r, 4)
				upsert(t, r, false, &segmentationv1.Customer{Id: 1, Attributes: attribute("Omsk")})
				createSegment(t, r, expression("one", "attributes.city == ''"))
				createSegment(t, r, expression("two", "attributes.city != ''"))
				w.settled(t)
				r.stop()
				if err := segment.Keep(t.Context(), w.db, w.live); err != nil {
					t.Fatal(err)
				}
				audit(t, url, "")
				spoil(t, w, lie)
				said := fmt.Sprint(drifts(t, url, ""))
				if !strings.Contains(said, `segment "one"`) || strings.Contains(said, `segment "two"`) {
					t.Errorf("said %q", said)
				}
				u := upkeep(t, url, "")
				if err := errors.Join(u.Rebuild(t.Context(), brand, func(int, int) {}), u.Close(t.Context())); err != nil {
					t.Fatal(err)
				}
				c.Add(time.Minute)
				r = newReplica(t, url, "", c.Now)
				w.settled(t)
				if diff := cmp.Diff([]int64{2, 3, 4}, bitmapOf(t, r, "one")); diff != "" {
					t.Error(diff)
				}
				audit(t, url, "")
			})
		})
	}
}

func spoil(t *testing.T, w *watcher, lie string) {
	t.Helper()
	if err := w.db.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), lie)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

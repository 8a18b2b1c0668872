package segmentation_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// newest is the last event of Segmentation's log that others are told of.
func newest(t *testing.T, r *replica, events int) *segmentationv1.CustomerEvent {
	t.Helper()
	all, _ := watch(t, r, nil, events)
	return all[len(all)-1]
}

// Merges, unmerges and erasures take effect once each in a service that follows
// them, with two replicas fighting for every batch, restarted now and then.
func TestFollowedExactlyOnce(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, "", c.Now)
		numbered(t, r, 12)
		other := freshURL(t, url)
		replicas := []*holder{newHolder(t, other), newHolder(t, other)}
		// At every look it is an hour later: no lease keeps the other away.
		ahead := &clock{now: start}
		run := func(h *holder) func() {
			f := h.followed(r, func() time.Time { ahead.Add(time.Hour); return ahead.Now() })
			return inBackground(t, f.Run)
		}
		stops := []func(){run(replicas[0]), run(replicas[1])}
		rnd, events := rand.New(rand.NewPCG(1, 1)), 12
		for step := range 60 {
			id, into := 1+rnd.Int64N(10), 1+rnd.Int64N(10)
			if rnd.IntN(3) > 0 {
				if out, err := merge(t, r, id, into); err == nil && !out.GetReplayed() {
					events++
				}
			} else if out, err := unmerge(t, r, id); err == nil && !out.GetReplayed() {
				events++
			}
			if step%15 == 14 {
				i := step / 15 % 2
				stops[i]()
				stops[i] = run(replicas[i])
			}
		}
		erased := erase(t, r, 11).GetErasure().GetCustomerIds()
		events += len(erased)
		for _, h := range replicas {
			h.last(t, newest(t, r, events))
			h.same(t, r, 12)
		}
		if diff := cmp.Diff(erased, replicas[0].blanked(t)); diff != "" {
			t.Errorf("blanked: %s", diff)
		}
		for _, stop := range stops {
			stop()
		}
		nobodyFollows(t)
	})
}

// An erasure of several numbers is reported once all of them are blanked, also if
// Segmentation was away when they were.
func TestFollowedReports(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, "", c.Now)
		h := newHolder(t, freshURL(t, url))
		numbered(t, r, 12)
		if _, err := merge(t, r, 12, 11); err != nil {
			t.Fatal(err)
		}
		erase(t, r, 12)
		f := h.followed(r, c.Now)
		consumer := f.Consumer(make(chan struct{}, 1))
		ctx, cancel := context.WithCancel(t.Context())
		for done := 0; done < 12+1+2; {
			n, err := consumer.Step(ctx)
			if err != nil {
				t.Fatal(err)
			}
			done += n
		}
		cancel()
		part := func() *segmentationv1.ErasurePart {
			got, err := r.GetErasure(t.Context(), &segmentationv1.GetErasureRequest{Brand: brand, Id: 1})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(got.GetErasure().GetParts(), func(p *segmentationv1.ErasurePart) bool { return p.GetService() == "survey" })
			if i < 0 {
				return nil
			}
			return got.GetErasure().GetParts()[i]
		}
		if part() != nil {
			t.Error("reported by itself")
		}
		r.stop()
		if err := f.Report(t.Context()); err == nil {
			t.Error("a report that nobody took was not missed")
		}
		r = newReplica(t, url, "", c.Now)
		f.Client = r
		for range 2 {
			if err := f.Report(t.Context()); err != nil {
				t.Fatal(err)
			}
			if p := part(); p.GetRecords() != 4 || p.GetCompletedAt() == nil {
				t.Errorf("reported %v", p)
			}
		}
	})
}

// A Segmentation restored from a backup stops whoever follows it, until its merges
// are told anew.
func TestFollowedRebuild(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, "", c.Now)
		h := newHolder(t, freshURL(t, url))
		numbered(t, r, 12)
		if _, err := merge(t, r, 1, 2); err != nil {
			t.Fatal(err)
		}
		stop := inBackground(t, h.followed(r, time.Now).Run)
		h.last(t, newest(t, r, 13))
		h.same(t, r, 12)
		stop()
		// The one restored knows nothing of that merge, but of another.
		restored := newReplica(t, freshURL(t, url), "", c.Now)
		numbered(t, restored, 12)
		if _, err := merge(t, restored, 3, 2); err != nil {
			t.Fatal(err)
		}
		hour := func() time.Time { return time.Now().Add(time.Hour) }
		f := h.followed(restored, hour)
		if err := f.Run(t.Context()); !errors.Is(err, feed.ErrReplaced) {
			t.Fatalf("followed another log: %v", err)
		}
		if err := f.Rebuild(t.Context(), h.book); err != nil {
			t.Fatal(err)
		}
		if !h.book.Now().Empty() {
			t.Error("merges of a log that is gone are still there")
		}
		later := h.followed(restored, func() time.Time { return time.Now().Add(2 * time.Hour) })
		inBackground(t, later.Run)
		await(t, h.log, "the merge of the restored log", func() bool {
			if err := h.folds.Sync(t.Context(), brand); err != nil {
				t.Fatal(err)
			}
			return h.book.Now().Person(3) == 2
		})
		h.same(t, restored, 12)
	})
}

// Without Segmentation nothing is followed, and nothing is wrong.
func TestFollowedAlone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (&people.Followed{}).Run(ctx); err != nil {
		t.Error(err)
	}
}

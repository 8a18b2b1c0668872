package segmentation_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/follow"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// streamOf follows the numbers of a replica's events, and counts its streams.
func streamOf(client segmentationv1.SegmentationServiceClient, opened *int) *follow.Stream[segmentationv1.WatchCustomersResponse] {
	return follow.New(
		func(ctx context.Context, brand string, after *commonv1.Cursor) (grpc.ServerStreamingClient[segmentationv1.WatchCustomersResponse], error) {
			*opened++
			return client.WatchCustomers(ctx, &segmentationv1.WatchCustomersRequest{Brand: brand, After: after})
		},
		func(in *segmentationv1.WatchCustomersResponse) (facts []feed.Fact, cursor *commonv1.Cursor) {
			for _, e := range in.GetEvents() {
				facts = append(facts, feed.Fact{Seq: e.GetSeq(), Kind: int16(e.GetKind()), Who: e.GetId()})
			}
			return facts, in.GetCursor()
		}, func() time.Time { return start }, quiet)
}

func TestStream(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		var opened int
		s := streamOf(r, &opened)
		numbered(t, r, 1)
		first, err := s.Next(t.Context(), brand, feed.Cursor{}, 10)
		if err != nil || len(first) != 1 || first[0].Who != 1 || first[0].CommitID == 0 {
			t.Fatalf("first piece: %v, %v", first, err)
		}
		at := first[0].Cursor()
		// Attributes are nobody else's business: only the cursor moves, and it can be stored.
		if _, err := r.DeclareAttributes(t.Context(), &segmentationv1.DeclareAttributesRequest{Brand: brand, Attributes: []*segmentationv1.Attribute{
			{Name: "city", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT},
		}}); err != nil {
			t.Fatal(err)
		}
		moved, err := s.Next(t.Context(), brand, at, 10)
		if err != nil || len(moved) != 1 || moved[0].Kind != 0 || moved[0].Seq != 2 || moved[0].CommitID == 0 || moved[0].At != start.UnixMicro() {
			t.Fatalf("where only the cursor moves: %v, %v", moved, err)
		}
		numbered(t, r, 2)
		next, err := s.Next(t.Context(), brand, moved[0].Cursor(), 10)
		if err != nil || len(next) != 1 || next[0].Who != 2 {
			t.Fatalf("behind it: %v, %v", next, err)
		}
		if opened != 1 {
			t.Errorf("%d streams were opened for one run of facts", opened)
		}
		// An effect that failed asks for the same again.
		again, err := s.Next(t.Context(), brand, at, 10)
		if err != nil || again[0].Seq != 2 && again[len(again)-1].Who != 2 || opened != 2 {
			t.Errorf("asked again: %v, %v on stream %d", again, err, opened)
		}
		if _, err := s.Next(t.Context(), brand, feed.Cursor{Seq: 1, CommitID: 5}, 10); !errors.Is(err, feed.ErrReplaced) {
			t.Errorf("a cursor of another log: %v", err)
		}
		// Who leaves while nothing happens takes the stream along.
		ctx, leave := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() {
			_, err := s.Next(ctx, brand, next[0].Cursor(), 10)
			gone <- err
		}()
		leave()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("left with %v", err)
		}
		nobodyFollows(t)
		numbered(t, r, 3)
		if on, err := s.Next(t.Context(), brand, next[0].Cursor(), 10); err != nil || on[0].Who != 3 {
			t.Errorf("back again: %v, %v", on, err)
		}
		if _, err := s.Next(t.Context(), "nobody's", feed.Cursor{}, 10); err == nil {
			t.Error("followed a brand that is not there")
		}
	})
}

// A follower outlives restarts of its neighbour, and misses and repeats nothing.
func TestFollowedOutlivesRestarts(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplicaAt(t, url, "127.0.0.1:0", c.Now)
		address := r.app.GRPCAddr().String()
		conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1, MaxDelay: 20 * time.Millisecond}}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		h := newHolder(t, freshURL(t, url))
		numbered(t, r, 12)
		stop := inBackground(t, h.followed(segmentationv1.NewSegmentationServiceClient(conn), time.Now).Run)
		events := 12
		for id := int64(1); id <= 5; id++ {
			if _, err := merge(t, r, id, id+1); err != nil {
				t.Fatal(err)
			}
			events++
			if id%2 == 0 {
				h.last(t, newest(t, r, events)) // else it restarts in the middle of something
			}
			r.stop()
			r = newReplicaAt(t, url, address, c.Now)
		}
		h.last(t, newest(t, r, events))
		h.same(t, r, 12)
		if all := h.events(t); len(all) != 5 {
			t.Errorf("%d merges were told, want 5: %s", len(all), fmt.Sprint(all))
		}
		stop()
		nobodyFollows(t)
	})
}

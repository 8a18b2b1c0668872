package segmentation_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"google.golang.org/protobuf/types/known/timestamppb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
)

// moscow is the zone of the tests' brand.
var moscow = calendar.In(time.FixedZone("Europe/Moscow", 3*60*60))

// watcher looks into the database of a test.
type watcher struct {
	db  *sqldb.DB
	log *feed.Log
	c   *clock
	// live follows the log as a replica does.
	live *segment.Live
	url  string
}

func newWatcher(t testing.TB, url string, c *clock) *watcher {
	t.Helper()
	db := sqldbtest.Open(t, url)
	return &watcher{db, feed.New(db), c, segment.NewLive(brand), url}
}

// settled waits until every fact has had its effect on memberships and everybody was
// rolled to the clock's day. A replica that is gone may have left a lease: time goes
// on a little so that it ends.
func (w *watcher) settled(t testing.TB) {
	t.Helper()
	late, look := time.After(time.Minute), time.NewTicker(5*time.Millisecond)
	defer look.Stop()
	for n := 0; ; n++ {
		head, err := w.log.Head(t.Context(), brand)
		if err != nil {
			t.Fatal(err)
		}
		at, err := feed.Consumed(t.Context(), w.db, segment.ConsumerName, brand)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.live.Catch(t.Context(), w.db, w.log.Reader); err != nil {
			t.Fatal(err)
		}
		_, rolled := w.live.State()
		if at == head.Cursor() && rolled == moscow.DayOf(w.c.Now()) {
			w.told(t)
			return
		}
		if n%20 == 19 {
			w.c.Add(11 * time.Second)
		}
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("the evaluator is at %d of %d and %s", at.Seq, head.Seq, rolled)
		}
	}
}

// serving are the replicas at an address of a database.
var serving struct {
	sync.Mutex
	at map[string][]*replica
}

func serve(url string, r *replica) {
	serving.Lock()
	defer serving.Unlock()
	if serving.at == nil {
		serving.at = map[string][]*replica{}
	}
	serving.at[url] = append(serving.at[url], r)
}

// told waits until the replicas have heard of the last change of every segment: each
// hears a moment later what was committed, also of its own. One that does not answer has
// stopped; one that does not hear within a second is left to what the test compares.
func (w *watcher) told(t testing.TB) {
	t.Helper()
	serving.Lock()
	all := slices.Clone(serving.at[w.url])
	serving.Unlock()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for _, r := range all {
		list, err := r.ListSegments(t.Context(), &segmentationv1.ListSegmentsRequest{Brand: brand})
		for _, s := range list.GetSegments() {
			want := w.live.Changed(s.GetId())
			in := &segmentationv1.GetSegmentBitmapRequest{Brand: brand, SegmentId: s.GetId(), KnownSeq: want}
			for range 200 {
				var got *segmentationv1.GetSegmentBitmapResponse
				if got, err = r.GetSegmentBitmap(t.Context(), in); err != nil || got.GetSeq() == want {
					break
				}
				<-look.C
			}
			if err != nil {
				break
			}
		}
	}
}

func expression(id, text string) *segmentationv1.Segment {
	return &segmentationv1.Segment{Id: id, Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: text}}}
}

func listOf(id string, ids ...int64) *segmentationv1.Segment {
	return &segmentationv1.Segment{Id: id, Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_List{
		List: &segmentationv1.CustomerList{Ids: ids}}}}
}

func algebra(id string, op segmentationv1.SegmentAlgebra_Operation, of ...string) *segmentationv1.Segment {
	return &segmentationv1.Segment{Id: id, Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Algebra{
		Algebra: &segmentationv1.SegmentAlgebra{Operation: op, SegmentIds: of}}}}
}

func createSegment(t testing.TB, r *replica, s *segmentationv1.Segment) *segmentationv1.Segment {
	t.Helper()
	out, err := r.CreateSegment(t.Context(), &segmentationv1.CreateSegmentRequest{Brand: brand, Segment: s})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetSegment()
}

func updateSegment(t testing.TB, r *replica, s *segmentationv1.Segment) *segmentationv1.Segment {
	t.Helper()
	out, err := r.UpdateSegment(t.Context(), &segmentationv1.UpdateSegmentRequest{Brand: brand, Segment: s})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetSegment()
}

// inSegment are the members on a day, "" for now.
func inSegment(t testing.TB, r *replica, id, day string) (ids []int64) {
	t.Helper()
	in := &segmentationv1.ListMembersRequest{Brand: brand, SegmentId: id, Day: day, PageSize: 3}
	for {
		out, err := r.ListMembers(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, out.GetIds()...)
		if in.PageToken = out.GetNextPageToken(); in.PageToken == "" {
			return ids
		}
	}
}

func bitmapOf(t testing.TB, r *replica, id string) (ids []int64) {
	t.Helper()
	out, err := r.GetSegmentBitmap(t.Context(), &segmentationv1.GetSegmentBitmapRequest{Brand: brand, SegmentId: id})
	if err != nil {
		t.Fatal(err)
	}
	set := roaring64.New()
	if err := set.UnmarshalBinary(out.GetBitmap()); err != nil {
		t.Fatal(err)
	}
	for it := set.Iterator(); it.HasNext(); {
		ids = append(ids, int64(it.Next()))
	}
	return ids
}

// buy tells Journey of a purchase at a time.
func buy(t testing.TB, j journeyv1.JourneyServiceClient, key string, customer int64, at time.Time) {
	t.Helper()
	out, err := j.RecordEvents(t.Context(), &journeyv1.RecordEventsRequest{Brand: brand, Events: []*journeyv1.Event{{
		Source: "till", ExternalId: key, Kind: "purchase", OccurredAt: timestamppb.New(at), Amount: rub(100),
		Actor: &journeyv1.Event_Customer{Customer: byNumber(customer)},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if e := out.GetResults()[0].GetError(); e != nil {
		t.Fatal(e)
	}
}

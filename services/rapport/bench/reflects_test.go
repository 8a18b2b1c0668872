package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

const (
	// factsPerSecond is how fast purchases come, perCall how many in one call.
	factsPerSecond, perCall = 1000, 20
)

// reflected is when purchases were sent, and when their customers were told to have
// entered a segment because of them.
type reflected struct {
	mu   sync.Mutex
	sent map[int64]time.Time
	took []time.Duration
	done chan struct{}
	all  int
}

// reflects sends purchases of people who bought nothing lately at a steady rate,
// whatever the server does, and measures how long each takes from the call to the
// membership told by WatchMemberships.
func (c crowd) reflects(b *testing.B, p *process, s segmentationv1.SegmentationServiceClient, name string, meanwhile func()) {
	b.Helper()
	length := duration("BENCH_REFLECT", 20*time.Second)
	calls := int(length.Seconds() * factsPerSecond / perCall)
	ctx, stop := context.WithTimeout(b.Context(), length+5*time.Minute)
	defer stop()
	r := &reflected{sent: map[int64]time.Time{}, done: make(chan struct{}), all: calls * perCall}
	out := make(chan error, 1)
	from, err := head(ctx, s)
	if err != nil {
		b.Fatal(err)
	}
	go func() { out <- r.watch(ctx, s, from) }()
	outsiders := c.outsiders(b, s, r.all)
	tick := time.NewTicker(time.Second * perCall / factsPerSecond)
	defer tick.Stop()
	var wg sync.WaitGroup
	clients := p.dial(b, 4)
	for n := range calls {
		if n == calls/4 {
			meanwhile()
		}
		<-tick.C
		wg.Go(func() {
			if err := r.send(ctx, journeyv1.NewJourneyServiceClient(clients[n%len(clients)]), name, n, outsiders[n*perCall:(n+1)*perCall]); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	select {
	case <-r.done:
	case err := <-out:
		b.Fatal(err, len(r.took), "of", r.all)
	}
	slices.Sort(r.took)
	at := func(q int) time.Duration { return r.took[(len(r.took)-1)*q/1000].Round(time.Millisecond) }
	fmt.Printf("%s: %d purchases at %d/s in a segment after p50 %v, p99 %v, p99.9 %v, most %v\n", name, len(r.took), factsPerSecond, at(500), at(990), at(999), at(1000))
	b.ReportMetric(at(990).Seconds()*1000, "p99-ms-"+name[:5])
}

// outsiders are customers who are not in the segment "lately" now, each once.
func (c crowd) outsiders(b *testing.B, s segmentationv1.SegmentationServiceClient, n int) []int64 {
	b.Helper()
	in := map[int64]bool{}
	for token := ""; ; {
		out, err := s.ListMembers(b.Context(), &segmentationv1.ListMembersRequest{Brand: "demo", SegmentId: "lately", PageSize: 10_000, PageToken: token})
		if err != nil {
			b.Fatal(err)
		}
		for _, id := range out.GetIds() {
			in[id] = true
		}
		if token = out.GetNextPageToken(); token == "" {
			break
		}
	}
	var all []int64
	for id := int64(1); id <= int64(c.customers) && len(all) < n; id++ {
		if !in[id] {
			all = append(all, id)
		}
	}
	if len(all) < n {
		b.Fatalf("only %d customers bought nothing lately", len(all))
	}
	return all
}

func (r *reflected) send(ctx context.Context, c journeyv1.JourneyServiceClient, source string, call int, who []int64) error {
	in := &journeyv1.RecordEventsRequest{Brand: "demo"}
	now := time.Now()
	for i, id := range who {
		in.Events = append(in.Events, bought(source, call*perCall+i, id, now))
	}
	r.mu.Lock()
	for _, id := range who {
		r.sent[id] = now
	}
	r.mu.Unlock()
	out, err := c.RecordEvents(ctx, in)
	if err != nil {
		return err
	}
	for _, one := range out.GetResults() {
		if one.GetError() != nil {
			return fmt.Errorf("%v", one.GetError())
		}
	}
	return nil
}

// head is where the log of memberships ends.
func head(ctx context.Context, s segmentationv1.SegmentationServiceClient) (*commonv1.Cursor, error) {
	// The last piece of what is there is followed by a pause.
	const quiet = 2 * time.Second
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stream, err := s.WatchMemberships(ctx, &segmentationv1.WatchMembershipsRequest{Brand: "demo", SegmentIds: []string{"lately"}})
	if err != nil {
		return nil, err
	}
	var last *commonv1.Cursor
	timer := time.AfterFunc(time.Minute, stop)
	for {
		piece, err := stream.Recv()
		if err != nil {
			if last != nil && ctx.Err() != nil {
				return last, nil
			}
			return nil, err
		}
		last = piece.GetCursor()
		timer.Reset(quiet)
	}
}

func (r *reflected) watch(ctx context.Context, s segmentationv1.SegmentationServiceClient, from *commonv1.Cursor) error {
	stream, err := s.WatchMemberships(ctx, &segmentationv1.WatchMembershipsRequest{Brand: "demo", SegmentIds: []string{"lately"}, After: from})
	if err != nil {
		return err
	}
	for {
		piece, err := stream.Recv()
		if err != nil {
			return err
		}
		r.take(piece, time.Now())
		if len(r.took) == r.all {
			close(r.done)
			return nil
		}
	}
}

func (r *reflected) take(piece *segmentationv1.WatchMembershipsResponse, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, change := range piece.GetChanges() {
		for _, id := range change.GetEntered() {
			if at, waits := r.sent[id]; waits {
				r.took = append(r.took, now.Sub(at))
				delete(r.sent, id)
			}
		}
	}
}

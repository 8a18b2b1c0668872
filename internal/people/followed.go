package people

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/follow"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// FollowedName is whose cursor it is that goes through Segmentation's log.
const FollowedName = "customers"

// Followed brings what a service must know of Segmentation's log into its own:
// merges as definitions, so that all replicas' folds see them in one order with
// everything else, and erasures as what they demand. Each takes effect exactly
// once.
type Followed struct {
	// Service is the name under which erasures are reported, such as survey.
	Service string
	Brand   string
	// Client is Segmentation's; nil: nothing is followed.
	Client  segmentationv1.SegmentationServiceClient
	Journal Journal
	// Kind is the kind of the definitions written; their body is a CustomerEvent of
	// kind MERGED, UNMERGED or ERASED. Book.ApplyBody takes them in.
	Kind int16
	// Erase blanks what is personal of one number, in tx, with the log locked. It
	// tells of how many records something was blanked, and which facts follow,
	// behind the definition. It may run twice.
	Erase func(ctx context.Context, tx *sqldb.Tx, brand string, customer int64) (records int64, facts []feed.Fact, err error)
	Log   *slog.Logger
}

// lease is for how long a replica that died keeps the others from its work.
const lease = 3 * time.Second

// Run follows and reports until ctx ends. It returns feed.ErrReplaced if
// Segmentation's log is another one: Rebuild, then run again.
func (f *Followed) Run(ctx context.Context) error {
	if f.Client == nil {
		<-ctx.Done()
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	erased := make(chan struct{}, 1)
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		f.reportAll(ctx, erased)
	}()
	err := f.Consumer(erased).Run(ctx)
	cancel()
	<-reported
	return err
}

// Consumer is what follows, for whoever goes step by step. A value is put into
// erased, if there is room, when there is an erasure to report.
func (f *Followed) Consumer(erased chan<- struct{}) *feed.Consumer {
	stream := follow.New(f.watch, pieces, f.Journal.Clock, f.Log)
	var last written
	return &feed.Consumer{
		Name: FollowedName, Brand: f.Brand, DB: f.Journal.DB, Clock: f.Journal.Clock, Log: f.Log, Lease: lease,
		Source: stream.Next,
		Effect: func(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) (err error) {
			last, err = f.effect(ctx, tx, facts)
			return err
		},
		Done: func(ctx context.Context, _ []feed.Fact) {
			if err := f.Journal.tell(ctx, f.Brand, last); err != nil && ctx.Err() == nil {
				f.Log.Warn("fold what customers did", "brand", f.Brand, "error", err)
			}
			if len(last.facts) > 0 {
				poke(erased)
			}
		},
	}
}

// poke wakes whoever waits, without waiting.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// watch opens Segmentation's stream.
func (f *Followed) watch(ctx context.Context, brand string, after *commonv1.Cursor) (segmentationv1.SegmentationService_WatchCustomersClient, error) {
	return f.Client.WatchCustomers(ctx, &segmentationv1.WatchCustomersRequest{Brand: brand, After: after})
}

// pieces makes facts of events: their kind is the event's, their body the event.
func pieces(in *segmentationv1.WatchCustomersResponse) ([]feed.Fact, *commonv1.Cursor) {
	facts := make([]feed.Fact, 0, len(in.GetEvents())+1)
	for _, e := range in.GetEvents() {
		f := feed.Fact{Seq: e.GetSeq(), Kind: int16(e.GetKind()), Day: feed.NoDay, Day2: feed.NoDay,
			Who: e.GetId(), At: e.GetCommittedAt().AsTime().UnixMicro()}
		switch e.GetKind() {
		case segmentationv1.CustomerEvent_KIND_MERGED, segmentationv1.CustomerEvent_KIND_UNMERGED, segmentationv1.CustomerEvent_KIND_ERASED:
			// A message that was just read can be written.
			f.Body, _ = proto.MarshalOptions{Deterministic: true}.Marshal(e)
		}
		facts = append(facts, f)
	}
	return facts, in.GetCursor()
}

// effect writes the definitions that a batch of events makes, and erases.
func (f *Followed) effect(ctx context.Context, tx *sqldb.Tx, events []feed.Fact) (written, error) {
	told := make([]feed.Fact, 0, len(events))
	for _, e := range events {
		if len(e.Body) > 0 {
			told = append(told, e)
		}
	}
	if len(told) == 0 {
		return written{}, nil
	}
	return f.Journal.put(ctx, tx, f.Brand, func() ([]feed.Fact, error) {
		var facts []feed.Fact
		for _, e := range told {
			facts = append(facts, feed.Fact{Kind: f.Kind, Day: feed.NoDay, Day2: feed.NoDay, Body: e.Body})
			if e.Kind != int16(segmentationv1.CustomerEvent_KIND_ERASED) {
				continue
			}
			more, err := f.erase(ctx, tx, e.Body)
			if err != nil {
				return nil, err
			}
			facts = append(facts, more...)
		}
		return facts, nil
	})
}

// erase blanks one number, and notes that it is to be reported.
func (f *Followed) erase(ctx context.Context, tx *sqldb.Tx, body []byte) ([]feed.Fact, error) {
	e, err := ReadEvent(body)
	if err != nil {
		return nil, err
	}
	records, facts, err := f.Erase(ctx, tx, f.Brand, e.GetId())
	if err != nil {
		return nil, err
	}
	return facts, putDone(ctx, tx, f.Brand, done{erasure: e.GetErasureId(), customer: e.GetId(), records: records})
}

// Rebuild begins Segmentation's log anew after it was replaced: the merges of
// book, which is the service's own, are taken back and told again as the log has
// them now. Nothing may follow meanwhile.
func (f *Followed) Rebuild(ctx context.Context, book *Book) error {
	return f.Journal.Change(ctx, f.Brand, func(tx *sqldb.Tx) ([]feed.Fact, error) {
		if err := feed.Rewind(ctx, tx, FollowedName, f.Brand); err != nil {
			return nil, err
		}
		var facts []feed.Fact
		for _, e := range book.edges() {
			body, err := proto.MarshalOptions{Deterministic: true}.Marshal(e)
			if err != nil {
				return nil, err
			}
			facts = append(facts, feed.Fact{Kind: f.Kind, Day: feed.NoDay, Day2: feed.NoDay, Body: body})
		}
		return facts, nil
	})
}

// reportEvery is how often what could not be reported is tried again.
const reportEvery = time.Second

// reportAll tells Segmentation of erasures until ctx ends.
func (f *Followed) reportAll(ctx context.Context, erased <-chan struct{}) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	down := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-erased:
		}
		err := f.Report(ctx)
		if err != nil && !down && ctx.Err() == nil && !errors.Is(err, context.Canceled) {
			f.Log.Warn("erasures wait to be reported", "brand", f.Brand, "error", err)
		}
		down = err != nil
		timer.Reset(reportEvery)
	}
}

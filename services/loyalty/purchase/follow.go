package purchase

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
	"github.com/rapport-cx/rapport/services/loyalty/record"
	"github.com/rapport-cx/rapport/services/loyalty/standing"
)

// Follower lets one brand's purchases earn as Journey tells of them.
type Follower struct {
	Brand  string
	Zone   *calendar.Zone
	DB     *sqldb.DB
	Ledger *ledger.Keeper
	// Book has the programmes, People who is whom, both as of Ready: that reads what the
	// own log says of them.
	Book   func() *programme.Book
	People func() *people.Mapping
	Ready  func(ctx context.Context) error
	// Segments are those that a customer is in now; nil: nobody knows, and rules for
	// members of segments give nothing.
	Segments func(ctx context.Context, customer int64) ([]string, error)
	Clock    func() time.Time
	Log      *slog.Logger
}

// ConsumerName is whose cursor in Journey's log it is.
const ConsumerName = "purchases"

const (
	// gather is how long facts of a trickle are collected.
	gather = 50 * time.Millisecond
	// atOnce is how many events go into one transaction, if they do not come in larger
	// pieces. Each may have many lines.
	atOnce = 100
)

// Kinds of the facts that travel from Journey's stream to the effect.
const (
	other    int16 = 1 // is passed over
	recorded int16 = 2
	resolved int16 = 3
)

// Split takes of a piece of Journey's stream what matters.
func Split(piece *journeyv1.WatchEventsResponse) ([]feed.Fact, *commonv1.Cursor) {
	facts := make([]feed.Fact, len(piece.GetFacts()))
	for i, in := range piece.GetFacts() {
		f := feed.Fact{Seq: in.GetSeq(), Kind: other, Day: feed.NoDay, Day2: feed.NoDay, At: in.GetCommittedAt().AsTime().UnixMicro()}
		switch x := in.GetFact().(type) {
		case *journeyv1.JourneyFact_Recorded:
			f.Kind, f.Who, f.Body = essential(recorded, x.Recorded)
		case *journeyv1.JourneyFact_Resolved:
			f.Kind, f.Who, f.Body = essential(resolved, x.Resolved)
		}
		facts[i] = f
	}
	return facts, piece.GetCursor()
}

func essential(kind int16, e *journeyv1.Event) (int16, int64, []byte) {
	if kindOf(e) == nothing {
		return other, 0, nil
	}
	// What came over the wire can be written again; if ever not, the effect says so.
	body, _ := proto.Marshal(e)
	return kind, e.GetCustomer().GetId(), body
}

// Source is where a consumer's facts come from.
type Source func(ctx context.Context, brand string, from feed.Cursor, limit int) ([]feed.Fact, error)

// Consumer gives each of Journey's facts its effect here exactly once. Nobody is asked
// within a transaction: what neighbours know is read before it.
func (f *Follower) Consumer(source Source) *feed.Consumer {
	var segments map[int64][]string
	var written *ledger.Written
	return &feed.Consumer{
		Name: ConsumerName, Brand: f.Brand, DB: f.DB, Every: gather, Limit: atOnce, Clock: f.Clock, Log: f.Log,
		Source: func(ctx context.Context, brand string, from feed.Cursor, limit int) (facts []feed.Fact, err error) {
			if facts, err = source(ctx, brand, from, limit); err != nil {
				return nil, err
			}
			if err = f.Ready(ctx); err != nil {
				return facts, err
			}
			if asksTiers(f.Book()) {
				// Seconds of movements may not have been counted yet.
				if err = standing.Near(ctx, f.DB, brand); err != nil {
					return facts, err
				}
			}
			segments, err = f.segments(ctx, facts)
			return facts, err
		},
		Effect: func(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) (err error) {
			written, err = f.effect(ctx, tx, facts, segments)
			return err
		},
		Done: func(ctx context.Context, _ []feed.Fact) {
			if written != nil {
				written.Told(ctx)
			}
		},
	}
}

// segments are those of everybody whose purchases facts tell of, if any rule asks.
func (f *Follower) segments(ctx context.Context, facts []feed.Fact) (map[int64][]string, error) {
	out := map[int64][]string{}
	if f.Segments == nil || !asksSegments(f.Book()) {
		return out, nil
	}
	for i := range facts {
		who := facts[i].Who
		if _, known := out[who]; known || who == 0 {
			continue
		}
		in, err := f.Segments(ctx, who)
		if err != nil {
			return nil, fmt.Errorf("segments of customer %d: %w", who, err)
		}
		out[who] = in
	}
	return out, nil
}

func asksTiers(book *programme.Book) bool {
	for _, newest := range book.List() {
		for _, p := range book.Versions(newest.GetId()) {
			if p.GetFromJourney() && programme.Tiered(p) {
				return true
			}
		}
	}
	return false
}

func asksSegments(book *programme.Book) bool {
	for _, newest := range book.List() {
		for _, p := range book.Versions(newest.GetId()) {
			if p.GetFromJourney() && len(programme.Segments(p)) > 0 {
				return true
			}
		}
	}
	return false
}

// deals are the events that matter, each once: of those of one batch in the order in which
// they happened, purchases before what they may be followed by.
func deals(facts []feed.Fact) ([]*deal, error) {
	byKey := map[[16]byte]int{}
	var out []*deal
	for i := range facts {
		f := &facts[i]
		if f.Kind != recorded && f.Kind != resolved {
			continue
		}
		e := &journeyv1.Event{}
		if err := proto.Unmarshal(f.Body, e); err != nil {
			return nil, fmt.Errorf("fact %d of Journey's log: read event: %w", f.Seq, err)
		}
		if e.GetExternalId() == "" {
			return nil, fmt.Errorf("fact %d of Journey's log: an event without its key", f.Seq)
		}
		d := read(e)
		if d == nil {
			continue
		}
		if i, again := byKey[d.key]; again {
			out[i] = d // what was resolved stands for what was recorded
			continue
		}
		byKey[d.key] = len(out)
		out = append(out, d)
	}
	slices.SortStableFunc(out, func(a, b *deal) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.kind, b.kind))
	})
	return out, nil
}

// effect takes deals in and writes what follows from them.
func (f *Follower) effect(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact, segments map[int64][]string) (*ledger.Written, error) {
	all, err := deals(facts)
	if err != nil {
		return nil, err
	}
	b := newBatch()
	b.brand, b.zone, b.book, b.people, b.segments = f.Brand, f.Zone, f.Book(), f.People(), segments
	all = slices.DeleteFunc(all, func(d *deal) bool { return len(b.rules(time.UnixMicro(d.at))) == 0 })
	if len(all) == 0 {
		return nil, nil
	}
	if err := b.load(ctx, tx, all); err != nil {
		return nil, err
	}
	for _, d := range all {
		b.apply(d)
	}
	if err := b.save(ctx, tx); err != nil || len(b.items) == 0 {
		return nil, err
	}
	tasks := make([]*ledger.Task, len(b.items))
	for i, item := range b.items {
		tasks[i] = task(item.PostItem)
		tasks[i].Again, tasks[i].Delivered = item.again, item.delivered
	}
	written, err := f.Ledger.Within(ctx, tx, tasks)
	if err != nil {
		return nil, err
	}
	for i := range written.Results {
		if err := written.Results[i].Err; err != nil {
			f.Log.Debug("purchase asked in vain", "brand", f.Brand, "entry", tasks[i].Record, "error", err)
		}
	}
	return written, nil
}

// task is an item as the ledger takes it.
func task(item *loyaltyv1.PostItem) *ledger.Task {
	switch in := item.GetItem().(type) {
	case *loyaltyv1.PostItem_Earn:
		return &ledger.Task{
			Key: record.Key(in.Earn.GetRequestId()), Programme: in.Earn.GetProgrammeId(), Who: in.Earn.GetCustomer().GetId(),
			Record: &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Earn{Earn: in.Earn}},
		}
	case *loyaltyv1.PostItem_Reverse:
		return &ledger.Task{
			Key: record.Key(in.Reverse.GetRequestId()), Programme: in.Reverse.GetProgrammeId(), Who: in.Reverse.GetCustomer().GetId(),
			Record: &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Reverse{Reverse: in.Reverse}},
		}
	case *loyaltyv1.PostItem_Activate:
		return &ledger.Task{
			Key: record.Key(in.Activate.GetRequestId()), Programme: in.Activate.GetProgrammeId(), Who: in.Activate.GetCustomer().GetId(),
			Record: &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Activate{Activate: in.Activate}},
		}
	}
	return nil
}

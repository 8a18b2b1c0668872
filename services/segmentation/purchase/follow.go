package purchase

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Follower keeps one brand's purchases up with Journey.
type Follower struct {
	Brand string
	Zone  *calendar.Zone
	DB    *sqldb.DB
	Clock func() time.Time
	Log   *slog.Logger
}

// ConsumerName is whose cursor in Journey's log it is.
const ConsumerName = "purchases"

// gather is how long facts of a trickle are collected.
const gather = 50 * time.Millisecond

// Kinds of the facts that travel from Journey's stream to the effect.
const (
	other    int16 = 1 // is passed over
	recorded int16 = 2
	resolved int16 = 3
)

// Split takes of a piece of Journey's stream what counts.
func Split(piece *journeyv1.WatchEventsResponse) ([]feed.Fact, *commonv1.Cursor) {
	facts := make([]feed.Fact, len(piece.GetFacts()))
	for i, in := range piece.GetFacts() {
		f := feed.Fact{Seq: in.GetSeq(), Kind: other, Day: feed.NoDay, Day2: feed.NoDay, At: in.GetCommittedAt().AsTime().UnixMicro()}
		switch x := in.GetFact().(type) {
		case *journeyv1.JourneyFact_Recorded:
			f.Kind, f.Body = essential(recorded, x.Recorded)
		case *journeyv1.JourneyFact_Resolved:
			f.Kind, f.Body = essential(resolved, x.Resolved)
		}
		facts[i] = f
	}
	return facts, piece.GetCursor()
}

func essential(kind int16, e *journeyv1.Event) (int16, []byte) {
	if !Counts(e) {
		return other, nil
	}
	// What came over the wire can be written again; if ever not, the effect says so.
	body, _ := proto.Marshal(Essence(e))
	return kind, body
}

// Consumer gives each of Journey's facts its effect here exactly once.
func (f *Follower) Consumer(source func(ctx context.Context, brand string, from feed.Cursor, limit int) ([]feed.Fact, error)) *feed.Consumer {
	return &feed.Consumer{Name: ConsumerName, Brand: f.Brand, DB: f.DB, Source: source, Effect: f.effect,
		Every: gather, Clock: f.Clock, Log: f.Log}
}

// telling is what a batch says last of one event.
type telling struct {
	kind  int16
	event *journeyv1.Event
}

// batch is the events that count, by key, in the order in which they came first.
type batch struct {
	keys  [][]byte
	byKey map[string]telling
	asOf  int64
}

func read(facts []feed.Fact) (*batch, error) {
	b := &batch{byKey: map[string]telling{}}
	for i := range facts {
		f := &facts[i]
		if f.Kind != 0 {
			b.asOf = max(b.asOf, f.At)
		}
		if f.Kind != recorded && f.Kind != resolved {
			continue
		}
		e, err := record.BoughtEvent(f)
		if err != nil {
			return nil, err
		}
		if e.GetExternalId() == "" {
			return nil, fmt.Errorf("fact %d of Journey's log: an event without its key", f.Seq)
		}
		key := record.EventKey(e)
		_, again := b.byKey[string(key)]
		if !again {
			b.keys = append(b.keys, key)
		}
		// What was resolved replaces what was recorded, whichever comes first.
		if !again || f.Kind == resolved {
			b.byKey[string(key)] = telling{f.Kind, e}
		}
	}
	return b, nil
}

// effect writes what a batch changes, as facts of the own log and in the table.
func (f *Follower) effect(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) error {
	b, err := read(facts)
	if err != nil {
		return err
	}
	if b.asOf != 0 {
		if err := setAsOf(ctx, tx, f.Brand, b.asOf); err != nil {
			return err
		}
	}
	if len(b.keys) == 0 {
		return nil
	}
	head, err := feed.Lock(ctx, tx, f.Brand, f.Clock())
	if err != nil {
		return err
	}
	changes, news, err := f.changes(ctx, tx, b, head)
	if err != nil || len(news) == 0 {
		return err
	}
	if err := apply(ctx, tx, f.Brand, changes); err != nil {
		return err
	}
	return feed.Put(ctx, tx, &head, news)
}

// change is a purchase that is counted in, or out again.
type change struct {
	Purchase
	out bool
}

// changes holds a batch against what was told before and finds what is new.
func (f *Follower) changes(ctx context.Context, tx *sqldb.Tx, b *batch, head feed.Head) (all []change, news []feed.Fact, err error) {
	log := feed.In(tx).Sized(head)
	firsts := map[string]int64{}
	for keys := range slices.Chunk(b.keys, maxListed) {
		told, err := log.ByKey(ctx, f.Brand, keys)
		if err != nil {
			return nil, nil, err
		}
		for i := range told {
			firsts[string(told[i].Key)] = told[i].Seq
		}
	}
	for _, key := range b.keys {
		now := b.byKey[string(key)]
		first := firsts[string(key)]
		if first != 0 {
			if now.kind == recorded {
				continue // counted before
			}
			was, err := latest(ctx, log, f.Brand, first)
			if err != nil {
				return nil, nil, err
			}
			if proto.Equal(was, now.event) {
				continue
			}
			all = append(all, change{Of(was, f.Zone), true})
		}
		all = append(all, change{Of(now.event, f.Zone), false})
		fact, err := record.Buy(now.event, first)
		if err != nil {
			return nil, nil, err
		}
		news = append(news, fact)
	}
	return all, news, nil
}

// latest is what was told last of the event that a fact told first.
func latest(ctx context.Context, log feed.Reader, brand string, first int64) (*journeyv1.Event, error) {
	told, err := log.Versions(ctx, brand, first)
	if err != nil {
		return nil, err
	}
	if len(told) == 0 {
		return nil, fmt.Errorf("purchase %d is not in the log", first)
	}
	return record.BoughtEvent(&told[len(told)-1])
}

// apply moves the histories of all customers that changes are about.
func apply(ctx context.Context, tx *sqldb.Tx, brand string, changes []change) error {
	touched := map[int64]bool{}
	for i := range changes {
		touched[changes[i].Customer] = true
	}
	ids := slices.Sorted(maps.Keys(touched))
	all, err := Histories(ctx, tx, brand, ids)
	if err != nil {
		return err
	}
	for i := range changes {
		c := &changes[i]
		h := all[c.Customer]
		if h == nil {
			h = &History{}
			all[c.Customer] = h
		}
		if !c.out {
			h.Add(&c.Purchase)
		} else if err := h.Take(&c.Purchase); err != nil {
			return fmt.Errorf("customer %d: %w", c.Customer, err)
		}
	}
	return save(ctx, tx, brand, ids, all)
}

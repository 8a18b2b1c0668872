// Package receipt notes every purchase of anybody known, as Journey tells of it, in
// Loyalty's own log: who, on which day, for how much. Whether it earned is of no matter:
// what members buy is only seen beside what others do.
package receipt

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/rate"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// ConsumerName is whose cursor in Journey's log it is.
const ConsumerName = "receipts"

const (
	// gather is how long facts of a trickle are collected.
	gather = 200 * time.Millisecond
	// atOnce is how many events go into one transaction.
	atOnce = 1000
	// listed is how many keys one statement looks up.
	listed = 512
)

// Kinds of the facts that travel from Journey's stream to the effect.
const (
	other  int16 = 1 // is passed over
	bought int16 = 2
)

// Follower notes one brand's receipts.
type Follower struct {
	Brand string
	DB    *sqldb.DB
	// Wrote lets the process see what was committed.
	Wrote func(ctx context.Context, head feed.Head, facts []feed.Fact)
	Clock func() time.Time
	Log   *slog.Logger
}

// Split takes of a piece of Journey's stream what matters, for a brand's calendar.
func Split(zone *calendar.Zone) func(*journeyv1.WatchEventsResponse) ([]feed.Fact, *commonv1.Cursor) {
	return func(piece *journeyv1.WatchEventsResponse) ([]feed.Fact, *commonv1.Cursor) {
		facts := make([]feed.Fact, len(piece.GetFacts()))
		for i, in := range piece.GetFacts() {
			f := feed.Fact{Seq: in.GetSeq(), Kind: other, Day: feed.NoDay, Day2: feed.NoDay, At: in.GetCommittedAt().AsTime().UnixMicro()}
			switch x := in.GetFact().(type) {
			case *journeyv1.JourneyFact_Recorded:
				take(&f, x.Recorded, zone)
			case *journeyv1.JourneyFact_Resolved:
				take(&f, x.Resolved, zone)
			}
			facts[i] = f
		}
		return facts, piece.GetCursor()
	}
}

// take makes a fact that of a purchase, if the event is one of somebody known.
func take(f *feed.Fact, e *journeyv1.Event, zone *calendar.Zone) {
	rest, is := strings.CutPrefix(e.GetKind(), "purchase")
	who := e.GetCustomer().GetId()
	if !is || rest != "" && rest[0] != '.' || who == 0 {
		return
	}
	sum := sha256.Sum256([]byte("receipt\x00" + e.GetSource() + "\x00" + e.GetExternalId()))
	f.Kind, f.Key, f.Who, f.Data = bought, sum[:16], who, rate.PackReceipt(amount(e))
	f.Day = int32(zone.DayOf(e.GetOccurredAt().AsTime()))
	f.Day2 = f.Day
}

// amount is what the event says, or else what its lines sum up to.
func amount(e *journeyv1.Event) (sum int64) {
	if e.GetAmount() != nil {
		return e.GetAmount().GetMinorUnits()
	}
	for _, l := range e.GetLines() {
		sum += l.GetAmount().GetMinorUnits()
	}
	return sum
}

// Source is where a consumer's facts come from.
type Source func(ctx context.Context, brand string, from feed.Cursor, limit int) ([]feed.Fact, error)

// Consumer notes each of Journey's purchases exactly once.
func (f *Follower) Consumer(source Source) *feed.Consumer {
	var news []feed.Fact
	var head feed.Head
	return &feed.Consumer{
		Name: ConsumerName, Brand: f.Brand, DB: f.DB, Source: source, Every: gather, Limit: atOnce, Clock: f.Clock, Log: f.Log,
		Effect: func(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) (err error) {
			news, head, err = f.effect(ctx, tx, facts)
			return err
		},
		Done: func(ctx context.Context, _ []feed.Fact) {
			if len(news) > 0 {
				f.Wrote(ctx, head, news)
			}
		},
	}
}

// effect writes the purchases that were not told before.
func (f *Follower) effect(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) ([]feed.Fact, feed.Head, error) {
	var news []feed.Fact
	seen := map[string]bool{}
	for i := range facts {
		in := &facts[i]
		if in.Kind != bought || seen[string(in.Key)] {
			continue
		}
		seen[string(in.Key)] = true
		news = append(news, feed.Fact{Kind: record.Receipt, Key: in.Key, Who: in.Who, Day: in.Day, Day2: in.Day2, Data: in.Data})
	}
	if len(news) == 0 {
		return nil, feed.Head{}, nil
	}
	head, err := feed.Lock(ctx, tx, f.Brand, f.Clock())
	if err != nil {
		return nil, head, err
	}
	told := map[string]bool{}
	for some := range slices.Chunk(news, listed) {
		keys := make([][]byte, len(some))
		for i := range some {
			keys[i] = some[i].Key
		}
		found, err := feed.In(tx).Sized(head).ByKey(ctx, f.Brand, keys)
		if err != nil {
			return nil, head, fmt.Errorf("look receipts up: %w", err)
		}
		for i := range found {
			told[string(found[i].Key)] = true
		}
	}
	news = slices.DeleteFunc(news, func(n feed.Fact) bool { return told[string(n.Key)] })
	err = feed.Put(ctx, tx, &head, news)
	return news, head, err
}

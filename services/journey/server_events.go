package journey

import (
	"context"
	"slices"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/structure"
	"github.com/rapport-cx/rapport/services/journey/event"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// arrival is a good event on its way into the log.
type arrival struct {
	fact   feed.Fact
	record *journeyv1.EventRecord
	// see tells what its sender may know of whatever came before under its key.
	see *structure.Sight
	// sealed is the identity it came with, if nobody could say whose it is.
	sealed []byte
}

// receipt says where it stands.
type receipt struct {
	number   int64
	replayed bool
}

// batch is some events judged: what can be committed, and what became of each.
type batch struct {
	brand    *brand
	arrivals []arrival
	// places are where the arrivals stood; results has one entry per event.
	places  []int
	results []commit.Result[receipt]
}

// RecordEvents records some events and counts them.
func (s *Server) RecordEvents(ctx context.Context, in *journeyv1.RecordEventsRequest) (*journeyv1.RecordEventsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Submit)
	if err != nil {
		return nil, err
	}
	see, err := s.sight(ctx, b)
	if err != nil {
		return nil, err
	}
	all, err := s.judge(ctx, b, see, in.GetEvents())
	if err != nil {
		return nil, err
	}
	s.commitBatch(ctx, all)
	out := &journeyv1.RecordEventsResponse{Results: make([]*journeyv1.RecordedEvent, len(all.results))}
	for i, r := range all.results {
		one := &journeyv1.RecordedEvent{Error: fault.Status(r.Err)}
		if r.Err == nil {
			one.Id, one.Replayed = record.ID(r.Value.number), r.Value.replayed
		}
		out.Results[i] = one
	}
	return out, nil
}

// judge finds which events are good, each alone, asks whose their identities are,
// all at once, and packs them. Whoever sees a part of the structure only brings events of
// that part.
func (s *Server) judge(ctx context.Context, b *brand, see *structure.Sight, events []*journeyv1.Event) (*batch, error) {
	rules, now := event.Rules{Brand: b.Brand, Zone: b.zone}, s.clock()
	out := &batch{brand: b, results: make([]commit.Result[receipt], len(events))}
	ready := make([]event.Ready, 0, len(events))
	for i, e := range events {
		one, err := judgeOne(rules, e, now)
		if !see.Holds(e.GetSubjects()) {
			err = access.Denied()
		}
		if err != nil {
			out.results[i].Err = err
			continue
		}
		ready, out.places = append(ready, one), append(out.places, i)
	}
	sealed, err := s.identify(ctx, b, ready)
	if err != nil {
		return nil, err
	}
	out.arrivals = make([]arrival, len(ready))
	for i := range ready {
		if b.defined.Load().wasErased(ready[i].Packed.Who) {
			event.Blank(ready[i].Record)
		}
		f, err := rules.Fact(&ready[i])
		if err != nil {
			return nil, err
		}
		out.arrivals[i] = arrival{fact: f, record: ready[i].Record, see: see}
		if sealed != nil {
			out.arrivals[i].sealed = sealed[i]
		}
	}
	return out, nil
}

// judgeOne judges an event whose fields nobody has looked at yet.
func judgeOne(rules event.Rules, e *journeyv1.Event, now time.Time) (event.Ready, error) {
	if e == nil {
		return event.Ready{}, fault.Invalid().Field("event", "is required").Err()
	}
	if err := fault.Validate(e); err != nil {
		return event.Ready{}, under("event", err)
	}
	return rules.Judge(e, now)
}

// under puts a message's place in front of the paths of its broken rules.
func under(path string, err error) error {
	e := fault.From(err)
	if e == nil {
		return err
	}
	for i := range e.Fields {
		e.Fields[i].Path = path + "." + e.Fields[i].Path
	}
	return e
}

// identify puts customers' numbers in the place of identities. What cannot be
// resolved at once is sealed; what belongs to nobody stays anonymous, whether
// Segmentation says so now or later.
func (s *Server) identify(ctx context.Context, b *brand, ready []event.Ready) (sealed [][]byte, err error) {
	var identities []*commonv1.Identity
	var places []int
	for i := range ready {
		if id := ready[i].Identity; id != nil {
			identities, places = append(identities, id), append(places, i)
			ready[i].Record.IdentityHash = s.identityHash(b.ID, id)
		}
	}
	if len(identities) == 0 {
		return nil, nil
	}
	ids, refused, err := s.resolver.Resolve(ctx, b.ID, identities)
	if ctx.Err() != nil {
		return nil, floor.Unavailable("resolve identities", ctx.Err())
	}
	away := err != nil
	sealed = make([][]byte, len(ready))
	for n, i := range places {
		switch {
		case !away && ids[n] != 0:
			ready[i].Know(ids[n])
		case !away && refused[n] != nil:
			if fault.Is(refused[n], commonv1.Reason_REASON_IDENTITY_ERASED) {
				event.Blank(ready[i].Record)
			}
		default:
			if sealed[i], err = people.SealIdentity(s.seals, b.ID, identities[n]); err != nil {
				return nil, err
			}
		}
	}
	return sealed, nil
}

// identityHash tells a repeated event from another one under its key, however
// much has become known of the customer between them.
func (s *Server) identityHash(brand string, id *commonv1.Identity) []byte {
	return s.seals.Hash([]byte(brand + "\x00" + id.GetKind().String() + "\x00" + id.GetNamespace() + "\x00" + id.GetValue()))
}

// commitBatch commits what is good and fills in the results.
func (s *Server) commitBatch(ctx context.Context, all *batch) {
	if len(all.arrivals) == 0 {
		return
	}
	for i, r := range s.arrivals.DoAll(ctx, all.brand.ID, all.arrivals) {
		all.results[all.places[i]] = r
	}
	if slices.ContainsFunc(all.arrivals, func(a arrival) bool { return a.sealed != nil }) {
		all.brand.nudge()
	}
}

// commit is one group commit: it writes all arrivals in one transaction, and
// tells those that came before from those that only share a key.
func (s *Server) commit(ctx context.Context, brand string, arrivals []arrival) []commit.Result[receipt] {
	facts, sealed := make([]feed.Fact, len(arrivals)), make([][]byte, len(arrivals))
	for i := range arrivals {
		facts[i], sealed[i] = arrivals[i].fact, arrivals[i].sealed
	}
	results := make([]commit.Result[receipt], len(arrivals))
	firsts, err := s.store.append(ctx, brand, facts, sealed)
	for i := range results {
		switch {
		case err != nil:
			results[i].Err = err
		case firsts[i] == nil:
			results[i].Value = receipt{number: facts[i].Seq}
		default:
			results[i].Value, results[i].Err = replay(firsts[i], &arrivals[i])
		}
	}
	return results
}

// Package loyalty owns members' points: programmes, by which they are earned and lost,
// and the ledger, which says who has how many and why.
//
// What was asked is judged and resolved here, decided by the rules of ledger many at a
// time, and committed to the brand's log (internal/commit, internal/feed) with the
// accounts, lots and holds that it changes. Definitions are facts of the same log and
// live in memory.
package loyalty

import (
	"sync/atomic"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/offer"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
	"github.com/rapport-cx/rapport/services/loyalty/record"
	"github.com/rapport-cx/rapport/services/loyalty/reward"
	"github.com/rapport-cx/rapport/services/loyalty/standing"
)

// brand is one brand's place in this process.
type brand struct {
	*config.Brand
	zone *calendar.Zone
	// defined is replaced, not emptied, when the log turns out to be another one.
	defined atomic.Pointer[definitions]
	// opened is set once the definitions have been read from the log.
	opened atomic.Bool
	// extent is the run of days with facts.
	extent extent
	// keeper commits entries, tail sums them up for standings.
	keeper *ledger.Keeper
	tail   standing.Tail
}

// definitions are what a brand's log says of no day. The log's tail writes them,
// everybody reads.
type definitions struct {
	people     *people.Book
	programmes *programme.Book
	rewards    *reward.Book
	offers     *offer.Book
}

func newDefinitions() *definitions {
	return &definitions{people: people.NewBook(), programmes: programme.NewBook(), rewards: reward.NewBook(), offers: offer.NewBook()}
}

// apply takes in one fact, in the order of the log.
func (d *definitions) apply(f *feed.Fact) error {
	switch f.Kind {
	case record.Programme:
		return d.programmes.Apply(f)
	case record.Reward:
		return d.rewards.Apply(f)
	case record.Offer, record.OfferSent, record.OfferViewed, record.OfferDone, record.OfferUndone:
		return d.offers.Apply(f)
	case record.Person:
		return d.people.ApplyBody(f.Body)
	}
	return nil
}

// people is who is whom now.
func (b *brand) people() *people.Mapping { return b.defined.Load().people.Now() }

// newBrands lays out the calendar and empty definitions for each brand.
func newBrands(all *config.Brands) map[string]*brand {
	out := map[string]*brand{}
	for _, b := range all.All() {
		one := &brand{Brand: b, zone: calendar.In(b.Location)}
		one.defined.Store(newDefinitions())
		out[b.ID] = one
	}
	return out
}

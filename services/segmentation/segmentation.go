// Package segmentation owns who the customers are: one number behind an e-mail,
// a telephone and a bonus card, what is known of them, who of them are one
// person, and when they may be contacted.
//
// What callers name is judged (identity, profile) before anything is locked. A
// change then takes the brand's log first, so that what it reads stays true until
// its commit, and writes facts beside the tables they guard. Facts carry numbers
// alone: identities and profiles lie sealed in tables of this service, and
// nowhere else. Definitions (attributes, merges) are facts of the same log and
// live in memory.
package segmentation

import (
	"fmt"
	"sync/atomic"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/segmentation/identity"
	"github.com/rapport-cx/rapport/services/segmentation/panel"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
	"github.com/rapport-cx/rapport/services/segmentation/rfm"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
	"github.com/rapport-cx/rapport/services/segmentation/trial"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// Config are the service's own settings.
type Config struct {
	// KeyFile holds the keys that identities and profiles are encrypted with, one
	// ID:BASE64 a line. The first one seals, all of them open, so that a key is
	// replaced by putting a new one in front; the old one may go once `rapport
	// verify` finds nothing sealed with it.
	KeyFile config.SecretFile `flag:"identity-keys" help:"file with the keys of identities, a line ID:BASE64 each, the newest first; empty: one derived from the secret"`
}

// brand is one brand's place in this process.
type brand struct {
	*config.Brand
	zone *calendar.Zone
	// rules read and judge identities.
	rules *identity.Rules
	// attributes is replaced, not changed.
	attributes atomic.Pointer[profile.Catalogue]
	// metrics are those that rules can read, ordered; it is replaced, not changed.
	metrics atomic.Pointer[[]string]
	// book has the merges; it is replaced, not emptied, when the log turns out to be
	// another one.
	book atomic.Pointer[people.Book]
	// rfm has the runs; it is replaced like book.
	rfm atomic.Pointer[rfm.Book]
	// trials has the hypotheses and experiments; it is replaced like book.
	trials atomic.Pointer[trial.Book]
	// live has the segments and who is in them, evaluator keeps them up.
	live      *segment.Live
	evaluator *segment.Evaluator
	// worth keeps what everybody bought on days that were asked for, values what else
	// was asked of that.
	worth  *value.Kept
	values values
	// panel has persons in columns.
	panel *panel.Table
	// opened is set once the definitions have been read from the log.
	opened atomic.Bool
}

// newBrands lays out what does not change while the process runs.
func newBrands(all *config.Brands, hashes *identity.Hasher) (map[string]*brand, error) {
	out := map[string]*brand{}
	for _, b := range all.All() {
		rules, err := identity.NewRules(b, hashes)
		if err != nil {
			return nil, fmt.Errorf("brand %s: %w", b.ID, err)
		}
		one := &brand{Brand: b, zone: calendar.In(b.Location), rules: rules, live: segment.NewLive(b.ID)}
		one.forget()
		out[b.ID] = one
	}
	return out, nil
}

// forget drops what was defined, since the log turned out to be another one.
func (b *brand) forget() {
	b.attributes.Store(profile.NewCatalogue())
	b.metrics.Store(&[]string{})
	b.book.Store(people.NewBook())
	b.rfm.Store(rfm.NewBook())
	b.trials.Store(trial.NewBook())
	b.live.Forget()
	if b.worth != nil {
		b.worth.Forget()
	}
}

// person is the number that stands for id now.
func (b *brand) person(id int64) int64 { return b.book.Load().Now().Person(id) }

// members are all numbers of the person that id belongs to, ascending.
func (b *brand) members(id int64) []int64 {
	now := b.book.Load().Now()
	return now.Members(now.Person(id))
}

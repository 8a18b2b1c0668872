// Package survey owns what is rated, what is asked, what was answered and what
// follows from it: scores that say how sure they are, and cases.
//
// A response is judged (intake), packed (tally) and committed to the brand's
// log in company (internal/commit, internal/feed); the folds (internal/fold)
// take it in before it is acknowledged. Definitions are facts of the same log
// and live in memory (directory). Scores are read off slabs (query, score),
// cases follow the feed (cases).
package survey

import (
	"sync/atomic"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/query"
	"github.com/rapport-cx/rapport/services/survey/reply"
)

// brand is one brand's place in this process.
type brand struct {
	*config.Brand
	zone  *calendar.Zone
	hours *calendar.Hours
	// book is replaced, not emptied, when the log turns out to be another one.
	book atomic.Pointer[directory.Book]
	// people is who stands for whom, as Segmentation says.
	people atomic.Pointer[people.Book]
	// replies is what was replied to responses; it is replaced like book.
	replies atomic.Pointer[reply.Book]
	// asked answers questions about scores.
	asked *query.Brand
	// opened is set once the book has been read from the log.
	opened atomic.Bool
}

// mapping is who stands for whom now.
func (b *brand) mapping() *people.Mapping { return b.people.Load().Now() }

// newBrands lays out the calendar and an empty directory for each brand.
func newBrands(all *config.Brands) (map[string]*brand, error) {
	out := map[string]*brand{}
	for _, b := range all.All() {
		zone := calendar.In(b.Location)
		hours, err := businessHours(b, zone)
		if err != nil {
			return nil, err
		}
		one := &brand{Brand: b, zone: zone, hours: hours}
		one.book.Store(directory.New())
		one.people.Store(people.NewBook())
		one.replies.Store(reply.NewBook())
		out[b.ID] = one
	}
	return out, nil
}

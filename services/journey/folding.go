package journey

import (
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/journey/record"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

// folding teaches the engine what facts count for and where definitions go.
func (s *Server) folding() fold.Rules[*tally.Fact] {
	return fold.Rules[*tally.Fact]{
		Decode:      tally.Decode,
		Measures:    tally.Measures,
		New:         tally.New,
		Definitions: record.Definitions,
		Define: func(id string, f *feed.Fact) error {
			if b := s.brands[id]; b != nil {
				return b.defined.Load().apply(f)
			}
			return nil
		},
		Forget: func(id string) {
			if b := s.brands[id]; b != nil {
				b.defined.Store(newDefinitions())
			}
		},
	}
}

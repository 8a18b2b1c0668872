package journey

import (
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// counted is what the folds know of a fact.
type counted = record.Packed

// folding teaches the engine what facts count for and where definitions go.
func (s *Server) folding() fold.Rules[*counted] {
	return fold.Rules[*counted]{
		Decode:      func(string, *feed.Fact) (*counted, bool, error) { return nil, false, nil },
		Measures:    func(_ *counted, _ int32, into []fold.Measure) []fold.Measure { return into },
		New:         func(fold.Measure) fold.Slab[*counted] { return nil },
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

package query

import (
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/survey/segments"
)

// whose says whose answers a scope lets pass: those of members of a segment, of
// customers given, or of who is both; or else of all other known customers.
type whose struct {
	segment *laid // nil: no segment is asked for
	// given says that customers are, as they were sent; people is who they are.
	given     bool
	customers segments.Bits
	people    *people.Mapping
	outside   bool
}

// whose reads that part of a scope; nil: whoever answered.
func (a asker) whose(path string, s *surveyv1.Scope) *whose {
	out := &whose{given: len(s.GetCustomers()) > 0, outside: s.GetOutside()}
	if !ofPeople(s) {
		if out.outside {
			a.bad.Field(path+".outside", "needs segment_id or customers to be outside of")
		}
		return nil
	}
	if out.given {
		var err error
		if out.customers, err = segments.Given(s.GetCustomers()); err != nil {
			a.bad.Field(path+".customers", "%s", err)
		}
	}
	return out
}

// ofPeople tells that a scope asks who answered.
func ofPeople(s *surveyv1.Scope) bool { return s.GetSegmentId() != "" || len(s.GetCustomers()) > 0 }

// crowdOf is whose as it is read day by day: the set of the last day is kept, since
// most days have the same.
type crowdOf struct {
	*whose
	wide segments.Bits // the customers with all their numbers
	last *segments.Set
	both segments.Bits
}

// crowd is made when something is counted, which answers from the cache do without.
func (w *whose) crowd() crowdOf {
	out := crowdOf{whose: w}
	if w != nil && w.given {
		out.wide = w.customers.Widen(w.people)
	}
	return out
}

// on are the customers whose answers of a day count or, outside, do not.
func (c *crowdOf) on(day calendar.Day) segments.Bits {
	switch {
	case c.segment == nil:
		return c.wide
	case !c.given:
		return c.segment.on(day)
	}
	if set := c.segment.set(day); set != c.last {
		c.last, c.both = set, c.segment.on(day).And(c.wide)
	}
	return c.both
}

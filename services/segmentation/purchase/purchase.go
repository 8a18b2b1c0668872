// Package purchase keeps, for each customer number, running facts of what was
// bought and brought back, and of visits, as Journey's feed tells them.
//
// A number keeps what came with it; a person is summed over its numbers on read,
// so that merges and unmerges change nothing here. Every event that counts is also
// a fact of Segmentation's own log, under the event's key and in the transaction
// that moves the cursor: so an event counts once however often it is told, and
// what the table says can be recounted without asking Journey.
package purchase

import (
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Purchase is what one event adds to its customer's facts.
type Purchase struct {
	Customer int64
	Day      calendar.Day
	// Return tells goods brought back from goods bought; Amount is positive for both.
	Return bool
	// Visit tells that somebody came; of that nothing else is known.
	Visit  bool
	Amount int64
	// Traits are what was seen in a purchase, sorted, each once. A return has none.
	Traits []Trait
}

// Trait is something that a purchase had.
type Trait struct {
	Kind TraitKind
	Name string
}

// TraitKind tells traits apart. Numbers are stored.
type TraitKind uint8

// The kinds: categories of lines, the channel by name without prefix, occasions.
const (
	Category TraitKind = 1
	Channel  TraitKind = 2
	Occasion TraitKind = 3
)

func compareTraits(a, b Trait) int {
	if a.Kind != b.Kind {
		return int(a.Kind) - int(b.Kind)
	}
	return strings.Compare(a.Name, b.Name)
}

// Counts tells whether an event is a purchase, a return or a visit of a known customer.
func Counts(e *journeyv1.Event) bool {
	return e.GetCustomer().GetId() != 0 && (record.Within(e.GetKind(), "purchase") || record.Within(e.GetKind(), "return") || record.IsVisit(e))
}

// Of reads an event that counts, by the brand's days.
func Of(e *journeyv1.Event, zone *calendar.Zone) Purchase {
	p := Purchase{
		Customer: e.GetCustomer().GetId(), Day: zone.DayOf(e.GetOccurredAt().AsTime()),
		Return: record.Within(e.GetKind(), "return"), Visit: record.IsVisit(e),
	}
	if p.Visit {
		return p
	}
	if p.Amount = amount(e); p.Return {
		return p
	}
	for _, l := range e.GetLines() {
		if l.GetCategory() != "" {
			p.Traits = append(p.Traits, Trait{Category, l.GetCategory()})
		}
	}
	if c := e.GetChannel(); c != commonv1.Channel_CHANNEL_UNSPECIFIED {
		p.Traits = append(p.Traits, Trait{Channel, strings.TrimPrefix(c.String(), "CHANNEL_")})
	}
	for _, o := range e.GetOccasions() {
		p.Traits = append(p.Traits, Trait{Occasion, o})
	}
	slices.SortFunc(p.Traits, compareTraits)
	p.Traits = slices.Compact(p.Traits)
	return p
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

// Essence is the part of an event that counts. Nothing else is kept of it: free
// properties may be personal, and Journey has them.
func Essence(e *journeyv1.Event) *journeyv1.Event {
	out := &journeyv1.Event{
		Source: e.GetSource(), ExternalId: e.GetExternalId(), Kind: e.GetKind(),
		Actor:      &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: e.GetCustomer().GetId()}}},
		OccurredAt: e.GetOccurredAt(),
	}
	if record.IsVisit(e) {
		return out
	}
	out.Channel, out.Occasions = e.GetChannel(), e.GetOccasions()
	out.Amount = &commonv1.Money{Currency: currency(e), MinorUnits: amount(e)}
	var seen []string
	for _, l := range e.GetLines() {
		if c := l.GetCategory(); c != "" && !slices.Contains(seen, c) {
			seen = append(seen, c)
			out.Lines = append(out.Lines, &journeyv1.Line{Category: c})
		}
	}
	return out
}

func currency(e *journeyv1.Event) string {
	if e.GetAmount() != nil {
		return e.GetAmount().GetCurrency()
	}
	for _, l := range e.GetLines() {
		if l.GetAmount() != nil {
			return l.GetAmount().GetCurrency()
		}
	}
	return ""
}

package record

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Kinds of facts about purchases, taken from Journey's log.
const (
	// Bought says that Who bought something or brought it back; its key is the event's
	// own, body an Event with what counts alone.
	Bought int16 = 30
	// Rebought says so anew of the event that Of told first, perhaps of somebody else;
	// it replaces what was told before. Body as before.
	Rebought int16 = 31
	// Visited and Revisited say the same of a visit: apart, for they are many, and most
	// rules do not look at them.
	Visited   int16 = 32
	Revisited int16 = 33
)

// Purchases are all of these kinds, Retold those that replace what was told before.
var (
	Purchases = []int16{Bought, Rebought, Visited, Revisited}
	Retold    = []int16{Rebought, Revisited}
)

// IsVisit tells whether an event is a visit.
func IsVisit(e *journeyv1.Event) bool { return Within(e.GetKind(), "visit") }

// Within tells whether a kind is prefix or continues it by whole dotted words.
func Within(kind, prefix string) bool {
	rest, ok := strings.CutPrefix(kind, prefix)
	return ok && (rest == "" || rest[0] == '.')
}

// EventKey is under which key an event of Journey's is told: what its source calls
// it, which stays the same if Journey's log is replaced and numbers are given anew.
func EventKey(e *journeyv1.Event) []byte {
	return []byte("event\x00" + e.GetSource() + "\x00" + e.GetExternalId())
}

// Buy is the fact about an event; first is the number of the fact that told of it
// before, 0 if none did.
func Buy(e *journeyv1.Event, first int64) (feed.Fact, error) {
	f := about(Bought, e.GetCustomer().GetId())
	again := Rebought
	if IsVisit(e) {
		f.Kind, again = Visited, Revisited
	}
	if first != 0 {
		f.Kind, f.Of = again, first
	} else {
		f.Key = EventKey(e)
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(e)
	f.Body = body
	return f, err
}

// BoughtEvent reads the event of a fact.
func BoughtEvent(f *feed.Fact) (*journeyv1.Event, error) {
	e := &journeyv1.Event{}
	if err := proto.Unmarshal(f.Body, e); err != nil {
		return nil, fmt.Errorf("fact %d: read purchase: %w", f.Seq, err)
	}
	return e, nil
}

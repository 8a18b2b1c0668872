package event

import (
	"slices"
	"strings"
)

// Meaning is what a kind of events means. Kinds are an open set; a kind means what
// its longest known prefix of whole dotted words means.
type Meaning uint8

// The known kinds.
const (
	// Other kinds are counted under their own name.
	Other Meaning = iota
	Purchase
	Return
	Visit
	Contact
	OrderPlaced
	OrderApproved
	OrderShipped
	OrderReady
	OrderDelivered
	OrderCollected
	OrderPartial
	OrderMissorted
	OrderFailed
	OrderCancelledByShop
	OrderCancelledByCustomer
	OrderNotCollected
)

var names = [...]string{
	"", "purchase", "return", "visit", "contact",
	"order.placed", "order.approved", "order.shipped", "order.ready", "order.delivered", "order.collected",
	"order.partial", "order.missorted", "order.failed", "order.cancelled.shop", "order.cancelled.customer",
	"order.not_collected",
}

var known = func() map[string]Meaning {
	out := make(map[string]Meaning, len(names))
	for m, name := range names[1:] {
		out[name] = Meaning(m + 1)
	}
	return out
}()

// Known are the names of the known kinds, ordered.
func Known() []string {
	out := slices.Clone(names[1:])
	slices.Sort(out)
	return out
}

// String is the known kind itself; empty for Other.
func (m Meaning) String() string { return names[m] }

// OfOrder tells the steps of an order.
func (m Meaning) OfOrder() bool { return m >= OrderPlaced }

// MeaningOf finds what a kind means.
func MeaningOf(kind string) Meaning {
	for {
		if m, ok := known[kind]; ok {
			return m
		}
		dot := strings.LastIndexByte(kind, '.')
		if dot < 0 {
			return Other
		}
		kind = kind[:dot]
	}
}

// Within tells whether a kind is prefix or continues it by whole dotted words.
func Within(kind, prefix string) bool {
	return strings.HasPrefix(kind, prefix) && (len(kind) == len(prefix) || kind[len(prefix)] == '.')
}

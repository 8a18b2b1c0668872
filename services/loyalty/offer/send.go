package offer

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Piece is to how many numbers an offer is sent in one transaction.
const Piece = 10_000

// Send gives an offer to those of a piece whose persons have it not, with the log locked
// and the book read up to its end. It tells how many had it.
func (b *Book) Send(ctx context.Context, tx *sqldb.Tx, brand, id string, piece []int64, m *people.Mapping, at int64) (facts []feed.Fact, had int64, err error) {
	set, seen := roaring64.New(), map[int64]bool{}
	for _, n := range piece {
		person := m.Person(n)
		if n <= 0 || m.Erased(n) || seen[person] {
			continue
		}
		seen[person] = true
		if b.Has(id, m.Members(n)) {
			had++
			continue
		}
		set.Add(uint64(n))
	}
	if set.IsEmpty() {
		return nil, had, nil
	}
	customers := make([]int64, 0, set.GetCardinality())
	for it := set.Iterator(); it.HasNext(); {
		customers = append(customers, int64(it.Next()))
	}
	if err := receive(ctx, tx, brand, id, customers, at); err != nil {
		return nil, had, err
	}
	packed, err := set.ToBytes()
	if err != nil {
		return nil, had, err
	}
	body, err := pack(&loyaltyv1.OfferStep{OfferId: id, At: stamp(at), Customers: packed})
	return []feed.Fact{{Kind: record.OfferSent, Day: feed.NoDay, Day2: feed.NoDay, Body: body}}, had, err
}

// Received is how many numbers a fact of Send speaks of.
func Received(facts []feed.Fact) (n int64, err error) {
	for i := range facts {
		s := &loyaltyv1.OfferStep{}
		if err := unpack(facts[i].Body, s); err != nil {
			return 0, err
		}
		set, err := readSet(s.GetCustomers())
		if err != nil {
			return 0, err
		}
		n += size(set)
	}
	return n, nil
}

// Counting are the offers whose conditions a purchase of a person may count for, ordered
// by id: those that the person has and that are open at the time.
func (b *Book) Counting(numbers []int64, open func(*loyaltyv1.Offer) bool) (out []*loyaltyv1.Offer) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, k := range b.byID {
		if k.def.GetCondition() == nil || !open(k.def) {
			continue
		}
		if slices.ContainsFunc(numbers, func(n int64) bool { return k.received.Contains(uint64(n)) }) {
			out = append(out, k.def)
		}
	}
	slices.SortFunc(out, byID)
	return out
}

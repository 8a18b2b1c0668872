// Package offer has promises to members: do this, get that. A person receives an offer
// once, sees it, and completes it once, by purchases or by a coupon.
//
// Definitions are facts of the brand's log and live in memory, and so do the sets of who
// received, saw and completed what: the funnel is counted from them. What an offer has
// come to for a number is guarded state in tables, written in the transaction that gives
// its points.
//
// A person who got an offer under two numbers before they were merged has it once: in the
// funnel, in what is listed, and in what counts for its condition. Points that both gave
// by then stay; an unmerge makes two offers of it again.
package offer

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Book is a brand's offers and who has them. The log's tail writes it, everybody reads.
type Book struct {
	mu   sync.RWMutex
	byID map[string]*known
	// codes says whose coupon a code is.
	codes map[string]string
}

// known is an offer, and the numbers for which it has come how far.
type known struct {
	def                         *loyaltyv1.Offer
	received, viewed, completed *roaring64.Bitmap
	redemptions                 int64
}

// NewBook returns an empty book.
func NewBook() *Book { return &Book{byID: map[string]*known{}, codes: map[string]string{}} }

// Apply takes in one fact of offers, in the order of the log.
func (b *Book) Apply(f *feed.Fact) (err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch f.Kind {
	case record.Offer:
		err = b.define(f)
	case record.OfferSent, record.OfferViewed:
		err = b.step(f)
	case record.OfferDone, record.OfferUndone:
		err = b.done(f)
	}
	if err != nil {
		return fmt.Errorf("fact %d: read offer: %w", f.Seq, err)
	}
	return nil
}

func (b *Book) define(f *feed.Fact) error {
	def := &loyaltyv1.Offer{}
	if err := proto.Unmarshal(f.Body, def); err != nil {
		return err
	}
	k := b.byID[def.GetId()]
	if k == nil {
		k = &known{received: roaring64.New(), viewed: roaring64.New(), completed: roaring64.New()}
		b.byID[def.GetId()] = k
	}
	for _, code := range k.def.GetCodes() {
		delete(b.codes, code)
	}
	for _, code := range def.GetCodes() {
		b.codes[code] = def.GetId()
	}
	k.def = def
	return nil
}

func (b *Book) step(f *feed.Fact) error {
	s := &loyaltyv1.OfferStep{}
	if err := proto.Unmarshal(f.Body, s); err != nil {
		return err
	}
	k := b.byID[s.GetOfferId()]
	if k == nil {
		return fmt.Errorf("offer %q is not there", s.GetOfferId())
	}
	if f.Kind == record.OfferViewed {
		k.viewed.Add(uint64(s.GetCustomerId()))
		return nil
	}
	to, err := readSet(s.GetCustomers())
	if err == nil {
		k.received.Or(to)
	}
	return err
}

func (b *Book) done(f *feed.Fact) error {
	r, err := record.Parse(f)
	if err != nil {
		return err
	}
	p := r.GetOffer()
	k := b.byID[p.GetOfferId()]
	if k == nil {
		return fmt.Errorf("offer %q is not there", p.GetOfferId())
	}
	if f.Kind == record.OfferUndone {
		k.completed.Remove(uint64(p.GetCustomerId()))
		return nil
	}
	// Who came with a coupon alone received the offer by it.
	k.received.Add(uint64(p.GetCustomerId()))
	k.completed.Add(uint64(p.GetCustomerId()))
	if r.GetRedeemOffer() != nil {
		k.redemptions++
	}
	return nil
}

func readSet(packed []byte) (*roaring64.Bitmap, error) {
	set := roaring64.New()
	if len(packed) == 0 {
		return set, nil
	}
	return set, set.UnmarshalBinary(packed)
}

// ReadSet reads a bitmap that Segmentation sent.
func ReadSet(packed []byte) ([]int64, error) {
	set, err := readSet(packed)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	out := make([]int64, 0, set.GetCardinality())
	for it := set.Iterator(); it.HasNext(); {
		out = append(out, int64(it.Next()))
	}
	return out, nil
}

// Find is the newest version; nil: there is no such offer. Nobody may change it.
func (b *Book) Find(id string) *loyaltyv1.Offer {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if k := b.byID[id]; k != nil {
		return k.def
	}
	return nil
}

// Get is Find for callers who named it.
func (b *Book) Get(id string) (*loyaltyv1.Offer, error) {
	if o := b.Find(id); o != nil {
		return o, nil
	}
	return nil, fault.NotFound(commonv1.Reason_REASON_OFFER_UNKNOWN, "offer %q", id)
}

// ByCode is the offer that a coupon is of.
func (b *Book) ByCode(code string) (*loyaltyv1.Offer, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if id, ok := b.codes[code]; ok {
		return b.byID[id].def, nil
	}
	return nil, fault.NotFound(commonv1.Reason_REASON_OFFER_UNKNOWN, "no coupon has that code")
}

// List has a programme's offers, ordered by id; "": those of all.
func (b *Book) List(programme string) []*loyaltyv1.Offer {
	b.mu.RLock()
	var out []*loyaltyv1.Offer
	for _, k := range b.byID {
		if programme == "" || k.def.GetProgrammeId() == programme {
			out = append(out, k.def)
		}
	}
	b.mu.RUnlock()
	slices.SortFunc(out, byID)
	return out
}

func byID(a, b *loyaltyv1.Offer) int { return strings.Compare(a.GetId(), b.GetId()) }

// Has tells whether any of a person's numbers received an offer.
func (b *Book) Has(id string, numbers []int64) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	k := b.byID[id]
	return k != nil && slices.ContainsFunc(numbers, func(n int64) bool { return k.received.Contains(uint64(n)) })
}

package segmentation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/segmentation/identity"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
)

// said is a row that was judged: what it says of one customer.
type said struct {
	line  int64
	in    *segmentationv1.Customer
	known []*identity.Known
}

// outcome of a row.
type outcome int

const (
	unchanged outcome = iota
	created
	updated
)

// entry is one number while a chunk works on it.
type entry struct {
	id      int64
	erased  bool
	profile *profile.Profile
	// held counts its identities by kind.
	held map[identity.Kind]int
	// fresh are identities it was given and that are not in the table yet.
	fresh []*identity.Known
	// created and changed: not in the table (like this) yet.
	created, changed bool
}

// roll is what a chunk knows of the customers it speaks of. Rows are applied one
// after the other, so that a later one finds what an earlier one made.
type roll struct {
	now     time.Time
	last    int64
	most    int
	holders map[identity.Hash]holder
	entries map[int64]*entry
	// person stands for a number, before this chunk; into are its own merges.
	person func(int64) int64
	into   map[int64]int64
	// merge makes one person of two; nil: conflicts are refused.
	merge func(from, into int64) error
}

// standing is the number that stands for id by now.
func (r *roll) standing(id int64) int64 {
	p := r.person(id)
	for r.into[p] != 0 {
		p = r.into[p]
	}
	return p
}

// apply does what one row says, all of it or nothing.
func (r *roll) apply(row *said) (int64, outcome, error) {
	e, others, err := r.find(row)
	if err != nil {
		return 0, unchanged, err
	}
	if e == nil {
		e = &entry{profile: &profile.Profile{}, held: map[identity.Kind]int{}}
	}
	now, err := profile.Merge(e.profile, row.in)
	if err != nil {
		return 0, unchanged, prefixed("customer", err)
	}
	profile.Stamp(e.profile, now, r.now)
	fresh, err := r.fresh(e, row)
	if err != nil {
		return 0, unchanged, err
	}
	if err := r.unite(e, others, fresh); err != nil {
		return 0, unchanged, err
	}
	result := unchanged
	if len(others) > 0 || len(fresh) > 0 || !proto.Equal(e.profile, now) {
		result = updated
	}
	if e.id == 0 {
		r.last++
		e.id, e.created, result = r.last, true, created
		r.entries[e.id] = e
	}
	for _, k := range fresh {
		r.holders[k.Hash] = holder{customer: e.id}
		e.held[k.Kind]++
	}
	e.fresh, e.profile = append(e.fresh, fresh...), now
	e.changed = e.changed || result != unchanged
	return e.id, result, nil
}

// find looks for the row's customer: nil if there is none. Where its identities
// belong to several, it is the one named or the first of them, and others are the
// persons that are somebody else.
func (r *roll) find(row *said) (e *entry, others []int64, err error) {
	numbers := map[int64]bool{}
	for i, k := range row.known {
		h, ok := r.holders[k.Hash]
		if ok && h.erased {
			return nil, nil, identityErased(fmt.Sprintf("customer.identities[%d]", i))
		}
		if ok {
			numbers[h.customer] = true
		}
	}
	id := row.in.GetId()
	if id == 0 {
		for n := range numbers {
			if id == 0 || n < id {
				id = n
			}
		}
	}
	if id == 0 {
		return nil, nil, nil
	}
	if e = r.entries[id]; e == nil {
		return nil, nil, unknownCustomer()
	}
	if e.erased {
		return nil, nil, fault.Precondition(commonv1.Reason_REASON_CUSTOMER_ERASED, "customer %d was erased", id)
	}
	for n := range numbers {
		if p := r.standing(n); p != r.standing(id) && !slices.Contains(others, p) {
			others = append(others, p)
		}
	}
	slices.Sort(others)
	return e, others, nil
}

// fresh are the row's identities that nobody has, if there is room for them.
func (r *roll) fresh(e *entry, row *said) (fresh []*identity.Known, err error) {
	more := map[identity.Kind]int{}
	given := map[identity.Hash]bool{}
	for i, k := range row.known {
		if _, held := r.holders[k.Hash]; held || given[k.Hash] {
			continue
		}
		given[k.Hash] = true
		if more[k.Kind]++; e.held[k.Kind]+more[k.Kind] > r.most {
			return nil, fault.Precondition(commonv1.Reason_REASON_IDENTITY_LIMIT,
				"customer.identities[%d]: a customer may have at most %d of that kind", i, r.most)
		}
		fresh = append(fresh, k)
	}
	return fresh, nil
}

// unite merges the others into the person of e, or refuses the row.
func (r *roll) unite(e *entry, others []int64, fresh []*identity.Known) error {
	if len(others) == 0 {
		return nil
	}
	into := r.standing(e.id)
	if r.merge == nil {
		return conflict(append([]int64{into}, others...))
	}
	if err := r.crowded(append([]int64{into}, others...), fresh); err != nil {
		return err
	}
	for _, from := range others {
		if err := r.merge(from, into); err != nil {
			return err
		}
		r.into[from] = into
	}
	return nil
}

// crowded refuses to make one person of so many that it would have more identities of a
// kind than a customer may: a telephone that a whole office shares is nobody's.
func (r *roll) crowded(persons []int64, fresh []*identity.Known) error {
	held := map[identity.Kind]int{}
	for _, k := range fresh {
		held[k.Kind]++
	}
	for id, e := range r.entries {
		if slices.Contains(persons, r.standing(id)) {
			for kind, n := range e.held {
				held[kind] += n
			}
		}
	}
	for _, n := range held {
		if n > r.most {
			return fault.Precondition(commonv1.Reason_REASON_IDENTITY_LIMIT,
				"customer.identities would make one person of %d customers with %d identities of a kind; at most %d are one's", len(persons), n, r.most)
		}
	}
	return nil
}

// conflict refuses a row whose identities belong to different persons.
func conflict(persons []int64) error {
	slices.Sort(persons)
	ids := make([]string, len(persons))
	for i, p := range persons {
		ids[i] = strconv.FormatInt(p, 10)
	}
	list := strings.Join(ids, ",")
	return fault.Precondition(commonv1.Reason_REASON_IDENTITY_CONFLICT,
		"customer.identities belong to customers %s", list).With("ids", list)
}

func unknownCustomer() *fault.Error {
	return fault.NotFound(commonv1.Reason_REASON_CUSTOMER_UNKNOWN, "no customer has that number or identity")
}

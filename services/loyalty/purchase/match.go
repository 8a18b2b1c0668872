package purchase

import (
	"bytes"
	"cmp"
	"slices"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// placed is what lines bought and brought back have in common.
type placed interface {
	GetAt() int64
	GetSequence() int32
	GetEvent() []byte
	GetLine() int32
}

// earlier orders lines as they happened; of one time and sequence, by event and place.
func earlier[P placed](a, b P) int {
	return cmp.Or(moment(a, b), bytes.Compare(a.GetEvent(), b.GetEvent()), cmp.Compare(a.GetLine(), b.GetLine()))
}

func moment(a, b placed) int {
	return cmp.Or(cmp.Compare(a.GetAt(), b.GetAt()), cmp.Compare(a.GetSequence(), b.GetSequence()))
}

// match finds what is left of each line that a person bought of one article once all
// returns have taken theirs, and writes into each return how much found nothing. Both
// are in order.
//
// A return takes the latest lines that are not later than it, newest first; one that
// names its order takes lines of that order alone, whenever they were.
func match(lines []*loyaltyv1.BoughtLine, returns []*loyaltyv1.ReturnedLine) (left []int64) {
	left = make([]int64, len(lines))
	for i, l := range lines {
		left[i] = l.GetQuantity()
	}
	for _, r := range returns {
		missing := r.GetQuantity()
		for i, l := range slices.Backward(lines) {
			if missing == 0 && !r.GetWhole() {
				break
			}
			if left[i] == 0 || r.GetOrderId() != "" && l.GetOrderId() != r.GetOrderId() || r.GetOrderId() == "" && moment(l, r) > 0 {
				continue
			}
			n := left[i]
			if !r.GetWhole() {
				n = min(n, missing)
				missing -= n
			}
			left[i] -= n
		}
		if r.GetWhole() {
			missing = 0
		}
		r.Unmatched = missing
	}
	return left
}

// order sorts lines of several shelves of one person into one list.
func order(shelves []*loyaltyv1.Shelf) (lines []*loyaltyv1.BoughtLine, returns []*loyaltyv1.ReturnedLine) {
	for _, s := range shelves {
		lines = append(lines, s.GetLines()...)
		returns = append(returns, s.GetReturns()...)
	}
	slices.SortFunc(lines, earlier)
	slices.SortFunc(returns, earlier)
	return lines, returns
}

// putLine puts a line where it belongs; false: it is there already.
func putLine(s *loyaltyv1.Shelf, l *loyaltyv1.BoughtLine) bool {
	return put(&s.Lines, l)
}

// putReturn does the same for a return.
func putReturn(s *loyaltyv1.Shelf, r *loyaltyv1.ReturnedLine) bool {
	return put(&s.Returns, r)
}

func put[P placed](list *[]P, one P) bool {
	same := func(o P) bool { return o.GetLine() == one.GetLine() && bytes.Equal(o.GetEvent(), one.GetEvent()) }
	if slices.ContainsFunc(*list, same) {
		return false
	}
	i, _ := slices.BinarySearchFunc(*list, one, earlier)
	*list = slices.Insert(*list, i, one)
	return true
}

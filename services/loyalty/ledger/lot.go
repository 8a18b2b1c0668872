// Package ledger has the rules of points: lots, holds and what is owed, and how each
// movement changes them. The rules are pure: they work on accounts in memory, with time
// as an argument. A Keeper loads what they need, lets them decide one request after the
// other, and commits what became of all of them at once.
//
// Every movement sums to zero over programme accounts and members' accounts. Points are
// in lots; spending takes those that expire soonest, of all numbers of a person. A lot
// past its expiry counts for nothing, whether that was posted or not.
package ledger

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Never is when a lot expires that does not. OnDelivery is from when points may be spent
// that wait for a delivery. Times are in Unix microseconds.
const (
	Never      int64 = math.MaxInt64
	OnDelivery int64 = math.MaxInt64
)

// LotID is the number of the movement that made a lot, and its place among those.
type LotID int64

// places bounds how many lots one movement makes.
const places = 1 << 20

// NewLotID puts an id together.
func NewLotID(seq int64, place int) LotID { return LotID(seq*places + int64(place)) }

// Seq is the number of the movement that made the lot.
func (id LotID) Seq() int64 { return int64(id) / places }

func (id LotID) String() string {
	return strconv.FormatInt(id.Seq(), 10) + "." + strconv.FormatInt(int64(id)%places, 10)
}

// ParseLotID reads what String wrote.
func ParseLotID(text string) (LotID, error) {
	seq, place, _ := strings.Cut(text, ".")
	s, err := strconv.ParseInt(seq, 10, 64)
	p, err2 := strconv.Atoi(place)
	if err != nil || err2 != nil || p < 0 || p >= places {
		return 0, fmt.Errorf("lot %q", text)
	}
	return NewLotID(s, p), nil
}

// Lot is what is left of points that were given at once.
type Lot struct {
	ID     LotID
	Points int64
	// EarnedAt and ExpiresAt never change, whoever gets the points.
	EarnedAt, ExpiresAt int64
	// ActiveAt is 0 once they may be spent; until then they are pending.
	ActiveAt int64
	// stored tells that the table has a row of it, and storedActiveAt what stands there.
	stored         bool
	storedActiveAt int64
}

// keep notes that the table has the lot as it is.
func (l *Lot) keep() { l.stored, l.storedActiveAt = l.Points > 0, l.ActiveAt }

// Part is some points of a lot.
type Part struct {
	Lot                 LotID
	Customer            int64
	Points              int64
	EarnedAt, ExpiresAt int64
}

func (l *Lot) part(customer, points int64) Part {
	return Part{Lot: l.ID, Customer: customer, Points: points, EarnedAt: l.EarnedAt, ExpiresAt: l.ExpiresAt}
}

// sooner orders lots as they are spent.
func sooner(a, b *Lot) int {
	if c := cmp.Compare(a.ExpiresAt, b.ExpiresAt); c != 0 {
		return c
	}
	return cmp.Compare(a.ID, b.ID)
}

// Hold is points set aside.
type Hold struct {
	// ID is the number of the movement that made it.
	ID        int64
	Programme string
	// Customer is the number it came with; its parts may be of other numbers.
	Customer int64
	EndsAt   int64
	// Parts are in the order in which they were taken, which is that of expiry.
	Parts []Part
	// Origin is what it is for, packed.
	Origin []byte
	stored bool
}

// Points are those held.
func (h *Hold) Points() (sum int64) {
	for _, p := range h.Parts {
		sum += p.Points
	}
	return sum
}

// owners are the numbers whose points are held, each once.
func (h *Hold) owners() []int64 {
	var out []int64
	for _, p := range h.Parts {
		if !slices.Contains(out, p.Customer) {
			out = append(out, p.Customer)
		}
	}
	return out
}

// Missing says that a rule needs more of an account than is in memory. Nothing was
// changed: load it, and ask again.
type Missing struct {
	Account *Account
	// Lot is the one wanted, and when it expires; 0: those behind the last that is known.
	Lot       LotID
	ExpiresAt int64
}

func (m *Missing) Error() string {
	return fmt.Sprintf("lots of customer %d are not in memory", m.Account.Customer)
}

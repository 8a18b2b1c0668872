// Package rate is what Loyalty's movements count for: the slabs that redemption rates,
// liability, breakage, participation and the like are summed from, and those sums.
//
// Each programme has per day a slab of points issued, spent and expired by place; one of
// lots by the day they were earned on and the time they expire at; one of who had points
// of which expiry; rows of persons, for questions about tiers and segments; what counts
// for tiers; and who moved anything. Receipts of everybody known are apart. Members stand
// in slabs under the number their movements came with: who that is now is applied when
// they are read, so that a merge refolds nothing. All of it is pure.
package rate

import (
	"fmt"
	"strings"
	"sync"

	"github.com/rapport-cx/rapport/internal/compact"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Places of numbers in rows.
const (
	issued = iota
	spent
	expired
	redemptions
	flowWidth
)

const (
	stock = iota
	lotSpent
	lotExpired
	lotWidth
)

const (
	points = iota
	money
	countWidth
)

const (
	receipts = iota
	amount
	receiptWidth
)

// rowKey is whose points moved where, and on which day what a reversal takes back had
// counted; of anything else its own day.
type rowKey struct {
	who   int64
	day   int32
	place string
}

// lotKey is what lots have in common: the day they were earned on, and when they expire.
type lotKey struct {
	earned  int32
	expires int64
}

// stockKey is who has points, and when those expire.
type stockKey struct{ who, expires int64 }

// countKey is whose day it is that counts for tiers.
type countKey struct {
	who int64
	day int32
}

type (
	flow struct {
		at rowKey
		n  [flowWidth]int64
	}
	part struct {
		who int64
		at  lotKey
		n   [lotWidth]int64
	}
	counting struct {
		at countKey
		n  [countWidth]int64
	}
)

// Fact is what slabs need of a movement, or of a receipt, which has no programme.
type Fact struct {
	programme       string
	who, to         int64
	active, spender bool
	// owed is how much more is owed.
	owed    int64
	flows   []flow
	parts   []part
	counted []counting
	// clock is until when points of clocked live on without purchases, if that changed; 0:
	// nobody's did.
	clocked int64
	clock   Clock
	// amount is a receipt's, in minor units.
	amount int64
}

// Decode reads the counting part of a fact; false: it counts for nothing.
func Decode(_ string, f *feed.Fact) (*Fact, bool, error) {
	var out *Fact
	var err error
	switch f.Kind {
	case record.Movement:
		out, err = unpack(f.Data)
	case record.Receipt:
		r := compact.Reader{Rest: string(f.Data)}
		if r.Uint() != packedFormat {
			r.Fail()
		}
		out = &Fact{who: f.Who, amount: r.Int()}
		err = r.End()
	default:
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("fact %d: %w", f.Seq, err)
	}
	return out, true, nil
}

// unpack reads what Pack packed.
func unpack(data []byte) (*Fact, error) {
	r := compact.Reader{Rest: string(data)}
	if r.Uint() != packedFormat {
		return nil, compact.ErrDamaged
	}
	f := &Fact{programme: r.Text()}
	flags := r.Uint()
	f.active, f.spender = flags&isActive != 0, flags&isSpender != 0
	f.who, f.to, f.owed = r.Int(), r.Int(), r.Int()
	f.flows = make([]flow, r.Count(7))
	for i := range f.flows {
		x := &f.flows[i]
		x.at = rowKey{r.Int(), r.Int32(), r.Text()}
		r.Ints(x.n[:])
	}
	f.parts = make([]part, r.Count(6))
	for i := range f.parts {
		x := &f.parts[i]
		x.who, x.at = r.Int(), lotKey{r.Int32(), r.Int()}
		r.Ints(x.n[:])
	}
	f.counted = make([]counting, r.Count(4))
	for i := range f.counted {
		x := &f.counted[i]
		x.at = countKey{r.Int(), r.Int32()}
		r.Ints(x.n[:])
	}
	if r.Rest != "" {
		f.clocked, f.clock = r.Int(), Clock{r.Int(), r.Int(), r.Int()}
	}
	return f, r.End()
}

// Measures of a programme begin with what they are; Receipts is every brand's.
const (
	Receipts    = "receipts"
	flowPrefix  = "flow:"
	lotPrefix   = "lots:"
	stockPrefix = "stock:"
	rowPrefix   = "rows:"
	countPrefix = "count:"
	crowdPrefix = "crowd:"
	clockPrefix = "clock:"
)

// FlowMeasure is points issued, spent and expired, by place.
func FlowMeasure(programme string) string { return flowPrefix + programme }

// LotMeasure is what became of lots.
func LotMeasure(programme string) string { return lotPrefix + programme }

// StockMeasure is who has points of which expiry.
func StockMeasure(programme string) string { return stockPrefix + programme }

// RowMeasure is points issued, spent and expired, by person and place.
func RowMeasure(programme string) string { return rowPrefix + programme }

// CountMeasure is what counts for tiers.
func CountMeasure(programme string) string { return countPrefix + programme }

// CrowdMeasure is who moved anything.
func CrowdMeasure(programme string) string { return crowdPrefix + programme }

// ClockMeasure is until when points live without purchases.
func ClockMeasure(programme string) string { return clockPrefix + programme }

// names are the measures of one programme. They are made once: every entry needs them.
type names struct{ flow, lots, stock, rows, count, crowd, clock string }

var named sync.Map

func namesOf(programme string) *names {
	if n, ok := named.Load(programme); ok {
		return n.(*names)
	}
	programme = strings.Clone(programme) // it is part of a fact
	n, _ := named.LoadOrStore(programme, &names{
		FlowMeasure(programme), LotMeasure(programme), StockMeasure(programme),
		RowMeasure(programme), CountMeasure(programme), CrowdMeasure(programme), ClockMeasure(programme),
	})
	return n.(*names)
}

// Measures appends the measures that the fact moves, each once.
func Measures(f *Fact, _ int32, into []string) []string {
	if f.programme == "" {
		return append(into, Receipts)
	}
	n := namesOf(f.programme)
	into = append(into, n.crowd)
	if len(f.flows) > 0 || f.owed != 0 {
		into = append(into, n.flow, n.rows)
	}
	if len(f.parts) > 0 {
		into = append(into, n.lots, n.stock)
	}
	if len(f.counted) > 0 {
		into = append(into, n.count)
	}
	if f.clocked != 0 {
		into = append(into, n.clock)
	}
	return into
}

// New returns an empty slab of a measure.
func New(measure string) fold.Slab[*Fact] {
	kind, _, _ := strings.Cut(measure, ":")
	switch kind + ":" {
	case flowPrefix:
		return NewFlows()
	case lotPrefix:
		return NewLots()
	case stockPrefix:
		return NewStock()
	case rowPrefix:
		return NewRows()
	case countPrefix:
		return NewCounted()
	case crowdPrefix:
		return NewCrowd()
	case clockPrefix:
		return NewClocks()
	case Receipts + ":":
		return NewBought()
	}
	return void{}
}

// void stands for a measure of another release, met in a table or cache. It counts
// nothing and believes nothing.
type void struct{}

func (void) Apply(int32, *Fact)           {}
func (void) AppendBinary(b []byte) []byte { return b }
func (void) UnmarshalBinary([]byte) error { return compact.ErrDamaged }
func (void) Size() int                    { return 0 }

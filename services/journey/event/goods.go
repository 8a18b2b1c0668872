package event

import (
	"fmt"
	"math"
	"slices"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
)

// goods are the sums of a receipt.
type goods struct {
	// amount is in minor units; money the same as a message, nil if nothing tells it.
	amount int64
	money  *commonv1.Money
	// items are in thousandths; a line that does not say how many has one.
	items int64
}

// piece is one item in thousandths.
const piece = 1000

// most is how much an event may bring, in minor units: more than any receipt, and
// so little that no sum over a customer's receipts leaves 64 bits.
const most = 10_000_000_000_000

// goods sums the lines and checks what they are paid in.
func (r Rules) goods(f *fault.Fields, in *journeyv1.Event) goods {
	var g goods
	for i, line := range in.GetLines() {
		n := line.GetQuantityMilli()
		if n == 0 {
			n = piece
		}
		if !add(&g.items, n, math.MaxInt64) {
			f.Field(fmt.Sprintf("event.lines[%d].quantity_milli", i), "makes the sum too large")
		}
		if line.GetAmount() == nil {
			continue
		}
		path := fmt.Sprintf("event.lines[%d].amount", i)
		if r.money(f, path, line.GetAmount()) && !add(&g.amount, line.GetAmount().GetMinorUnits(), most) {
			f.Field(path, "makes the sum too large")
		}
		if g.money == nil {
			g.money = &commonv1.Money{Currency: r.Brand.Currency}
		}
	}
	if in.GetAmount() != nil && r.money(f, "event.amount", in.GetAmount()) {
		g.amount, g.money = in.GetAmount().GetMinorUnits(), in.GetAmount()
	} else if g.money != nil {
		g.money.MinorUnits = g.amount
	}
	return g
}

func (r Rules) money(f *fault.Fields, path string, m *commonv1.Money) bool {
	switch {
	case m.GetCurrency() != r.Brand.Currency:
		f.Field(path+".currency", "must be %s, the brand's", r.Brand.Currency)
	case m.GetMinorUnits() < 0:
		f.Field(path+".minor_units", "must not be negative")
	case m.GetMinorUnits() > most:
		f.Field(path+".minor_units", "must not be above %d", int64(most))
	default:
		return true
	}
	return false
}

// add adds what is not negative; false if the sum would be above limit.
func add(sum *int64, n, limit int64) bool {
	if *sum > limit-n {
		return false
	}
	*sum += n
	return true
}

// occasions are those that the brand's receipt rules find in a purchase, ordered.
func (r Rules) occasions(in *journeyv1.Event, g goods) []string {
	if len(r.Brand.Receipts) == 0 {
		return nil
	}
	at := in.GetOccurredAt().AsTime().In(r.Zone.Location())
	var out []string
	for i := range r.Brand.Receipts {
		if rule := &r.Brand.Receipts[i]; holds(rule, in, g, at) {
			out = append(out, rule.Occasion)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func holds(rule *config.ReceiptRule, in *journeyv1.Event, g goods, at time.Time) bool {
	party := int64(in.GetPartySize())
	return rule.At(at.Weekday(), at.Hour()*60+at.Minute()) &&
		between(g.items, int64(rule.MinItems)*piece, int64(rule.MaxItems)*piece) &&
		between(party, int64(rule.MinParty), int64(rule.MaxParty)) &&
		// Nobody counted the people: a rule that asks for them cannot hold.
		(party > 0 || rule.MinParty+rule.MaxParty == 0) &&
		(len(rule.Categories) == 0 || slices.ContainsFunc(in.GetLines(), func(l *journeyv1.Line) bool {
			return slices.Contains(rule.Categories, l.GetCategory())
		}))
}

// between tells whether n lies in [low, high]; a high of 0 is none.
func between(n, low, high int64) bool { return n >= low && (high == 0 || n <= high) }

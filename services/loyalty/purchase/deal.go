// Package purchase lets purchases in Journey's feed earn, and returns take back what
// they earned.
//
// For each article a customer's number has a shelf: the lines it bought and brought
// back. A return takes the latest earlier lines of the same person, newest first. What
// every line earns follows from its shelves alone, and the ledger is told the
// difference to what stands there: so events may come late, in any order and more than
// once, and the end is the same. A correction that gives points again takes a
// reversal back, and earns nothing anew.
package purchase

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// Kinds of events that matter here.
type dealKind int8

const (
	nothing dealKind = iota
	bought
	returned
	// cancelled is an order of which nothing stays.
	cancelled
	// delivered is an order whose points may be spent.
	delivered
)

// kindOf tells what an event is to points. A kind means what its longest known prefix of
// whole dotted words means.
func kindOf(e *journeyv1.Event) dealKind {
	is := func(prefix string) bool {
		rest, ok := strings.CutPrefix(e.GetKind(), prefix)
		return ok && (rest == "" || rest[0] == '.')
	}
	known, order := e.GetCustomer().GetId() != 0, e.GetOrderId() != ""
	switch {
	case known && is("purchase"):
		return bought
	case known && is("return"):
		return returned
	case order && (is("order.cancelled") || is("order.not_collected")):
		return cancelled
	case order && (is("order.delivered") || is("order.collected")):
		return delivered
	}
	return nothing
}

// deal is an event that matters.
type deal struct {
	kind     dealKind
	key      [16]byte
	event    *journeyv1.Event
	at       int64 // Unix microseconds
	sequence int32
	customer int64 // 0 where it is of no matter
	lines    []dealLine
}

// dealLine is a line with goods in it; place counts from 1 among all lines.
type dealLine struct {
	place            int32
	goods, category  string
	quantity, amount int64
}

// read takes an event apart; nil: it does not matter.
func read(e *journeyv1.Event) *deal {
	kind := kindOf(e)
	if kind == nothing {
		return nil
	}
	d := &deal{kind: kind, event: e, at: e.GetOccurredAt().AsTime().UnixMicro(), sequence: e.GetSequence(), customer: e.GetCustomer().GetId()}
	sum := sha256.Sum256([]byte(e.GetSource() + "\x00" + e.GetExternalId()))
	copy(d.key[:], sum[:])
	if kind != bought && kind != returned {
		return d
	}
	for i, l := range e.GetLines() {
		one := dealLine{place: int32(i + 1), category: l.GetCategory(), amount: l.GetAmount().GetMinorUnits()}
		one.goods, one.quantity = goodsOf(l)
		d.lines = append(d.lines, one)
	}
	if len(e.GetLines()) == 0 && e.GetAmount().GetMinorUnits() > 0 {
		amount := e.GetAmount().GetMinorUnits()
		d.lines = append(d.lines, dealLine{place: 1, goods: receipt, quantity: amount, amount: amount})
	}
	return d
}

// Prefixes of goods: an article by pieces, a category or a whole receipt by money.
const (
	article  = "a:"
	category = "c:"
	receipt  = "r:"
)

// goodsOf is what a line is found by, and how much of it there is: of an article
// thousandths of a piece, one piece where nothing is said, otherwise minor units.
func goodsOf(l *journeyv1.Line) (goods string, quantity int64) {
	if l.GetSku() == "" {
		return category + l.GetCategory(), l.GetAmount().GetMinorUnits()
	}
	if l.GetQuantityMilli() == 0 {
		return article + l.GetSku(), 1000
	}
	return article + l.GetSku(), l.GetQuantityMilli()
}

// maxOrigin is how long the parts of an origin may be.
const maxOrigin = 64

// origin is what the entries of a line are found by: its order, or else its event, and
// its place.
func (d *deal) origin(place int32) *loyaltyv1.Origin {
	e := d.event
	event := short(e.GetSource()+":"+e.GetExternalId(), d.key, maxOrigin)
	o := &loyaltyv1.Origin{OrderId: event, LineId: strconv.Itoa(int(place)), Channel: e.GetChannel(), Subjects: e.GetSubjects()}
	if e.GetOrderId() != "" {
		// An order may have several receipts.
		line := "/" + strconv.Itoa(int(place))
		o.OrderId, o.LineId = e.GetOrderId(), short(e.GetSource()+":"+e.GetExternalId(), d.key, maxOrigin-len(line))+line
	}
	return o
}

// short is a text, or where it is too long what stands for it.
func short(text string, key [16]byte, most int) string {
	if len(text) <= most {
		return text
	}
	return hex.EncodeToString(key[:])
}

// Piece is goods of an event: what they are found by, and how much of them there is.
type Piece struct {
	Goods, Category  string
	Quantity, Amount int64
}

// Goods are those of a purchase or a return; one without lines is a receipt.
func Goods(e *journeyv1.Event) (out []Piece) {
	for _, l := range e.GetLines() {
		one := Piece{Category: l.GetCategory(), Amount: l.GetAmount().GetMinorUnits()}
		one.Goods, one.Quantity = goodsOf(l)
		out = append(out, one)
	}
	if n := e.GetAmount().GetMinorUnits(); len(e.GetLines()) == 0 && n > 0 {
		out = append(out, Piece{Goods: receipt, Quantity: n, Amount: n})
	}
	return out
}

// IsReturn tells that something bought came back: offers listen to that too.
func IsReturn(e *journeyv1.Event) bool { return kindOf(e) == returned }

// IsCancelled tells that a purchase did not take place, which offers listen to as well.
func IsCancelled(e *journeyv1.Event) bool { return kindOf(e) == cancelled }

// OrderOf is the order that the entries of an event's points are found by.
func OrderOf(e *journeyv1.Event) string {
	d := deal{event: e}
	sum := sha256.Sum256([]byte(e.GetSource() + "\x00" + e.GetExternalId()))
	copy(d.key[:], sum[:])
	return d.origin(1).GetOrderId()
}

package compare

import (
	"fmt"
	"slices"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
	"github.com/rapport-cx/rapport/services/segmentation/rfm"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// Buyer is a person with a purchase up to the later day: what it bought up to each of
// the two days, all from the first purchase on, and what it is worth.
type Buyer struct {
	// From has no purchases if there was none yet.
	From, To rfm.Row
	Bought   value.Bought
}

// BuyerOf sums a person up; false if it bought nothing up to the later day.
func BuyerOf(person int64, h *purchase.History, from, to calendar.Day, within calendar.Days) (b Buyer, ok bool) {
	if h == nil {
		return b, false
	}
	b.From.Person, b.To.Person = person, person
	for i, all := 0, h.All(); i < len(all) && all[i].Day <= to; i++ {
		d := &all[i]
		if d.Purchases == 0 {
			continue
		}
		if d.Day <= from {
			bought(&b.From, d, from)
		}
		bought(&b.To, d, to)
	}
	if b.To.Purchases == 0 {
		return b, false
	}
	b.Bought = value.Of(h, within)
	return b, true
}

func bought(r *rfm.Row, d *purchase.Day, on calendar.Day) {
	r.Days = int64(on - d.Day)
	r.Purchases += d.Purchases
	r.Spent += d.Spent
}

// Fifths cuts buyers, in runs as they were read, anew at each of the two days, and lets
// each of them move between its scores; who had bought nothing yet is in no state.
// Whoever has bought by the earlier day was a customer then, also if its number was
// given out later: receipts may be imported before the customers they name are known.
func Fifths(m *Moves, runs [][]Buyer, by segmentationv1.RfmStates_By, who *Presence) {
	n := 0
	for _, run := range runs {
		n += len(run)
	}
	rows := make([]rfm.Row, 0, n)
	each := func(fn func(*Buyer)) {
		for _, run := range runs {
			for i := range run {
				fn(&run[i])
			}
		}
	}
	each(func(b *Buyer) {
		if b.From.Purchases > 0 {
			rows = append(rows, b.From)
		}
	})
	before := cut(rows)
	rows = rows[:0]
	each(func(b *Buyer) { rows = append(rows, b.To) })
	after := cut(rows)
	names := namesBy(by)
	each(func(b *Buyer) {
		from, bought := None, Known{From: b.From.Purchases > 0, To: true}
		if bought.From {
			from = names[before.Score(&b.From)]
		}
		if s, ok := who.Of(b.To.Person, bought); ok {
			m.Add(s.Move(from, names[after.Score(&b.To)]), b.Bought)
		}
	})
}

func cut(rows []rfm.Row) (m rfm.Measure) {
	if len(rows) == 0 {
		return m
	}
	return rfm.MeasureOf(rows)
}

// namesBy has the state of each score.
func namesBy(by segmentationv1.RfmStates_By) map[rfm.Score]string {
	all := map[rfm.Score]string{}
	for r := uint8(1); r <= 5; r++ {
		for f := uint8(1); f <= 5; f++ {
			for m := uint8(1); m <= 5; m++ {
				s := rfm.Score{Recency: r, Frequency: f, Monetary: m}
				all[s] = nameBy(by, s)
			}
		}
	}
	return all
}

func nameBy(by segmentationv1.RfmStates_By, s rfm.Score) string {
	switch by {
	case segmentationv1.RfmStates_BY_RECENCY:
		return fmt.Sprint("R", s.Recency)
	case segmentationv1.RfmStates_BY_FREQUENCY:
		return fmt.Sprint("F", s.Frequency)
	case segmentationv1.RfmStates_BY_MONETARY:
		return fmt.Sprint("M", s.Monetary)
	case segmentationv1.RfmStates_BY_CELL:
		return fmt.Sprint("R", s.Recency, "F", s.Frequency, "M", s.Monetary)
	}
	return fmt.Sprint("R", s.Recency, "F", s.Frequency)
}

// FifthsStates are the names of all states, the best first.
func FifthsStates(by segmentationv1.RfmStates_By) (names []string) {
	for r := uint8(5); r > 0; r-- {
		for f := uint8(5); f > 0; f-- {
			for m := uint8(5); m > 0; m-- {
				name := nameBy(by, rfm.Score{Recency: r, Frequency: f, Monetary: m})
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

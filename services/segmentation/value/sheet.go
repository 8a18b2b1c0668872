package value

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// sheet is what the persons of one block bought, by the day: all that a question about
// any days asks, in some two bytes for each day that a person bought on.
type sheet struct {
	// round is the one in which it was read.
	round   int64
	persons int64
	// related are the days between the first and the last purchase of each buyer, both
	// ends included.
	related []int32
	// days are those with a purchase, ascending; of each, the buyers are who, by their
	// places in related, from where the day's begin to where the next one's do.
	days []onSheet
	who  []uint16
}

// onSheet is one day.
type onSheet struct {
	day              calendar.Day
	from             uint32
	purchases, spent int64
}

// buyers are some of the persons of a block.
type buyers [block / 64]uint64

func (b *buyers) add(place uint16) { b[place/64] |= 1 << (place % 64) }

func (b *buyers) count() (n int64) {
	for _, word := range b {
		n += int64(bits.OnesCount64(word))
	}
	return n
}

// also counts those who are among others too.
func (b *buyers) also(others *buyers) (n int64) {
	for i, word := range b {
		n += int64(bits.OnesCount64(word & others[i]))
	}
	return n
}

// bought is a day on which a person bought.
type bought struct {
	day              calendar.Day
	who              uint16
	purchases, spent int64
}

// newSheet writes down what the persons of a block bought.
func newSheet(run []Person, round int64) *sheet {
	s := &sheet{round: round, persons: int64(len(run))}
	var all []bought
	for i := range run {
		all = s.write(all, run[i].History)
	}
	slices.SortFunc(all, func(x, y bought) int { return cmp.Or(cmp.Compare(x.day, y.day), cmp.Compare(x.who, y.who)) })
	s.who = make([]uint16, len(all))
	for i, b := range all {
		if n := len(s.days); n == 0 || s.days[n-1].day != b.day {
			s.days = append(s.days, onSheet{day: b.day, from: uint32(i)})
		}
		d := &s.days[len(s.days)-1]
		d.purchases += b.purchases
		d.spent += b.spent
		s.who[i] = b.who
	}
	s.days, s.related = slices.Clip(s.days), slices.Clip(s.related)
	return s
}

// write adds a person's days to those of others; nil bought nothing.
func (s *sheet) write(all []bought, h *purchase.History) []bought {
	if h == nil {
		return all
	}
	before, who := len(all), uint16(len(s.related))
	for i, days := 0, h.All(); i < len(days); i++ {
		if d := &days[i]; d.Purchases > 0 {
			all = append(all, bought{d.Day, who, d.Purchases, d.Spent})
		}
	}
	if len(all) > before {
		s.related = append(s.related, int32(related(all[before].day, all[len(all)-1].day)))
	}
	return all
}

// size is about how many bytes it takes.
func (s *sheet) size() int64 {
	return int64(len(s.days))*24 + int64(len(s.who))*2 + int64(len(s.related))*4 + 128
}

// sum answers a question about the persons of the block.
func (s *sheet) sum(q Question) (out Sum) {
	before := calendar.Day(q.Active)
	in := s.within(q.Days)
	start := s.within(calendar.Days{From: q.Days.From - before, Until: q.Days.From})
	end := s.within(calendar.Days{From: q.Days.Until - before, Until: q.Days.Until})
	ever := start
	for i := range ever {
		ever[i] |= in[i]
	}
	out.Group = Group{Persons: s.persons, Buyers: in.count()}
	for i := s.at(q.Days.From); i < s.at(q.Days.Until); i++ {
		out.Group.Purchases += s.days[i].purchases
		out.Group.Spent += s.days[i].spent
	}
	for i, word := range in {
		for ; word != 0; word &= word - 1 {
			out.Group.Related += int64(s.related[i*64+bits.TrailingZeros64(word)])
		}
	}
	out.Period = Period{Start: start.count(), End: end.count(), Active: ever.count()}
	out.Period.New = out.Period.End - end.also(&start)
	out.Period.Lost = out.Period.Active - ever.also(&end)
	return out
}

// at is where the first day is that is not before one.
func (s *sheet) at(day calendar.Day) int {
	i, _ := slices.BinarySearchFunc(s.days, day, func(d onSheet, day calendar.Day) int { return cmp.Compare(d.day, day) })
	return i
}

// within are those who bought on any of some days.
func (s *sheet) within(days calendar.Days) (out buyers) {
	from, until := s.at(days.From), s.at(days.Until)
	if from >= until {
		return out
	}
	end := len(s.who)
	if until < len(s.days) {
		end = int(s.days[until].from)
	}
	for _, place := range s.who[s.days[from].from:end] {
		out.add(place)
	}
	return out
}

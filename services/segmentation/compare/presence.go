package compare

import (
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
)

// Presence tells who was there on two days. Of a merged person the earliest number
// tells since when; a person is gone when none of its numbers is left.
type Presence struct {
	People *people.Mapping
	// From and To are the days, Before and By the last number given out up to the end
	// of each: numbers are given out in order of time.
	From, To   calendar.Day
	Before, By int64
	// Erased has when a number was erased.
	Erased map[int64]calendar.Day
}

// Standing is where a person is left out of the states of a day: New on the earlier
// one, Gone on the later one.
type Standing struct{ New, Gone bool }

// Known tells that a person is known to have been there by each day, whenever its
// numbers were given out: receipts may come before those whom they name.
type Known struct{ From, To bool }

// Of tells how a person stood; ok is false for who was there on neither day, and so is
// no unit: it came after the later day, was gone by the earlier one, or came and went
// between them.
func (p *Presence) Of(person int64, k Known) (s Standing, ok bool) {
	if p.People.Empty() && len(p.Erased) == 0 {
		s.New = person > p.Before && !k.From
		return s, person <= p.By || k.To
	}
	numbers := p.People.Members(person)
	s.New = numbers[0] > p.Before && !k.From
	s.Gone = p.gone(numbers, p.To)
	came := numbers[0] <= p.By || k.To
	ok = came && !(s.New && s.Gone) && !(s.Gone && p.gone(numbers, p.From))
	return s, ok
}

func (p *Presence) gone(numbers []int64, by calendar.Day) bool {
	for _, id := range numbers {
		if day, erased := p.Erased[id]; !erased || day > by {
			return false
		}
	}
	return true
}

// Move is a person's move between the states that it was in on the days, or would have
// been in had it been there.
func (s Standing) Move(from, to string) Move {
	if s.New {
		from = Away
	}
	if s.Gone {
		to = Away
	}
	return Move{from, to}
}

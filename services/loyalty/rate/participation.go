package rate

import (
	"github.com/RoaringBitmap/roaring/v2/roaring64"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// Participation finds who takes part. Days come in ascending order, from the first that
// has any.
type Participation struct {
	person Person
	// joined is the day of each person's first movement.
	joined map[int64]calendar.Day
	known  *roaring64.Bitmap
	days   []crowdDay
}

type crowdDay struct {
	day   calendar.Day
	crowd *Crowd
	new   int64
}

// NewParticipation begins a sum.
func NewParticipation(person Person) *Participation {
	return &Participation{person: person, joined: map[int64]calendar.Day{}, known: roaring64.New()}
}

// Day adds a day. The slab is read until Over.
func (p *Participation) Day(day calendar.Day, s *Crowd) {
	fresh := roaring64.AndNot(s.moved, p.known)
	p.known.Or(fresh)
	one := crowdDay{day: day, crowd: s}
	for it := fresh.Iterator(); it.HasNext(); {
		who := p.person(int64(it.Next()))
		if _, old := p.joined[who]; !old {
			p.joined[who] = day
			one.new++
		}
	}
	p.days = append(p.days, one)
}

// Joined is the day of each person's first movement.
func (p *Participation) Joined() map[int64]calendar.Day { return p.joined }

// Over is who took part in some days.
func (p *Participation) Over(days calendar.Days) *loyaltyv1.Participation {
	out := &loyaltyv1.Participation{Dates: dateRange(days)}
	active, spenders := roaring64.New(), roaring64.New()
	for _, d := range p.days {
		if d.day >= days.Until {
			break
		}
		out.Members += d.new
		if d.day >= days.From {
			out.Enrolled += d.new
			active.Or(d.crowd.active)
			spenders.Or(d.crowd.spenders)
		}
	}
	out.Active, out.Spenders = p.persons(active), p.persons(spenders)
	out.ActiveRate = Share(out.Active, out.Members)
	return out
}

// persons counts those behind numbers.
func (p *Participation) persons(numbers *roaring64.Bitmap) int64 {
	who := roaring64.New()
	for it := numbers.Iterator(); it.HasNext(); {
		who.Add(uint64(p.person(int64(it.Next()))))
	}
	return int64(who.GetCardinality())
}

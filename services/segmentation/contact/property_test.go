package contact

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
)

var zoneNames = []string{"UTC", "Europe/Moscow", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe",
	"Asia/Kathmandu", "Africa/Casablanca"}

// plainly is whether a contact is allowed, by the words of the rules, one moment
// at a time.
func plainly(rules *config.Contact, p *Person, ask Ask) bool {
	local := ask.At.In(p.Zone.Location())
	today := p.Zone.DayOf(ask.At)
	minute := local.Hour()*60 + local.Minute()
	if ask.Mode == call && rules.Night.Has(minute) {
		return false
	}
	for _, m := range p.Members {
		for _, d := range m.SensitiveDates {
			_, month, day := today.Date()
			_, tomorrow, _ := (today + 1).Date()
			same := int(d.Month) == int(month) && int(d.Day) == day
			leap := d.Month == 2 && d.Day == 29 && month == time.February && day == 28 && tomorrow == time.March
			if same || leap {
				return false
			}
		}
		for _, e := range m.LifeEvents {
			from, _ := calendar.ParseDay(e.Day)
			if today >= from && today < from+calendar.Day(rules.SilenceAfter(e.Kind)) {
				return false
			}
		}
	}
	with := append(slices.Clone(p.Made), Made{Purpose: ask.Purpose, At: ask.At})
	for _, l := range rules.Limits {
		if (l.Purpose == "" || l.Purpose == ask.Purpose) && fullest(p.Zone, with, l, today) > l.Most {
			return false
		}
	}
	return true
}

// fullest counts the contacts of the fullest window of a limit that has the day.
func fullest(z *calendar.Zone, made []Made, l config.ContactLimit, day calendar.Day) (most int) {
	for from := day - calendar.Day(l.Days) + 1; from <= day; from++ {
		n := 0
		for _, m := range made {
			on := z.DayOf(m.At)
			if (l.Purpose == "" || l.Purpose == m.Purpose) && on >= from && on < from+calendar.Day(l.Days) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func randomPerson(r *rand.Rand, t *testing.T, at time.Time) *Person {
	p := &Person{Zone: zone(t, zoneNames[r.IntN(len(zoneNames))])}
	for range 1 + r.IntN(2) {
		m := &customer{}
		for range r.IntN(4) {
			// Around the time asked for, and on the odd day.
			_, month, day := (p.Zone.DayOf(at) + calendar.Day(r.IntN(4))).Date()
			m.SensitiveDates = append(m.SensitiveDates, &segmentationv1.SensitiveDate{Month: int32(month), Day: int32(day)},
				&segmentationv1.SensitiveDate{Month: 2, Day: 29})
		}
		for range r.IntN(3) {
			m.LifeEvents = append(m.LifeEvents, &segmentationv1.LifeEvent{Kind: []string{"bereavement", "move", "wedding"}[r.IntN(3)],
				Day: (p.Zone.DayOf(at) + calendar.Day(r.IntN(100)-80)).String()})
		}
		p.Members = append(p.Members, m)
	}
	for range r.IntN(8) {
		p.Made = append(p.Made, Made{Purpose: []string{"survey", "news", "service"}[r.IntN(3)],
			At: at.Add(time.Duration(r.IntN(40*24*60)-20*24*60) * time.Minute)})
	}
	return p
}

func randomRules(r *rand.Rand) *config.Contact {
	c := &config.Contact{Silence: map[string]int{"bereavement": 1 + r.IntN(90), "wedding": 0}}
	if r.IntN(4) > 0 {
		c.Night = config.ClockSpan{From: r.IntN(96) * 15, To: r.IntN(96) * 15}
		if c.Night.From == c.Night.To {
			c.Night = config.ClockSpan{}
		}
	}
	c.QuietModes = []string{"CALL"}
	for i, purpose := range []string{"survey", "", "news"} {
		if r.IntN(3) > 0 {
			c.Limits = append(c.Limits, config.ContactLimit{Purpose: purpose, Days: 1 + r.IntN(20), Most: 1 + r.IntN(3+i)})
		}
	}
	return c
}

// The time told is allowed, and no time between the one asked for and it is.
func TestAllowedFromIsTheEarliest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	later := 0
	for i := range 300 {
		// All around the year, so around changes of clocks and leap days too.
		at := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(3*366*96)) * 15 * time.Minute)
		rules, p := randomRules(r), randomPerson(r, t, at)
		ask := Ask{Purpose: []string{"survey", "news", "service"}[r.IntN(3)], Mode: []commonv1.ContactMode{call, email}[r.IntN(2)], At: at}
		j := Judge(rules, p, ask)
		where := fmt.Sprintf("case %d: %s of %s at %s: %v", i, ask.Purpose, p.Zone, at, short(p.Zone, j))
		if j.From.IsZero() || j.Allowed() != plainly(rules, p, ask) || j.Allowed() != j.From.Equal(at) {
			t.Fatal(where)
		}
		for tried := ask; tried.At.Before(j.From); tried.At = tried.At.Add(15 * time.Minute) {
			if later++; plainly(rules, p, tried) {
				t.Fatalf("%s, but %s is allowed", where, tried.At)
			}
		}
		ask.At = j.From
		if !plainly(rules, p, ask) {
			t.Fatalf("%s, but it is forbidden", where)
		}
		if before := j.From.Add(-time.Microsecond); before.After(at) {
			if ask.At = before; plainly(rules, p, ask) {
				t.Fatalf("%s, but so was a moment before", where)
			}
		}
	}
	if later < 1000 {
		t.Errorf("only %d forbidden times were tried", later)
	}
}

// Whatever is asked for, in whatever order of time, no window of whole days ever
// has more contacts than its limit.
func TestNoWindowIsEverTooFull(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		rules := randomRules(r)
		p := &Person{Zone: zone(t, zoneNames[r.IntN(len(zoneNames))])}
		for range 150 {
			ask := Ask{Purpose: []string{"survey", "news"}[r.IntN(2)], Mode: email,
				At: time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(60*24*60)) * time.Minute)}
			if j := Judge(rules, p, ask); j.Allowed() {
				p.Made = append(p.Made, Made{Purpose: ask.Purpose, At: ask.At})
			}
		}
		for _, l := range rules.Limits {
			for _, m := range p.Made {
				if n := fullest(p.Zone, p.Made, l, p.Zone.DayOf(m.At)); n > l.Most {
					t.Fatalf("%d contacts within %+v", n, l)
				}
			}
		}
	}
}

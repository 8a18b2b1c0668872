// Package contact says whether a customer may be contacted and counts the
// contacts that were given leave.
//
// A rule forbids whole days where the customer lives (consents: all of them) or
// the hours of the night. So the earliest time that nothing forbids is found by
// jumping from the end of one ban to the end of the next: no minute is tried.
package contact

import (
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
)

// Person is what is known of one person, over all its numbers.
type Person struct {
	// Members are the numbers. Consents, sensitive dates, life events and erased of
	// each are looked at.
	Members []*segmentationv1.Customer
	// Zone is where the person lives.
	Zone *calendar.Zone
	// Made are the contacts of all numbers that were not released, in any order.
	Made []Made
}

// Made is a contact that counts.
type Made struct {
	Purpose string
	At      time.Time
}

// Ask is a contact somebody wants to make.
type Ask struct {
	Purpose string
	Mode    commonv1.ContactMode
	At      time.Time
}

// Horizon is how far ahead a time is looked for at which nothing forbids.
const Horizon = 400 * 24 * time.Hour

// Judgement is what the rules say of a contact.
type Judgement struct {
	// Verdicts are the rules that forbid it, in the order of ContactRule.
	Verdicts []*segmentationv1.ContactVerdict
	// From is the earliest time, not before the one asked for, at which nothing
	// forbids; zero if there is none within Horizon.
	From time.Time
}

// Allowed tells that nothing forbids.
func (j *Judgement) Allowed() bool { return len(j.Verdicts) == 0 }

// Judge holds a contact against the brand's rules.
func Judge(rules *config.Contact, p *Person, ask Ask) Judgement {
	var j Judgement
	bans := bansOn(rules, p, ask)
	for _, b := range bans {
		from, ever := b.after(ask.At)
		if ever && from.Equal(ask.At) {
			continue
		}
		j.Verdicts = append(j.Verdicts, b.verdict(ask.At, from, ever))
	}
	j.From = clear(bans, ask.At)
	return j
}

// clear is the first time from at on that no ban covers. Each step goes to where
// some ban ends that covers the time: whatever lies between is forbidden by it.
func clear(bans []ban, at time.Time) time.Time {
	for t := at; t.Sub(at) <= Horizon; {
		moved := false
		for _, b := range bans {
			from, ever := b.after(t)
			if !ever {
				return time.Time{}
			}
			if from.After(t) {
				t, moved = from, true
			}
		}
		if !moved {
			return t
		}
	}
	return time.Time{}
}

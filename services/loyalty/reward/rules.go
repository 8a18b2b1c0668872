package reward

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// Member is what rules ask about who would take a reward, as neighbours and standings
// tell it.
type Member struct {
	// Tier is the name of the member's; "": none.
	Tier string
	// In tells that the member is in the reward's segment, if it has one.
	In bool
	// Zone is where the member's days are.
	Zone     *calendar.Zone
	Birthday Birthday
	// Sensitive are days of the year on which the member is reminded of nothing.
	Sensitive []Date
}

// Date is a day of every year.
type Date struct {
	Month time.Month
	Day   int
}

// Counted is what the tables say at the moment of the decision.
type Counted struct {
	// Taken and Choice are pieces gone of the reward and of the gift chosen.
	Taken, Choice int64
	// Times is how often the person has taken the reward. Birthdays are when the person
	// took birthday gifts of the programme.
	Times     int
	Birthdays []time.Time
}

// Examine tells what forbids a reward now, beside points: those the ledger judges. gift is
// what was chosen; nil: nothing was.
func Examine(r, gift *loyaltyv1.Reward, m *Member, c *Counted, now time.Time) (out []*loyaltyv1.RewardObstacle) {
	add := func(o *loyaltyv1.RewardObstacle) {
		if o != nil {
			out = append(out, o)
		}
	}
	add(validity(r, now))
	if gift != nil {
		add(validity(gift, now))
	}
	if !left(r, c.Taken) || gift != nil && !left(gift, c.Choice) {
		add(obstacle(loyaltyv1.RewardObstacle_RULE_STOCK, "nothing is left", time.Time{}))
	}
	if len(r.GetTiers()) > 0 && !slices.Contains(r.GetTiers(), m.Tier) {
		add(obstacle(loyaltyv1.RewardObstacle_RULE_TIER, "it is for "+strings.Join(r.GetTiers(), ", "), time.Time{}))
	}
	if r.GetSegmentId() != "" && !m.In {
		add(obstacle(loyaltyv1.RewardObstacle_RULE_SEGMENT, "the member is not in the segment", time.Time{}))
	}
	if n := r.GetPerPerson(); n > 0 && c.Times >= int(n) {
		add(obstacle(loyaltyv1.RewardObstacle_RULE_TAKEN, fmt.Sprintf("it was taken %d times, and may be %d", c.Times, n), time.Time{}))
	}
	if r.GetKind() == loyaltyv1.Reward_KIND_BIRTHDAY {
		add(birthday(r, m, c, now))
		add(sensitive(m, now))
	}
	return out
}

func obstacle(rule loyaltyv1.RewardObstacle_Rule, message string, until time.Time) *loyaltyv1.RewardObstacle {
	o := &loyaltyv1.RewardObstacle{Rule: rule, Message: message}
	if !until.IsZero() {
		o.Until = timestamppb.New(until)
	}
	return o
}

func validity(r *loyaltyv1.Reward, now time.Time) *loyaltyv1.RewardObstacle {
	const rule = loyaltyv1.RewardObstacle_RULE_VALIDITY
	switch {
	case r.GetClosed():
		return obstacle(rule, "it is no longer offered", time.Time{})
	case r.GetValidFrom() != nil && now.Before(r.GetValidFrom().AsTime()):
		return obstacle(rule, "it may not be taken yet", r.GetValidFrom().AsTime())
	case r.GetValidUntil() != nil && !now.Before(r.GetValidUntil().AsTime()):
		return obstacle(rule, "it may not be taken any more", time.Time{})
	}
	return nil
}

func left(r *loyaltyv1.Reward, taken int64) bool { return r.Stock == nil || taken < r.GetStock() }

func birthday(r *loyaltyv1.Reward, m *Member, c *Counted, now time.Time) *loyaltyv1.RewardObstacle {
	taken := make([]calendar.Day, len(c.Birthdays))
	for i, at := range c.Birthdays {
		taken[i] = m.Zone.DayOf(at)
	}
	g := m.Birthday.Judge(m.Zone.DayOf(now), r.GetDaysBefore(), r.GetDaysAfter(), taken)
	if g.Why == "" {
		return nil
	}
	rule, until := loyaltyv1.RewardObstacle_RULE_BIRTHDAY, time.Time{}
	if g.Taken {
		rule = loyaltyv1.RewardObstacle_RULE_TAKEN
	}
	if g.Until != 0 {
		until = m.Zone.StartOf(g.Until)
	}
	return obstacle(rule, g.Why, until)
}

// sensitive keeps silent on days that are not for gifts: until the next that is.
func sensitive(m *Member, now time.Time) *loyaltyv1.RewardObstacle {
	today := m.Zone.DayOf(now)
	day := today
	for m.silent(day) && day < today+366 {
		day++
	}
	if day == today {
		return nil
	}
	return obstacle(loyaltyv1.RewardObstacle_RULE_SENSITIVE, "it is a day on which the member is reminded of nothing", m.Zone.StartOf(day))
}

func (m *Member) silent(day calendar.Day) bool {
	year, _, _ := day.Date()
	return slices.ContainsFunc(m.Sensitive, func(d Date) bool { return Yearly(year, d.Month, d.Day) == day })
}

package loyalty

import (
	"context"
	"slices"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/loyalty/reward"
)

// askFor is how long a reward waits for what Segmentation knows of a member.
const askFor = 50 * time.Millisecond

// member is what a reward's rules ask about a number's person. What the rules do not ask
// for is not asked.
func (s *Server) member(ctx context.Context, b *brand, def *loyaltyv1.Reward, who int64) (*reward.Member, error) {
	m := &reward.Member{Zone: b.zone}
	if len(def.GetTiers()) > 0 {
		did, err := s.standing(ctx, b, def.GetProgrammeId(), b.people().Members(who))
		if err != nil {
			return nil, err
		}
		m.Tier = s.tierState(b, def.GetProgrammeId(), did).GetTier().GetName()
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	if def.GetSegmentId() != "" {
		in, err := s.inSegment(ctx, b, def.GetSegmentId(), who)
		if err != nil {
			return nil, err
		}
		m.In = in
	}
	if def.GetKind() == loyaltyv1.Reward_KIND_BIRTHDAY {
		return m, s.celebrated(ctx, b, def, who, m)
	}
	return m, nil
}

// away says that what a rule asks cannot be told now.
func away(what string, err error) error {
	return fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "%s cannot be told now: try again", what).Because(err)
}

func (s *Server) inSegment(ctx context.Context, b *brand, segment string, who int64) (bool, error) {
	if s.near.Segmentation == nil {
		return false, away("the member's segments", people.ErrAway)
	}
	in, err := s.segmentsOf(ctx, b, b.people().Person(who))
	if fault.Is(err, commonv1.Reason_REASON_CUSTOMER_UNKNOWN) {
		return false, nil
	}
	if err != nil {
		return false, away("the member's segments", err)
	}
	return slices.Contains(in, segment), nil
}

// celebrated reads a person's birthday and sensitive dates. What the number that stands
// for the person says goes before the others; a sensitive date of any is kept.
func (s *Server) celebrated(ctx context.Context, b *brand, def *loyaltyv1.Reward, who int64, m *reward.Member) error {
	if s.near.Segmentation == nil {
		return away("the member's birthday", people.ErrAway)
	}
	person := b.people().Person(who)
	numbers := slices.Clone(b.people().Members(who))
	slices.SortStableFunc(numbers, func(x, y int64) int {
		switch person {
		case x:
			return -1
		case y:
			return 1
		}
		return 0
	})
	name := def.GetAttribute()
	if name == "" {
		name = "birthday"
	}
	placed := false
	for _, n := range numbers {
		out, err := s.near.Segmentation.GetCustomer(ctx, &segmentationv1.GetCustomerRequest{
			Brand: b.ID, Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: n}},
		})
		if fault.Is(err, commonv1.Reason_REASON_CUSTOMER_UNKNOWN) {
			continue
		}
		if err != nil {
			return away("the member's birthday", err)
		}
		c := out.GetCustomer()
		if zone, err := calendar.Load(c.GetZone()); !placed && c.GetZone() != "" && err == nil {
			m.Zone, placed = zone, true
		}
		for _, d := range c.GetSensitiveDates() {
			m.Sensitive = append(m.Sensitive, reward.Date{Month: time.Month(d.GetMonth()), Day: int(d.GetDay())})
		}
		if !m.Birthday.Known {
			m.Birthday = birthdayOf(c, name, m.Zone)
		}
	}
	return nil
}

// birthdayOf reads a customer's attribute. One whose time was never kept counts as set
// when anything of the customer was last.
func birthdayOf(c *segmentationv1.Customer, name string, zone *calendar.Zone) reward.Birthday {
	day, err := calendar.ParseDay(c.GetAttributes()[name].GetText())
	if err != nil {
		return reward.Birthday{}
	}
	set := c.GetAttributeTimes()[name]
	if set == nil {
		set = c.GetUpdatedAt()
	}
	_, month, dom := day.Date()
	return reward.Birthday{Known: true, Month: month, Day: dom, Set: zone.DayOf(set.AsTime())}
}

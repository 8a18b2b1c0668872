package measure

import (
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/stat"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

// Success sums outcomes of orders into the success index.
type Success struct {
	filter Filter
	split  Split
	total  orderSum
	groups groups[orderSum]
	keys   []string
}

// NewSuccess starts a sum.
func NewSuccess(filter Filter, split Split) *Success {
	return &Success{filter: filter, split: split, groups: groups[orderSum]{}}
}

// Day adds the orders that stand on a day.
func (s *Success) Day(day calendar.Day, orders *tally.Orders) {
	for o, n := range orders.All() {
		if !s.filter.takes(o.Channel, o.Subjects) {
			continue
		}
		s.total.add(&o, n)
		s.keys = s.split.keys(day, o.Channel, o.Subjects, s.keys[:0])
		for _, key := range s.keys {
			s.groups.of(key).add(&o, n)
		}
	}
}

// Answer is the index of all orders, and of each group that has any.
func (s *Success) Answer() (*journeyv1.SuccessIndex, []*journeyv1.SuccessIndex) {
	return s.total.index(""), answers(s.groups, func(key string, sum *orderSum) *journeyv1.SuccessIndex {
		if sum.all == 0 {
			return nil
		}
		return sum.index(key)
	})
}

// lastReason is the number of the last OffNormReason.
const lastReason = journeyv1.OffNormReason_OFF_NORM_REASON_LATE

type orderSum struct {
	// all is every order, judged how many are within or off norm.
	all, judged, within, cancelled, open int64
	// first and any count by OffNormReason.
	first, any   [lastReason + 1]int64
	notCollected map[string]int64
}

func (s *orderSum) add(o *tally.Outcome, n int64) {
	s.all += n
	switch o.Status {
	case journeyv1.OrderOutcome_STATUS_OPEN:
		s.open += n
	case journeyv1.OrderOutcome_STATUS_CANCELLED_BY_CUSTOMER:
		s.cancelled += n
	case journeyv1.OrderOutcome_STATUS_NOT_COLLECTED:
		if s.notCollected == nil {
			s.notCollected = map[string]int64{}
		}
		s.notCollected[o.Reason] += n
	default:
		s.judge(o, n)
	}
}

// judge counts an order under the first of its reasons and under all of them.
func (s *orderSum) judge(o *tally.Outcome, n int64) {
	s.judged += n
	off := false
	for reason, holds := range [lastReason + 1]bool{
		journeyv1.OffNormReason_OFF_NORM_REASON_CANCELLED_BY_SHOP: o.Status == journeyv1.OrderOutcome_STATUS_CANCELLED_BY_SHOP,
		journeyv1.OffNormReason_OFF_NORM_REASON_FAILED:            o.Status == journeyv1.OrderOutcome_STATUS_FAILED,
		journeyv1.OffNormReason_OFF_NORM_REASON_MISSORTED:         o.Missorted,
		journeyv1.OffNormReason_OFF_NORM_REASON_PARTIAL:           o.Partial,
		journeyv1.OffNormReason_OFF_NORM_REASON_LATE:              o.Late,
	} {
		if !holds {
			continue
		}
		if !off {
			s.first[reason] += n
		}
		off = true
		s.any[reason] += n
	}
	if !off {
		s.within += n
	}
}

func (s *orderSum) index(key string) *journeyv1.SuccessIndex {
	out := &journeyv1.SuccessIndex{
		Key: key, Orders: s.judged, WithinNorm: s.within, CancelledByCustomer: s.cancelled, Open: s.open,
		NotCollected: reasons(s.notCollected),
	}
	if s.judged <= 0 {
		return out
	}
	n := float64(s.judged)
	value := 100 * float64(s.within) / n
	low, high := stat.Wilson(s.within, s.judged)
	out.Value, out.Low, out.High = &value, &low, &high
	for reason, any := range s.any {
		if any != 0 {
			out.OffNorm = append(out.OffNorm, &journeyv1.OffNorm{
				Reason: journeyv1.OffNormReason(reason), Orders: s.first[reason], Any: any,
				Share: 100 * float64(s.first[reason]) / n,
			})
		}
	}
	return out
}

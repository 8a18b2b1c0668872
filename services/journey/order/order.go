// Package order tells what became of orders. An outcome is a pure function of an
// order's events, whatever order they arrived in.
package order

import (
	"cmp"
	"slices"
	"strings"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/services/journey/event"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// Rules are what orders of one brand are judged by.
type Rules struct {
	Norms *config.Norms
	Zone  *calendar.Zone
}

// Outcome tells how an order stands; false if none of its events is a step of an
// order, as in a case that only shares the field.
//
// An order that arrived has arrived, at its first arrival: a delivery that failed
// before, or a cancellation that came too late, does not undo it. Otherwise the
// last of the events that end an order tells how it ended.
func (r Rules) Outcome(events []record.Packed) (record.Order, bool) {
	all := slices.Clone(events)
	slices.SortFunc(all, func(a, b record.Packed) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Number, b.Number))
	})
	out := record.Order{Sign: 1, Status: journeyv1.OrderOutcome_STATUS_OPEN}
	var placed, ended *record.Packed
	known := false
	for i := range all {
		e := &all[i]
		m := event.MeaningOf(e.Kind)
		known = known || m.OfOrder()
		if m == event.OrderPlaced && placed == nil {
			placed = e
		}
		out.Partial = out.Partial || m == event.OrderPartial
		out.Missorted = out.Missorted || m == event.OrderMissorted
		if status := ending(m); status != 0 && out.Status != journeyv1.OrderOutcome_STATUS_ARRIVED {
			out.Status, ended = status, e
		}
		if e.Promised != 0 {
			out.Promised = e.Promised
		}
		if out.Who == 0 {
			out.Who = e.Who
		}
		out.Subjects = append(out.Subjects, e.Subjects...)
	}
	if !known {
		return record.Order{}, false
	}
	out.ID, out.Channel = all[0].Order, all[0].Channel
	out.Subjects = distinct(out.Subjects)
	if placed != nil {
		out.Placed, out.Channel = placed.At, placed.Channel
	}
	if ended != nil {
		out.Ended, out.Reason = ended.At, ended.Reason
	}
	out.Judged = out.Status == journeyv1.OrderOutcome_STATUS_ARRIVED && out.Promised != 0
	out.Late = out.Judged && r.late(&out)
	return out, true
}

// ending is how an event ends an order; 0 if it does not.
func ending(m event.Meaning) journeyv1.OrderOutcome_Status {
	switch m {
	case event.OrderDelivered, event.OrderCollected:
		return journeyv1.OrderOutcome_STATUS_ARRIVED
	case event.OrderFailed:
		return journeyv1.OrderOutcome_STATUS_FAILED
	case event.OrderCancelledByShop:
		return journeyv1.OrderOutcome_STATUS_CANCELLED_BY_SHOP
	case event.OrderCancelledByCustomer:
		return journeyv1.OrderOutcome_STATUS_CANCELLED_BY_CUSTOMER
	case event.OrderNotCollected:
		return journeyv1.OrderOutcome_STATUS_NOT_COLLECTED
	}
	return 0
}

// late holds the arrival against the promise, by the norm of the order's channel.
func (r Rules) late(o *record.Order) bool {
	norm := r.Norms.For(strings.TrimPrefix(o.Channel.String(), "CHANNEL_"))
	arrived, latest := time.UnixMicro(o.Ended), time.UnixMicro(o.Promised).Add(norm.Grace)
	if norm.Late == config.LateDay {
		return r.Zone.DayOf(arrived) > r.Zone.DayOf(latest)
	}
	return arrived.After(latest)
}

// Day is the day an outcome stands on: on which the order ended, or was placed
// while it is open; of its first event where that is not known.
func (r Rules) Day(o *record.Order, first int64) int32 {
	at := cmp.Or(o.Ended, o.Placed, first)
	return int32(r.Zone.DayOf(time.UnixMicro(at)))
}

// distinct orders subjects by kind, then id, each once.
func distinct(all []record.Subject) []record.Subject {
	slices.SortFunc(all, func(a, b record.Subject) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID))
	})
	return slices.Compact(all)
}

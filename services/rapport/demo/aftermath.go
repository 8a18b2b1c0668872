package demo

import (
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

// aftermath is what follows: a call, or goods brought back, more often the worse it
// was.
func (t *teller) aftermath() {
	e := t.e
	if e.customer == 0 || e.outcome == looked {
		return
	}
	share, reason := t.grievance()
	if t.c.Float64() < share {
		t.contact(reason)
	}
	if e.outcome != fulfilled {
		return
	}
	back := 0.025
	if e.mixedUp || e.mood < -1.3 {
		back = 0.15
	}
	if t.c.Float64() < back {
		t.bringBack()
	}
}

// grievance is how likely the customer is to call, and what about.
func (t *teller) grievance() (share float64, reason string) {
	e := t.e
	switch {
	case e.outcome == failed:
		return 0.6, "delivery"
	case e.outcome == cancelledByShop:
		return 0.5, "refund"
	case e.mixedUp:
		return 0.4, "quality"
	case e.partial:
		return 0.35, "missing_goods"
	case e.late:
		return 0.25, "delivery"
	case e.outcome != fulfilled:
		return 0.05, "refund"
	case e.mood < -1.3:
		return 0.15, t.one("quality", "quality", "staff", "prices")
	}
	return 0.012, t.one("loyalty", "stock", "order_status", "app", "receipt")
}

// contact names the point of the journey map that it is about.
func (t *teller) contact(reason string) {
	kind, channel := kindCall, commonv1.Channel_CHANNEL_CALL_CENTER
	if name, screen := t.screen(); name == "app" && t.c.Float64() < 0.4 {
		kind, channel = kindChat, screen
	}
	at := byDaylight(t.e.at.Add(t.minutes(10, 36*60)))
	ev := t.tell(kind, at, channel)
	ev.OrderId, ev.Reason, ev.Touchpoint = t.e.order, reason, t.e.touchpoint()
}

// bringBack returns a line of the receipt to a store.
func (t *teller) bringBack() {
	at := byDaylight(t.e.at.Add(t.minutes(24*60, 9*24*60)))
	ev := t.tell(kindReturn, at, commonv1.Channel_CHANNEL_STORE)
	ev.Lines = []*journeyv1.Line{t.w.line(t.c, 1)}
	ev.Reason = t.one("quality", "did_not_fit", "changed_mind")
}

// byDaylight moves a moment of the night to the morning after.
func byDaylight(at time.Time) time.Time {
	y, m, d := at.Date()
	switch {
	case at.Hour() >= 22:
		return time.Date(y, m, d+1, 9, at.Minute(), at.Second(), 0, at.Location())
	case at.Hour() < 8:
		return time.Date(y, m, d, 9, at.Minute(), at.Second(), 0, at.Location())
	}
	return at
}

package demo

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

// A story reaches from a promotion that was looked at days before to goods that are
// brought back days later.
const (
	daysBefore = 9
	daysAfter  = 12
	// eventsPerAnswer is about how many events there are for one answer.
	eventsPerAnswer = 17
)

// Events makes the events that happened after one moment and not after another, by
// day of experience.
func (w *World) Events(after, until time.Time) iter.Seq[*journeyv1.Event] {
	return func(yield func(*journeyv1.Event) bool) {
		first := w.clamp(after.AddDate(0, 0, -daysAfter).In(w.zone))
		y, m, d := first.Date()
		for day := time.Date(y, m, d, 0, 0, 0, 0, w.zone); !day.After(until.AddDate(0, 0, daysBefore)); day = day.AddDate(0, 0, 1) {
			for key, e := range w.on(day) {
				for _, ev := range w.story(Source, key, e, after, until) {
					if !yield(ev) {
						return
					}
				}
			}
		}
	}
}

// teller tells a story as events.
type teller struct {
	w      *World
	c      *rand.Rand
	e      *experience
	source string
	// after and until bound what is told.
	after, until time.Time
	n            int
	out          []*journeyv1.Event
}

// story is what happened around an experience, as far as it lies between two
// moments. Whatever these are, each event has the same key.
func (w *World) story(source string, key uint64, e *experience, after, until time.Time) []*journeyv1.Event {
	t := &teller{w: w, c: w.chance(ofStory, key), e: e, source: source, after: after, until: until}
	switch {
	case e.outcome == looked && e.channel.online():
		t.browse(e.at)
	case e.outcome == looked || !e.channel.ordered():
		t.shop()
	default:
		t.order()
	}
	t.aftermath()
	return t.out
}

// tell adds an event; the caller may add to what it gets.
func (t *teller) tell(kind string, at time.Time, channel commonv1.Channel) *journeyv1.Event {
	e := t.e
	ev := &journeyv1.Event{
		Source: t.source, ExternalId: fmt.Sprintf("%s.%02d", e.number, t.n), Kind: kind, Channel: channel,
		Subjects: append(e.subjects(), regionRef(e.region)), OccurredAt: timestamppb.New(at), Sequence: int32(t.n),
	}
	if ref := t.w.known(e); ref != nil {
		ev.Actor = &journeyv1.Event_Customer{Customer: ref}
	}
	t.n++
	if at.After(t.after) && !at.After(t.until) {
		t.out = append(t.out, ev)
	}
	return ev
}

// ofOrder is an event of the order, in the order's channel.
func (t *teller) ofOrder(kind string, at time.Time) *journeyv1.Event {
	ev := t.tell(kind, at, t.e.channel.id)
	ev.OrderId = t.e.order
	return ev
}

func (t *teller) minutes(from, to int) time.Duration {
	return time.Duration(from*60+t.c.IntN((to-from)*60)) * time.Second
}

// shop is a visit to a store, with or without a receipt in the end.
func (t *teller) shop() {
	if t.e.customer > 0 && t.c.Float64() < 0.15 {
		t.look(t.e.at.Add(-t.minutes(60, 20*60)))
	}
	t.tell(kindVisitStore, t.e.at.Add(-t.minutes(3, 20)), t.e.channel.id)
	if t.e.outcome != looked {
		t.purchase()
	}
}

// screen is where a customer looks at goods: in the app or on the site.
func (t *teller) screen() (name string, channel commonv1.Channel) {
	if t.w.trait(t.e.customer, ofDevice) < 0.62 {
		return "app", commonv1.Channel_CHANNEL_APP
	}
	return "web", commonv1.Channel_CHANNEL_WEB
}

// onScreen is a visit of a page, which belongs to no store.
func (t *teller) onScreen(page string, at time.Time) {
	name, channel := t.screen()
	t.tell(kindVisit+name+page, at, channel).Subjects = []*commonv1.SubjectRef{regionRef(t.e.region)}
}

// look is a look at the goods; a promotion may have led there.
func (t *teller) look(at time.Time) {
	if t.c.Float64() < 0.12 {
		t.onScreen(".promo", at.Add(-t.minutes(1, 15)))
	}
	t.onScreen(".catalog", at)
}

// browse leads to a filled basket, or nowhere.
func (t *teller) browse(until time.Time) {
	if t.c.Float64() < 0.25 {
		t.look(until.Add(-t.minutes(24*60, 3*24*60)))
	}
	t.look(until.Add(-t.minutes(6, 40)))
	if t.e.outcome == looked && t.c.Float64() < 0.6 {
		return
	}
	t.onScreen(".cart", until.Add(-t.minutes(1, 5)))
}

// order goes from the basket to the door, or as far as it gets.
func (t *teller) order() {
	e := t.e
	takes := e.channel.takes[0] + time.Duration(t.c.Float64()*float64(e.channel.takes[1]-e.channel.takes[0]))
	placed, arrives := e.at.Add(-takes), e.at
	if e.channel.online() {
		t.browse(placed)
	} else { // it is ordered in the shop: the visit is what is asked about
		placed, arrives = e.at, e.at.Add(takes)
		t.tell(kindVisitStore, placed.Add(-t.minutes(5, 30)), e.channel.id)
	}
	t.ofOrder(kindPlaced, placed).PromisedAt = t.promise(placed, arrives)
	part := func(share float64) time.Time { return placed.Add(time.Duration(share * float64(takes))) }
	switch e.outcome {
	case cancelledByCustomer:
		t.ofOrder(kindCancelledCustomer, part(0.1)).Reason = t.one("changed_mind", "found_cheaper", "too_long", "mistake")
		return
	case cancelledByShop:
		t.ofOrder(kindApproved, part(0.03))
		t.ofOrder(kindCancelledShop, part(0.3)).Reason = t.one("out_of_stock", "out_of_stock", "no_courier", "price_error")
		return
	}
	t.ofOrder(kindApproved, part(0.02+0.05*t.c.Float64()))
	t.ofOrder(kindShipped, part(0.3+0.3*t.c.Float64()))
	t.arrive(arrives, part(0.7+0.2*t.c.Float64()))
}

// promise is until when a delivery was to come: the late one came after that.
func (t *teller) promise(placed, arrives time.Time) *timestamppb.Timestamp {
	if t.e.courier == nil {
		return nil // the customer comes when it suits
	}
	promised := arrives.Add(t.minutes(2, 90))
	if t.e.late {
		// An express has ten minutes' grace, and takes no less than four times that.
		promised = arrives.Add(-min(t.minutes(15, 120), arrives.Sub(placed)/2))
	}
	if t.e.channel.id == commonv1.Channel_CHANNEL_NEXT_DAY {
		// A day was promised, not an hour.
		y, m, d := arrives.Date()
		if t.e.late {
			d--
		}
		promised = time.Date(y, m, d, 23, 59, 0, 0, arrives.Location())
	}
	return timestamppb.New(promised)
}

// arrive is the last step of an order that was sent.
func (t *teller) arrive(at, ready time.Time) {
	e := t.e
	if e.courier == nil && e.channel.online() {
		t.ofOrder(kindReady, ready)
	}
	switch e.outcome {
	case notCollected:
		t.ofOrder(kindNotCollected, at).Reason = t.one("no_time", "bought_elsewhere", "not_told", "changed_mind")
		return
	case failed:
		t.ofOrder(kindFailed, at).Reason = t.one("nobody_home", "wrong_address", "courier_missing", "damaged")
		return
	}
	if e.partial {
		t.ofOrder(kindPartial, at)
	}
	if e.mixedUp {
		t.ofOrder(kindMissorted, at)
	}
	if e.courier == nil && e.channel.online() {
		t.ofOrder(kindCollected, at)
	} else {
		t.ofOrder(kindDelivered, at)
	}
	t.purchase()
}

// purchase is the receipt, of the moment the goods changed hands: of an order in the
// shop, when it was paid there.
func (t *teller) purchase() {
	ev := t.ofOrder(kindPurchase, t.e.at)
	ev.Lines, ev.PartySize = t.w.basket(t.c, t.e)
}

func (t *teller) one(words ...string) string { return words[t.c.IntN(len(words))] }

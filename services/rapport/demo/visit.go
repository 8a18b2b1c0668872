package demo

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// Source names the facts of the history, LiveSource those made as time goes by.
const (
	Source     = "demo"
	LiveSource = "demo.live"
)

// Facets of responses. Whether an order came late, Survey learns from Journey.
const (
	facetLate = "order.late"
	facetTier = "loyalty.tier"
)

// rulesDays is how many days before the anchor callbacks were introduced:
// answers since then are to the second version of their survey.
const rulesDays = 3

// outcome is how an experience ended.
type outcome int

const (
	// fulfilled: the goods are with the customer, though maybe late or not all.
	fulfilled outcome = iota
	// looked: nothing was bought.
	looked
	cancelledByShop
	cancelledByCustomer
	failed
	notCollected
)

// experience is one visit or order, before anybody told of it.
type experience struct {
	number   string // unique in the chain
	order    string // empty if there is none
	at       time.Time
	channel  *channel
	mode     *mode
	customer int64 // 0: nobody knows
	store    *store
	region   int
	courier  *courier
	point    *point
	answers  bool
	outcome  outcome
	late     bool
	partial  bool
	mixedUp  bool
	mood     float64
}

// Between makes the responses answered after one moment and not after another,
// by day of experience, each day's in the order they were answered.
func (w *World) Between(after, until time.Time) iter.Seq[*surveyv1.Response] {
	return func(yield func(*surveyv1.Response) bool) {
		for day := w.start(after); !day.After(until); day = day.AddDate(0, 0, 1) {
			for _, r := range w.day(day, after, until) {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// Count is about how many responses Between makes.
func (w *World) Count(after, until time.Time) int64 {
	sum := 0.0
	for day := w.start(after); !day.After(until); day = day.AddDate(0, 0, 1) {
		part := min(1, until.Sub(day).Hours()/24) - max(0, after.Sub(day).Hours()/24)
		sum += max(0, part) * w.opts.PerDay * volume(day)
	}
	return int64(sum)
}

// start is the first day that may have responses answered after a moment.
func (w *World) start(after time.Time) time.Time {
	y, m, d := after.In(w.zone).Date()
	day := time.Date(y, m, d-4, 0, 0, 0, 0, w.zone)
	if day.Before(w.first) {
		return w.first
	}
	return day
}

// on are the experiences of one day.
func (w *World) on(day time.Time) iter.Seq2[uint64, *experience] {
	return func(yield func(uint64, *experience) bool) {
		seed := mix(uint64(day.Unix()))
		n := int(w.opts.PerDay/answerShare*volume(day) + w.chance(ofDay, seed).Float64())
		for i := range n {
			key := seed + uint64(i)
			e := w.experience(w.chance(ofDay, mix(key)), day)
			e.number = fmt.Sprintf("%s-%06d", day.Format("20060102"), i)
			if e.channel.ordered() {
				e.order = fmt.Sprintf("%s%06d", day.Format("060102"), i)
			}
			if !yield(key, e) {
				return
			}
		}
	}
}

// day makes the responses about one day.
func (w *World) day(day, after, until time.Time) []*surveyv1.Response {
	var out []*surveyv1.Response
	for key, e := range w.on(day) {
		if !e.answers {
			continue
		}
		c := w.chance(ofAnswer, key)
		asked, answered := w.asked(c, e)
		if !answered.After(after) || answered.After(until) {
			continue
		}
		r := w.respond(c, e)
		r.AskedAt, r.AnsweredAt = timestamppb.New(asked), timestamppb.New(answered)
		r.Source, r.ExternalId = Source, e.number
		r.SurveyVersion = 1
		if !day.Before(w.opts.Anchor.AddDate(0, 0, -rulesDays)) {
			r.SurveyVersion = 2
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(x, y *surveyv1.Response) int {
		return x.GetAnsweredAt().AsTime().Compare(y.GetAnsweredAt().AsTime())
	})
	return out
}

// experience draws who did what, where and when on a day.
func (w *World) experience(c *rand.Rand, day time.Time) *experience {
	e := &experience{channel: w.channelOn(c, day)}
	// A few come often, most seldom.
	customer := 1 + int64(w.people*math.Pow(c.Float64(), 1.6))
	e.store = &w.stores[w.home(customer)]
	if c.Float64() < 0.2 || !e.store.openOn(day) {
		e.store = w.another(c, e.store.region, day)
	}
	e.region = e.store.regionOn(day)
	e.at = w.moment(c, day, e)
	switch e.channel.survey {
	case surveyDelivery:
		e.courier = &w.couriers[e.region][c.IntN(len(w.couriers[e.region]))]
	case surveyPickup:
		if e.channel.id == commonv1.Channel_CHANNEL_PICKUP_POINT {
			e.point = &w.points[e.region][c.IntN(len(w.points[e.region]))]
		}
	}
	e.mode = &e.channel.modes[pick(e.channel.sums, c.Float64())]
	if e.answers = c.Float64() < answerShare; !e.answers {
		e.outcome = w.ending(c, e)
	}
	if w.recognised(c, e) {
		e.customer = customer
	}
	w.fare(c, e, customer)
	return e
}

// recognised tells whether the chain knows who it was. Without a card nobody is
// known in a shop, and only a code on the receipt asks those who are not.
func (w *World) recognised(c *rand.Rand, e *experience) bool {
	u := c.Float64()
	switch {
	case e.mode.id == commonv1.ContactMode_CONTACT_MODE_QR:
		return u < 0.4
	case e.channel.ordered() || e.answers:
		return true
	}
	return u < 0.7
}

// lookShare is how many of those who do not answer bought nothing.
const lookShare = 0.32

// ending draws how it ended for somebody who does not answer: nobody is asked
// about an order that never came, or about nothing bought.
func (w *World) ending(c *rand.Rand, e *experience) outcome {
	u := c.Float64()
	if u < lookShare {
		return looked
	}
	if !e.channel.ordered() {
		return fulfilled
	}
	switch u = c.Float64(); {
	case u < 0.013:
		return cancelledByShop
	case u < 0.030:
		return cancelledByCustomer
	case u < 0.055 && e.courier != nil:
		return failed
	case u < 0.075 && e.courier == nil && e.channel.online():
		return notCollected
	}
	return fulfilled
}

// another store of the region that is open that day.
func (w *World) another(c *rand.Rand, region int, day time.Time) *store {
	for range 20 {
		if s := &w.stores[w.regional[region][pick(w.draw[region], c.Float64())]]; s.openOn(day) {
			return s
		}
	}
	for i := range w.stores {
		if w.stores[i].openOn(day) {
			return &w.stores[i]
		}
	}
	return &w.stores[0]
}

// moment draws the time of day: by the channel's busy hours, and for a store
// within its own opening hours.
func (w *World) moment(c *rand.Rand, day time.Time, e *experience) time.Time {
	hour := pick(e.channel.hours, c.Float64())
	if e.channel.survey != surveyDelivery && e.channel.id != commonv1.Channel_CHANNEL_PICKUP_POINT {
		f := formats[e.store.format]
		hour = min(max(hour, f.opens), f.shut-1)
	}
	y, m, d := day.Date()
	return time.Date(y, m, d, hour, c.IntN(60), c.IntN(60), 0, w.zone)
}

// asked draws when the customer was asked and when he answered.
func (w *World) asked(c *rand.Rand, e *experience) (asked, answered time.Time) {
	asked = e.at
	if e.mode.id != commonv1.ContactMode_CONTACT_MODE_QR {
		asked = e.at.Add(time.Duration(15+c.IntN(165)) * time.Minute)
	}
	return asked, asked.Add(reply(c, e.mode))
}

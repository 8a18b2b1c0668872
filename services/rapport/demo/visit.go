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

// Source names the responses of the history, LiveSource those made as time goes by.
const (
	Source     = "demo"
	LiveSource = "demo.live"
)

// Facets of responses.
const (
	facetLate = "order.late"
	facetTier = "loyalty.tier"
)

// rulesDays is how many days before the anchor callbacks were introduced:
// answers since then are to the second version of their survey.
const rulesDays = 3

// experience is one visit or delivery, before anybody was asked about it.
type experience struct {
	at       time.Time
	channel  *channel
	mode     *mode
	customer int64 // 0: nobody knows
	store    *store
	region   int
	courier  *courier
	point    *point
	late     bool
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

// day makes the responses about one day.
func (w *World) day(day, after, until time.Time) []*surveyv1.Response {
	c := w.chance(ofDay, uint64(day.Unix()))
	n := int(w.opts.PerDay*volume(day) + c.Float64())
	out := make([]*surveyv1.Response, 0, n)
	for i := range n {
		e := w.experience(c, day)
		asked, answered := w.asked(c, e)
		r := w.respond(c, e)
		if !answered.After(after) || answered.After(until) {
			continue // made all the same, so that chance takes the same course
		}
		r.AskedAt, r.AnsweredAt = timestamppb.New(asked), timestamppb.New(answered)
		r.Source, r.ExternalId = Source, fmt.Sprintf("%s-%06d", day.Format("20060102"), i)
		r.SurveyVersion = 1
		if !day.Before(w.opts.Anchor.AddDate(0, 0, -rulesDays)) {
			r.SurveyVersion = 2
		}
		if e.channel.survey != surveyVisit {
			r.OrderId = fmt.Sprintf("%s%06d", day.Format("060102"), i)
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(x, y *surveyv1.Response) int {
		return x.GetAnsweredAt().AsTime().Compare(y.GetAnsweredAt().AsTime())
	})
	return out
}

// Live makes one response answered now about what happened a moment ago. n tells
// one from another.
func (w *World) Live(n uint64, now time.Time) *surveyv1.Response {
	c := w.chance(ofLive, mix(uint64(now.UnixNano()))^n)
	local := now.In(w.zone)
	y, m, d := local.Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, w.zone)
	at := local.Add(-time.Duration(10+c.IntN(80)) * time.Minute)
	byDay := at.Hour() >= 9 && at.Hour() < 22 && !at.Before(day)
	if !byDay {
		day = day.AddDate(0, 0, -1) // at night people answer about the day before
	}
	e := w.experience(c, day)
	if byDay {
		e.at = at
	}
	r := w.respond(c, e)
	r.AskedAt, r.AnsweredAt = timestamppb.New(local.Add(-2*time.Minute)), timestamppb.New(local)
	r.Source, r.ExternalId = LiveSource, fmt.Sprintf("%d-%d", now.UnixNano(), n)
	return r
}

// experience draws who did what, where and when on a day.
func (w *World) experience(c *rand.Rand, day time.Time) *experience {
	e := &experience{channel: w.channelOn(c, day)}
	// A few come often, most seldom.
	customer := 1 + int64(w.people*math.Pow(c.Float64(), 1.6))
	home := pick(w.pull, w.trait(customer, 1))
	e.store = &w.stores[home]
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
	if e.mode.id != commonv1.ContactMode_CONTACT_MODE_QR || c.Float64() < 0.4 {
		e.customer = customer
	}
	w.fare(c, e, customer)
	return e
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

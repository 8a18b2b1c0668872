package demo

import (
	"math"
	"math/rand/v2"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
)

// mode is a way of asking, how often it is used, and how long people take.
type mode struct {
	id     commonv1.ContactMode
	weight float64
	median time.Duration // from being asked to answering
	mood   float64       // what it does to answers: a voice on the phone hears fewer complaints
}

var (
	byMail      = mode{commonv1.ContactMode_CONTACT_MODE_EMAIL, 0.40, 7 * time.Hour, 0}
	byPush      = mode{commonv1.ContactMode_CONTACT_MODE_PUSH, 0.35, 35 * time.Minute, 0.02}
	bySMS       = mode{commonv1.ContactMode_CONTACT_MODE_SMS, 0.15, 90 * time.Minute, -0.05}
	byMessenger = mode{commonv1.ContactMode_CONTACT_MODE_MESSENGER, 0.15, 50 * time.Minute, 0}
	byQR        = mode{commonv1.ContactMode_CONTACT_MODE_QR, 0.18, 2 * time.Minute, -0.12}
	byCall      = mode{commonv1.ContactMode_CONTACT_MODE_CALL, 0.06, 3 * time.Hour, 0.15}
)

// channel is a way to buy: how many take it, how it fares, when it happens and
// how its customers are asked.
type channel struct {
	id     commonv1.Channel
	survey string
	weight float64
	growth float64 // what the history adds to the weight, as a share of it
	mood   float64
	hours  []float64 // weight of each hour of the day
	modes  []mode
	sums   []float64
	// takes is how long an order takes from being placed to arriving, from and to;
	// zero: there is no order, the goods are taken along.
	takes [2]time.Duration
}

// online tells whether it was ordered from a screen.
func (ch *channel) online() bool { return ch.ordered() && ch.survey != surveyVisit }

// ordered tells whether there is an order, which has a number and a way to go.
func (ch *channel) ordered() bool { return ch.takes[1] > 0 }

// a day of orders.
const aDay = 24 * time.Hour

// hoursOf lays weights over the hours from a first one on; the others get none.
func hoursOf(first int, weights ...float64) []float64 {
	out := make([]float64, 24)
	copy(out[first:], weights)
	return running(out)
}

var (
	shopping = hoursOf(8, 1, 2, 3, 4, 5, 5, 5, 5, 5, 6, 8, 9, 8, 5, 2)
	evenings = hoursOf(9, 1, 2, 3, 3, 4, 3, 3, 4, 6, 9, 9, 6, 2)
	courses  = hoursOf(10, 3, 4, 4, 4, 4, 4, 4, 4, 6, 8, 8, 5, 2)
)

var channels = asked([]channel{
	{id: commonv1.Channel_CHANNEL_STORE, survey: surveyVisit, weight: 44, mood: 0, hours: shopping, modes: []mode{byMail, byPush, bySMS, byQR}},
	{id: commonv1.Channel_CHANNEL_IN_STORE_ORDER, survey: surveyVisit, weight: 4, mood: 0.12, hours: shopping, takes: [2]time.Duration{aDay, 3 * aDay}, modes: []mode{byMail, bySMS, byCall}},
	{id: commonv1.Channel_CHANNEL_PICKUP, survey: surveyPickup, weight: 15, mood: 0.10, hours: evenings, takes: [2]time.Duration{3 * time.Hour, 2 * aDay}, modes: []mode{byPush, byMail, bySMS}},
	{id: commonv1.Channel_CHANNEL_EXPRESS, survey: surveyDelivery, weight: 11, growth: 0.6, mood: -0.08, hours: courses, takes: [2]time.Duration{40 * time.Minute, 150 * time.Minute}, modes: []mode{byPush, byMessenger, bySMS}},
	{id: commonv1.Channel_CHANNEL_COURIER, survey: surveyDelivery, weight: 12, growth: -0.2, mood: 0.04, hours: courses, takes: [2]time.Duration{aDay, 3 * aDay}, modes: []mode{byPush, byMail, bySMS, byCall}},
	{id: commonv1.Channel_CHANNEL_NEXT_DAY, survey: surveyDelivery, weight: 6, mood: -0.18, hours: courses, takes: [2]time.Duration{aDay, 34 * time.Hour}, modes: []mode{byMail, byPush, bySMS}},
	{id: commonv1.Channel_CHANNEL_PICKUP_POINT, survey: surveyPickup, weight: 8, growth: 0.3, mood: 0.14, hours: evenings, takes: [2]time.Duration{aDay, 4 * aDay}, modes: []mode{byPush, byMail, byMessenger}},
})

// asked sums up the weights of the modes.
func asked(all []channel) []channel {
	for i := range all {
		weights := make([]float64, len(all[i].modes))
		for j, m := range all[i].modes {
			weights[j] = m.weight
		}
		all[i].sums = running(weights)
	}
	return all
}

// volume is how many experiences a day brings, compared with an average one.
func volume(day time.Time) float64 {
	month := [...]float64{0.88, 0.92, 1.00, 0.98, 1.00, 0.96, 0.92, 1.02, 1.00, 1.00, 1.12, 1.30}[day.Month()-1]
	weekday := [...]float64{1.18, 0.86, 0.86, 0.90, 0.96, 1.10, 1.26}[day.Weekday()]
	return month * weekday * feast(day)
}

// feast is what the calendar's special days do to trade.
func feast(day time.Time) float64 {
	switch m, d := day.Month(), day.Day(); {
	case m == time.January && d == 1:
		return 0.25
	case m == time.January && d <= 8:
		return 0.65
	case m == time.December && d >= 24:
		return 1.25
	case m == time.March && d >= 6 && d <= 8:
		return 1.25
	case m == time.August && d >= 20:
		return 1.12
	case m == time.November && day.Weekday() == time.Friday && d >= 23 && d <= 29:
		return 1.7 // Black Friday
	}
	return 1
}

// season is what the time of year, of the week and of the day does to the mood:
// crowds make it worse.
func season(at time.Time) float64 {
	s := 0.0
	switch at.Month() {
	case time.December:
		s -= 0.12
	case time.June, time.July:
		s += 0.04
	}
	if wd := at.Weekday(); wd == time.Saturday || wd == time.Sunday {
		s -= 0.06
	}
	if h := at.Hour(); h >= 18 && h < 21 {
		s -= 0.07
	}
	return s
}

// channelOn draws a channel: delivery grows over the history, and a weekend is
// for going out.
func (w *World) channelOn(c *rand.Rand, day time.Time) *channel {
	progress := w.progress(day)
	weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
	var weights [16]float64
	for i := range channels {
		ch := &channels[i]
		weights[i] = ch.weight * (1 + ch.growth*(progress-0.5))
		if weekend && ch.survey == surveyVisit {
			weights[i] *= 1.25
		}
	}
	return &channels[pick(running(weights[:len(channels)]), c.Float64())]
}

// reply is how long after being asked somebody answers: half within the median,
// few much later, nobody after three days.
func reply(c *rand.Rand, m *mode) time.Duration {
	d := time.Duration(float64(m.median) * math.Exp(c.NormFloat64()*0.9))
	return min(max(d, 20*time.Second), 70*time.Hour)
}

package order

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/services/journey/record"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// at is so many hours after noon.
func at(hours float64) int64 {
	return noon.Add(time.Duration(hours * float64(time.Hour))).UnixMicro()
}

func step(kind string, hours float64) record.Packed {
	return record.Packed{Sign: 1, Number: int64(hours*100) + 1, Kind: kind, Order: "o", At: at(hours)}
}

func promising(p record.Packed, hours float64) record.Packed {
	p.Promised = at(hours)
	return p
}

func rules(late string, grace time.Duration) Rules {
	return Rules{Zone: calendar.UTC, Norms: &config.Norms{
		Norm: config.Norm{Late: late, Grace: grace},
		Channels: map[string]config.Norm{
			"EXPRESS": {Late: config.LateTimestamp}, "NEXT_DAY": {Late: config.LateDay},
		},
	}}
}

func TestOutcome(t *testing.T) {
	const (
		open     = journeyv1.OrderOutcome_STATUS_OPEN
		arrived  = journeyv1.OrderOutcome_STATUS_ARRIVED
		failed   = journeyv1.OrderOutcome_STATUS_FAILED
		shop     = journeyv1.OrderOutcome_STATUS_CANCELLED_BY_SHOP
		customer = journeyv1.OrderOutcome_STATUS_CANCELLED_BY_CUSTOMER
		left     = journeyv1.OrderOutcome_STATUS_NOT_COLLECTED
	)
	placed := promising(step("order.placed", 0), 10)
	for name, tt := range map[string]struct {
		events       []record.Packed
		status       journeyv1.OrderOutcome_Status
		judged, late bool
	}{
		"open":                      {[]record.Packed{placed}, open, false, false},
		"in time":                   {[]record.Packed{placed, step("order.delivered", 10)}, arrived, true, false},
		"late":                      {[]record.Packed{placed, step("order.delivered", 10.5)}, arrived, true, true},
		"collected":                 {[]record.Packed{placed, step("order.collected.locker", 3)}, arrived, true, false},
		"no promise":                {[]record.Packed{step("order.placed", 0), step("order.delivered", 99)}, arrived, false, false},
		"promise moved":             {[]record.Packed{placed, promising(step("order.approved", 1), 20), step("order.delivered", 15)}, arrived, true, false},
		"failed":                    {[]record.Packed{placed, step("order.failed", 3)}, failed, false, false},
		"failed, then delivered":    {[]record.Packed{placed, step("order.failed", 3), step("order.delivered", 4)}, arrived, true, false},
		"delivered, then cancelled": {[]record.Packed{placed, step("order.delivered", 4), step("order.cancelled.customer", 5)}, arrived, true, false},
		"delivered twice":           {[]record.Packed{placed, step("order.delivered", 4), step("order.delivered", 40)}, arrived, true, false},
		"cancelled by us":           {[]record.Packed{placed, step("order.cancelled.shop.stock", 4)}, shop, false, false},
		"cancelled by the customer": {[]record.Packed{placed, step("order.failed", 3), step("order.cancelled.customer", 4)}, customer, false, false},
		"not collected":             {[]record.Packed{placed, step("order.ready", 3), step("order.not_collected", 90)}, left, false, false},
		"cancelled by nobody":       {[]record.Packed{placed, step("order.cancelled", 4)}, open, false, false},
	} {
		got, ok := rules(config.LateTimestamp, 0).Outcome(tt.events)
		if !ok || got.Status != tt.status || got.Judged != tt.judged || got.Late != tt.late {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, ok := rules(config.LateTimestamp, 0).Outcome([]record.Packed{step("permit.filed", 0)}); ok {
		t.Error("a case without steps of an order has an outcome")
	}
}

func TestNorms(t *testing.T) {
	for _, tt := range []struct {
		late            string
		grace           time.Duration
		channel         commonv1.Channel
		promise, actual float64
		want            bool
	}{
		{config.LateTimestamp, 0, 0, 10, 10.01, true},
		{config.LateTimestamp, time.Hour, 0, 10, 11, false},
		{config.LateTimestamp, time.Hour, 0, 10, 11.01, true},
		{config.LateDay, 0, 0, 1, 11.9, false},                                            // the same day
		{config.LateDay, 0, 0, 1, 12, true},                                               // midnight
		{config.LateDay, 24 * time.Hour, 0, 1, 35, false},                                 // a day of grace
		{config.LateDay, 0, commonv1.Channel_CHANNEL_EXPRESS, 1, 1.1, true},               // by its own norm
		{config.LateTimestamp, 0, commonv1.Channel_CHANNEL_NEXT_DAY, 1, 11, false},        // by its own norm
		{config.LateTimestamp, time.Hour, commonv1.Channel_CHANNEL_EXPRESS, 1, 1.5, true}, // no grace of its own
	} {
		placed := promising(step("order.placed", 0), tt.promise)
		placed.Channel = tt.channel
		got, _ := rules(tt.late, tt.grace).Outcome([]record.Packed{placed, step("order.delivered", tt.actual)})
		if got.Late != tt.want {
			t.Errorf("%+v: late %v", tt, got.Late)
		}
	}
}

// randomOrder is an order's events, no two of one time.
func randomOrder(r *rand.Rand) []record.Packed {
	kinds := []string{
		"order.placed", "order.approved", "order.shipped", "order.delivered", "order.failed", "order.partial",
		"order.missorted", "order.cancelled.shop", "order.not_collected", "contact", "visit",
	}
	var out []record.Packed
	for i := range 1 + r.IntN(7) {
		e := step(kinds[r.IntN(len(kinds))], float64(i))
		e.Sequence, e.Who, e.Channel = int32(r.IntN(3)), int64(r.IntN(3)), commonv1.Channel(r.IntN(4))
		e.Reason = []string{"", "a", "b"}[r.IntN(3)]
		if r.IntN(3) == 0 {
			e = promising(e, float64(r.IntN(12)))
		}
		for range r.IntN(3) {
			e.Subjects = append(e.Subjects, record.Subject{Kind: commonv1.SubjectKind(1 + r.IntN(2)), ID: []string{"x", "y"}[r.IntN(2)]})
		}
		out = append(out, e)
	}
	return out
}

func TestAnyOrderOfArrivalGivesTheSameOutcome(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		events := randomOrder(r)
		want, ok := rules(config.LateTimestamp, 0).Outcome(events)
		// Whoever arrives later has the higher number.
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		for i := range events {
			events[i].Number = int64(i + 1)
		}
		got, again := rules(config.LateTimestamp, 0).Outcome(events)
		if diff := cmp.Diff(want, got); diff != "" || ok != again {
			t.Fatal(diff)
		}
	}
}

package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

// history is a year of events: sessions of five, each of one customer, who goes on
// by chance from what he did last. Every customer comes once in the first half of the
// year; who comes in the second half is chance. Sessions run into each other, so days
// are touched a little out of order, as they are by real ones.
type history struct {
	events int
	// identities: events name their customer by e-mail; else by number.
	identities bool
}

const (
	perSession = 5
	// perCustomer is how many events a customer has on average.
	perCustomer = 10
	// slack is what the last sessions need to end within the year.
	slack = 15 * 24 * time.Hour
)

// firstDay is the oldest day of history.
var firstDay = lastDay.AddDate(-1, 0, 0)

// kinds are what happens; next has, for each, the chances in percent of what follows.
var (
	kinds  = [...]string{"visit", "cart", "order.placed", "order.shipped", "order.delivered", "purchase", "return", "contact.call"}
	begins = [...]int{75, 10, 0, 0, 0, 15, 0, 0}
	next   = [...][len(kinds)]int{
		{40, 45, 0, 0, 0, 10, 0, 5}, {35, 0, 65, 0, 0, 0, 0, 0}, {0, 0, 0, 92, 0, 0, 0, 8}, {0, 0, 0, 0, 92, 0, 0, 8},
		{65, 0, 0, 0, 0, 0, 20, 15}, {90, 0, 0, 0, 0, 0, 10, 0}, {100, 0, 0, 0, 0, 0, 0, 0}, {100, 0, 0, 0, 0, 0, 0, 0},
	}
)

func (h history) customers() int { return max(1, h.events/perCustomer) }

// mix spreads a number over all bits.
func mix(n uint64) uint64 {
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// choose takes one by its chance in percent.
func choose(chances []int, n uint64) int {
	left := int(n % 100)
	for i, c := range chances {
		if left -= c; left < 0 {
			return i
		}
	}
	return 0
}

// customer is who a session is of, from 0.
func (h history) customer(session int) int {
	all := h.customers()
	if session < all {
		return int(uint64(session) * 7_368_787 % uint64(all)) // a prime: everybody once
	}
	return int(mix(uint64(session)) % uint64(all))
}

func email(customer int) *commonv1.Identity {
	return &commonv1.Identity{Kind: commonv1.Identity_KIND_EMAIL, Value: fmt.Sprintf("customer%d@example.org", customer)}
}

// session appends the events of one.
func (h history) session(session int, rows []*journeyv1.EventRow) []*journeyv1.EventRow {
	who := &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: int64(h.customer(session)) + 1}}
	if h.identities {
		who.Ref = &commonv1.CustomerRef_Identity{Identity: email(h.customer(session))}
	}
	year := lastDay.Add(-slack).Sub(firstDay)
	at := firstDay.Add(time.Duration(float64(year) * float64(session) / float64(h.events/perSession+1))).Truncate(time.Minute)
	chances := begins[:]
	for i := range perSession {
		n := session*perSession + i
		chance := mix(uint64(n) + 1<<40)
		kind := choose(chances, chance)
		chances = next[kind][:]
		e := &journeyv1.Event{
			Source: "history", ExternalId: fmt.Sprint(n), Kind: kinds[kind],
			Actor:   &journeyv1.Event_Customer{Customer: who},
			Channel: commonv1.Channel(1 + chance>>8%8),
			Subjects: []*commonv1.SubjectRef{{
				Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: fmt.Sprintf("s%04d", mix(uint64(session))>>16%stores),
			}},
			OccurredAt: timestamppb.New(at),
		}
		switch kinds[kind] {
		case "order.placed", "order.shipped", "order.delivered":
			e.OrderId = fmt.Sprint("o", session)
		case "purchase", "return":
			e.Amount = &commonv1.Money{Currency: "RUB", MinorUnits: int64(chance>>16%100_000) + 100}
		}
		rows = append(rows, &journeyv1.EventRow{Line: int64(n), Event: e})
		// Up to two days, often none: equal times are told apart by their order alone.
		if chance>>40%8 > 0 {
			at = at.Add(time.Duration(chance>>44%2880) * time.Minute)
		}
	}
	return rows
}

// imported is what an import came to.
type imported struct {
	perSecond float64
	// quarter is the most memory the server held in the first quarter, most in all, in MiB.
	quarter, most int64
}

// fill streams the history in.
func (h history) fill(b *testing.B, p *process) imported {
	b.Helper()
	stream, err := journeyv1.NewJourneyServiceClient(p.dial(b, 1)[0]).ImportEvents(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	sent := make(chan error, 1)
	go func() { sent <- h.send(stream) }()
	var out imported
	recorded := 0
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		if len(answer.GetRejections()) > 0 {
			b.Fatal(answer.GetRejections()[0])
		}
		recorded += int(answer.GetRecorded())
		out.most = max(out.most, p.resident())
		if recorded <= h.events/4 {
			out.quarter = out.most
		}
	}
	if err := <-sent; err != nil {
		b.Fatal(err)
	}
	if recorded != h.events/perSession*perSession {
		b.Fatalf("%d of %d recorded", recorded, h.events)
	}
	out.perSecond = float64(recorded) / time.Since(start).Seconds()
	return out
}

func (h history) send(stream journeyv1.JourneyService_ImportEventsClient) error {
	var rows []*journeyv1.EventRow
	flush := func() error {
		err := stream.Send(&journeyv1.ImportEventsRequest{Brand: "demo", Rows: rows})
		rows = rows[:0]
		return err
	}
	for s := range h.events / perSession {
		if rows = h.session(s, rows); len(rows) == chunkRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(rows) > 0 {
		if err := flush(); err != nil {
			return err
		}
	}
	return stream.CloseSend()
}

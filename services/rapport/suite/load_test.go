package suite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// load sends facts from many clients at once. What gets no answer is sent again as
// it was, until there is one: so every fact is acknowledged in the end, and the
// model knows all of them.
type load struct {
	t     *testing.T
	c     clients
	model *model
	next  atomic.Int64
	done  atomic.Bool // tells clients to finish what they are at

	mu    sync.Mutex
	moved sync.Cond
	acked int
}

func newLoad(t *testing.T, c clients) *load {
	l := &load{t: t, c: c, model: newModel()}
	l.moved.L = &l.mu
	return l
}

// run lets so many clients work until stopped.
func (l *load) run(clients int) (stop func()) {
	l.done.Store(false)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for !l.done.Load() {
				l.step(int(l.next.Add(1)))
				l.mu.Lock()
				l.acked++
				l.moved.Broadcast()
				l.mu.Unlock()
			}
		})
	}
	return func() {
		l.done.Store(true)
		all.Wait()
	}
}

// await returns when so many more steps were acknowledged, or when the time is up:
// with a service down all clients may come to wait for it.
func (l *load) await(more int, atMost time.Duration) {
	over := false
	timer := time.AfterFunc(atMost, func() {
		l.mu.Lock()
		over = true
		l.moved.Broadcast()
		l.mu.Unlock()
	})
	defer timer.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for until := l.acked + more; l.acked < until && !over; {
		l.moved.Wait()
	}
}

// errAgain asks for another try.
var errAgain = errors.New("again")

// until calls until there is an answer.
func (l *load) until(what string, call func(ctx context.Context) error) bool {
	for {
		ctx, cancel := context.WithTimeout(l.t.Context(), 10*time.Second)
		err := call(ctx)
		cancel()
		switch {
		case err == nil:
			return true
		case l.t.Context().Err() != nil:
			return false
		case errors.Is(err, errAgain), fault.Retryable(err), fault.Code(err) == codes.DeadlineExceeded:
		default:
			l.t.Errorf("%s: %v", what, err)
			return false
		}
	}
}

// step is what the client number i does, always the same. Orders end before they are
// placed as often as after.
func (l *load) step(i int) {
	k := i / 8
	base := l.model.placed(k)
	mail, card := fmt.Sprint("mail:", owner(k)), fmt.Sprint("card:", owner(k))
	switch i % 8 {
	case 0:
		placed := happened(fmt.Sprint("placed-", k), "order.placed", mail, base)
		placed.OrderId, placed.PromisedAt = orderName(k), stamp(base.Add(48*time.Hour))
		visit := happened(fmt.Sprint("visit-", k), "visit", card, base.Add(time.Minute))
		visit.Properties = map[string]string{"note": secretOf(card)}
		l.record(placed, visit)
	case 1:
		l.record(ended(k^1, fmt.Sprint("mail:", owner(k^1)), l.model.placed(k^1)))
	case 2:
		l.record(sold(fmt.Sprint("bought-", k), "purchase", mail, base, int64(k)))
	case 3:
		kind := []string{"return", "purchase", "purchase"}[k%3]
		l.record(sold(fmt.Sprint("sold-", k), kind, card, base.Add(-40*24*time.Hour), int64(k)))
	case 4:
		l.submit(commented(answered(fmt.Sprint("answer-", k), mail, orderName(k), base.Add(-time.Hour), int32(k%11)), secretOf(mail)))
	case 5:
		l.submit(answered(fmt.Sprint("second-", k), card, orderName(k^1), base.Add(-2*time.Hour), int32(k%11)))
	case 6:
		if k%3 == 0 {
			l.upsert(mail, secretOf(mail), k)
		} else {
			l.turn(k)
		}
	case 7:
		asked := happened(fmt.Sprint("asked-", k), "contact.call", card, base)
		asked.Reason = []string{"late", "broken"}[k%2]
		l.record(asked)
		if k >= 30 && k%8 == 6 {
			l.erase(staying + 1 + (k/8)%leaving)
		}
	}
}

// ended is how an order ended: in time, late or not at all.
func ended(k int, who string, placed time.Time) *journeyv1.Event {
	kind, after := "order.delivered", 24*time.Hour
	switch k % 7 {
	case 4, 5:
		after = 72 * time.Hour
	case 6:
		kind = "order.failed"
	}
	e := happened(fmt.Sprint("ended-", k), kind, who, placed.Add(after))
	e.OrderId = orderName(k)
	return e
}

func (l *load) record(events ...*journeyv1.Event) {
	l.until("record", func(ctx context.Context) error {
		out, err := l.c.journey.RecordEvents(ctx, &journeyv1.RecordEventsRequest{Brand: brand, Events: events})
		if err != nil {
			return err
		}
		for i, r := range out.GetResults() {
			if e := fault.FromStatus(r.GetError()); e != nil && fault.Retryable(e) {
				return errAgain
			} else if e != nil {
				return e
			}
			l.model.recorded(l.t, events[i], r.GetId())
		}
		return nil
	})
}

func (l *load) submit(r *surveyv1.Response) {
	l.until("submit", func(ctx context.Context) error {
		out, err := l.c.survey.SubmitResponse(ctx, &surveyv1.SubmitResponseRequest{Brand: brand, Response: r})
		if err == nil {
			l.model.submitted(l.t, r, out.GetId())
		}
		return err
	})
}

// upsert says something of a customer, who may have been erased in between.
func (l *load) upsert(who, nick string, visits int) {
	l.until("upsert", func(ctx context.Context) error {
		stream, err := l.c.segmentation.UpsertCustomers(ctx)
		if err != nil {
			return err
		}
		rows := []*segmentationv1.CustomerRow{{Line: 1, Customer: upserted(who, nick, visits)}}
		if err := stream.Send(&segmentationv1.UpsertCustomersRequest{Brand: brand, Rows: rows}); err != nil {
			_, err = stream.Recv() // says why
			return err
		}
		out, err := stream.Recv()
		if err != nil {
			return err
		}
		for _, r := range out.GetRejections() {
			if e := fault.FromStatus(r.GetError()); !fault.Is(e, commonv1.Reason_REASON_IDENTITY_ERASED) {
				return e
			}
		}
		l.model.seen(who)
		return stream.CloseSend()
	})
}

// number asks for a customer's number; 0 if it was erased.
func (l *load) number(who string) (id int64) {
	l.until("resolve", func(ctx context.Context) error {
		out, err := l.c.segmentation.ResolveCustomers(ctx, &segmentationv1.ResolveCustomersRequest{Brand: brand, Identities: []*commonv1.Identity{whom(who)}})
		if err != nil {
			return err
		}
		if e := fault.FromStatus(out.GetResults()[0].GetError()); e != nil && !fault.Is(e, commonv1.Reason_REASON_IDENTITY_ERASED) {
			return e
		}
		id = out.GetResults()[0].GetId()
		l.model.seen(who)
		return nil
	})
	return id
}

// turn merges two who are not merged, and parts two who are.
func (l *load) turn(k int) {
	from, into := edge(k)
	end := l.model.begin(from)
	defer end()
	one, other := l.number(from), l.number(into)
	if one == 0 || other == 0 {
		return
	}
	if l.model.mergedInto(from) != "" {
		l.until("unmerge", func(ctx context.Context) error {
			_, err := l.c.segmentation.UnmergeCustomers(ctx, &segmentationv1.UnmergeCustomersRequest{Brand: brand, FromId: one})
			return err
		})
		l.model.merge(from, "")
		return
	}
	l.until("merge", func(ctx context.Context) error {
		_, err := l.c.segmentation.MergeCustomers(ctx, &segmentationv1.MergeCustomersRequest{Brand: brand, FromId: one, IntoId: other})
		return err
	})
	l.model.merge(from, into)
}

// erase forgets somebody, whose card may or may not be merged with the address.
func (l *load) erase(p int) {
	mail := fmt.Sprint("mail:", p)
	end := l.model.begin(fmt.Sprint("card:", p))
	defer end()
	id := l.number(mail)
	if id == 0 {
		return
	}
	l.note(id, secretOf(mail))
	l.until("erase", func(ctx context.Context) error {
		out, err := l.c.segmentation.EraseCustomer(ctx, &segmentationv1.EraseCustomerRequest{Brand: brand, Id: id, Reason: "asked for it"})
		if err == nil {
			l.model.erasedAs(mail, id, out.GetErasure())
		}
		return err
	})
}

// note writes down what somebody said, with the open case of a customer, if any.
func (l *load) note(id int64, text string) {
	l.until("note", func(ctx context.Context) error {
		out, err := l.c.survey.ListCases(ctx, &surveyv1.ListCasesRequest{Brand: brand, PageSize: 1000})
		if err != nil {
			return err
		}
		for _, c := range out.GetCases() {
			if c.GetCustomerId() == id {
				_, err = l.c.survey.AddCaseNote(ctx, &surveyv1.AddCaseNoteRequest{Brand: brand, Id: c.GetId(), Author: "kim", Text: text})
			}
		}
		return err
	})
}

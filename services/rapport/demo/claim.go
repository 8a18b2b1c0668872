package demo

import (
	"context"
	"fmt"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	// settleFor bounds the wait for what comes a moment behind: outcomes of orders,
	// and cases. Without them the demo is as good, but the first report is poorer and
	// nobody works on anything.
	settleFor   = 5 * time.Second
	settleEvery = 150 * time.Millisecond
)

var workers = []string{"Анна Климова", "Игорь Седов", "Ольга Мельник", "Рустам Ахметов"}

// claim lets people take every third of the cases that wait longest.
func (f *filling) claim(ctx context.Context) error {
	if err := f.settle(ctx); err != nil {
		return err
	}
	list, err := f.Survey.ListCases(ctx, &surveyv1.ListCasesRequest{Brand: f.brand, PageSize: 60})
	if err != nil {
		return fmt.Errorf("list cases: %w", err)
	}
	for i, c := range list.GetCases() {
		if i%3 != 0 {
			continue
		}
		who := workers[i/3%len(workers)]
		_, err := f.Survey.ClaimCase(ctx, &surveyv1.ClaimCaseRequest{Brand: f.brand, Id: c.GetId(), Assignee: who})
		if err != nil && !fault.Is(err, commonv1.Reason_REASON_CASE_STATE) { // somebody was faster
			return fmt.Errorf("claim case %s: %w", c.GetId(), err)
		}
	}
	return nil
}

// settle waits until no more cases are being opened.
func (f *filling) settle(ctx context.Context) error {
	before := int64(-1)
	return patient(ctx, func() (bool, error) {
		stats, err := f.Survey.GetCaseStats(ctx, &surveyv1.GetCaseStatsRequest{Brand: f.brand})
		if err != nil {
			return false, fmt.Errorf("count cases: %w", err)
		}
		open := stats.GetTotal().GetOpen()
		done := open > 0 && open == before
		before = open
		return done, nil
	})
}

// judged waits until it is told of every order how it ended.
func (f *filling) judged(ctx context.Context) error {
	return patient(ctx, func() (bool, error) {
		resp, err := f.Journey.GetSuccessIndex(ctx, &journeyv1.GetSuccessIndexRequest{Brand: f.brand})
		if err != nil {
			return false, fmt.Errorf("count orders: %w", err)
		}
		t := resp.GetTotal()
		n := t.GetOrders() + t.GetOpen() + t.GetCancelledByCustomer()
		for _, r := range t.GetNotCollected() {
			n += r.GetCount()
		}
		return n >= f.orders, nil
	})
}

// patient looks again and again, for as long as it is worth it.
func patient(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for end := time.Now().Add(settleFor); time.Now().Before(end); {
		if enough, err := done(); enough || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

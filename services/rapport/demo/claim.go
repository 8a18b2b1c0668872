package demo

import (
	"context"
	"fmt"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	// settleFor bounds the wait for cases, which are opened a moment behind the
	// answers. Without them the demo is as good, but nobody works on anything.
	settleFor   = 5 * time.Second
	settleEvery = 150 * time.Millisecond
)

var workers = []string{"Анна Климова", "Игорь Седов", "Ольга Мельник", "Рустам Ахметов"}

// claim lets people take every third of the cases that wait longest.
func (f *filling) claim(ctx context.Context) error {
	if err := f.settle(ctx); err != nil {
		return err
	}
	list, err := f.client.ListCases(ctx, &surveyv1.ListCasesRequest{Brand: f.brand, PageSize: 60})
	if err != nil {
		return fmt.Errorf("list cases: %w", err)
	}
	for i, c := range list.GetCases() {
		if i%3 != 0 {
			continue
		}
		who := workers[i/3%len(workers)]
		_, err := f.client.ClaimCase(ctx, &surveyv1.ClaimCaseRequest{Brand: f.brand, Id: c.GetId(), Assignee: who})
		if err != nil && !fault.Is(err, commonv1.Reason_REASON_CASE_STATE) { // somebody was faster
			return fmt.Errorf("claim case %s: %w", c.GetId(), err)
		}
	}
	return nil
}

// settle waits until no more cases are being opened.
func (f *filling) settle(ctx context.Context) error {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	before := int64(-1)
	for end := time.Now().Add(settleFor); time.Now().Before(end); {
		stats, err := f.client.GetCaseStats(ctx, &surveyv1.GetCaseStatsRequest{Brand: f.brand})
		if err != nil {
			return fmt.Errorf("count cases: %w", err)
		}
		open := stats.GetTotal().GetOpen()
		if open > 0 && open == before {
			return nil
		}
		before = open
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

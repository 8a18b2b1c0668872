package page

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

// journey is the window as a question about events has it.
func (w window) journey() *journeyv1.Window {
	if w.whole() {
		return nil
	}
	return &journeyv1.Window{Window: &journeyv1.Window_Dates{Dates: &commonv1.DateRange{
		Start: w.first.Format(time.DateOnly), End: w.last.AddDate(0, 0, 1).Format(time.DateOnly),
	}}}
}

// prepareLeaf decides what the view of a page beside the overview left open.
func (p *Page) prepareLeaf(ctx context.Context, s *scene) error {
	if err := p.chooseBrand(ctx, s, p.alive); err != nil {
		return err
	}
	if s.leaf.dated {
		p.chooseActive(ctx, s)
	}
	return nil
}

// alive reports whether a brand has events or answers.
func (p *Page) alive(ctx context.Context, brand string) bool {
	if p.events != nil {
		kinds, err := p.events.ListEventKinds(ctx, &journeyv1.ListEventKindsRequest{Brand: brand})
		for _, k := range kinds.GetKinds() {
			if err == nil && k.GetEvents() > 0 {
				return true
			}
		}
	}
	return p.survey != nil && p.answered(ctx, brand)
}

// chooseActive finds the days. Where nothing happened in the last so many, it goes
// back to the last ones in which orders, purchases or contacts were seen, and the
// page says so.
func (p *Page) chooseActive(ctx context.Context, s *scene) {
	if s.Days == "" {
		s.window = window{first: s.From, last: s.To}
		return
	}
	length := lengths[s.Days]
	if length == 0 {
		return
	}
	s.window = ending(dayOf(p.cfg.Clock(), s.brand.Location), length)
	if p.events == nil {
		return
	}
	if n, _, err := p.activity(ctx, s, s.window); err != nil || n > 0 {
		return
	}
	last, err := p.lastActive(ctx, s)
	if err == nil && !last.IsZero() && last.Before(s.window.first) {
		s.window = ending(last, length)
		s.window.stale = true
	}
}

// activity counts orders, purchases and contacts, and finds the last month with any.
func (p *Page) activity(ctx context.Context, s *scene, w window) (n int64, month string, err error) {
	const monthly = journeyv1.MeasureGroup_MEASURE_GROUP_MONTH
	rate, err := p.events.GetContactRate(ctx, &journeyv1.GetContactRateRequest{Brand: s.Brand, Window: w.journey(), GroupBy: monthly})
	if err != nil {
		return 0, "", err
	}
	orders, err := p.events.GetSuccessIndex(ctx, &journeyv1.GetSuccessIndexRequest{Brand: s.Brand, Window: w.journey(), GroupBy: monthly})
	if err != nil {
		return 0, "", err
	}
	n = rate.GetTotal().GetContacts() + rate.GetTotal().GetReceipts() + placed(orders.GetTotal())
	for _, g := range rate.GetGroups() {
		month = max(month, g.GetKey())
	}
	for _, g := range orders.GetGroups() {
		month = max(month, g.GetKey())
	}
	return n, month, nil
}

// placed is how many orders there are, however they ended.
func placed(i *journeyv1.SuccessIndex) int64 {
	n := i.GetOrders() + i.GetCancelledByCustomer() + i.GetOpen()
	for _, r := range i.GetNotCollected() {
		n += r.GetCount()
	}
	return n
}

// lastActive is the last day with activity; zero if there is none. The month is
// known; within it the day is found by halving.
func (p *Page) lastActive(ctx context.Context, s *scene) (time.Time, error) {
	_, key, err := p.activity(ctx, s, window{})
	if err != nil || key == "" {
		return time.Time{}, err
	}
	first, err := time.Parse("2006-01", key)
	if err != nil {
		return time.Time{}, fmt.Errorf("month %q: %w", key, err)
	}
	end := first.AddDate(0, 1, -1)
	low, high := 0, end.Day()-1 // something happened on day low or later, nothing behind day high
	for low < high {
		middle := (low + high + 1) / 2
		n, _, err := p.activity(ctx, s, window{first: first.AddDate(0, 0, middle), last: end})
		switch {
		case err != nil:
			return time.Time{}, err
		case n > 0:
			low = middle
		default:
			high = middle - 1
		}
	}
	return first.AddDate(0, 0, low), nil
}

// quietText says that these are not the days that were asked for.
func (s *scene) quietText() string {
	return fmt.Sprintf(s.Lang.Quiet, s.lengthText()) + " " + fmt.Sprintf(s.Lang.StaleDates, s.lengthText(), s.Lang.Day(s.window.last))
}

// fresh says up to when facts are counted; empty without any.
func (s *scene) fresh(at *timestamppb.Timestamp) string { return s.Lang.Fresh(at, s.brand.Location) }

// about is which days numbers are of, and how fresh they are.
func (s *scene) about(at *timestamppb.Timestamp) string {
	if fresh := s.fresh(at); fresh != "" {
		return s.windowText() + " · " + fresh
	}
	return s.windowText()
}

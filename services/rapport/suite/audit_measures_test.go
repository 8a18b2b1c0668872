package suite

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

// measures: what Journey folds is what the acknowledged events come to.
func (a *audit) measures() {
	ctx := a.t.Context()
	success, err := a.f.journey.GetSuccessIndex(ctx, &journeyv1.GetSuccessIndexRequest{Brand: brand})
	if err != nil {
		a.t.Fatal(err)
	}
	rate, err := a.f.journey.GetContactRate(ctx, &journeyv1.GetContactRateRequest{Brand: brand})
	if err != nil {
		a.t.Fatal(err)
	}
	retention, err := a.f.journey.GetRetention(ctx, &journeyv1.GetRetentionRequest{Brand: brand})
	if err != nil {
		a.t.Fatal(err)
	}
	s := success.GetTotal()
	got := []string{
		fmt.Sprint("orders ", s.GetOrders(), " within ", s.GetWithinNorm(), " open ", s.GetOpen()),
		fmt.Sprint("contacts ", rate.GetTotal().GetContacts(), " receipts ", rate.GetTotal().GetReceipts()),
	}
	if diff := cmp.Diff([]string{a.orders(), a.contacts()}, got); diff != "" {
		a.t.Errorf("measures: %s", diff)
	}
	if diff := cmp.Diff(a.cohorts(), retention.GetCohorts(), protocmp.Transform()); diff != "" {
		a.t.Errorf("retention: %s", diff)
	}
}

func (a *audit) orders() string {
	placed, ended := map[string]bool{}, map[string]string{}
	for _, e := range a.m.events {
		switch e.GetKind() {
		case "order.placed":
			placed[e.GetOrderId()] = true
		case "order.delivered", "order.failed":
			ended[e.GetOrderId()] = e.GetKind()
		}
	}
	within := 0
	for order, kind := range ended {
		if kind == "order.delivered" && a.m.late(order) != "yes" {
			within++
		}
		delete(placed, order)
	}
	open := len(placed)
	return fmt.Sprint("orders ", len(ended), " within ", within, " open ", open)
}

func (a *audit) contacts() string {
	contacts, receipts := 0, 0
	for _, e := range a.m.events {
		switch e.GetKind() {
		case "contact.call":
			contacts++
		case "purchase":
			receipts++
		}
	}
	return fmt.Sprint("contacts ", contacts, " receipts ", receipts)
}

// persons groups numbers, those of who was erased too: they keep their counts.
func (a *audit) personOf() map[int64]string {
	out := map[int64]string{}
	for who, id := range a.numbers {
		out[id] = a.m.person(who)
	}
	for who, e := range a.m.erasures {
		for _, id := range e.GetCustomerIds() {
			out[id] = who
		}
	}
	return out
}

// cohorts is retention counted anew: each person's months of purchases.
func (a *audit) cohorts() (out []*journeyv1.Cohort) {
	zone, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		a.t.Fatal(err)
	}
	person, months := a.personOf(), map[string][]string{}
	first, last := "9999", "" // of all purchases, whoever's
	for key, e := range a.m.events {
		if e.GetKind() != "purchase" {
			continue
		}
		month := e.GetOccurredAt().AsTime().In(zone).Format("2006-01")
		first, last = min(first, month), max(last, month)
		if id := a.logs.events[key].GetCustomer().GetId(); id != 0 {
			months[person[id]] = append(months[person[id]], month)
		}
	}
	// The window is everything recorded, whatever kind.
	for _, e := range a.m.events {
		last = max(last, e.GetOccurredAt().AsTime().In(zone).Format("2006-01"))
	}
	for month := first; month <= last; month = after(month) {
		c := &journeyv1.Cohort{Month: month}
		for next := after(month); next <= last; next = after(next) {
			c.Returning = append(c.Returning, 0)
		}
		for _, all := range months {
			if slices.Min(all) != month {
				continue
			}
			c.Customers++
			for i, next := 0, after(month); next <= last; i, next = i+1, after(next) {
				if slices.Contains(all, next) {
					c.Returning[i]++
				}
			}
		}
		if c.Customers > 0 {
			out = append(out, c)
		}
	}
	return out
}

// after is the month behind a month.
func after(month string) string {
	at, _ := time.Parse("2006-01", month)
	return at.AddDate(0, 1, 0).Format("2006-01")
}

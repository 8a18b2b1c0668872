package measure

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/journey/record"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

const clock = "2006-01-02 15:04:05"

// place is a brand's zone as texts are read in it.
type place struct {
	*calendar.Zone
	loc *time.Location
}

func in(t *testing.T, name string) place {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return place{calendar.In(loc), loc}
}

func (p place) instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation(clock, text, p.loc)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// The web shop's cohort of December 2010, as counted independently.
func TestOnlineRetailRetention(t *testing.T) {
	z, w := in(t, "Europe/London"), newWorld(t)
	invoices := map[string]bool{}
	table(t, "online_retail/online_retail.csv.gz", func(get func(string) string) {
		quantity, _ := strconv.Atoi(get("Quantity"))
		price, _ := strconv.ParseFloat(get("UnitPrice"), 64)
		number, _, _ := strings.Cut(get("CustomerID"), ".")
		who, _ := strconv.ParseInt(number, 10, 64)
		invoice := get("InvoiceNo")
		if quantity <= 0 || price <= 0 || who == 0 || strings.HasPrefix(invoice, "C") || invoices[invoice] {
			return
		}
		invoices[strings.Clone(invoice)] = true
		w.event(z.DayOf(z.instant(t, get("InvoiceDate"))), who, record.Packed{Kind: "purchase"})
	})
	if len(invoices) != 18532 {
		t.Fatalf("%d invoices", len(invoices))
	}
	window := calendar.Days{From: calendar.DayOn(2010, 12, 1), Until: calendar.DayOn(2012, 1, 1)}
	r := NewRetention(window, Filter{}, nobodyElse)
	w.events(window, "purchase", r.Day)
	cohorts := r.Cohorts()
	first := cohorts[0]
	want := []int64{324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235}
	if first.GetMonth() != "2010-12" || first.GetCustomers() != 885 || !cmp.Equal(first.GetReturning(), want) {
		t.Errorf("first cohort %v, want 885 and %v", first, want)
	}
	people := int64(0)
	for _, c := range cohorts {
		people += c.GetCustomers()
	}
	if people != 4338 {
		t.Errorf("%d customers in all cohorts, want 4338", people)
	}
	later := NewRetention(calendar.Days{From: calendar.DayOn(2011, 1, 1), Until: window.Until}, Filter{}, nobodyElse)
	w.events(window, "purchase", later.Day)
	if diff := cmp.Diff(cohorts[1].GetReturning(), later.Cohorts()[0].GetReturning()); diff != "" {
		t.Errorf("a window that begins later has another January: %s", diff)
	}
}

// The marketplace's late orders, by the two norms a brand may have.
func TestOlistLateOrders(t *testing.T) {
	z := in(t, "America/Fortaleza")
	byTime, byDay := newWorld(t), newWorld(t)
	table(t, "olist/olist_orders_dataset.csv.gz", func(get func(string) string) {
		if get("order_status") != "delivered" || get("order_delivered_customer_date") == "" {
			return
		}
		ended := z.instant(t, get("order_delivered_customer_date"))
		promised := z.instant(t, get("order_estimated_delivery_date"))
		o := record.Order{ID: get("order_id"), Status: journeyv1.OrderOutcome_STATUS_ARRIVED, Judged: true}
		o.Late = ended.After(promised)
		byTime.outcome(z.DayOf(ended), o)
		o.Late = z.DayOf(ended) > z.DayOf(promised)
		byDay.outcome(z.DayOf(ended), o)
	})
	all := calendar.Days{From: calendar.DayOn(2016, 1, 1), Until: calendar.DayOn(2019, 1, 1)}
	for name, c := range map[string]struct {
		w    *world
		late int64
	}{"timestamp": {byTime, 414}, "day": {byDay, 342}} {
		s := NewSuccess(Filter{}, Split{By: journeyv1.MeasureGroup_MEASURE_GROUP_MONTH})
		c.w.orders(all, func(day calendar.Day, o *tally.Orders) { s.Day(day, o) })
		total, months := s.Answer()
		if total.GetOrders() != 5164 || total.GetWithinNorm() != 5164-c.late ||
			total.GetOffNorm()[0].GetOrders() != c.late || len(total.GetOffNorm()) != 1 {
			t.Errorf("by %s: %v", name, total)
		}
		sum := int64(0)
		for _, m := range months {
			sum += m.GetOrders() - m.GetWithinNorm()
		}
		if sum != c.late {
			t.Errorf("by %s: months sum to %d late", name, sum)
		}
	}
}

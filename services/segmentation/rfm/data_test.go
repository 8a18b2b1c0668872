package rfm

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// records calls fn for every record of a file of the real data; in CI it must be
// there.
func records(t *testing.T, name string, fn func(get func(column string) string)) {
	t.Helper()
	dir := os.Getenv("RAPPORT_DATA")
	if dir == "" {
		dir = "../../../../shared/data"
	}
	f, err := os.Open(filepath.Join(dir, name))
	if errors.Is(err, os.ErrNotExist) && os.Getenv("CI") != "true" {
		t.Skipf("no real data: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(z)
	r.ReuseRecord, r.LazyQuotes = true, true
	head, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, column := range head {
		at[column] = i
	}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		fn(func(column string) string {
			i, ok := at[column]
			if !ok {
				t.Fatalf("%s has no column %s", name, column)
			}
			return row[i]
		})
	}
}

// thousandths reads a decimal of at most three places.
func thousandths(t *testing.T, text string) int64 {
	t.Helper()
	whole, part, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole+(part + "000")[:3], 10, 64)
	if err != nil || len(part) > 3 {
		t.Fatalf("%q: %v", text, err)
	}
	return n
}

func day(t *testing.T, text string) calendar.Day {
	t.Helper()
	d, err := calendar.ParseDay(text[:10])
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// add counts a purchase of a key's person in.
func add(all map[string]*Row, key string, days, purchases, spent int64) {
	r := all[key]
	if r == nil {
		r = &Row{Days: days}
		all[key] = r
	}
	r.Days = min(r.Days, days)
	r.Purchases += purchases
	r.Spent += spent
}

func rowsOf(all map[string]*Row) (rows []Row) {
	for _, key := range slices.Sorted(maps.Keys(all)) {
		rows = append(rows, *all[key])
	}
	return rows
}

// All orders of Olist, by who placed them and what was paid.
func TestOlist(t *testing.T) {
	until := calendar.DayOn(2018, 10, 17)
	paid, who, all := map[string]int64{}, map[string]string{}, map[string]*Row{}
	records(t, "olist/olist_order_payments_dataset.csv.gz", func(get func(string) string) {
		paid[get("order_id")] += thousandths(t, get("payment_value")) / 10
	})
	records(t, "olist/olist_customers_dataset.csv.gz", func(get func(string) string) {
		who[get("customer_id")] = get("customer_unique_id")
	})
	records(t, "olist/olist_orders_dataset.csv.gz", func(get func(string) string) {
		days := int64(until - day(t, get("order_purchase_timestamp")))
		add(all, who[get("customer_id")], days, 1, paid[get("order_id")])
	})
	want := Measure{Cuts{159, 244, 330, 460}, Cuts{1, 1, 1, 1}, Cuts{5528, 8796, 13604, 21957}}
	if diff := cmp.Diff(want, MeasureOf(rowsOf(all))); diff != "" || len(all) != 8016 {
		t.Errorf("%d persons: %s", len(all), diff)
	}
}

// The clean lines of Online Retail: four of them cost less than a penny, all others
// whole pennies, so that nothing is rounded in a sum.
func TestOnlineRetail(t *testing.T) {
	until := calendar.DayOn(2011, 12, 10)
	all, invoices, lines, odd := map[string]*Row{}, map[string]bool{}, 0, 0
	records(t, "online_retail/online_retail.csv.gz", func(get func(string) string) {
		quantity, err := strconv.ParseInt(strings.TrimSuffix(get("Quantity"), ".0"), 10, 64)
		price := int64(0)
		if !strings.HasPrefix(get("UnitPrice"), "-") {
			price = thousandths(t, get("UnitPrice"))
		}
		if err != nil {
			t.Fatal(err)
		}
		if get("CustomerID") == "" || strings.HasPrefix(get("InvoiceNo"), "C") || quantity <= 0 || price <= 0 {
			return
		}
		lines++
		if quantity*price%10 != 0 {
			odd++
		}
		first := int64(0)
		if !invoices[get("InvoiceNo")] {
			invoices[strings.Clone(get("InvoiceNo"))], first = true, 1
		}
		add(all, strings.Clone(get("CustomerID")), int64(until-day(t, get("InvoiceDate"))), first, quantity*price/10)
	})
	want := Measure{Cuts{13, 33, 72, 180}, Cuts{1, 2, 3, 6}, Cuts{25015, 49022, 94226, 205945}}
	if diff := cmp.Diff(want, MeasureOf(rowsOf(all))); diff != "" || lines != 397_884 || len(all) != 4338 || len(invoices) != 18_532 || odd != 4 {
		t.Errorf("%d lines, %d persons, %d invoices, %d odd: %s", lines, len(all), len(invoices), odd, diff)
	}
}

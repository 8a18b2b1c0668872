package importer

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

const till = `
brand: demo
zone: Europe/Moscow
files: {orders: orders.csv, receipts: receipts.csv, cards: cards.csv}
attributes: [{name: city, type: TEXT}]
customers:
  - from: cards
    customer:
      identities: [{kind: CARD, value: "{card}"}, {kind: EMAIL, value: "{mail}"}]
      attributes: {city: "{city}"}
events:
  - from: orders
    event: {source: shop, order_id: "{id}", channel: WEB}
    each:
      - event: {external_id: "{id}/placed", kind: order.placed, occurred_at: {value: "{placed}", time: "%Y-%m-%d"}}
      - event: {external_id: "{id}/done", kind: order.delivered, occurred_at: {value: "{done}", time: "%Y-%m-%d"}}
  - from: receipts
    group: {by: "{id}", as: line}
    event:
      source: till
      external_id: "{id}"
      kind: purchase
      occurred_at: {value: "{at}", time: "%Y-%m-%d"}
      lines: [{sku: "{line.sku}", amount: {currency: "{line.currency}", minor_units: {value: "{line.price}", times: 100}}}]
`

// Of several events of one line, and of several lines of one event, exactly the
// bad ones are told, with what stands in the file.
func TestRefusedEvents(t *testing.T) {
	w := suite(t, sqldbtest.SQLite(t))
	m, dir := folder(t, map[string]string{"mapping.yaml": till,
		"orders.csv": "id,placed,done\n1,2026-03-01,2026-03-02\n2,2026-03-01,1980-01-01\n3,,\n4,1980-01-01,2026-03-02\n5,soon,2026-03-02\n",
		"receipts.csv": "id,at,sku,price,currency\n1,2026-03-01,a,1.10,RUB\n2,2026-03-01,a,1,RUB\n1,2026-03-01,b,2,RUB\n" +
			"2,2026-03-01,b,-2,RUB\n3,2026-03-01,a,1,USD\n4,2026-03-01,a,0.001,RUB\n5,2026-03-01,a\n"})
	for _, want := range []Counts{{Read: 14, Recorded: 6, Rejected: 7, Skipped: 1}, {Read: 14, Replayed: 6, Rejected: 7, Skipped: 1}} {
		var out bytes.Buffer
		got, err := Events(t.Context(), w.events, m, Options{Dir: dir, Rejects: &out, ChunkRows: 2})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Counts); diff != "" {
			t.Error(diff)
		}
		told, rows := rejected(t, &out)
		slices.Sort(told) // what is refused here is told before what the server refuses
		if diff := cmp.Diff([]string{
			"3 FIELD_INVALID event.lines[1].amount.minor_units", "3 FIELD_INVALID event.occurred_at", "5 FIELD_INVALID event.occurred_at",
			"6 FIELD_INVALID event.lines[0].amount.currency", "6 FIELD_INVALID occurred_at", "7 FIELD_INVALID lines[0].amount.minor_units", "8 ROW_COLUMNS ",
		}, told); diff != "" {
			t.Error(diff)
		}
		if whole := "2,2026-03-01,a,1,RUB\n2,2026-03-01,b,-2,RUB"; rows["3"] != whole {
			t.Errorf("a receipt is told as %q, want %q", rows["3"], whole)
		}
	}
}

// A row of two customers is refused, or makes them one, as its reader wants it.
func TestConflictingCustomers(t *testing.T) {
	w := suite(t, sqldbtest.SQLite(t))
	m, dir := folder(t, map[string]string{"mapping.yaml": till,
		"cards.csv": "card,mail,city\n1,,Омск\n,a@example.com,Тверь\n1,a@example.com,\n"})
	for _, step := range []struct {
		merge bool
		want  Counts
	}{
		{false, Counts{Read: 3, Recorded: 2, Rejected: 1}},
		{true, Counts{Read: 3, Recorded: 1, Replayed: 2}},
		{true, Counts{Read: 3, Replayed: 3}},
	} {
		got, err := Customers(t.Context(), w.customers, m, Options{Dir: dir, MergeConflicts: step.merge})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, got.Counts); diff != "" {
			t.Errorf("merging %v: %s", step.merge, diff)
		}
	}
}

func TestNothingToImport(t *testing.T) {
	w := suite(t, sqldbtest.SQLite(t))
	m, dir := folder(t, map[string]string{"mapping.yaml": "brand: demo\n"})
	if _, err := Events(t.Context(), w.events, m, Options{Dir: dir}); err == nil || err.Error() != "the mapping has no events" {
		t.Error(err)
	}
}

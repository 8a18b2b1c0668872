package importer

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// invoiceLine is a line of Online Retail's file that counts; price is in tenths of a penny.
type invoiceLine struct {
	invoice, at, sku, customer string
	row                        int
	price, left                int64
}

// countPoints reads the file as plainly as can be: what all purchases earn, what stays
// when every cancellation has taken the latest lines before it, and how many pieces of
// how many cancelled lines found none.
func countPoints(t *testing.T, dir string) (issued, net, pieces, lines int64) {
	t.Helper()
	bought, back := invoiceLines(t, filepath.Join(dir, "online_retail.csv.gz"))
	type shelf struct{ customer, sku string }
	shelves := map[shelf][]*invoiceLine{}
	for _, l := range bought {
		issued += l.left * l.price / 1000
		at := shelf{l.customer, l.sku}
		shelves[at] = append(shelves[at], l)
	}
	for _, r := range back {
		missing := r.left
		for _, l := range slices.Backward(shelves[shelf{r.customer, r.sku}]) {
			if l.at <= r.at {
				n := min(missing, l.left)
				missing, l.left = missing-n, l.left-n
			}
		}
		if pieces += missing; missing > 0 {
			lines++
		}
	}
	for _, l := range bought {
		net += l.left * l.price / 1000
	}
	return issued, net, pieces, lines
}

// invoiceLines are those bought and those brought back, by time and place. An invoice has
// the time of its first line.
func invoiceLines(t *testing.T, name string) (bought, back []*invoiceLine) {
	t.Helper()
	file, err := os.Open(name)
	must(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(bufio.NewReader(file))
	must(t, err)
	rows, times := csv.NewReader(unzipped), map[string]string{}
	for n := 0; ; n++ {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		price := strings.Split(row[5]+".", ".")
		if n == 0 || row[6] == "" || strings.HasPrefix(row[5], "-") {
			continue
		}
		l := &invoiceLine{invoice: row[0], at: row[4], sku: row[1], customer: row[6], row: n}
		pieces, err := strconv.ParseInt(row[3], 10, 64)
		must(t, err)
		l.price, err = strconv.ParseInt(price[0]+(price[1] + "000")[:3], 10, 64)
		must(t, err)
		if l.price == 0 {
			continue
		}
		if times[l.invoice] == "" {
			times[l.invoice] = l.at
		}
		l.at, l.left = times[l.invoice], max(pieces, -pieces)
		if strings.HasPrefix(l.invoice, "C") {
			back = append(back, l)
		} else {
			bought = append(bought, l)
		}
	}
	for _, list := range [][]*invoiceLine{bought, back} {
		slices.SortStableFunc(list, func(a, b *invoiceLine) int { return strings.Compare(a.at, b.at) })
	}
	return bought, back
}

// tally is what entries come to.
type tally struct{ issued, net int64 }

// until reads the ledger until it comes to this.
func (w world) until(t *testing.T, brand string, want tally) {
	t.Helper()
	stream, err := w.points.WatchEntries(t.Context(), &loyaltyv1.WatchEntriesRequest{Brand: brand})
	must(t, err)
	var got tally
	for got != want {
		piece, err := stream.Recv()
		if err != nil {
			t.Fatalf("%v at %+v, want %+v", err, got, want)
		}
		for _, m := range piece.GetEntries() {
			for _, leg := range m.GetPostings() {
				if leg.GetAccount() != loyaltyv1.AccountKind_ACCOUNT_KIND_ISSUED {
					continue
				}
				got.net -= leg.GetPoints()
				// A line earns once, whatever is found out of its return.
				if m.GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_EARN {
					got.issued -= leg.GetPoints()
				}
			}
		}
	}
}

// told is an event of a shop at an hour of a day.
func told(kind, key, order, mail string, hour int, lines ...*journeyv1.Line) *journeyv1.Event {
	e := &journeyv1.Event{
		Source: "shop", ExternalId: key, Kind: kind, OrderId: order, Lines: lines, Channel: commonv1.Channel_CHANNEL_WEB,
		OccurredAt: timestamppb.New(time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC)),
	}
	if mail != "" {
		e.Actor = &journeyv1.Event_Customer{Customer: byMail(mail)}
	}
	return e
}

func byMail(address string) *commonv1.CustomerRef {
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: &commonv1.Identity{Kind: commonv1.Identity_KIND_EMAIL, Value: address}}}
}

func goods(sku string, pieces, price int64) *journeyv1.Line {
	return &journeyv1.Line{Sku: sku, QuantityMilli: pieces * 1000, Amount: &commonv1.Money{Currency: "RUB", MinorUnits: pieces * price}}
}

// What customers of an e-mail buy, bring back and get delivered moves their points, also
// when two of them turn out to be one.
func TestPointsFollowJourney(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		w, ctx := suite(t, url), t.Context()
		_, err := w.points.CreateProgramme(ctx, &loyaltyv1.CreateProgrammeRequest{Brand: "demo", Programme: &loyaltyv1.Programme{
			Id: "pounds", FromJourney: true, EffectiveFrom: &timestamppb.Timestamp{Seconds: 1_000_000_000},
			Lifetime: &loyaltyv1.Lifetime{OnDelivery: true}, Earning: []*loyaltyv1.EarningRule{{Name: "all", Points: 1, PerMinorUnits: 100}},
		}})
		must(t, err)
		record := func(events ...*journeyv1.Event) {
			t.Helper()
			out, err := w.events.RecordEvents(ctx, &journeyv1.RecordEventsRequest{Brand: "demo", Events: events})
			must(t, err)
			for _, r := range out.GetResults() {
				if r.GetError() != nil {
					t.Fatal(r.GetError())
				}
			}
		}
		has := func(mail string, available, pending int64) {
			t.Helper()
			got, err := w.points.GetBalance(ctx, &loyaltyv1.GetBalanceRequest{Brand: "demo", ProgrammeId: "pounds", Customer: byMail(mail)})
			if must(t, err); got.GetBalance().GetAvailable() != available || got.GetBalance().GetPending() != pending {
				t.Errorf("%s has %v, want %d available and %d pending", mail, got.GetBalance(), available, pending)
			}
		}
		record(told("purchase", "1", "a", "anna@example.com", 1, goods("tea", 4, 550)), told("purchase", "2", "b", "boris@example.com", 2, goods("tea", 2, 700)))
		w.until(t, "demo", tally{22 + 14, 22 + 14})
		has("anna@example.com", 0, 22)
		record(told("order.delivered", "3", "a", "", 3), told("return", "4", "", "anna@example.com", 4, goods("tea", 1, 550)))
		w.until(t, "demo", tally{36, 36 - 6}) // 16.50 stay
		has("anna@example.com", 16, 0)
		ids, err := w.customers.ResolveCustomers(ctx, &segmentationv1.ResolveCustomersRequest{Brand: "demo", Identities: []*commonv1.Identity{
			byMail("anna@example.com").GetIdentity(), byMail("boris@example.com").GetIdentity()}})
		must(t, err)
		anna, boris := ids.GetResults()[0].GetId(), ids.GetResults()[1].GetId()
		_, err = w.customers.MergeCustomers(ctx, &segmentationv1.MergeCustomersRequest{Brand: "demo", FromId: boris, IntoId: anna, Reason: "one person"})
		must(t, err)
		for merged := false; !merged; { // Loyalty follows
			a, err := w.points.GetAccount(ctx, &loyaltyv1.GetAccountRequest{Brand: "demo", ProgrammeId: "pounds", Customer: byMail("boris@example.com")})
			must(t, err)
			merged = a.GetAccount().GetCustomerId() == anna
		}
		// Of one person the later two pieces go first; of six one finds nothing.
		record(told("return", "5", "", "anna@example.com", 5, goods("tea", 6, 550)))
		w.until(t, "demo", tally{36, 0})
		has("anna@example.com", 0, 0)
		found, err := w.points.ListUnmatchedReturns(ctx, &loyaltyv1.ListUnmatchedReturnsRequest{Brand: "demo", CustomerId: boris})
		if must(t, err); len(found.GetReturns()) != 1 || found.GetReturns()[0].GetQuantityMilli() != 1000 {
			t.Error(found)
		}
	})
}

package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/journey/event"
)

// Purchase is one receipt, or one return of goods, as it now stands. Numbers that are
// not known are 0, texts empty.
type Purchase struct {
	// EventID is the number that the lake's events have too.
	EventID    int64 `parquet:"event_id,delta"`
	CustomerID int64 `parquet:"customer_id,delta"`
	// Return tells goods brought back; their amount is positive too.
	Return     bool   `parquet:"returned"`
	Kind       string `parquet:"kind,dict"`
	Channel    string `parquet:"channel,dict"`
	Subjects   string `parquet:"subjects,dict"`
	Touchpoint string `parquet:"touchpoint,dict"`
	OrderID    string `parquet:"order_id"`
	Reason     string `parquet:"reason,dict"`
	Employee   bool   `parquet:"employee"`
	OccurredAt int64  `parquet:"occurred_at,delta,timestamp(microsecond)"`
	Day        int32  `parquet:"day,delta,date"`
	Sequence   int32  `parquet:"sequence,delta"`
	// Amount is in minor units of Currency, the brand's; empty: nobody told.
	Amount    int64  `parquet:"amount_minor,delta"`
	Currency  string `parquet:"currency,dict"`
	PartySize int32  `parquet:"party_size,delta"`
	// Occasions is a JSON array.
	Occasions string `parquet:"occasions,dict"`
	Lines     []Line `parquet:"lines,list"`
}

// Line is one line of a receipt.
type Line struct {
	Category string `parquet:"category,dict"`
	SKU      string `parquet:"sku,dict"`
	// Quantity is in thousandths; 0: not told, which counts as one.
	Quantity int64 `parquet:"quantity_milli,delta"`
	// Amount is in minor units; null: not told.
	Amount *int64 `parquet:"amount_minor,optional"`
}

// Purchases exports purchases and returns as the log has them: in one pass that puts
// them aside by day, since who bought may become known long after the receipt.
func Purchases(ctx context.Context, client journeyv1.JourneyServiceClient, ask Ask) (_ Summary, err error) {
	start := time.Now()
	kinds, err := client.ListEventKinds(ctx, &journeyv1.ListEventKindsRequest{Brand: ask.Brand})
	if err != nil {
		return Summary{}, fmt.Errorf("count events: %w", err)
	}
	about := int64(0)
	for _, k := range kinds.GetKinds() {
		about += k.GetEvents()
	}
	aside, err := newSpool(ask.Folder)
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, aside.remove()) }()
	if err := putAside(ctx, client, &ask, aside, about); err != nil {
		return Summary{}, err
	}
	t := newTable[Purchase](&ask, "purchases")
	defer t.abort()
	for _, day := range aside.days() {
		rows, err := purchasesOf(aside, day)
		if err != nil {
			return Summary{}, err
		}
		for _, row := range rows {
			if err := t.add(day, row); err != nil {
				return Summary{}, err
			}
		}
	}
	return t.close(start)
}

// putAside reads the log to its end.
func putAside(ctx context.Context, client journeyv1.JourneyServiceClient, ask *Ask, aside *spool, about int64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := client.WatchEvents(ctx, &journeyv1.WatchEventsRequest{Brand: ask.Brand, UntilEnd: true})
	if err != nil {
		return fmt.Errorf("watch events: %w", err)
	}
	read := int64(0)
	for {
		piece, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return aside.flush()
		}
		if err != nil {
			return fmt.Errorf("watch events: %w", err)
		}
		for _, f := range piece.GetFacts() {
			e := f.GetRecorded()
			if e != nil {
				read++
			} else if e = f.GetResolved(); e == nil {
				continue
			}
			if m := event.MeaningOf(e.GetKind()); m != event.Purchase && m != event.Return {
				continue
			}
			e.Properties, e.Source, e.ExternalId = nil, "", "" // not exported
			if err := aside.add(ask.Zone.DayOf(e.GetOccurredAt().AsTime()), e); err != nil {
				return err
			}
		}
		ask.progress(read, about)
	}
}

// purchasesOf are the rows of a day: of each event the version that came last, in the
// order of a file of the lake.
func purchasesOf(aside *spool, day calendar.Day) ([]Purchase, error) {
	last := map[string]*journeyv1.Event{}
	if err := aside.read(day, func(e *journeyv1.Event) { last[e.GetId()] = e }); err != nil {
		return nil, err
	}
	rows := make([]Purchase, 0, len(last))
	for _, e := range last {
		row, err := newPurchase(e, day)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b Purchase) int {
		return cmp.Or(cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.OccurredAt, b.OccurredAt),
			cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.EventID, b.EventID))
	})
	return rows, nil
}

func newPurchase(e *journeyv1.Event, day calendar.Day) (Purchase, error) {
	id, err := strconv.ParseInt(e.GetId(), 10, 64)
	if err != nil {
		return Purchase{}, fmt.Errorf("event %q: %w", e.GetId(), err)
	}
	out := Purchase{
		EventID: id, CustomerID: e.GetCustomer().GetId(), Return: event.MeaningOf(e.GetKind()) == event.Return,
		Kind: e.GetKind(), Channel: channelText(e.GetChannel()), Subjects: subjectsText(e.GetSubjects()),
		Touchpoint: e.GetTouchpoint(), OrderID: e.GetOrderId(), Reason: e.GetReason(), Employee: e.GetEmployee() != "",
		OccurredAt: e.GetOccurredAt().AsTime().UnixMicro(), Day: int32(day), Sequence: e.GetSequence(),
		Amount: e.GetAmount().GetMinorUnits(), Currency: e.GetAmount().GetCurrency(),
		PartySize: e.GetPartySize(), Occasions: jsonText(append([]string{}, e.GetOccasions()...)),
	}
	for _, l := range e.GetLines() {
		line := Line{Category: l.GetCategory(), SKU: l.GetSku(), Quantity: l.GetQuantityMilli()}
		if l.GetAmount() != nil {
			amount := l.GetAmount().GetMinorUnits()
			line.Amount = &amount
		}
		out.Lines = append(out.Lines, line)
	}
	return out, nil
}

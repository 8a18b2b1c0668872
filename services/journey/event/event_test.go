package event

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func brandRules(t *testing.T) Rules {
	t.Helper()
	all, err := config.ParseBrands([]byte(`brands:
  - id: b
    zone: Europe/Moscow
    currency: RUB
    country: RU
    locales: [ru]
    receipts:
      - {occasion: night, hours: 22:00-02:00}
      - {occasion: family, min_items: 3, max_items: 5, min_party: 2}
      - {occasion: baby, categories: [diapers, food.baby], weekdays: [mon]}
`))
	if err != nil {
		t.Fatal(err)
	}
	b := all.All()[0]
	return Rules{Brand: b, Zone: calendar.In(b.Location)}
}

func good(kind string) *journeyv1.Event {
	return &journeyv1.Event{Source: "s", ExternalId: "1", Kind: kind, OccurredAt: timestamppb.New(now)}
}

func TestMeaning(t *testing.T) {
	for kind, want := range map[string]string{
		"purchase": "purchase", "purchase.cafe": "purchase", "purchases": "", "contact.call.complaint": "contact",
		"order.cancelled": "", "order.cancelled.shop": "order.cancelled.shop", "order.cancelled.shop.stock": "order.cancelled.shop",
		"order.cancelled.shopkeeper": "", "order": "", "": "", ".": "", "order.not_collected.late": "order.not_collected",
	} {
		if got := MeaningOf(kind).String(); got != want {
			t.Errorf("%q means %q, want %q", kind, got, want)
		}
	}
	for _, name := range Known() {
		if MeaningOf(name).String() != name {
			t.Errorf("%s does not mean itself", name)
		}
	}
	for _, tt := range []struct {
		kind, prefix string
		want         bool
	}{{"order.placed", "order", true}, {"order", "order", true}, {"orders", "order", false}, {"order", "order.placed", false}} {
		if Within(tt.kind, tt.prefix) != tt.want {
			t.Errorf("%s within %s", tt.kind, tt.prefix)
		}
	}
}

func TestOccasions(t *testing.T) {
	lines := func(quantities ...int64) (out []*journeyv1.Line) {
		for _, q := range quantities {
			out = append(out, &journeyv1.Line{QuantityMilli: q})
		}
		return out
	}
	for name, tt := range map[string]struct {
		change func(*journeyv1.Event)
		want   []string
	}{
		"nothing":               {func(*journeyv1.Event) {}, nil},
		"at night":              {func(e *journeyv1.Event) { e.OccurredAt = timestamppb.New(now.Add(-11 * time.Hour)) }, []string{"night"}},
		"night is over":         {func(e *journeyv1.Event) { e.OccurredAt = timestamppb.New(now.Add(-10 * time.Hour)) }, nil},
		"family":                {func(e *journeyv1.Event) { e.Lines, e.PartySize = lines(2000, 0), 2 }, []string{"family"}},
		"too many things":       {func(e *journeyv1.Event) { e.Lines, e.PartySize = lines(5001), 2 }, nil},
		"nobody counted people": {func(e *journeyv1.Event) { e.Lines = lines(3000) }, nil},
		"baby": {func(e *journeyv1.Event) {
			e.Lines = []*journeyv1.Line{{Category: "food"}, {Category: "food.baby"}}
		}, []string{"baby"}},
		"baby on a Sunday": {func(e *journeyv1.Event) {
			e.Lines, e.OccurredAt = []*journeyv1.Line{{Category: "food.baby"}}, timestamppb.New(now.Add(-24*time.Hour))
		}, nil},
		"no purchase": {func(e *journeyv1.Event) {
			e.Kind, e.Lines, e.PartySize = "return", lines(3000), 2
		}, nil},
	} {
		e := good("purchase")
		tt.change(e)
		got, err := brandRules(t).Judge(e, now)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tt.want, got.Record.GetEvent().GetOccasions()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAmount(t *testing.T) {
	rub := func(n int64) *commonv1.Money { return &commonv1.Money{Currency: "RUB", MinorUnits: n} }
	for name, tt := range map[string]struct {
		amount *commonv1.Money
		lines  []*journeyv1.Line
		want   int64
		told   bool
	}{
		"none":             {nil, nil, 0, false},
		"given":            {rub(7), nil, 7, true},
		"sum":              {nil, []*journeyv1.Line{{Amount: rub(3)}, {}, {Amount: rub(4)}}, 7, true},
		"given stands":     {rub(9), []*journeyv1.Line{{Amount: rub(3)}}, 9, true},
		"given as nothing": {rub(0), []*journeyv1.Line{{Amount: rub(3)}}, 0, true},
		"lines without":    {nil, []*journeyv1.Line{{}}, 0, false},
	} {
		e := good("purchase")
		e.Amount, e.Lines = tt.amount, tt.lines
		got, err := brandRules(t).Judge(e, now)
		if err != nil {
			t.Fatal(name, err)
		}
		m := got.Record.GetEvent().GetAmount()
		if got.Packed.Amount != tt.want || m.GetMinorUnits() != tt.want || (m != nil) != tt.told {
			t.Errorf("%s: %d, %v", name, got.Packed.Amount, m)
		}
	}
	e := good("purchase")
	e.Lines = []*journeyv1.Line{{Amount: rub(most)}, {Amount: rub(1)}, {QuantityMilli: math.MaxInt64}}
	_, err := brandRules(t).Judge(e, now)
	if f := fault.From(err); f == nil || len(f.Fields) != 2 || f.Fields[0].Path != "event.lines[1].amount" {
		t.Errorf("sums that are too large: %v", err)
	}
	// Two of the largest 64-bit amounts would be a negative sum of the customer's.
	for _, tt := range []struct {
		units int64
		good  bool
	}{{most, true}, {most + 1, false}, {math.MaxInt64, false}} {
		e := good("purchase")
		e.Amount = rub(tt.units)
		if _, err := brandRules(t).Judge(e, now); (err == nil) != tt.good {
			t.Errorf("%d: %v", tt.units, err)
		}
	}
}

func TestDayIsTheBrands(t *testing.T) {
	rules := brandRules(t)
	for offset, want := range map[time.Duration]string{11*time.Hour + 59*time.Minute: "2026-03-02", 12 * time.Hour: "2026-03-03"} {
		e := good("visit")
		e.OccurredAt = timestamppb.New(now.Add(offset))
		ready, err := rules.Judge(e, now)
		if err != nil {
			t.Fatal(err)
		}
		f, err := rules.Fact(&ready)
		if err != nil || calendar.Day(f.Day).String() != want {
			t.Errorf("%s: day %s, %v", offset, calendar.Day(f.Day), err)
		}
	}
}

func TestKeyTellsPartsApart(t *testing.T) {
	if cmp.Equal(Key("ab", "c"), Key("a", "bc")) {
		t.Error("two events share a key")
	}
	if len(Key("a", "b")) != 16 || !cmp.Equal(Key("a", "b"), Key("a", "b")) {
		t.Error("key")
	}
}

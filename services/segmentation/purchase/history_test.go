package purchase

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

func randomPurchase(r *rand.Rand) Purchase {
	p := Purchase{Customer: 1, Day: calendar.Day(19000 + r.IntN(40) - r.IntN(2)*30000), Return: r.IntN(4) == 0, Amount: r.Int64N(1e6)}
	if r.IntN(6) == 0 {
		p.Visit, p.Return, p.Amount = true, false, 0
	}
	if p.Return || p.Visit {
		return p
	}
	for kind := Category; kind <= Occasion; kind++ {
		for n := range r.IntN(3) {
			p.Traits = append(p.Traits, Trait{kind, fmt.Sprintf("%c%d", 'a'+r.IntN(5), n)})
		}
	}
	slices.SortFunc(p.Traits, compareTraits)
	p.Traits = slices.Compact(p.Traits)
	return p
}

// Whatever came in between and whatever was taken out again, the same purchases
// are the same bytes.
func TestAnyOrderGivesTheSameBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		keep, drop := make([]Purchase, r.IntN(30)), make([]Purchase, r.IntN(10))
		plain := &History{}
		for i := range keep {
			keep[i] = randomPurchase(r)
			plain.Add(&keep[i])
		}
		for i := range drop {
			drop[i] = randomPurchase(r)
		}
		mixed := &History{}
		all := slices.Concat(keep, drop)
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for i := range all {
			mixed.Add(&all[i])
		}
		for i := range drop {
			if err := mixed.Take(&drop[i]); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(plain.Pack(), mixed.Pack()) {
			t.Fatalf("%+v\n%+v", plain, mixed)
		}
		again, err := Parse(mixed.Pack())
		if err != nil || !bytes.Equal(again.Pack(), mixed.Pack()) || again.Facts() != plain.Facts() {
			t.Fatalf("read back: %v, %+v", err, again)
		}
	}
}

// The sums of two numbers are those of one number with all of their purchases.
func TestJoinIsTheHistoryOfBoth(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		a, b, both := &History{}, &History{}, &History{}
		for range r.IntN(6) {
			p := randomPurchase(r)
			[]*History{a, b}[r.IntN(2)].Add(&p)
			both.Add(&p)
		}
		if diff := cmp.Diff(both.Facts(), Join(a.Facts(), b.Facts())); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestTakenOutButNeverIn(t *testing.T) {
	h := &History{}
	p := Purchase{Day: 1, Amount: 5, Traits: []Trait{{Category, "tea"}}}
	h.Add(&p)
	p.Traits = []Trait{{Category, "coffee"}}
	if err := h.Take(&p); err == nil {
		t.Error("took out what was not in it")
	}
	if err := h.Take(&p); err == nil {
		t.Error("took out twice")
	}
}

func TestHistoryDays(t *testing.T) {
	h := &History{}
	for _, day := range []calendar.Day{10, 12, 30} {
		h.Add(&Purchase{Day: day, Amount: int64(day)})
	}
	for _, c := range []struct {
		from, until calendar.Day
		want        int
	}{{10, 31, 3}, {11, 30, 1}, {13, 30, 0}, {0, 10, 0}, {12, 12, 0}, {31, 10, 0}} {
		if got := h.Days(calendar.Days{From: c.from, Until: c.until}); len(got) != c.want {
			t.Errorf("[%d, %d): %+v", c.from, c.until, got)
		}
	}
}

func TestOf(t *testing.T) {
	moscow, err := calendar.Load("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	money := func(n int64) *commonv1.Money { return &commonv1.Money{Currency: "RUB", MinorUnits: n} }
	e := &journeyv1.Event{
		Kind: "purchase.online", Actor: &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 7}}},
		Channel: commonv1.Channel_CHANNEL_APP, OccurredAt: timestamppb.New(time.Date(2024, 6, 7, 21, 30, 0, 0, time.UTC)),
		Lines:     []*journeyv1.Line{{Category: "tea", Amount: money(100)}, {Category: "tea", Amount: money(50)}, {Amount: money(1)}},
		Occasions: []string{"lunch.solo"},
	}
	want := Purchase{Customer: 7, Day: calendar.DayOn(2024, 6, 8), Amount: 151,
		Traits: []Trait{{Category, "tea"}, {Channel, "APP"}, {Occasion, "lunch.solo"}}}
	if diff := cmp.Diff(want, Of(e, moscow)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, Of(Essence(e), moscow)); diff != "" {
		t.Errorf("the essence says something else: %s", diff)
	}
	e.Kind, e.Amount = "return", money(99)
	if p := Of(e, moscow); !p.Return || p.Amount != 99 || p.Traits != nil {
		t.Errorf("got %+v", p)
	}
	for kind, counts := range map[string]bool{"purchase": true, "return.shop": true, "purchased": false, "returns": false, "visit.page": true, "visitor": false} {
		if e.Kind = kind; Counts(e) != counts {
			t.Errorf("%s: %v", kind, !counts)
		}
	}
	if e.Kind, e.Actor = "purchase", nil; Counts(e) {
		t.Error("a purchase of nobody known counts")
	}
}

// Rows written before there were visits are read, and written the same way again.
func TestWithoutVisitsItIsTheOldForm(t *testing.T) {
	h := &History{}
	h.Add(&Purchase{Day: 3, Amount: 5})
	old := []byte{1, 0, 1, 6, 2, 0, 10, 0, 0}
	if got := h.Pack(); !bytes.Equal(got, old) {
		t.Errorf("packed %v", got)
	}
	visit := Purchase{Day: 3, Visit: true}
	h.Add(&visit)
	if got := h.Pack(); got[0] != visited || h.Facts().Visits != 1 {
		t.Errorf("packed %v", got)
	}
	if err := h.Take(&visit); err != nil || !bytes.Equal(h.Pack(), old) {
		t.Errorf("packed %v: %v", h.Pack(), err)
	}
	if err := h.Take(&visit); err == nil {
		t.Error("a visit that never was is gone")
	}
}

func FuzzParse(f *testing.F) {
	r := rand.New(rand.NewPCG(9, 9))
	h := &History{}
	for range 5 {
		p := randomPurchase(r)
		h.Add(&p)
	}
	f.Add(h.Pack())
	f.Add([]byte{1, 255, 255, 255, 255, 15})
	// The same trait five times.
	f.Add([]byte("\x02\x050\x02000\x02000\x02000\x0200 \x0200\x04000000\x00000000\x03\x000\x010\x030000000\x02\x010\x020000000\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := Parse(b); err == nil {
			if _, err := Parse(h.Pack()); err != nil {
				t.Errorf("cannot be read again: %v", err)
			}
		}
	})
}

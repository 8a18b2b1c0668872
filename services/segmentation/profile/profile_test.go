package profile_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
)

const (
	text   = segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT
	number = segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER
	flag   = segmentationv1.AttributeType_ATTRIBUTE_TYPE_BOOL
	date   = segmentationv1.AttributeType_ATTRIBUTE_TYPE_DATE
)

func declared(t testing.TB) *profile.Catalogue {
	t.Helper()
	c := profile.NewCatalogue()
	for name, kind := range map[string]segmentationv1.AttributeType{"city": text, "children": number, "vip": flag, "birthday": date} {
		c = c.With(&segmentationv1.Attribute{Name: name, Type: kind, Personal: name != "vip"})
	}
	return c
}

func textOf(v string) *segmentationv1.AttributeValue {
	return &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Text{Text: v}}
}

func numberOf(v float64) *segmentationv1.AttributeValue {
	return &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Number{Number: v}}
}

func flagOf(v bool) *segmentationv1.AttributeValue {
	return &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Flag{Flag: v}}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		in   *segmentationv1.Customer
		path string
	}{
		"all well": {in: &segmentationv1.Customer{
			Attributes:     map[string]*segmentationv1.AttributeValue{"city": textOf("x"), "children": numberOf(0), "vip": flagOf(false), "birthday": textOf("2000-02-29")},
			SensitiveDates: []*segmentationv1.SensitiveDate{{Month: 2, Day: 29}}, LifeEvents: []*segmentationv1.LifeEvent{{Kind: "move", Day: "2026-01-01"}},
			Zone: "Asia/Tokyo", Locale: "pt-BR",
		}},
		"removed":    {in: with("city", &segmentationv1.AttributeValue{})},
		"undeclared": {in: with("shoe", textOf("42")), path: "attributes[shoe]"},
		"text":       {in: with("city", numberOf(1)), path: "attributes[city]"},
		"number":     {in: with("children", textOf("1")), path: "attributes[children]"},
		"flag":       {in: with("vip", textOf("true")), path: "attributes[vip]"},
		"date":       {in: with("birthday", textOf("29.02.2000")), path: "attributes[birthday]"},
		"no such day": {in: &segmentationv1.Customer{SensitiveDates: []*segmentationv1.SensitiveDate{{Month: 4, Day: 31}}},
			path: "sensitive_dates[0].day"},
		"event":  {in: &segmentationv1.Customer{LifeEvents: []*segmentationv1.LifeEvent{{Kind: "x", Day: "2026-02-30"}}}, path: "life_events[0].day"},
		"zone":   {in: &segmentationv1.Customer{Zone: "Moscow"}, path: "zone"},
		"local":  {in: &segmentationv1.Customer{Zone: "Local"}, path: "zone"},
		"locale": {in: &segmentationv1.Customer{Locale: "русский"}, path: "locale"},
	} {
		err := profile.Check(c.in, declared(t))
		if c.path == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		want := fault.ReasonInvalid
		if strings.HasPrefix(c.path, "attributes") {
			want = "ATTRIBUTE_MISMATCH"
		}
		if fault.Reason(err) != want || fault.From(err).Fields[0].Path != c.path {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func with(name string, v *segmentationv1.AttributeValue) *segmentationv1.Customer {
	return &segmentationv1.Customer{Attributes: map[string]*segmentationv1.AttributeValue{name: v}}
}

func TestTypesNeverChange(t *testing.T) {
	c := declared(t)
	news, err := c.Declare([]*segmentationv1.Attribute{
		{Name: "city", Type: text, Personal: true}, {Name: "city", Type: text, Title: "Town"}, {Name: "size", Type: number}, {Name: "size", Type: number},
	})
	if err != nil || len(news) != 2 || news[0].GetTitle() != "Town" {
		t.Error(news, err)
	}
	if _, err := c.Declare([]*segmentationv1.Attribute{{Name: "vip", Type: text}}); !fault.Is(err, "ATTRIBUTE_MISMATCH") {
		t.Error(err)
	}
	if _, err := c.Declare([]*segmentationv1.Attribute{{Name: "new", Type: text}, {Name: "new", Type: date}}); !fault.Is(err, "ATTRIBUTE_MISMATCH") {
		t.Error(err)
	}
	if !c.Personal("unheard.of") || c.Personal("vip") {
		t.Error("what is personal")
	}
}

// random says something about a customer.
func random(r *rand.Rand) *segmentationv1.Customer {
	out := &segmentationv1.Customer{Attributes: map[string]*segmentationv1.AttributeValue{}}
	for range r.IntN(4) {
		name := []string{"city", "children", "vip"}[r.IntN(3)]
		out.Attributes[name] = []*segmentationv1.AttributeValue{textOf(fmt.Sprint(r.IntN(3))), {}}[r.IntN(2)]
	}
	for range r.IntN(5) {
		out.Consents = append(out.Consents, &segmentationv1.Consent{Purpose: fmt.Sprint(r.IntN(2)), Mode: commonv1.ContactMode(r.IntN(3)), Granted: r.IntN(2) == 0})
		out.SensitiveDates = append(out.SensitiveDates, &segmentationv1.SensitiveDate{Month: int32(1 + r.IntN(2)), Day: int32(1 + r.IntN(3))})
		out.LifeEvents = append(out.LifeEvents, &segmentationv1.LifeEvent{Kind: fmt.Sprint(r.IntN(2)), Day: fmt.Sprintf("2026-01-0%d", 1+r.IntN(3))})
	}
	out.Zone, out.Locale = []string{"", "UTC"}[r.IntN(2)], []string{"", "ru"}[r.IntN(2)]
	return out
}

// Told the same again nothing changes, bytes are equal where knowledge is, the last
// word on a purpose and mode counts, and what is known is not touched by telling.
func TestMergeProperties(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 0))
		known := &profile.Profile{}
		for range 4 {
			row := random(r)
			before, rowBefore := proto.CloneOf(known), proto.CloneOf(row)
			next, err := profile.Merge(known, row)
			if err != nil {
				t.Fatal(err)
			}
			if !proto.Equal(before, known) || !proto.Equal(rowBefore, row) {
				t.Fatalf("seed %d: an argument changed", seed)
			}
			again, err := profile.Merge(next, row)
			if diff := cmp.Diff(next, again, protocmp.Transform()); diff != "" || err != nil {
				t.Fatalf("seed %d: %s, %v", seed, diff, err)
			}
			for i, c := range row.GetConsents() {
				last := c
				for _, later := range row.GetConsents()[i:] {
					if later.GetPurpose() == c.GetPurpose() && later.GetMode() == c.GetMode() {
						last = later
					}
				}
				for _, kept := range next.GetConsents() {
					if kept.GetPurpose() == c.GetPurpose() && kept.GetMode() == c.GetMode() && kept.GetGranted() != last.GetGranted() {
						t.Fatalf("seed %d: consent %v is kept as %v", seed, last, kept)
					}
				}
			}
			a, err := profile.Pack(next)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := profile.Parse(a)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := profile.Pack(parsed); err != nil || !bytes.Equal(a, b) {
				t.Fatalf("seed %d: equal profiles have different bytes", seed)
			}
			known = next
		}
	}
}

func TestBounds(t *testing.T) {
	in := &segmentationv1.Customer{}
	for day := range 28 {
		for month := range 2 {
			in.SensitiveDates = append(in.SensitiveDates, &segmentationv1.SensitiveDate{Month: int32(month + 1), Day: int32(day + 1)})
		}
	}
	if _, err := profile.Merge(&profile.Profile{}, in); err == nil || fault.From(err).Fields[0].Path != "sensitive_dates" {
		t.Error(err)
	}
}

func TestBlank(t *testing.T) {
	in := &profile.Profile{Zone: "UTC", Locale: "ru", LifeEvents: []*segmentationv1.LifeEvent{{Kind: "x", Day: "2026-01-01"}},
		Attributes: map[string]*segmentationv1.AttributeValue{"city": textOf("x"), "vip": flagOf(true), "forgotten": textOf("x")}}
	want := &profile.Profile{Attributes: map[string]*segmentationv1.AttributeValue{"vip": flagOf(true)}}
	if diff := cmp.Diff(want, profile.Blank(in, declared(t)), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

// A value keeps its time until it becomes another one, whatever else is told.
func TestTimesOfAttributes(t *testing.T) {
	word := func(s string) *segmentationv1.AttributeValue {
		return &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Text{Text: s}}
	}
	known, first := &profile.Profile{}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		told map[string]*segmentationv1.AttributeValue
		want map[string]int
	}{
		{map[string]*segmentationv1.AttributeValue{"birthday": word("1990-02-28"), "city": word("Omsk")}, map[string]int{"birthday": 0, "city": 0}},
		{map[string]*segmentationv1.AttributeValue{"birthday": word("1990-02-28"), "city": word("Tomsk")}, map[string]int{"birthday": 0, "city": 1}},
		{map[string]*segmentationv1.AttributeValue{"birthday": word("1990-02-27")}, map[string]int{"birthday": 2, "city": 1}},
		{map[string]*segmentationv1.AttributeValue{"birthday": {}}, map[string]int{"city": 1}},
		{map[string]*segmentationv1.AttributeValue{"birthday": word("1990-02-27")}, map[string]int{"birthday": 4, "city": 1}},
	} {
		next, err := profile.Merge(known, &segmentationv1.Customer{Attributes: step.told})
		if err != nil {
			t.Fatal(err)
		}
		profile.Stamp(known, next, first.AddDate(0, 0, i))
		got := map[string]int{}
		for name, at := range next.GetAttributeTimes() {
			got[name] = int(at.AsTime().Sub(first).Hours() / 24)
		}
		if !maps.Equal(got, step.want) {
			t.Errorf("step %d: %v, want %v", i, got, step.want)
		}
		known = next
	}
}

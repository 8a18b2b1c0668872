package audience

import (
	"math"
	"net/url"
	"reflect"
	"testing"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// FuzzFilters: whatever an address says is refused, or is a filter that writes the
// same address part again and can be asked.
func FuzzFilters(f *testing.F) {
	for _, s := range []string{"attributes.city:Omsk", "!attributes.city:", "born:1980..1990", "!born:..5", "born:5..5", "vip", "!", ":", "a:b:c", "x:NaN..", "x:1e308..", "x:..-Inf"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range filterNames {
			one, ok := readFilter(name, text)
			if !ok {
				continue
			}
			again, ok := readFilter(name, one.texts()[0])
			if !ok || !reflect.DeepEqual(one, again) {
				t.Fatalf("%s=%q: %+v, then %+v", name, text, one, again)
			}
			for _, whole := range []bool{false, true} {
				field := one.proto(whole).GetField()
				if field == nil {
					continue
				}
				if math.IsNaN(field.GetAtLeast()) || math.IsInf(field.GetAtLeast(), 0) || math.IsNaN(field.GetAtMost()) {
					t.Fatalf("%s=%q asks for %v", name, text, field)
				}
			}
		}
	})
}

func TestFiltersOfAFieldAreOne(t *testing.T) {
	got, err := readFilters(url.Values{
		"where":   {"attributes.city:Omsk", "attributes.city:Tver", "!attributes.city:Pskov", "purchases.channels:COURIER"},
		"range":   {"attributes.born:1980..1990"},
		"segment": {"!best"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, f := range got {
		texts = append(texts, f.texts()...)
	}
	want := []string{"attributes.city:Omsk", "attributes.city:Tver", "!attributes.city:Pskov", "purchases.channels:COURIER", "attributes.born:1980..1990", "!best"}
	if len(got) != 5 || !reflect.DeepEqual(texts, want) {
		t.Errorf("%d filters: %q", len(got), texts)
	}
	if _, err := readFilters(url.Values{"where": {"city"}}); err == nil {
		t.Error("nonsense is taken")
	}
}

// TestEndsOfRanges: the upper end of a range is outside; the contract has it inside.
func TestEndsOfRanges(t *testing.T) {
	for _, c := range []struct {
		text        string
		whole       bool
		least, most float64
	}{
		{"f:3..5", true, 3, 4}, {"f:5..5", true, 5, 5}, {"f:5..5", false, 5, 5}, {"f:3..5", false, 3, math.Nextafter(5, 0)}, {"f:..5", true, 0, 4}, {"f:2..4.5", true, 2, 4},
	} {
		f, _ := readFilter("range", c.text)
		got := f.proto(c.whole).GetField()
		if got.GetAtLeast() != c.least || got.GetAtMost() != c.most {
			t.Errorf("%s: %v to %v", c.text, got.GetAtLeast(), got.GetAtMost())
		}
	}
}

func TestAClickAndAnotherOne(t *testing.T) {
	s := &scene{Address: shell.Address{Brand: "demo", Page: panelPath, Own: url.Values{}}, Lang: &english, brand: &config.Brand{ID: "demo", Currency: "RUB"}}
	once := s.toggled("range", "born", "born:1980..1990")
	if once != "/panel?brand=demo&range=born%3A1980..1990" {
		t.Error(once)
	}
	s.Own = url.Values{"range": {"born:1980..1990", "other:1..2"}}
	if got := s.toggled("range", "born", "born:1990..2000"); got != "/panel?brand=demo&range=other%3A1..2&range=born%3A1990..2000" {
		t.Error("a second range beside the first:", got)
	}
	if got := s.toggled("range", "born", "born:1980..1990"); got != "/panel?brand=demo&range=other%3A1..2" {
		t.Error("a second click leaves it:", got)
	}
	if len(s.Own["range"]) != 2 {
		t.Error("a link changed the page")
	}
}

func TestFiltersAsARule(t *testing.T) {
	about := &catalogue{fields: []*segmentationv1.Field{
		{Name: "attributes.born", Type: segmentationv1.FieldType_FIELD_TYPE_NUMBER}, {Name: "attributes.city", Type: segmentationv1.FieldType_FIELD_TYPE_TEXT},
		{Name: "attributes.vip", Type: segmentationv1.FieldType_FIELD_TYPE_BOOL}, {Name: "purchases.channels", Type: segmentationv1.FieldType_FIELD_TYPE_TEXTS},
	}}
	for _, c := range []struct {
		own  url.Values
		want string
	}{
		{url.Values{"where": {"attributes.city:Omsk", "attributes.city:"}}, `(attributes.city == "Omsk" || !has(attributes.city))`},
		{url.Values{"where": {"!purchases.channels:WEB", "attributes.vip:true"}}, `!("WEB" in purchases.channels) && attributes.vip == true`},
		{url.Values{"range": {"attributes.born:1980..1990"}}, `(has(attributes.born) && attributes.born >= 1980.0 && attributes.born < 1990.0)`},
		{url.Values{"segment": {"best"}}, ""},
	} {
		filters, err := readFilters(c.own)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := expression(filters, about); got != c.want {
			t.Errorf("%v: %s, want %s", c.own, got, c.want)
		}
	}
}

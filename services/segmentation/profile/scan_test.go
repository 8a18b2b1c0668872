package profile_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
)

// Attributes are those of Parse, whatever else a profile has.
func TestAttributesAreThoseOfTheProfile(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	var reader profile.Reader
	for range 300 {
		p := &profile.Profile{Zone: []string{"", "Europe/Moscow"}[r.IntN(2)], Locale: []string{"", "ru"}[r.IntN(2)]}
		for i := range r.IntN(5) {
			v := []*segmentationv1.AttributeValue{
				{Value: &segmentationv1.AttributeValue_Text{Text: []string{"", "Омск", "a\x00b"}[r.IntN(3)]}},
				{Value: &segmentationv1.AttributeValue_Number{Number: []float64{0, -1.5, math.MaxFloat64}[r.IntN(3)]}},
				{Value: &segmentationv1.AttributeValue_Flag{Flag: r.IntN(2) == 0}},
				{},
			}[r.IntN(4)]
			if p.Attributes == nil {
				p.Attributes = map[string]*segmentationv1.AttributeValue{}
			}
			p.Attributes[[]string{"", "city", fmt.Sprint("family.", i)}[r.IntN(3)]] = v
		}
		for i := range r.IntN(3) {
			p.Consents = append(p.Consents, &segmentationv1.Consent{Purpose: fmt.Sprint(i)})
			p.SensitiveDates = append(p.SensitiveDates, &segmentationv1.SensitiveDate{Month: 3, Day: int32(i)})
		}
		b, err := profile.Pack(p)
		if err != nil {
			t.Fatal(err)
		}
		want, err := profile.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := reader.Attributes(b)
		if diff := cmp.Diff(profile.AttributesOf(want.GetAttributes()), got, exact); diff != "" || err != nil {
			t.Fatal(diff, err)
		}
	}
}

// What is no profile fails and does not panic.
func FuzzAttributes(f *testing.F) {
	b, err := profile.Pack(&profile.Profile{Attributes: map[string]*segmentationv1.AttributeValue{
		"city": {Value: &segmentationv1.AttributeValue_Text{Text: "Omsk"}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := profile.Parse(b)
		if err != nil {
			_, _ = new(profile.Reader).Attributes(b)
			return
		}
		if b, err = profile.Pack(p); err != nil {
			t.Fatal(err)
		}
		got, err := new(profile.Reader).Attributes(b)
		if diff := cmp.Diff(profile.AttributesOf(p.GetAttributes()), got, exact); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}

// exact compares attributes; none is none, and a number that is none is the same one.
var exact = cmp.Options{cmp.AllowUnexported(profile.Value{}), cmpopts.EquateEmpty(), cmpopts.EquateNaNs()}

// What one number lacks another may have; what it has stays, and neither changes.
func TestUnder(t *testing.T) {
	one := profile.AttributesOf(map[string]*segmentationv1.AttributeValue{"b": textOf("mine"), "d": numberOf(4)})
	two := profile.AttributesOf(map[string]*segmentationv1.AttributeValue{"a": flagOf(true), "b": textOf("theirs"), "e": {}})
	want := profile.AttributesOf(map[string]*segmentationv1.AttributeValue{"a": flagOf(true), "b": textOf("mine"), "d": numberOf(4), "e": {}})
	if diff := cmp.Diff(want, one.Under(two), exact); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(two, profile.Attributes(nil).Under(two), exact); diff != "" {
		t.Error(diff)
	}
	if len(one) != 2 || len(two) != 3 || one.Get("a") != (profile.Value{}) || !two.Get("a").Flag() || two.Get("b").Text() != "theirs" || one.Get("d").Number() != 4 {
		t.Error(one, two)
	}
}

// A walk keeps each attribute for itself: what is read later does not move it.
func TestReaderKeepsNothing(t *testing.T) {
	var reader profile.Reader
	var b []byte
	var all []profile.Attributes
	for i := range 3000 {
		packed, err := profile.Pack(&profile.Profile{Attributes: map[string]*segmentationv1.AttributeValue{"city": textOf(fmt.Sprint("city ", i)), "n": numberOf(float64(i))}})
		if err != nil {
			t.Fatal(err)
		}
		b = append(b[:0], packed...)
		one, err := reader.Attributes(b)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	for i, one := range all {
		if one.Get("city").Text() != fmt.Sprint("city ", i) || one.Get("n").Number() != float64(i) {
			t.Fatal(i, one)
		}
	}
}

// BenchmarkAttributes reads six attributes of somebody of whom the times are known too.
func BenchmarkAttributes(b *testing.B) {
	p := &profile.Profile{}
	for _, name := range []string{"age", "children", "factor.price", "factor.speed", "problem", "state"} {
		next, err := profile.Merge(p, with(name, textOf(name+"1")))
		if err != nil {
			b.Fatal(err)
		}
		profile.Stamp(p, next, time.Now())
		p = next
	}
	packed, err := profile.Pack(p)
	if err != nil {
		b.Fatal(err)
	}
	var reader profile.Reader
	for b.Loop() {
		if _, err := reader.Attributes(packed); err != nil {
			b.Fatal(err)
		}
	}
}

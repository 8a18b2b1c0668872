package profile_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
)

// Attributes are those of Parse, whatever else a profile has.
func TestAttributesAreThoseOfTheProfile(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
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
		got, err := profile.Attributes(b)
		if diff := cmp.Diff(want.GetAttributes(), got, protocmp.Transform()); diff != "" || err != nil {
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
		if _, err := profile.Parse(b); err != nil {
			_, _ = profile.Attributes(b)
			return
		}
		if _, err := profile.Attributes(b); err != nil {
			t.Error("a profile's attributes cannot be read: ", err)
		}
	})
}

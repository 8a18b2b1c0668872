package panel

import (
	"fmt"
	"math"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/services/segmentation/field"
)

// crowd is a view of n persons, filled without a database.
func crowd(fields *field.Catalogue, n int64) *View {
	v := &View{Persons: newSet(int(n) + 1), Day: 20_000, columns: map[string]*column{}}
	put := func(name string, of func(id int64) cell) {
		c := newColumn(fields.Get(name), int(n)+1)
		for id := int64(1); id <= n; id++ {
			c.set(id, of(id))
		}
		v.columns[name] = c
	}
	number := func(n int64, known bool) cell { return cell{known: known, number: float64(n)} }
	for id := int64(1); id <= n; id++ {
		v.Persons.add(id)
	}
	towns := make([]string, 97)
	for i := range towns {
		towns[i] = fmt.Sprint("town", i)
	}
	put("attributes.city", func(id int64) cell { return cell{known: id%5 != 0, texts: towns[id*id%97 : id*id%97+1]} })
	put("attributes.age", func(id int64) cell { return number(18+id*7%60, id%4 != 0) })
	put("attributes.club", func(id int64) cell { return cell{known: true, texts: flags[id%3 == 0]} })
	put("purchases.categories", func(id int64) cell { return cell{known: true, texts: towns[id%90 : id%90+id*id%7]} })
	put("purchases.channels", func(id int64) cell { return cell{known: true, texts: towns[id%2 : id%2+1]} })
	put("purchases.spent", func(id int64) cell { return number(id*7919%500_000, true) })
	put("purchases.days_since_last", func(id int64) cell { return number(20_000-id*31%700, id%10 != 0) })
	put(yearCount, func(id int64) cell { return number(id%10, true) })
	put(yearSpent, func(id int64) cell { return number(id%10*500, true) })
	put(firstDay, func(id int64) cell { return number(19_000-id%300, id%10 != 0) })
	put(lastDay, func(id int64) cell { return number(20_000-id*31%700, id%10 != 0) })
	return v
}

// BenchmarkAnswer is four filters, six distributions and the rest of a million
// persons; after a fact the cuts of one column are found anew.
func BenchmarkAnswer(b *testing.B) {
	const n = 1_000_000
	fields := field.New([]*segmentationv1.Attribute{{Name: "city", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT},
		{Name: "age", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER}, {Name: "club", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_BOOL}}, nil)
	v := crowd(fields, n)
	in := &segmentationv1.QueryPanelRequest{Rest: true, Filters: []*segmentationv1.PanelFilter{
		{Filter: &segmentationv1.PanelFilter_SegmentId{SegmentId: "some"}},
		{Not: true, Filter: &segmentationv1.PanelFilter_Field{Field: &segmentationv1.FieldFilter{Field: "attributes.city", Values: []string{"town1", "town2"}}}},
		{Filter: &segmentationv1.PanelFilter_Field{Field: &segmentationv1.FieldFilter{Field: "purchases.channels", Values: []string{"town1"}}}},
		{Filter: &segmentationv1.PanelFilter_Field{Field: &segmentationv1.FieldFilter{Field: "purchases.spent", AtLeast: proto.Float64(300)}}},
	}}
	for _, name := range []string{"attributes.city", "attributes.age", "attributes.club", "purchases.categories", "purchases.spent", "purchases.days_since_last"} {
		in.Distributions = append(in.Distributions, &segmentationv1.DistributionQuery{Field: name})
	}
	q, err := Read(in, fields, func(string) bool { return true })
	if err != nil {
		b.Fatal(err)
	}
	some := roaring64.New()
	for id := uint64(1); id <= n; id++ {
		if id%10 != 3 {
			some.Add(id)
		}
	}
	members := map[string]*roaring64.Bitmap{"some": some}
	b.Run("warm", func(b *testing.B) {
		for b.Loop() {
			if p := v.Answer(q, members); p.Chosen.GetPersons()+p.Rest.GetPersons() != n {
				b.Fatal(math.NaN())
			}
		}
	})
	b.Run("changed", func(b *testing.B) {
		for b.Loop() {
			for _, c := range v.columns {
				c.version++
			}
			v.Answer(q, members)
		}
	})
}

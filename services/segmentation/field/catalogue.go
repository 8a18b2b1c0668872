package field

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// Catalogue has the fields that a brand's rules can read. It never changes.
type Catalogue struct {
	byName map[string]*Field
	all    []*Field
}

// Get is a field by name; nil if there is none.
func (c *Catalogue) Get(name string) *Field { return c.byName[name] }

// All are the fields ordered by name. They must not be changed.
func (c *Catalogue) All() []*Field { return c.all }

// Fields are the fields as clients read them, ordered by name.
func (c *Catalogue) Fields() []*segmentationv1.Field {
	out := make([]*segmentationv1.Field, len(c.all))
	for i, f := range c.all {
		out[i] = &segmentationv1.Field{Name: f.Name, Type: f.Type, Description: f.Description, Rolls: f.Rolls()}
	}
	return out
}

// New is the catalogue of a brand that declared these attributes and asks these
// metrics.
func New(attributes []*segmentationv1.Attribute, metrics []string) *Catalogue {
	byName := maps.Clone(fixed)
	for _, a := range attributes {
		f := &Field{Name: "attributes." + a.GetName(), Type: typeOf(a.GetType()), Group: Attributes,
			Description: cmp.Or(a.GetTitle(), "Attribute "+a.GetName()+"."), what: readAttribute, key: a.GetName()}
		byName[f.Name] = f
	}
	for _, m := range metrics {
		f := &Field{Name: "score." + m, Type: number, Group: Answers,
			Description: "The last score given to " + m + ", on the scale it was asked in.", what: readScore, key: m}
		byName[f.Name] = f
		f = &Field{Name: "answered_days." + m, Type: integer, Group: Answers,
			Description: "Days since the last answer to " + m + ": 0 if it was today, and 0 and not known if there is none.", what: readScoreAge, key: m}
		byName[f.Name] = f
	}
	return &Catalogue{byName, slices.SortedFunc(maps.Values(byName), func(a, b *Field) int { return cmp.Compare(a.Name, b.Name) })}
}

func typeOf(t segmentationv1.AttributeType) segmentationv1.FieldType {
	switch t {
	case segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER:
		return number
	case segmentationv1.AttributeType_ATTRIBUTE_TYPE_BOOL:
		return flag
	case segmentationv1.AttributeType_ATTRIBUTE_TYPE_DATE:
		return day
	}
	return text
}

// fixed are the fields that every brand has.
var fixed = collect(everyBrand(), windowed())

func collect(lists ...[]*Field) map[string]*Field {
	out := map[string]*Field{}
	for _, f := range slices.Concat(lists...) {
		out[f.Name] = f
	}
	return out
}

func everyBrand() []*Field {
	return []*Field{
		{Name: "customer.created_day", Type: day, Group: Identity, what: readCreated, Description: "Day on which the person became known."},
		{Name: "customer.numbers", Type: integer, Group: Identity, what: readNumbers, Description: "Customer numbers that are this person; above 1 after a merge."},
		{Name: "purchases.first_day", Type: day, Group: Purchases, what: readFirst, Description: "Day of the first purchase; not known if there is none."},
		{Name: "purchases.last_day", Type: day, Group: Purchases, what: readLast, Description: "Day of the last purchase; not known if there is none."},
		{Name: "purchases.days_since_last", Type: integer, Group: Purchases, what: readAge,
			Description: "Days since the last purchase: 0 if it was today, and 0 and not known if there is none."},
		{Name: "purchases.weeks_in_row", Type: integer, Group: Purchases, what: readWeeks,
			Description: "Weeks (Monday to Sunday) in a row with a purchase, up to this week or the last one."},
		{Name: "visits.last_day", Type: day, Group: Visits, what: readLastVisit, Description: "Day of the last visit; not known if there is none."},
		{Name: "visits.days_since_last", Type: integer, Group: Visits, what: readVisitAge,
			Description: "Days since the last visit: 0 if it was today, and 0 and not known if there is none."},
		{Name: "rfm.recency", Type: integer, Group: RFM, what: readRecency, Description: "Recency score of the newest RFM run, 1 (long ago) to 5 (lately)."},
		{Name: "rfm.frequency", Type: integer, Group: RFM, what: readFrequency, Description: "Frequency score of the newest RFM run, 1 to 5."},
		{Name: "rfm.monetary", Type: integer, Group: RFM, what: readMonetary, Description: "Monetary score of the newest RFM run, 1 to 5."},
	}
}

// windowed are the fields that look at a window, each for all windows.
func windowed() (out []*Field) {
	families := []Field{
		{Name: "purchases.count", Type: integer, what: readCount, Description: "Purchases"},
		{Name: "visits.count", Type: integer, Group: Visits, what: readVisits, Description: "Visits"},
		{Name: "purchases.spent", Type: integer, what: readSpent, Description: "Money spent on purchases, returns not taken off, in minor units"},
		{Name: "purchases.average_check", Type: integer, what: readAverage,
			Description: "Money spent per purchase, to the nearest minor unit, not known without a purchase"},
		{Name: "purchases.categories", Type: texts, what: readTraits, kind: purchase.Category, Description: "Categories bought, each once"},
		{Name: "purchases.category_count", Type: integer, what: readTraitCount, kind: purchase.Category, Description: "Different categories bought"},
		{Name: "purchases.channels", Type: texts, what: readTraits, kind: purchase.Channel, Description: "Channels bought through, such as WEB, each once"},
		{Name: "purchases.channel_count", Type: integer, what: readTraitCount, kind: purchase.Channel, Description: "Different channels bought through"},
		{Name: "purchases.occasions", Type: texts, what: readTraits, kind: purchase.Occasion, Description: "Occasions bought for, each once"},
		{Name: "purchases.occasion_count", Type: integer, what: readTraitCount, kind: purchase.Occasion, Description: "Different occasions bought for"},
		{Name: "returns.count", Type: integer, what: readReturns, Description: "Returns"},
		{Name: "returns.spent", Type: integer, what: readReturned, Description: "Money given back for returns, in minor units"},
	}
	for _, f := range families {
		f.Group = cmp.Or(f.Group, Purchases)
		for s := range spans {
			one := f
			one.span = span(s)
			if n := spans[s]; n > 0 {
				one.Name = fmt.Sprintf("%s_%dd", f.Name, n)
				one.Description = fmt.Sprintf("%s in the last %d days, today included.", f.Description, n)
			} else {
				one.Description += "."
			}
			out = append(out, &one)
		}
	}
	return out
}

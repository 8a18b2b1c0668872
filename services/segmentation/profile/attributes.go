// Package profile is what is known of a customer beside identities: attributes of
// declared types, consents, sensitive dates, life events, zone and language. It
// has rules alone; where profiles lie is the service's business.
package profile

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Catalogue has the attributes that a brand has declared. It never changes: With
// makes another one.
type Catalogue struct {
	byName map[string]*segmentationv1.Attribute
}

// NewCatalogue has nothing declared.
func NewCatalogue() *Catalogue { return &Catalogue{byName: map[string]*segmentationv1.Attribute{}} }

// With is the catalogue after one more declaration.
func (c *Catalogue) With(a *segmentationv1.Attribute) *Catalogue {
	grown := maps.Clone(c.byName)
	grown[a.GetName()] = a
	return &Catalogue{grown}
}

// Get is an attribute; nil if it is not declared.
func (c *Catalogue) Get(name string) *segmentationv1.Attribute { return c.byName[name] }

// Personal tells whether an attribute is personal data. One that is not known
// here is taken for personal: it may have been declared a moment ago.
func (c *Catalogue) Personal(name string) bool {
	a := c.byName[name]
	return a == nil || a.GetPersonal()
}

// All are the attributes ordered by name. They must not be changed.
func (c *Catalogue) All() []*segmentationv1.Attribute {
	return slices.SortedFunc(maps.Values(c.byName), func(a, b *segmentationv1.Attribute) int {
		return cmp.Compare(a.GetName(), b.GetName())
	})
}

// maxDeclared bounds the attributes of a brand.
const maxDeclared = 1000

// Declare judges declarations against what there is and returns those that change
// something, in order.
func (c *Catalogue) Declare(all []*segmentationv1.Attribute) ([]*segmentationv1.Attribute, error) {
	var news []*segmentationv1.Attribute
	now := c
	for _, a := range all {
		was := now.Get(a.GetName())
		if was != nil && was.GetType() != a.GetType() {
			return nil, fault.Precondition(commonv1.Reason_REASON_ATTRIBUTE_MISMATCH,
				"attribute %q is declared with another type, and types never change", a.GetName()).With("name", a.GetName())
		}
		if was != nil && proto.Equal(was, a) {
			continue
		}
		now, news = now.With(a), append(news, a)
	}
	if len(now.byName) > maxDeclared {
		return nil, fault.Invalid().Field("attributes", "a brand may declare at most %d", maxDeclared).Err()
	}
	return news, nil
}

// fits says what is wrong with a value for an attribute; "" if nothing is.
func fits(a *segmentationv1.Attribute, v *segmentationv1.AttributeValue) string {
	if a == nil {
		return "is not declared"
	}
	switch x := v.GetValue().(type) {
	case nil:
		return "" // takes the attribute away
	case *segmentationv1.AttributeValue_Text:
		if a.GetType() == segmentationv1.AttributeType_ATTRIBUTE_TYPE_DATE {
			if _, err := time.Parse(time.DateOnly, x.Text); err != nil {
				return "must be a day, YYYY-MM-DD"
			}
			return ""
		}
		if a.GetType() == segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT {
			return ""
		}
	case *segmentationv1.AttributeValue_Number:
		if a.GetType() == segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER {
			return ""
		}
	case *segmentationv1.AttributeValue_Flag:
		if a.GetType() == segmentationv1.AttributeType_ATTRIBUTE_TYPE_BOOL {
			return ""
		}
	}
	return "must be of the declared type, " + a.GetType().String()
}

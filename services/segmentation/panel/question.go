package panel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/segmentation/field"
)

// Fields that what a group is worth is read from.
const (
	yearCount = "purchases.count_365d"
	yearSpent = "purchases.spent_365d"
	firstDay  = "purchases.first_day"
	lastDay   = "purchases.last_day"
)

// Question is what is asked, checked.
type Question struct {
	filters       []condition
	distributions []spread
	// Fields are those that are read; they may repeat.
	Fields []*field.Field
	// Segments are those that are named.
	Segments []string
	// Rest asks for everybody else too.
	Rest bool
}

// condition is one filter.
type condition struct {
	segment string
	field   *field.Field
	// values are words, "" for not known; low and high are bounds of numbers.
	values    []string
	low, high *float64
	not       bool
}

// spread is one distribution.
type spread struct {
	field    *field.Field
	bounds   []float64
	limit    int
	personal bool
}

// usualLimit is how many values are shown where nothing else is asked for.
const usualLimit = 20

// Read checks a question against the fields there are. personal tells whether an
// attribute is personal data.
func Read(in *segmentationv1.QueryPanelRequest, fields *field.Catalogue, personal func(attribute string) bool) (*Question, error) {
	q, f := &Question{Rest: in.GetRest()}, fault.Invalid()
	get := func(path, name string) *field.Field {
		one := fields.Get(name)
		if one == nil {
			f.Field(path, "no field %q", name)
		}
		q.Fields = append(q.Fields, one)
		return one
	}
	for i, p := range in.GetFilters() {
		c := condition{segment: p.GetSegmentId(), not: p.GetNot()}
		if p.GetField() == nil {
			q.Segments = append(q.Segments, c.segment)
		} else if path := fmt.Sprintf("filters[%d].field", i); true {
			c.field = get(path+".field", p.GetField().GetField())
			c.values, c.low, c.high = p.GetField().GetValues(), p.GetField().AtLeast, p.GetField().AtMost
			c.check(f, path)
		}
		q.filters = append(q.filters, c)
	}
	for i, d := range in.GetDistributions() {
		path := fmt.Sprintf("distributions[%d]", i)
		s := spread{field: get(path+".field", d.GetField()), bounds: d.GetBounds(), limit: cmp.Or(int(d.GetLimit()), usualLimit)}
		if s.field != nil && s.field.Group == field.Attributes {
			s.personal = personal(strings.TrimPrefix(s.field.Name, "attributes."))
		}
		s.check(f, path)
		q.distributions = append(q.distributions, s)
	}
	for _, name := range []string{yearCount, yearSpent, firstDay, lastDay} {
		q.Fields = append(q.Fields, fields.Get(name))
	}
	return q, f.Err()
}

func (c *condition) check(f *fault.Fields, path string) {
	if c.field == nil {
		return
	}
	bounded := c.low != nil || c.high != nil
	switch {
	case worded(c.field.Type) && bounded:
		f.Field(path, "%s has values, not bounds", c.field.Name)
	case worded(c.field.Type) && len(c.values) == 0:
		f.Field(path+".values", "is required for %s", c.field.Name)
	case !worded(c.field.Type) && len(c.values) > 0:
		f.Field(path+".values", "%s has bounds, not values", c.field.Name)
	case !worded(c.field.Type) && !bounded:
		f.Field(path, "at_least or at_most is required for %s", c.field.Name)
	case c.low != nil && c.high != nil && *c.low > *c.high:
		f.Field(path+".at_most", "must not be below at_least")
	}
	if c.field.Type != segmentationv1.FieldType_FIELD_TYPE_BOOL {
		return
	}
	for i, v := range c.values {
		if v != "" && v != "true" && v != "false" {
			f.Field(fmt.Sprintf("%s.values[%d]", path, i), "must be true, false or empty")
		}
	}
}

func (s *spread) check(f *fault.Fields, path string) {
	if s.field == nil {
		return
	}
	if worded(s.field.Type) && len(s.bounds) > 0 {
		f.Field(path+".bounds", "%s has no numbers", s.field.Name)
	}
	for i, b := range s.bounds {
		if b-b != 0 || i > 0 && s.bounds[i-1] >= b {
			f.Field(fmt.Sprintf("%s.bounds[%d]", path, i), "must be a number above the one before it")
		}
	}
}

// asks tells whether a person of whom this is known is chosen by words.
func (c *condition) match(d *dictionary) []bool {
	matches := make([]bool, len(d.lists))
	matches[0] = slices.Contains(c.values, "")
	wanted := make([]bool, len(d.words))
	for _, v := range c.values {
		if id, known := d.id[v]; known && v != "" {
			wanted[id] = true
		}
	}
	for code := range d.lists {
		for _, id := range d.lists[code].words {
			matches[code] = matches[code] || wanted[id]
		}
	}
	return matches
}

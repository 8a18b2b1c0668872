// Package expr is the language of rules: CEL over the fields of package field, less
// all that can fail.
//
// A rule is total: for every person it is true or false, and its negation is the
// other. CEL's own evaluation has a third outcome, an error, so nothing that can be
// one is let in (division, conversions, indexing, patterns, the current time), and
// what is let in is evaluated here: cel-go reads and checks the text, and the checked
// tree becomes functions of known types. Whole numbers stop at their ends instead of
// overflowing, and all else means what CEL says it means.
package expr

import (
	"fmt"
	"strconv"
	"strings"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/field"
)

// Rule is an expression that can be asked of a person. It never changes and may be
// asked by many at once.
type Rule struct {
	holds  truth
	fields []*field.Field
	watch  field.Watch
	parts  []part
}

// part is one of those that && and || put together.
type part struct {
	text  string
	holds truth
}

// Holds tells whether the rule is true of a person.
func (r *Rule) Holds(v *field.Values) bool { return r.holds(v, "") }

// Fields are the names of what the rule reads, ordered, each once.
func (r *Rule) Fields() []string {
	out := make([]string, len(r.fields))
	for i, f := range r.fields {
		out[i] = f.Name
	}
	return out
}

// Groups are where the values come from that the rule reads: a fact of no other group
// can turn it.
func (r *Rule) Groups() (all field.Group) {
	for _, f := range r.fields {
		all |= f.Group
	}
	return all
}

// Watch is what of the rule can turn when a day begins.
func (r *Rule) Watch() field.Watch { return r.watch }

// Part is a part of a rule and whether it holds.
type Part struct {
	Text  string
	Holds bool
}

// notKnown stands for a value that is not known of the person.
const notKnown = "not known"

// Explain gives the parts that && and || put together, in the order they are written,
// and the values that the rule reads, by field.
func (r *Rule) Explain(v *field.Values) (parts []Part, values map[string]string) {
	for _, p := range r.parts {
		parts = append(parts, Part{p.text, p.holds(v, "")})
	}
	values = map[string]string{}
	for _, f := range r.fields {
		values[f.Name] = show(f, v)
	}
	return parts, values
}

func show(f *field.Field, v *field.Values) string {
	value, known := v.Get(f)
	if !known {
		return notKnown
	}
	switch x := value.(type) {
	case int64:
		if f.Type == segmentationv1.FieldType_FIELD_TYPE_DAY {
			return calendar.Day(x).String()
		}
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case []string:
		return strings.Join(x, ", ")
	}
	return fmt.Sprint(value)
}

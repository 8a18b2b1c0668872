package audience

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Filters stand in the address one value a part, so that a link adds or takes away
// one:
//
//	where=attributes.city:Omsk     one of the values of a field
//	range=attributes.born:1980..1990   numbers from one to below the other
//	segment=vip                    members of a segment
//
// A leading ! in the value turns a filter round.
var filterNames = []string{"where", "range", "segment"}

// filter is one condition, as the panel has it.
type filter struct {
	name  string // part of the address
	field string // or id of the segment
	not   bool
	// values are those of where, each a part of its own; "" is not known.
	values []string
	// low and high are those of range; absent: without end. Equal: the value itself.
	low, high *float64
}

// readFilters reads those of an address, in the order in which they stand there.
func readFilters(q url.Values) ([]filter, error) {
	var out []filter
	wrong := fault.Invalid()
	for _, name := range filterNames {
		for _, text := range q[name] {
			f, ok := readFilter(name, text)
			if !ok {
				wrong.Field(name, "is not a filter: %q", text)
				continue
			}
			same := slices.IndexFunc(out, func(o filter) bool { return name == "where" && o.name == name && o.field == f.field && o.not == f.not })
			if same >= 0 {
				out[same].values = append(out[same].values, f.values...)
				continue
			}
			out = append(out, f)
		}
	}
	return out, wrong.Err()
}

func checkFilters(q url.Values) error {
	_, err := readFilters(q)
	return err
}

func readFilter(name, text string) (filter, bool) {
	f := filter{name: name}
	text, f.not = strings.CutPrefix(text, "!")
	if name == "segment" {
		f.field = text
		return f, text != ""
	}
	field, value, ok := strings.Cut(text, ":")
	f.field = field
	if name == "where" {
		f.values = []string{value}
		return f, ok && field != ""
	}
	low, high, two := strings.Cut(value, "..")
	var err1, err2 error
	f.low, err1 = bound(low)
	f.high, err2 = bound(high)
	return f, ok && two && err1 == nil && err2 == nil && (f.low != nil || f.high != nil)
}

func bound(text string) (*float64, error) {
	if text == "" {
		return nil, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, fault.Invalid().Field("range", "is not a number: %q", text).Err()
	}
	return &v, nil
}

// texts are the filter's parts of the address.
func (f filter) texts() (out []string) {
	not := ""
	if f.not {
		not = "!"
	}
	switch f.name {
	case "segment":
		return []string{not + f.field}
	case "range":
		return []string{not + f.field + ":" + optional(f.low) + ".." + optional(f.high)}
	}
	for _, v := range f.values {
		out = append(out, not+f.field+":"+v)
	}
	return out
}

// proto is the filter as a question has it. Ranges there have their ends in them,
// here the upper one is outside.
func (f filter) proto(whole bool) *segmentationv1.PanelFilter {
	if f.name == "segment" {
		return &segmentationv1.PanelFilter{Not: f.not, Filter: &segmentationv1.PanelFilter_SegmentId{SegmentId: f.field}}
	}
	asked := &segmentationv1.FieldFilter{Field: f.field, Values: f.values, AtLeast: f.low, AtMost: f.high}
	if f.high != nil && (f.low == nil || *f.low != *f.high) {
		most := math.Nextafter(*f.high, math.Inf(-1))
		if whole {
			most = math.Ceil(*f.high) - 1
		}
		asked.AtMost = &most
	}
	return &segmentationv1.PanelFilter{Not: f.not, Filter: &segmentationv1.PanelFilter_Field{Field: asked}}
}

// has reports whether one of the values, or the range, is chosen.
func has(filters []filter, name, text string) bool {
	for _, f := range filters {
		if f.name == name && slices.Contains(f.texts(), text) {
			return true
		}
	}
	return false
}

// toggled is the panel with one part more, or without it if it is there. A field has
// one range.
func (s *scene) toggled(name, field, text string) string {
	all := slices.Clone(s.Own[name])
	if at := slices.Index(all, text); at >= 0 {
		return s.with(name, slices.Delete(all, at, at+1)...)
	}
	if name == "range" {
		all = slices.DeleteFunc(all, func(o string) bool {
			return strings.HasPrefix(strings.TrimPrefix(o, "!"), field+":")
		})
	}
	return s.with(name, append(all, text)...)
}

// chip is a filter that can be taken away or turned round.
type chip struct {
	Text, Off, Turn string
	Not             bool
}

func (s *scene) chip(f filter, about *catalogue) chip {
	parts := f.texts()
	others := slices.DeleteFunc(slices.Clone(s.Own[f.name]), func(t string) bool { return slices.Contains(parts, t) })
	turned := f
	turned.not = !f.not
	return chip{
		Text: s.words(f, about), Not: f.not, Off: s.with(f.name, others...), Turn: s.with(f.name, slices.Concat(others, turned.texts())...),
	}
}

// words tells a filter to people.
func (s *scene) words(f filter, about *catalogue) string {
	if f.name == "segment" {
		return fmt.Sprintf(s.Lang.InSegment, about.segmentTitle(f.field))
	}
	field := about.field(f.field)
	title := cmp.Or(s.fieldTitle(field), f.field)
	if f.name == "where" {
		var all []string
		for _, v := range f.values {
			all = append(all, s.textOf(f.field, field.GetType(), v))
		}
		return title + ": " + strings.Join(all, ", ")
	}
	return title + ": " + s.rangeText(f.field, field.GetType(), f.low, f.high)
}

// rangeText tells numbers from one to below the other.
func (s *scene) rangeText(field string, t segmentationv1.FieldType, low, high *float64) string {
	switch {
	case low == nil && high == nil:
		return s.Lang.Everything
	case low == nil:
		return fmt.Sprintf(s.Lang.Below, s.valueOf(field, t, *high))
	case high == nil:
		return fmt.Sprintf(s.Lang.AtLeast, s.valueOf(field, t, *low))
	case *low == *high || isWhole(t) && *high-*low == 1:
		return s.valueOf(field, t, *low)
	case isWhole(t):
		return s.valueOf(field, t, *low) + " – " + s.valueOf(field, t, *high-1)
	}
	return fmt.Sprintf(s.Lang.FromBelow, s.valueOf(field, t, *low), s.valueOf(field, t, *high))
}

func isWhole(t segmentationv1.FieldType) bool {
	return t == segmentationv1.FieldType_FIELD_TYPE_INTEGER || t == segmentationv1.FieldType_FIELD_TYPE_DAY
}

// expression says the same as filters in the language of rules, where it can.
func expression(filters []filter, about *catalogue) (string, bool) {
	var all []string
	for _, f := range filters {
		if f.name == "segment" {
			return "", false
		}
		text := f.expression(about.field(f.field).GetType())
		if f.not {
			text = "!(" + text + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, " && "), len(all) > 0
}

func (f filter) expression(t segmentationv1.FieldType) string {
	var parts []string
	glue := " || "
	for _, v := range f.values {
		switch {
		case v == "":
			parts = append(parts, "!has("+f.field+")")
		case t == segmentationv1.FieldType_FIELD_TYPE_BOOL:
			parts = append(parts, f.field+" == "+v)
		case t == segmentationv1.FieldType_FIELD_TYPE_TEXTS:
			parts = append(parts, strconv.Quote(v)+" in "+f.field)
		default:
			parts = append(parts, f.field+" == "+strconv.Quote(v))
		}
	}
	if f.name == "range" {
		glue = " && "
		parts = f.bounds(t)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, glue) + ")"
}

// bounds are a range's conditions. What is not known is in no range.
func (f filter) bounds(t segmentationv1.FieldType) []string {
	write := func(v float64) string {
		text := number(v)
		if t == segmentationv1.FieldType_FIELD_TYPE_NUMBER && !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		return text
	}
	parts := []string{"has(" + f.field + ")"}
	if f.low != nil && f.high != nil && *f.low == *f.high {
		return append(parts, f.field+" == "+write(*f.low))
	}
	if f.low != nil {
		parts = append(parts, f.field+" >= "+write(*f.low))
	}
	if f.high != nil {
		parts = append(parts, f.field+" < "+write(*f.high))
	}
	return parts
}

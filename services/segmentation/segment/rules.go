package segment

import (
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/segmentation/expr"
	"github.com/rapport-cx/rapport/services/segmentation/field"
)

// Subject is a person that rules are asked of.
type Subject struct {
	ID int64
	// Numbers are all of the person's.
	Numbers []int64
	// Known is what is known; of groups that no rule reads it may have nothing.
	Known *field.Person
}

// Rule is a segment's rule, ready to be asked. It never changes.
type Rule struct {
	def  *segmentationv1.SegmentRule
	text *expr.Rule
	list *roaring64.Bitmap
	// reads are the groups it reads, groups those whose change can turn it.
	reads, groups field.Group
	watch         field.Watch
}

// Read judges a rule by itself and makes it ready: expressions against the fields
// there are.
func Read(def *segmentationv1.SegmentRule, fields *field.Catalogue) (*Rule, error) {
	// Who is a person changes with every merge, and with it every rule's answer.
	r := &Rule{def: def, groups: field.Identity}
	switch x := def.GetRule().(type) {
	case *segmentationv1.SegmentRule_Expression:
		return r, r.compile(fields, x.Expression)
	case *segmentationv1.SegmentRule_Template:
		return r, r.compile(fields, x.Template.GetExpression())
	case *segmentationv1.SegmentRule_List:
		r.list = roaring64.New()
		for i, id := range x.List.GetIds() {
			if id <= 0 {
				return nil, fault.Invalid().Field(fmt.Sprintf("segment.rule.list.ids[%d]", i), "is not a customer number").Err()
			}
			r.list.Add(uint64(id))
		}
	case *segmentationv1.SegmentRule_Rfm:
		r.reads = field.RFM
		r.groups |= field.RFM
		return r, checkCells(x.Rfm)
	}
	return r, nil
}

// Fill is the expression that a template becomes, once the cut is written into it if
// there is one.
func Fill(t *segmentationv1.TemplateRule) (string, *expr.Cut, error) {
	return expr.Fill(t.GetId(), t.GetParameters(), "segment.rule.template")
}

func (r *Rule) compile(fields *field.Catalogue, text string) error {
	rule, err := expr.Compile(fields, text)
	if err != nil {
		return err
	}
	r.text, r.watch, r.reads = rule, rule.Watch(), rule.Groups()
	r.groups |= r.reads
	return nil
}

func checkCells(c *segmentationv1.RfmCells) error {
	f := fault.Invalid()
	if len(c.GetRecency())+len(c.GetFrequency())+len(c.GetMonetary()) == 0 {
		f.Field("segment.rule.rfm", "name scores of recency, frequency or monetary value")
	}
	check := func(name string, scores []int32) {
		for i, s := range scores {
			if s < 1 || s > 5 {
				f.Field(fmt.Sprintf("segment.rule.rfm.%s[%d]", name, i), "scores are 1 to 5")
			}
		}
	}
	check("recency", c.GetRecency())
	check("frequency", c.GetFrequency())
	check("monetary", c.GetMonetary())
	return f.Err()
}

// Fields are the names of what it reads, ordered.
func (r *Rule) Fields() []string {
	if r.text == nil {
		return nil
	}
	return r.text.Fields()
}

// named are the persons that a list names, of whom anything may be new.
func (r *Rule) named(who *people.Mapping) map[int64]field.Group {
	out := make(map[int64]field.Group, r.list.GetCardinality())
	for it := r.list.Iterator(); it.HasNext(); {
		out[who.Person(int64(it.Next()))] = all
	}
	return out
}

// algebra tells that it follows other segments and is not asked of persons.
func (r *Rule) algebra() bool { return r.def.GetAlgebra() != nil }

// rolls tells whether it can turn when a day begins and nothing happens: windows move,
// and what is dated later begins to exist.
func (r *Rule) rolls() bool { return r.watch.Groups() != 0 }

// holds tells whether a person is in.
func (r *Rule) holds(p *Subject, v *field.Values) bool {
	switch {
	case r.text != nil:
		return r.text.Holds(v)
	case r.list != nil:
		return slices.ContainsFunc(p.Numbers, func(id int64) bool { return r.list.Contains(uint64(id)) })
	}
	place := p.Known.RFM
	if place == nil {
		return false
	}
	c := r.def.GetRfm()
	return among(c.GetRecency(), place.Recency) && among(c.GetFrequency(), place.Frequency) && among(c.GetMonetary(), place.Monetary)
}

func among(scores []int32, score int32) bool {
	return len(scores) == 0 || slices.Contains(scores, score)
}

// explain tells which parts hold of a person and on what values.
func (r *Rule) explain(p *Subject, fields *field.Catalogue, today calendar.Day) ([]expr.Part, map[string]string) {
	v := fields.Values(p.Known, today)
	if r.text != nil {
		return r.text.Explain(v)
	}
	if r.list != nil {
		return []expr.Part{{Text: "list", Holds: r.holds(p, v)}}, nil
	}
	values := map[string]string{}
	if place := p.Known.RFM; place != nil {
		values["rfm.recency"] = fmt.Sprint(place.Recency)
		values["rfm.frequency"] = fmt.Sprint(place.Frequency)
		values["rfm.monetary"] = fmt.Sprint(place.Monetary)
	}
	return []expr.Part{{Text: "rfm", Holds: r.holds(p, v)}}, values
}

// combine does an algebra over at least one set; none of them is changed.
func combine(op segmentationv1.SegmentAlgebra_Operation, sets []*roaring64.Bitmap) *roaring64.Bitmap {
	out := sets[0].Clone()
	for _, s := range sets[1:] {
		switch op {
		case segmentationv1.SegmentAlgebra_OPERATION_UNION:
			out.Or(s)
		case segmentationv1.SegmentAlgebra_OPERATION_INTERSECTION:
			out.And(s)
		default:
			out.AndNot(s)
		}
	}
	return out
}

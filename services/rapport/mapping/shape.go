package mapping

import (
	"sort"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// shape is a message whose leaves are values: how one is made of a row.
type shape struct {
	fields []shapeField
	// dynamic: something in it depends on the row. A message of which all that
	// depends on the row is blank is left out, whatever else is written in it.
	dynamic bool
}

// shapeField is one field; exactly one of leaf, message, list and words is set.
type shapeField struct {
	desc    protoreflect.FieldDescriptor
	path    string // of the field in the message, for errors about a row
	varies  bool   // something in it depends on the row
	leaf    *leaf
	message *shape
	list    []element
	words   []entry
	// every: equal elements are as many. Two equal lines of a receipt are two things
	// bought; of names, such as sellers, equal ones are one.
	every bool
}

// element is an entry of a list. It stands once for each record of a lookup, if
// it takes from one that has many.
type element struct {
	span    span
	path    string
	leaf    *leaf
	message *shape
}

// entry is one key of a map.
type entry struct {
	key    string
	leaf   *leaf
	within protoreflect.FieldDescriptor // the field of the map's message; nil: it has plain values
}

// leaf is a value and the type it must have.
type leaf struct {
	*value
	kind  leafKind
	desc  protoreflect.FieldDescriptor
	fixed protoreflect.Value // of a constant
	path  string
}

func (s *shape) has(name string) bool {
	for _, f := range s.fields {
		if f.desc.TextName() == name {
			return true
		}
	}
	return false
}

// shape reads a message from its proto JSON form.
func (p *parser) shape(at place, m protoreflect.MessageDescriptor) (*shape, error) {
	return p.shapeAt(at, m, "")
}

func (p *parser) shapeAt(at place, m protoreflect.MessageDescriptor, path string) (*shape, error) {
	fields, err := at.fields()
	if err != nil {
		return nil, err
	}
	s := &shape{}
	oneofs := map[protoreflect.FullName]string{}
	seen := map[protoreflect.FieldNumber]bool{}
	for _, f := range fields {
		desc := m.Fields().ByTextName(f.key)
		if desc == nil {
			desc = m.Fields().ByJSONName(f.key)
		}
		if desc == nil {
			return nil, f.value.errorf("%s has no field %q; it has %s", m.Name(), f.key, names(m))
		}
		if seen[desc.Number()] {
			return nil, f.value.errorf("stands twice")
		}
		seen[desc.Number()] = true
		if o := desc.ContainingOneof(); o != nil {
			if other, ok := oneofs[o.FullName()]; ok && !o.IsSynthetic() {
				return nil, f.value.errorf("only one of %s and %s can be given", other, f.key)
			}
			oneofs[o.FullName()] = f.key
		}
		here, err := p.shapeField(f.value, desc, join(path, desc.TextName()))
		if err != nil {
			return nil, err
		}
		s.dynamic = s.dynamic || here.varies
		s.fields = append(s.fields, here)
	}
	return s, nil
}

func (p *parser) shapeField(at place, desc protoreflect.FieldDescriptor, path string) (shapeField, error) {
	f := shapeField{desc: desc, path: path}
	var err error
	switch {
	case desc.IsMap():
		f.words, err = p.entries(at, desc, path)
	case desc.IsList():
		f.every = desc.Kind() == protoreflect.MessageKind && desc.Message().FullName() == "rapport.journey.v1.Line"
		f.list, err = p.elements(at, desc, path)
	case isMessage(desc):
		f.message, err = p.shapeAt(at, desc.Message(), path)
	default:
		f.leaf, err = p.leaf(at, desc, path)
	}
	f.varies = err == nil && f.dynamic()
	return f, err
}

func (p *parser) entries(at place, desc protoreflect.FieldDescriptor, path string) ([]entry, error) {
	attributes := isMessage(desc.MapValue()) && desc.MapValue().Message().FullName() == "rapport.segmentation.v1.AttributeValue"
	if desc.MapKey().Kind() != protoreflect.StringKind || (isMessage(desc.MapValue()) && !attributes) {
		return nil, at.errorf("a mapping cannot fill this field")
	}
	fields, err := at.fields()
	if err != nil {
		return nil, err
	}
	out := make([]entry, len(fields))
	for i, f := range fields {
		out[i].key = f.key
		if attributes {
			if out[i].leaf, out[i].within, err = p.attribute(f, desc.MapValue().Message(), path); err != nil {
				return nil, err
			}
			continue
		}
		if out[i].leaf, err = p.leaf(f.value, desc.MapValue(), path+"["+f.key+"]"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (p *parser) elements(at place, desc protoreflect.FieldDescriptor, path string) ([]element, error) {
	items, err := at.items()
	if err != nil {
		return nil, err
	}
	out := make([]element, len(items))
	outer := p.many
	defer func() { p.many = outer }()
	for i, item := range items {
		p.many = map[int]bool{}
		e := element{path: path + strings.TrimPrefix(item.path, at.path)}
		if isMessage(desc) {
			e.message, err = p.shapeAt(item, desc.Message(), e.path)
		} else {
			e.leaf, err = p.leaf(item, desc, e.path)
		}
		if err != nil {
			return nil, err
		}
		if e.span, err = p.span(item); err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

// attribute reads a customer's attribute, which has the type it was declared with.
func (p *parser) attribute(f field, m protoreflect.MessageDescriptor, path string) (*leaf, protoreflect.FieldDescriptor, error) {
	for _, a := range p.m.Attributes {
		if a.GetName() != f.key {
			continue
		}
		into, ok := attributeFields[a.GetType()]
		if !ok {
			return nil, nil, f.value.errorf("the type of %s is missing under attributes", f.key)
		}
		desc := m.Fields().ByName(into.field)
		l, err := p.leafOf(f.value, desc, into.kind, path+"["+f.key+"]")
		return l, desc, err
	}
	return nil, nil, f.value.errorf("%s is not declared under attributes", f.key)
}

// attributeFields are where the values of a type stand.
var attributeFields = map[segmentationv1.AttributeType]struct {
	field protoreflect.Name
	kind  leafKind
}{
	segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT:   {"text", leafText},
	segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER: {"number", leafNumber},
	segmentationv1.AttributeType_ATTRIBUTE_TYPE_BOOL:   {"flag", leafBool},
	segmentationv1.AttributeType_ATTRIBUTE_TYPE_DATE:   {"text", leafDay},
}

func (f shapeField) dynamic() bool {
	switch {
	case f.leaf != nil:
		return !f.leaf.constant()
	case f.message != nil:
		return f.message.dynamic
	}
	for _, e := range f.list {
		if (e.leaf != nil && !e.leaf.constant()) || (e.message != nil && e.message.dynamic) {
			return true
		}
	}
	for _, e := range f.words {
		if !e.leaf.constant() {
			return true
		}
	}
	return false
}

func names(m protoreflect.MessageDescriptor) string {
	out := make([]string, m.Fields().Len())
	for i := range out {
		out[i] = m.Fields().Get(i).TextName()
	}
	sort.Strings(out)
	return strings.Join(out, ", ")
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

package profile

import (
	"maps"
	"slices"
	"strings"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// Attributes are what is written down of one person, as rules read it: ascending by
// name, each once. They must not be changed.
type Attributes []Attribute

// Attribute is a value under its name.
type Attribute struct {
	Name  string
	Value Value
}

// Value is an attribute's value: a text, a number or a flag. The zero Value is none.
type Value struct {
	kind   kind
	text   string
	number float64 // of a flag 1 or 0
}

type kind uint8

const (
	isText kind = iota + 1
	isNumber
	isFlag
)

// AttributesOf are the attributes of a message.
func AttributesOf(all map[string]*segmentationv1.AttributeValue) Attributes {
	out := make(Attributes, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, Attribute{name, valueOf(all[name])})
	}
	return out
}

func valueOf(v *segmentationv1.AttributeValue) Value {
	switch x := v.GetValue().(type) {
	case *segmentationv1.AttributeValue_Text:
		return Value{kind: isText, text: x.Text}
	case *segmentationv1.AttributeValue_Number:
		return Value{kind: isNumber, number: x.Number}
	case *segmentationv1.AttributeValue_Flag:
		return flagged(x.Flag)
	}
	return Value{}
}

func flagged(is bool) Value {
	if is {
		return Value{kind: isFlag, number: 1}
	}
	return Value{kind: isFlag}
}

// Get is the value under a name; the zero Value if there is none.
func (a Attributes) Get(name string) Value {
	at, known := slices.BinarySearchFunc(a, name, byName)
	if !known {
		return Value{}
	}
	return a[at].Value
}

func byName(a Attribute, name string) int { return strings.Compare(a.Name, name) }

// Under is a with what it lacks taken from other: neither changes.
func (a Attributes) Under(other Attributes) Attributes {
	if len(a) == 0 {
		return other
	}
	out := slices.Clip(a)
	for _, more := range other {
		if at, known := slices.BinarySearchFunc(out, more.Name, byName); !known {
			out = slices.Insert(out, at, more)
		}
	}
	return out
}

// Text is the value of a text, and "" of anything else.
func (v Value) Text() string { return v.text }

// Number is the value of a number, and 0 of anything else.
func (v Value) Number() float64 {
	if v.kind != isNumber {
		return 0
	}
	return v.number
}

// Flag is the value of a flag, and false of anything else.
func (v Value) Flag() bool { return v.kind == isFlag && v.number != 0 }

// IsText tells that it is a text, which a day is too.
func (v Value) IsText() bool { return v.kind == isText }

// IsNumber tells that it is a number.
func (v Value) IsNumber() bool { return v.kind == isNumber }

// IsFlag tells that it is a flag.
func (v Value) IsFlag() bool { return v.kind == isFlag }

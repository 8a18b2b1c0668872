package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// leafKind is how the text of a leaf becomes a field.
type leafKind int

const (
	leafText leafKind = iota
	leafInteger
	leafNumber
	leafBool
	leafEnum
	leafTime
	leafDuration
	leafDay // a text of the form 2006-01-02
)

// kindOf is how a field is filled; false for a message of several fields and for
// what no file holds, such as bytes.
func kindOf(desc protoreflect.FieldDescriptor) (leafKind, bool) {
	switch desc.Kind() {
	case protoreflect.StringKind:
		return leafText, true
	case protoreflect.Int32Kind, protoreflect.Int64Kind:
		return leafInteger, true
	case protoreflect.DoubleKind:
		return leafNumber, true
	case protoreflect.BoolKind:
		return leafBool, true
	case protoreflect.EnumKind:
		return leafEnum, true
	case protoreflect.MessageKind:
		switch desc.Message().FullName() {
		case "google.protobuf.Timestamp":
			return leafTime, true
		case "google.protobuf.Duration":
			return leafDuration, true
		}
	}
	return 0, false
}

// isMessage tells a message of fields from a time or a duration, which is one text.
func isMessage(desc protoreflect.FieldDescriptor) bool {
	_, ok := kindOf(desc)
	return desc.Kind() == protoreflect.MessageKind && !ok
}

// leaf reads a value that a field is to have. A constant is checked here and now.
func (p *parser) leaf(at place, desc protoreflect.FieldDescriptor, path string) (*leaf, error) {
	kind, ok := kindOf(desc)
	if !ok {
		return nil, at.errorf("a mapping cannot fill this field")
	}
	return p.leafOf(at, desc, kind, path)
}

// leafOf is leaf for a kind that the field alone does not tell.
func (p *parser) leafOf(at place, desc protoreflect.FieldDescriptor, kind leafKind, path string) (*leaf, error) {
	v, err := p.value(at)
	if err != nil {
		return nil, err
	}
	l := &leaf{value: v, kind: kind, desc: desc, path: path}
	if !v.constant() {
		return l, nil
	}
	r, err := v.eval(&scope{})
	if err == nil && !r.isBlank() {
		l.fixed, err = l.convert(r)
	}
	if err != nil {
		return nil, at.errorf("%s", err)
	}
	return l, nil
}

// of is the field's value for a row; invalid if it is blank.
func (l *leaf) of(s *scope) (protoreflect.Value, error) {
	if l.fixed.IsValid() {
		return l.fixed, nil
	}
	r, err := l.eval(s)
	if err != nil || r.isBlank() {
		return protoreflect.Value{}, err
	}
	return l.convert(r)
}

func (l *leaf) convert(r result) (protoreflect.Value, error) {
	if r.isTime && l.kind != leafTime {
		r.text = r.at.Format(time.RFC3339Nano)
		if l.kind == leafDay {
			r.text = r.at.In(l.zone).Format(time.DateOnly)
		}
	}
	switch l.kind {
	case leafInteger:
		return l.integer(r.text)
	case leafNumber:
		n, err := strconv.ParseFloat(r.text, 64)
		if err != nil {
			return protoreflect.Value{}, fmt.Errorf("%s is not a number", quoted(r.text))
		}
		return protoreflect.ValueOfFloat64(n), nil
	case leafBool:
		if r.text != "true" && r.text != "false" {
			return protoreflect.Value{}, fmt.Errorf("%s is neither true nor false", quoted(r.text))
		}
		return protoreflect.ValueOfBool(r.text == "true"), nil
	case leafEnum:
		return l.enum(r.text)
	case leafTime:
		if !r.isTime {
			var err error
			if r.at, err = time.Parse(time.RFC3339, r.text); err != nil {
				return protoreflect.Value{}, fmt.Errorf("%s is not a time of the form 2006-01-02T15:04:05Z; say which form it has", quoted(r.text))
			}
		}
		return protoreflect.ValueOfMessage(timestamppb.New(r.at).ProtoReflect()), nil
	case leafDay:
		if _, err := time.Parse(time.DateOnly, r.text); err != nil {
			return protoreflect.Value{}, fmt.Errorf("%s is not a day of the form 2006-01-02; say which form it has", quoted(r.text))
		}
	case leafDuration:
		d, err := time.ParseDuration(r.text)
		if err != nil {
			return protoreflect.Value{}, fmt.Errorf("%s is not a duration, such as 8h", quoted(r.text))
		}
		return protoreflect.ValueOfMessage(durationpb.New(d).ProtoReflect()), nil
	}
	return protoreflect.ValueOfString(r.text), nil
}

// integer takes 4 and 4.0, as exports write it, and refuses 4.5: a fractional
// score falls in no bucket, and rounding would invent an answer.
func (l *leaf) integer(text string) (protoreflect.Value, error) {
	digits := text
	if head, tail, ok := strings.Cut(text, "."); ok && tail != "" && strings.Trim(tail, "0") == "" {
		digits = head
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if errors.Is(err, strconv.ErrRange) || (err == nil && l.desc.Kind() == protoreflect.Int32Kind && int64(int32(n)) != n) {
		return protoreflect.Value{}, fmt.Errorf("%s is out of range", quoted(text))
	}
	if err != nil {
		return protoreflect.Value{}, fmt.Errorf("%s is not a whole number", quoted(text))
	}
	if l.desc.Kind() == protoreflect.Int32Kind {
		return protoreflect.ValueOfInt32(int32(n)), nil
	}
	return protoreflect.ValueOfInt64(n), nil
}

// enum takes a value by its whole name or without the prefix all of them share.
func (l *leaf) enum(text string) (protoreflect.Value, error) {
	values := l.desc.Enum().Values()
	prefix := strings.TrimSuffix(string(values.ByNumber(0).Name()), "UNSPECIFIED")
	v := values.ByName(protoreflect.Name(text))
	if v == nil {
		v = values.ByName(protoreflect.Name(prefix + text))
	}
	if v == nil {
		known := make([]string, values.Len())
		for i := range known {
			known[i] = strings.TrimPrefix(string(values.Get(i).Name()), prefix)
		}
		return protoreflect.Value{}, fmt.Errorf("%s is none of %s", quoted(text), strings.Join(known, ", "))
	}
	return protoreflect.ValueOfEnum(v.Number()), nil
}

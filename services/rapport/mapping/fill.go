package mapping

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// fieldError is what is wrong with one field of a row's message.
type fieldError struct {
	path string
	line int64 // of the row of a group that it is about; 0: the first
	err  error
}

func (e *fieldError) Error() string { return fmt.Sprintf("%s: %s", e.path, e.err) }

// fill makes the message of a row. It reports whether there is anything of the
// row in it; a shape that takes nothing from rows always is.
func (s *shape) fill(row *scope, m protoreflect.Message) (bool, error) {
	present := !s.dynamic
	for i := range s.fields {
		f := &s.fields[i]
		some, err := f.fill(row, m)
		if err != nil {
			return false, err
		}
		present = present || (some && f.varies)
	}
	return present, nil
}

func (f *shapeField) fill(row *scope, m protoreflect.Message) (bool, error) {
	switch {
	case f.leaf != nil:
		v, err := f.leaf.of(row)
		if err != nil {
			return false, &fieldError{path: f.path, err: err}
		}
		if v.IsValid() {
			m.Set(f.desc, v)
		}
		return v.IsValid(), nil
	case f.message != nil:
		inner := m.NewField(f.desc)
		some, err := f.message.fill(row, inner.Message())
		if some && err == nil {
			m.Set(f.desc, inner)
		}
		return some, err
	case f.words != nil:
		return f.fillMap(row, m)
	}
	return f.fillList(row, m)
}

func (f *shapeField) fillMap(row *scope, m protoreflect.Message) (bool, error) {
	some := false
	for _, e := range f.words {
		v, err := e.leaf.of(row)
		if err != nil {
			return false, &fieldError{path: e.leaf.path, err: err}
		}
		if !v.IsValid() {
			continue
		}
		words := m.Mutable(f.desc).Map()
		if e.within != nil {
			inner := words.NewValue()
			inner.Message().Set(e.within, v)
			v = inner
		}
		words.Set(protoreflect.ValueOfString(e.key).MapKey(), v)
		some = true
	}
	return some, nil
}

func (f *shapeField) fillList(row *scope, m protoreflect.Message) (bool, error) {
	some := false
	for i := range f.list {
		e := &f.list[i]
		if e.span.over < 0 {
			added, err := f.add(e, row, m, false)
			if err != nil {
				return false, err
			}
			some = some || added
			continue
		}
		err := row.each(e.span, func(at int) error {
			added, err := f.add(e, row, m, !f.every)
			some = some || added
			return row.inGroup(e.span, at, err)
		})
		if err != nil {
			return false, err
		}
	}
	return some, nil
}

// inGroup adds to an error about a row of a group where that row stands.
func (s *scope) inGroup(sp span, at int, err error) error {
	var field *fieldError
	if err != nil && sp.over == 0 && s.lines != nil && errors.As(err, &field) && field.line == 0 {
		field.line = s.lines[at]
	}
	return err
}

// add appends what an element comes to. Of an element that stands for many
// records equal ones are one, if distinct: an order's seller is rated once,
// however many of its items he sold.
func (f *shapeField) add(e *element, row *scope, m protoreflect.Message, distinct bool) (bool, error) {
	list := m.Mutable(f.desc).List()
	start := list.Len()
	put := func(v protoreflect.Value) {
		for i := 0; distinct && i < list.Len(); i++ {
			if list.Get(i).Equal(v) {
				return
			}
		}
		list.Append(v)
	}
	if e.message != nil {
		inner := list.NewElement()
		some, err := e.message.fill(row, inner.Message())
		if some && err == nil {
			put(inner)
		}
		return list.Len() > start, err
	}
	err := e.leaf.each(row, func(r result) error {
		v, err := e.leaf.convert(r)
		if err == nil {
			put(v)
		}
		return err
	})
	if err != nil {
		return false, &fieldError{path: e.path, err: err}
	}
	return list.Len() > start, nil
}

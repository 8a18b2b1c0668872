package mapping

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// fieldError is what is wrong with one field of a row's message.
type fieldError struct {
	path string
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
			return false, &fieldError{f.path, err}
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
			return false, &fieldError{e.leaf.path, err}
		}
		if v.IsValid() {
			m.Mutable(f.desc).Map().Set(protoreflect.ValueOfString(e.key).MapKey(), v)
			some = true
		}
	}
	return some, nil
}

func (f *shapeField) fillList(row *scope, m protoreflect.Message) (bool, error) {
	some := false
	for i := range f.list {
		e := &f.list[i]
		if e.over < 0 {
			added, err := f.add(e, row, m, false)
			if err != nil {
				return false, err
			}
			some = some || added
			continue
		}
		for at := range row.found[e.over] {
			row.at[e.over] = at
			added, err := f.add(e, row, m, true)
			if err != nil {
				return false, err
			}
			some = some || added
		}
		row.at[e.over] = 0
	}
	return some, nil
}

// add appends what an element comes to. Of an element that stands for many
// records equal ones are one: an order's seller is rated once, however many of
// its items he sold.
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
		return false, &fieldError{e.path, err}
	}
	return list.Len() > start, nil
}

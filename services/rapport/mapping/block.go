package mapping

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// section is a list of blocks: the key their message stands under, the message
// and the fields that none may lack.
type section struct {
	key      string
	message  proto.Message
	required []string
}

// variant is one of several messages of a row: what it has beside the fields
// that are common to all.
type variant struct {
	when  []condition
	shape *shape
	// needs: without this field there is no message, for the thing did not happen.
	needs protoreflect.FieldDescriptor
}

// blocks reads the blocks of a section.
func (p *parser) blocks(at place, s section) ([]*Block, error) {
	if at.node == nil {
		return nil, nil
	}
	items, err := at.items()
	if err != nil {
		return nil, err
	}
	out := make([]*Block, len(items))
	for i, item := range items {
		if out[i], err = p.readBlock(item, s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (p *parser) readBlock(at place, s section) (*Block, error) {
	keys := []string{"from", "lookup", "skip", "first_of", "group", s.key}
	if s.key == "event" {
		keys = append(keys, "each")
	}
	known, err := at.only(keys...)
	if err != nil {
		return nil, err
	}
	b := &Block{}
	p.block = b
	defer func() { p.block = nil }()
	if _, ok := known[s.key]; !ok {
		return nil, at.errorf("%s is missing", s.key)
	}
	desc := s.message.ProtoReflect().Descriptor()
	// In this order: what comes later may take from what came before.
	for _, part := range []struct {
		key  string
		read func(place) error
	}{
		{"from", func(at place) (err error) { b.from, err = p.fileNamed(at); return }},
		{"group", p.grouping},
		{"lookup", p.lookups},
		{"skip", func(at place) (err error) { b.skip, err = p.conditions(at); return }},
		{"first_of", func(at place) error {
			t, err := p.template(at)
			b.first = &t
			return err
		}},
		{s.key, func(at place) (err error) { b.shape, err = p.shape(at, desc); return }},
		{"each", func(at place) error { return p.variants(at, s, desc) }},
	} {
		if here, ok := known[part.key]; ok {
			if err := part.read(here); err != nil {
				return nil, err
			}
		}
	}
	if len(b.each) > 0 {
		return b, nil
	}
	for _, name := range s.required {
		if !b.shape.has(name) {
			return nil, known[s.key].errorf("%s is missing", name)
		}
	}
	return b, nil
}

// grouping reads by what rows are one, and the name under which all of them are
// found.
func (p *parser) grouping(at place) error {
	known, err := at.only("by", "as")
	if err != nil {
		return err
	}
	by, name := known["by"], known["as"]
	if by.node == nil || name.node == nil {
		return at.errorf("by and as are needed: the value that the rows share, and a name for all of them")
	}
	if p.block.by, err = p.template(by); err != nil {
		return err
	}
	l := &lookup{many: true, via: span{over: -1}}
	if l.name, err = lookupName(name); err != nil {
		return err
	}
	p.block.group, p.block.lookups = true, []*lookup{l}
	return nil
}

// variants reads the several messages of a row.
func (p *parser) variants(at place, s section, desc protoreflect.MessageDescriptor) error {
	items, err := at.items()
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return at.errorf("at least one is needed here")
	}
	for _, item := range items {
		known, err := item.only("when", s.key)
		if err != nil {
			return err
		}
		here, ok := known[s.key]
		if !ok {
			return item.errorf("%s is missing", s.key)
		}
		v := variant{needs: desc.Fields().ByName("occurred_at")}
		if when, ok := known["when"]; ok {
			if v.when, err = p.conditions(when); err != nil {
				return err
			}
		}
		if v.shape, err = p.shape(here, desc); err != nil {
			return err
		}
		for _, name := range s.required {
			if !v.shape.has(name) && !p.block.shape.has(name) {
				return here.errorf("%s is missing", name)
			}
		}
		p.block.each = append(p.block.each, v)
	}
	return nil
}

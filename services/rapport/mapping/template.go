package mapping

import (
	"strings"
)

// ref is a column: of the row itself (ofRow), its line (ofLine) or a column of a
// record looked up.
type ref struct {
	lookup, column int
}

const (
	ofRow  = -1
	ofLine = -2
	// lineName stands for the line of the row in its file.
	lineName = "@line"
)

// part is a literal text or, if it is a reference, a column.
type part struct {
	text string
	from *ref
}

// template is a text with columns in braces. Doubled braces stand for one.
type template struct {
	parts []part
	refs  int
}

// eval is the text for a row. Where all its columns are blank the whole is: a
// comma between two things that are not there is nothing.
func (t template) eval(s *scope) string {
	if t.refs == 0 || len(t.parts) == 1 {
		if len(t.parts) == 0 {
			return ""
		}
		if t.parts[0].from == nil {
			return t.parts[0].text
		}
		return s.cell(t.parts[0].from)
	}
	var out strings.Builder
	blank := true
	for _, p := range t.parts {
		text := p.text
		if p.from != nil {
			text = s.cell(p.from)
			blank = blank && strings.TrimSpace(text) == ""
		}
		out.WriteString(text)
	}
	if blank {
		return ""
	}
	return out.String()
}

// template reads a text with references, and notes which columns are used.
func (p *parser) template(at place) (template, error) {
	text, err := at.text()
	if err != nil {
		return template{}, err
	}
	var t template
	var literal strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case (c == '{' || c == '}') && i+1 < len(text) && text[i+1] == c:
			literal.WriteByte(c)
			i++
		case c == '}':
			return t, at.errorf("a lone } in %q; a brace itself is written twice", text)
		case c != '{':
			literal.WriteByte(c)
		default:
			end := strings.IndexByte(text[i:], '}')
			if end < 0 {
				return t, at.errorf("a lone { in %q; a brace itself is written twice", text)
			}
			r, err := p.ref(at, text[i+1:i+end])
			if err != nil {
				return t, err
			}
			if literal.Len() > 0 {
				t.parts = append(t.parts, part{text: literal.String()})
				literal.Reset()
			}
			t.parts = append(t.parts, part{from: r})
			t.refs++
			i += end
		}
	}
	if literal.Len() > 0 {
		t.parts = append(t.parts, part{text: literal.String()})
	}
	return t, nil
}

// ref finds out what a name in braces means: lookup.column where the block has
// such a lookup, a column of the row otherwise.
func (p *parser) ref(at place, name string) (*ref, error) {
	if p.block == nil || p.block.from == nil {
		return nil, at.errorf("{%s}: there is no row to take it from", name)
	}
	switch name {
	case "":
		return nil, at.errorf("{} names no column")
	case lineName:
		return &ref{lookup: ofLine}, nil
	}
	if head, column, ok := strings.Cut(name, "."); ok {
		for i, l := range p.block.lookups {
			if l.name != head {
				continue
			}
			if l.many && p.many == nil {
				return nil, at.errorf("{%s}: %s has many records, which only an element of a list may take from", name, head)
			}
			if l.many {
				p.many[i] = true
			}
			columns := &p.block.columns
			if l.table != nil {
				columns = &l.table.columns
			}
			return &ref{lookup: i, column: index(columns, column)}, nil
		}
	}
	return &ref{lookup: ofRow, column: index(&p.block.columns, name)}, nil
}

// index is where a name stands in a list; it is added if it does not.
func index(list *[]string, name string) int {
	for i, have := range *list {
		if have == name {
			return i
		}
	}
	*list = append(*list, name)
	return len(*list) - 1
}

package mapping

import (
	"strconv"
)

// scope is the row at hand with what was looked up for it.
type scope struct {
	cells []string
	line  int64
	// found are the records of each lookup of the block, at the one at hand.
	found [][][]string
	at    []int
	// lines are those of the rows of a group.
	lines   []int64
	lookups []*lookup
	index   map[*table]map[string][][]string
}

func (s *scope) cell(r *ref) string {
	switch r.lookup {
	case ofRow:
		return s.cells[r.column]
	case ofLine:
		return strconv.FormatInt(s.line, 10)
	}
	records := s.found[r.lookup]
	if len(records) == 0 {
		return ""
	}
	return records[s.at[r.lookup]][r.column]
}

// span is the records that something stands for: those of one lookup, each with
// what other lookups find through it.
type span struct {
	over    int // the lookup; -1: the row alone
	through []int
}

// each calls f for every record of a span. Meanwhile the lookups that go through
// it have found only what belongs to that record.
func (s *scope) each(sp span, f func(at int) error) (err error) {
	whole := make([][][]string, len(sp.through))
	for i, l := range sp.through {
		whole[i] = s.found[l]
	}
	for at := 0; at < len(s.found[sp.over]) && err == nil; at++ {
		s.at[sp.over] = at
		for _, l := range sp.through {
			if s.found[l], err = s.lookups[l].records(s); err != nil {
				break
			}
		}
		if err == nil {
			err = f(at)
		}
	}
	s.at[sp.over] = 0
	for i, l := range sp.through {
		s.found[l] = whole[i]
	}
	return err
}

// span is what stands behind the lookups with many records that were collected:
// one of them, through which all others go.
func (p *parser) span(at place) (span, error) {
	out := span{over: -1}
	if len(p.many) == 0 {
		return out, nil
	}
	inside := map[int]bool{}
	for l := range p.block.lookupsIn(p.many) {
		if out.over < 0 {
			// Lookups go through earlier ones only.
			out.over = l
			continue
		}
		for up := l; up != out.over; up = p.block.lookups[up].via.over {
			if look := p.block.lookups[up]; look.via.over < 0 || look.table.take == takeAll {
				return out, at.errorf("takes from %s and %s, which both have many records", p.block.lookups[out.over].name, p.block.lookups[l].name)
			}
			inside[up] = true
		}
	}
	for l := range p.block.lookupsIn(inside) {
		out.through = append(out.through, l)
	}
	return out, nil
}

// lookupsIn are the lookups of a set, in their order.
func (b *Block) lookupsIn(set map[int]bool) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for l := range b.lookups {
			if set[l] && !yield(l) {
				return
			}
		}
	}
}

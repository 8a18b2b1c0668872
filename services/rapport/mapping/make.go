package mapping

import (
	"google.golang.org/protobuf/proto"
)

// wanted looks up what belongs to the row and tells whether it is to be used.
func (r *Rows) wanted() (bool, error) {
	if err := r.findAll(); err != nil {
		return false, err
	}
	for _, c := range r.block.skip {
		if holds, err := c.holds(&r.scope); holds || err != nil {
			return false, err
		}
	}
	if r.block.first == nil {
		return true, nil
	}
	key := r.block.first.eval(&r.scope)
	known := r.seen[key]
	r.seen[key] = true
	return !known, nil
}

func (r *Rows) findAll() error {
	for i, l := range r.block.lookups {
		if l.table == nil {
			continue
		}
		if err := r.scope.find(i, l); err != nil {
			return err
		}
	}
	return nil
}

// emit queues the messages of the row at hand. One that cannot be made does not
// keep back the others.
func (r *Rows) emit(row Row) {
	if r.block.each == nil {
		m, err := r.make(nil)
		row.Message = m
		r.push(row, r.reject(row, err))
		return
	}
	before := len(r.queue)
	for i := range r.block.each {
		m, err := r.make(&r.block.each[i])
		if m == nil && err == nil {
			continue
		}
		here := row
		here.Message = m
		r.push(here, r.reject(here, err))
	}
	if len(r.queue) == before {
		r.push(Row{Line: row.Line}, nil)
	}
}

// make fills a message; nil for a variant that the row has not.
func (r *Rows) make(v *variant) (proto.Message, error) {
	if v != nil {
		for _, c := range v.when {
			if holds, err := c.holds(&r.scope); !holds || err != nil {
				return nil, err
			}
		}
	}
	m := r.made()
	if _, err := r.block.shape.fill(&r.scope, m.ProtoReflect()); err != nil || v == nil {
		return m, err
	}
	if _, err := v.shape.fill(&r.scope, m.ProtoReflect()); err != nil {
		return nil, err
	}
	if !m.ProtoReflect().Has(v.needs) {
		return nil, nil
	}
	return m, nil
}

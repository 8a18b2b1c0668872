package mapping

import (
	"container/list"
	"fmt"
	"strings"

	"github.com/rapport-cx/rapport/services/rapport/mapping/records"
)

const (
	// maxApart is how many rows of others may stand between two rows of a group.
	// Exports are ordered by time and two tills write at the same moment, so that
	// groups overlap; but none can be held until the end of a file of any size.
	maxApart = 1000
	// maxGroup bounds the rows of a group: one that is larger has the wrong key.
	maxGroup = 10_000
)

// group is rows that are one message.
type group struct {
	key    string
	cells  [][]string
	lines  []int64
	raw    []byte
	last   int64 // number of the row added last
	failed error // of a row that belongs to it
}

// groups are those that may still grow, the one that grew last at the end.
type groups struct {
	byKey map[string]*list.Element
	order *list.List
	done  map[string]bool
	rows  int64
}

func (g *groups) begin() {
	g.byKey, g.order, g.done = map[string]*list.Element{}, list.New(), map[string]bool{}
}

// gather adds the row at hand to its group. Groups that have not grown for long
// are closed.
func (r *Rows) gather(rec records.Record) {
	row := Row{Line: rec.Line, Raw: string(rec.Raw)}
	key := strings.TrimSpace(r.block.by.eval(&r.scope)) // before another row is at hand
	g := &r.groups
	g.rows++
	for front := g.order.Front(); front != nil && g.rows-front.Value.(*group).last > maxApart; front = g.order.Front() {
		r.close(front)
	}
	here, known := g.byKey[key]
	switch {
	case key == "":
		r.push(row, r.reject(row, &Reject{Reason: ReasonGroup, Text: "what the rows of its group share is blank"}))
		return
	case known:
		g.order.MoveToBack(here)
	case g.done[key]:
		r.push(row, r.reject(row, &Reject{Reason: ReasonGroup,
			Text: fmt.Sprintf("%s is closed: its rows stand more than %d rows apart, or one of them cannot be used", quoted(key), maxApart)}))
		return
	default:
		here = g.order.PushBack(&group{key: strings.Clone(key)})
		g.byKey[key] = here
	}
	here.Value.(*group).add(row, rec.Cells, g.rows)
}

func (g *group) add(row Row, cells []string, number int64) {
	g.last = number
	if len(g.cells) == maxGroup {
		g.failed = fmt.Errorf("more than %d rows share %s", maxGroup, quoted(g.key))
		return
	}
	if len(g.raw) > 0 {
		g.raw = append(g.raw, '\n')
	}
	g.raw = append(g.raw, row.Raw...)
	g.cells, g.lines = append(g.cells, cells), append(g.lines, row.Line)
}

// fail tells of a row that cannot be used. Its group falls with it: a receipt
// that lacks a line is another receipt.
func (r *Rows) fail(rec records.Record, err error) {
	row := Row{Line: rec.Line, Raw: string(rec.Raw)}
	r.push(row, r.reject(row, err))
	if !r.block.group {
		return
	}
	key := strings.TrimSpace(r.block.by.eval(&r.scope))
	if here, ok := r.groups.byKey[key]; ok {
		here.Value.(*group).failed = fmt.Errorf("row %d of its group cannot be used", rec.Line)
		return
	}
	r.groups.done[key] = true
}

// close makes the messages of a group. Whatever is not in a list is taken from
// its first row.
func (r *Rows) close(e *list.Element) {
	g := r.groups.order.Remove(e).(*group)
	delete(r.groups.byKey, g.key)
	r.groups.done[g.key] = true
	row := Row{Line: g.lines[0], Raw: string(g.raw)}
	r.at(g.lines[0], g.cells[0])
	r.scope.found[0], r.scope.lines = g.cells, g.lines
	err := g.failed
	if err == nil {
		err = r.findAll()
	}
	if err != nil {
		r.push(row, r.reject(row, err))
		return
	}
	r.emit(row)
}

func (r *Rows) closeAll() {
	if r.block.group {
		for front := r.groups.order.Front(); front != nil; front = r.groups.order.Front() {
			r.close(front)
		}
	}
}

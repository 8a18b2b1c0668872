// Package compare tells how groups of persons lie over each other, and how persons
// move between states from one day to a later one.
//
// What moves is a unit: a person, or one of its occasions. Each unit is in one cell,
// and rows, columns and totals are sums of cells: so a matrix balances whatever is
// asked. Persons, and who belongs to whom, are those of one moment, today's: a merge
// counts as if it always had been, on both days.
package compare

import (
	"cmp"
	"slices"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// None is the state of those known on a day, but in no state. Away, which is no name,
// is that of those who were not there: new on the earlier day, gone on the later one.
const (
	None = "none"
	Away = ""
)

// Move is from the state of the earlier day to that of the later one.
type Move struct{ From, To string }

// Moves counts units by their move.
type Moves struct{ groups map[Move]*value.Group }

// NewMoves has counted nobody.
func NewMoves() *Moves { return &Moves{map[Move]*value.Group{}} }

// Add counts a unit of a person in, and what that bought. No person has two units that
// make the same move.
func (m *Moves) Add(move Move, b value.Bought) { m.of(move).Add(b) }

func (m *Moves) of(move Move) *value.Group {
	g := m.groups[move]
	if g == nil {
		g = &value.Group{}
		m.groups[move] = g
	}
	return g
}

// Plus counts other units in.
func (m *Moves) Plus(o *Moves) {
	for move, g := range o.groups {
		m.of(move).Plus(g)
	}
}

// States are those that anybody was in, ordered by name; None and Away are none.
func (m *Moves) States() (names []string) {
	for move := range m.groups {
		for _, name := range [...]string{move.From, move.To} {
			if name != None && name != Away {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Matrix lays the units out over states, which must hold all that they were in but None
// and Away. What they bought is of so many days.
func (m *Moves) Matrix(states []string, days calendar.Days) *segmentationv1.Migration {
	out := &segmentationv1.Migration{States: slices.Clone(states)}
	for move := range m.groups {
		if move.From == None || move.To == None {
			out.States = append(out.States, None)
			break
		}
	}
	at := make(map[string]int, len(out.GetStates())+1)
	for i, name := range out.GetStates() {
		at[name] = i
	}
	at[Away] = len(out.GetStates())
	out.Rows, out.Columns = make([]int64, len(at)), make([]int64, len(at))
	for move, g := range m.groups {
		out.Cells = append(out.Cells, &segmentationv1.MigrationCell{From: move.From, To: move.To, Units: g.Persons, Value: g.Value(days)})
		out.Rows[at[move.From]] += g.Persons
		out.Columns[at[move.To]] += g.Persons
		out.Units += g.Persons
	}
	slices.SortFunc(out.GetCells(), func(a, b *segmentationv1.MigrationCell) int {
		return cmp.Or(cmp.Compare(at[a.GetFrom()], at[b.GetFrom()]), cmp.Compare(at[a.GetTo()], at[b.GetTo()]))
	})
	return out
}

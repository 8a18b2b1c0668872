package tally

import (
	"cmp"
	"encoding/binary"
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/compact"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// Trait is what an event is split by, apart from its kind, day and customer.
type Trait struct {
	// Employee is true if an employee acted.
	Employee bool
	Channel  commonv1.Channel
	// Subjects are distinct and ascending, whatever order the event named them in.
	Subjects []record.Subject
	// Reason and Touchpoint are empty if unset.
	Reason, Touchpoint string
}

func (t Trait) pack() string {
	var room [256]byte
	b := append(room[:0], flag(t.Employee, 1))
	b = binary.AppendUvarint(b, uint64(t.Channel))
	b = appendSubjects(b, t.Subjects)
	b = compact.AppendText(compact.AppendText(b, t.Reason), t.Touchpoint)
	return string(b)
}

func readTrait(r *reader) Trait {
	return Trait{
		Employee: r.Flags(1) == 1, Channel: commonv1.Channel(r.AtMost(1<<31 - 1)),
		Subjects: r.subjects(), Reason: r.Text(), Touchpoint: r.Text(),
	}
}

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

// appendSubjects packs the set of subjects: an event that names one twice counts
// in it once.
func appendSubjects(b []byte, named []record.Subject) []byte {
	set := named
	if !slices.IsSortedFunc(named, ascending) {
		set = slices.Clone(named)
		slices.SortFunc(set, compareSubjects)
		set = slices.Compact(set)
	}
	b = binary.AppendUvarint(b, uint64(len(set)))
	for _, s := range set {
		b = compact.AppendText(binary.AppendUvarint(b, uint64(uint32(s.Kind))), s.ID)
	}
	return b
}

func compareSubjects(a, b record.Subject) int {
	return cmp.Or(cmp.Compare(uint32(a.Kind), uint32(b.Kind)), cmp.Compare(a.ID, b.ID))
}

// ascending calls equal neighbours out of order too, so that a set passes as it is
// only if it is one.
func ascending(a, b record.Subject) int {
	return cmp.Or(compareSubjects(a, b), -1)
}

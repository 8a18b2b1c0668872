package rate

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/compact"
)

// Subject is something that movements are told of.
type Subject struct {
	Kind commonv1.SubjectKind
	ID   string
}

// String is the subject's key, such as STORE:17.
func (s Subject) String() string {
	return strings.TrimPrefix(s.Kind.String(), "SUBJECT_KIND_") + ":" + s.ID
}

// Place is where a movement happened: in which channel, and at which subjects, which are
// distinct and ascending.
type Place struct {
	Channel  commonv1.Channel
	Subjects []Subject
}

func compareSubjects(a, b Subject) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID))
}

// packPlace packs where something happened; equal places are equal texts, whatever order
// subjects were named in.
func packPlace(channel commonv1.Channel, named []*commonv1.SubjectRef) string {
	set := make([]Subject, len(named))
	for i, s := range named {
		set[i] = Subject{s.GetKind(), s.GetId()}
	}
	slices.SortFunc(set, compareSubjects)
	set = slices.Compact(set)
	var room [128]byte
	b := binary.AppendVarint(room[:0], int64(channel))
	b = binary.AppendUvarint(b, uint64(len(set)))
	for _, s := range set {
		b = compact.AppendText(binary.AppendVarint(b, int64(s.Kind)), s.ID)
	}
	return string(b)
}

// readPlace reads what packPlace packed.
func readPlace(packed string) (Place, error) {
	r := compact.Reader{Rest: packed}
	p := Place{Channel: commonv1.Channel(r.Int32())}
	for i := range r.Count(2) {
		p.Subjects = append(p.Subjects, Subject{commonv1.SubjectKind(r.Int32()), r.Text()})
		if i > 0 && compareSubjects(p.Subjects[i-1], p.Subjects[i]) >= 0 {
			r.Fail()
			break
		}
	}
	return p, r.End()
}

package directory

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// CheckSubjects judges a batch of entries one by one: nil, or why it cannot be
// taken. Parents may be in the directory or in the batch itself; an entry whose
// parent is refused is refused too, since it would hang in the air. So is a second
// entry of one subject: which of the two holds must not depend on their order.
func (b *Book) CheckSubjects(batch []*surveyv1.Subject) []error {
	errs := make([]error, len(batch))
	arriving := map[subjectKey]*surveyv1.Subject{}
	named := map[subjectKey]bool{}
	for i, s := range batch {
		k := keyOf(s.GetRef())
		if named[k] {
			errs[i] = fault.Invalid().Field("ref", "%s stands twice in this request", show(s.GetRef())).Err()
			continue
		}
		named[k] = true
		if errs[i] = checkLinks(s); errs[i] == nil {
			arriving[k] = s
		}
	}
	for again := true; again; {
		again = false
		for i, s := range batch {
			if errs[i] != nil {
				continue
			}
			if errs[i] = b.checkParents(s, arriving); errs[i] != nil {
				delete(arriving, keyOf(s.GetRef()))
				again = true
			}
		}
	}
	return errs
}

func checkLinks(s *surveyv1.Subject) error {
	f := fault.Invalid()
	for i, l := range s.GetParents() {
		path := fmt.Sprintf("parents[%d].since", i)
		switch {
		case l.GetSince() == nil && i > 0:
			f.Field(path, "only the first link may begin before everything")
		case l.GetSince() != nil && !l.GetSince().IsValid():
			f.Field(path, "is not a time")
		case i > 0 && s.GetParents()[i-1].GetSince() != nil && !l.GetSince().AsTime().After(s.GetParents()[i-1].GetSince().AsTime()):
			f.Field(path, "must be after the link before")
		}
	}
	return f.Err()
}

// checkParents refuses unknown parents and circles. A circle counts even if its
// links were never valid at the same moment: a structure that turns around is
// a mistake more often than a reform.
func (b *Book) checkParents(s *surveyv1.Subject, arriving map[subjectKey]*surveyv1.Subject) error {
	for i, l := range s.GetParents() {
		if l.GetParent() == nil {
			continue
		}
		path := fmt.Sprintf("parents[%d].parent", i)
		if arriving[keyOf(l.GetParent())] == nil && b.Entry(l.GetParent()) == nil {
			return fault.Invalid().Reason(commonv1.Reason_REASON_SUBJECT_UNKNOWN).
				Field(path, "%s is not in the directory", show(l.GetParent())).Err()
		}
		if b.reaches(l.GetParent(), keyOf(s.GetRef()), arriving, map[subjectKey]bool{}) {
			return fault.Invalid().Reason(commonv1.Reason_REASON_SUBJECT_CYCLE).
				Field(path, "%s stands below this subject", show(l.GetParent())).Err()
		}
	}
	return nil
}

// reaches walks up all links from a subject, those of the batch first, and
// tells whether it comes to the target.
func (b *Book) reaches(from *commonv1.SubjectRef, target subjectKey, arriving map[subjectKey]*surveyv1.Subject, seen map[subjectKey]bool) bool {
	k := keyOf(from)
	if k == target {
		return true
	}
	if seen[k] {
		return false
	}
	seen[k] = true
	s := arriving[k]
	if s == nil {
		s = b.Entry(from)
	}
	for _, l := range s.GetParents() {
		if l.GetParent() != nil && b.reaches(l.GetParent(), target, arriving, seen) {
			return true
		}
	}
	return false
}

// Changes tells whether an entry differs from the one in the directory.
func (b *Book) Changes(s *surveyv1.Subject) bool { return !proto.Equal(b.Entry(s.GetRef()), s) }

// show writes a subject as KIND:id, as callers do.
func show(ref *commonv1.SubjectRef) string {
	return fmt.Sprintf("%s %q", strings.TrimPrefix(ref.GetKind().String(), "SUBJECT_KIND_"), ref.GetId())
}

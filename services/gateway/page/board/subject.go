package board

import (
	"cmp"
	"context"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

const kindPrefix = "SUBJECT_KIND_"

// subjectText is how an address names a subject: STORE:12.
func subjectText(ref *commonv1.SubjectRef) string {
	if ref == nil {
		return ""
	}
	return kindText(ref.GetKind()) + ":" + ref.GetId()
}

func kindText(k commonv1.SubjectKind) string { return strings.TrimPrefix(k.String(), kindPrefix) }

func readKind(text string) commonv1.SubjectKind {
	return commonv1.SubjectKind(commonv1.SubjectKind_value[kindPrefix+strings.ToUpper(text)])
}

// readSubject reads STORE:12; nothing is nobody.
func readSubject(text string) (*commonv1.SubjectRef, error) {
	if text == "" {
		return nil, nil
	}
	kind, id, _ := strings.Cut(text, ":")
	if k := readKind(kind); k != 0 && id != "" {
		return &commonv1.SubjectRef{Kind: k, Id: id}, nil
	}
	return nil, unknownThing("subject", "is a kind and an id, such as STORE:12")
}

// titles are the names of subjects by KIND:id; where one cannot be read its id stands
// in for it.
func (p *Pages) titles(ctx context.Context, s *scene, refs []*commonv1.SubjectRef) map[string]string {
	out := map[string]string{}
	for _, ref := range refs {
		name := subjectText(ref)
		if _, has := out[name]; has {
			continue
		}
		out[name] = ref.GetId()
		found, err := p.survey.GetSubject(ctx, &surveyv1.GetSubjectRequest{Brand: s.Brand, Ref: ref})
		if err == nil {
			out[name] = cmp.Or(found.GetSubject().GetName(), ref.GetId())
		}
	}
	return out
}

package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// dimension is one thing to split by. Its values are small numbers: those of
// enums, surveys and subjects themselves, otherwise given out as met.
type dimension struct {
	by   surveyv1.Dimension
	kind commonv1.SubjectKind
	key  string

	// value is, for dimensions of subjects, the value of each subject, or none.
	value []int32
	// names are the values of facets and labels, in the order met.
	names []string
	index map[string]int32

	// segments are those to split by, laid their members; the value is the place.
	segments []string
	laid     []*laid
}

// none is the value of a subject that stands in no group.
const none = -1

func (a asker) dimensions(groups []*surveyv1.GroupBy) []dimension {
	var out []dimension
	for i, g := range groups {
		path := fmt.Sprintf("group_by[%d]", i)
		d := dimension{by: g.GetDimension(), kind: g.GetKind(), key: g.GetKey(), segments: g.GetSegmentIds()}
		a.checkDimension(path, &d)
		for _, o := range out {
			if o.by == d.by && o.kind == d.kind && o.key == d.key && slices.Equal(o.segments, d.segments) {
				a.bad.Field(path, "is the same as the one before")
			}
		}
		out = append(out, d)
	}
	return out
}

func (a asker) checkDimension(path string, d *dimension) {
	keyed := d.by == surveyv1.Dimension_DIMENSION_FACET || d.by == surveyv1.Dimension_DIMENSION_LABEL
	kinded := d.by == surveyv1.Dimension_DIMENSION_SUBJECT || d.by == surveyv1.Dimension_DIMENSION_LABEL
	if keyed && d.key == "" {
		a.bad.Field(path+".key", "is required to split by it")
	}
	if !keyed && d.key != "" {
		a.bad.Field(path+".key", "is for facets and labels only")
	}
	if d.by == surveyv1.Dimension_DIMENSION_SUBJECT && d.kind == 0 {
		a.bad.Field(path+".kind", "is required to split by subject")
	}
	if !kinded && d.kind != 0 {
		a.bad.Field(path+".kind", "is for subjects and labels only")
	}
	if d.by < surveyv1.Dimension_DIMENSION_SUBJECT || d.by > surveyv1.Dimension_DIMENSION_SEGMENT {
		a.bad.Field(path+".dimension", "must be one of the dimensions")
	}
	a.checkSegments(path+".segment_ids", d)
}

// mostSegments is how many segments one question may split by.
const mostSegments = 50

func (a asker) checkSegments(path string, d *dimension) {
	switch {
	case d.by != surveyv1.Dimension_DIMENSION_SEGMENT && len(d.segments) > 0:
		a.bad.Field(path, "is for segments only")
	case d.by == surveyv1.Dimension_DIMENSION_SEGMENT && (len(d.segments) == 0 || len(d.segments) > mostSegments):
		a.bad.Field(path, "must be 1 to %d to split by segment", mostSegments)
	}
	for i, id := range d.segments {
		switch {
		case id == "":
			a.bad.Field(path+"["+strconv.Itoa(i)+"]", "is empty")
		case slices.Contains(d.segments[:i], id):
			a.bad.Field(path+"["+strconv.Itoa(i)+"]", "is named twice")
		}
	}
}

// ofSubjects says that a response may stand in several groups, or in none, by
// the subjects it counts in.
func (d *dimension) ofSubjects() bool {
	switch d.by {
	case surveyv1.Dimension_DIMENSION_SUBJECT, surveyv1.Dimension_DIMENSION_SUBJECT_KIND, surveyv1.Dimension_DIMENSION_LABEL:
		return true
	}
	return false
}

// inCells says that a histogram tells the value.
func (d *dimension) inCells(live bool) bool {
	switch d.by {
	case surveyv1.Dimension_DIMENSION_CHANNEL, surveyv1.Dimension_DIMENSION_DAY_OF_WEEK:
		return true
	case surveyv1.Dimension_DIMENSION_HOUR:
		return live
	}
	return d.ofSubjects()
}

// learn reads from the directory in which group each subject stands.
func (d *dimension) learn(b *Brand) {
	if !d.ofSubjects() {
		return
	}
	d.value = make([]int32, b.Book().Subjects())
	for n := range d.value {
		d.value[n] = d.valueOf(b, uint32(n))
	}
}

func (d *dimension) valueOf(b *Brand, n uint32) int32 {
	kind := b.Book().Kind(n)
	switch {
	case d.kind != 0 && kind != d.kind:
		return none
	case d.by == surveyv1.Dimension_DIMENSION_SUBJECT:
		return int32(n)
	case d.by == surveyv1.Dimension_DIMENSION_SUBJECT_KIND:
		return int32(kind)
	}
	if label, ok := b.Book().Label(n, d.key); ok {
		return d.named(label)
	}
	return none
}

// named is the number of a value that is a text.
func (d *dimension) named(text string) int32 {
	if n, ok := d.index[text]; ok {
		return n
	}
	if d.index == nil {
		d.index = map[string]int32{}
	}
	n := int32(len(d.names))
	d.names = append(d.names, text)
	d.index[text] = n
	return n
}

// subject is the value of one subject.
func (d *dimension) subject(n uint32) int32 {
	if int(n) >= len(d.value) {
		return none
	}
	return d.value[n]
}

// members lists the subjects of each group, ascending.
func (d *dimension) members() map[int32][]uint32 {
	out := map[int32][]uint32{}
	for n, v := range d.value {
		if v != none {
			out[v] = append(out[v], uint32(n))
		}
	}
	return out
}

// ofPath lists the groups a response stands in that counts in these subjects,
// each once.
func (d *dimension) ofPath(path []uint32) []int32 {
	var out []int32
	for _, p := range path {
		if v := d.subject(p); v != none && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// text is how a value is written in an answer, and the name to show for it.
func (d *dimension) text(b *Brand, v int32) (key, label string) {
	switch d.by {
	case surveyv1.Dimension_DIMENSION_SUBJECT:
		return subjectKey(b.Book().Ref(uint32(v))), b.Book().Name(uint32(v))
	case surveyv1.Dimension_DIMENSION_SUBJECT_KIND:
		return kindKey(commonv1.SubjectKind(v)), ""
	case surveyv1.Dimension_DIMENSION_CHANNEL:
		return strings.TrimPrefix(commonv1.Channel(v).String(), "CHANNEL_"), ""
	case surveyv1.Dimension_DIMENSION_MODE:
		return strings.TrimPrefix(commonv1.ContactMode(v).String(), "CONTACT_MODE_"), ""
	case surveyv1.Dimension_DIMENSION_SURVEY:
		return b.Book().SurveyID(uint32(v)), ""
	case surveyv1.Dimension_DIMENSION_DAY_OF_WEEK:
		return strconv.Itoa(int(v)), ""
	case surveyv1.Dimension_DIMENSION_HOUR:
		return fmt.Sprintf("%02d", v), ""
	case surveyv1.Dimension_DIMENSION_SEGMENT:
		return d.segments[v], ""
	}
	return d.names[v], ""
}

func kindKey(k commonv1.SubjectKind) string {
	return strings.TrimPrefix(k.String(), "SUBJECT_KIND_")
}

func subjectKey(ref *commonv1.SubjectRef) string { return kindKey(ref.GetKind()) + ":" + ref.GetId() }

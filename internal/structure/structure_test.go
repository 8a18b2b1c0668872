package structure_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/structure"
)

// directory is Survey as far as it is asked here. What stands below what with all of it
// running is tried in services/rapport.
type directory struct {
	surveyv1.SurveyServiceClient
	below map[string][]string
	away  error
	asked int
}

func ref(id string) *commonv1.SubjectRef {
	kind := commonv1.SubjectKind_SUBJECT_KIND_STORE
	if strings.HasPrefix(id, "r") {
		kind = commonv1.SubjectKind_SUBJECT_KIND_REGION
	}
	return &commonv1.SubjectRef{Kind: kind, Id: id}
}

// ListSubjects gives one subject a page.
func (d *directory) ListSubjects(_ context.Context, in *surveyv1.ListSubjectsRequest, _ ...grpc.CallOption) (*surveyv1.ListSubjectsResponse, error) {
	d.asked++
	below, known := d.below[in.GetUnder().GetId()]
	switch {
	case d.away != nil:
		return nil, d.away
	case !known:
		return nil, fault.NotFound(commonv1.Reason_REASON_SUBJECT_UNKNOWN, "subject")
	}
	out := &surveyv1.ListSubjectsResponse{}
	if place := len(in.GetPageToken()); place < len(below) {
		out.Subjects = []*surveyv1.Subject{{Ref: ref(below[place])}}
		if place+1 < len(below) {
			out.NextPageToken = strings.Repeat("x", place+1)
		}
	}
	return out, nil
}

type world struct {
	*testing.T
	*directory
	*structure.Structure
	now time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), directory: &directory{below: map[string][]string{
		"r1": {"1", "2", "3"}, "r2": {"3", "4"}, "1": nil, "2": nil, "3": nil, "4": nil,
	}}}
	w.Structure = structure.New(w.directory, func() time.Time { return w.now })
	return w
}

// bound is a caller who sees, for each of the lists, what stands in or below one of it.
func bound(lists ...string) *access.Narrowing {
	n := &access.Narrowing{}
	for _, list := range lists {
		var tops []access.Ref
		for _, id := range strings.Fields(list) {
			tops = append(tops, access.Ref{Kind: ref(id).GetKind(), ID: id})
		}
		n.Tops = append(n.Tops, tops)
	}
	return n
}

// narrow tells what a question of a caller is about.
func (w *world) narrow(who *access.Narrowing, asked, under string) string {
	see, err := w.Sight(w.Context(), "demo", who)
	var out []*commonv1.SubjectRef
	if err == nil {
		var subjects []*commonv1.SubjectRef
		for _, id := range strings.Fields(asked) {
			subjects = append(subjects, ref(id))
		}
		var from *commonv1.SubjectRef
		if under != "" {
			from = ref(under)
		}
		out, err = see.Narrow(w.Context(), subjects, from)
	}
	if err != nil {
		return fault.Code(err).String()
	}
	var ids []string
	for _, one := range out {
		ids = append(ids, one.GetId())
	}
	return fmt.Sprint(ids)
}

func TestNarrow(t *testing.T) {
	w, all := newWorld(t), &access.Narrowing{}
	for _, c := range []struct {
		who          *access.Narrowing
		asked, under string
		want         string
	}{
		{all, "", "", "[]"}, {all, "2 9", "", "[2 9]"}, {all, "", "r1", "[r1 1 2 3]"}, {all, "", "4", "[4]"}, {all, "", "r9", "NotFound"},
		{bound("2"), "", "", "[2]"}, {bound("2"), "2", "", "[2]"}, {bound("2"), "2 1", "", "PermissionDenied"}, {bound("2"), "", "r1", "PermissionDenied"},
		{bound("r1"), "", "r1", "[r1 1 2 3]"}, {bound("r1"), "", "3", "[3]"}, {bound("r1"), "", "r9", "PermissionDenied"}, {bound("r1 4"), "", "", "[r1 1 2 3 4]"},
		{bound("r1", "r2"), "", "", "[3]"}, {bound("r1", "r2"), "1", "", "PermissionDenied"}, {bound("1", "2"), "", "", "PermissionDenied"},
		{bound(""), "", "", "PermissionDenied"}, {bound("9"), "", "", "PermissionDenied"},
	} {
		if got := w.narrow(c.who, c.asked, c.under); got != c.want {
			t.Errorf("%v asks about %q, under %q: %s, not %s", c.who.Tops, c.asked, c.under, got, c.want)
		}
	}
	w.Structure = structure.New(nil, time.Now)
	if got := w.narrow(all, "2", "") + w.narrow(all, "", "r1") + w.narrow(bound("2"), "", ""); got != "[2]UnimplementedPermissionDenied" {
		t.Errorf("without Survey: %s", got)
	}
}

// TestWhatWasHeard: Survey is asked every ten seconds, and may be away for an hour.
func TestWhatWasHeard(t *testing.T) {
	w, all := newWorld(t), &access.Narrowing{}
	expect := func(what, want string, asked int) {
		t.Helper()
		w.asked = 0
		if got := w.narrow(all, "", "r2"); got != want || w.asked != asked {
			t.Errorf("%s: %s by %d calls, not %s by %d", what, got, w.asked, want, asked)
		}
	}
	expect("first", "[r2 3 4]", 2)
	w.below["r2"] = []string{"4"}
	w.now = w.now.Add(9 * time.Second)
	expect("soon", "[r2 3 4]", 0)
	w.now = w.now.Add(time.Second)
	expect("later", "[r2 4]", 1)
	w.away = fault.Unavailable(nil, "gone")
	w.now = w.now.Add(59 * time.Minute)
	expect("while Survey is away", "[r2 4]", 1)
	w.now = w.now.Add(time.Minute)
	expect("when it is away for long", "Unavailable", 1)
}

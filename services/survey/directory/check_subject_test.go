package directory_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

func TestCheckSubjects(t *testing.T) {
	const cycle, unknown = "SUBJECT_CYCLE parents[0].parent", "SUBJECT_UNKNOWN parents[0].parent"
	for _, tt := range []struct {
		name  string
		batch []*surveyv1.Subject
		want  []string
	}{
		{"at the top", []*surveyv1.Subject{entry(store("n1"))}, []string{""}},
		{"parent in the directory", []*surveyv1.Subject{entry(store("n1"), below(region("west")))}, []string{""}},
		{"parent later in the request", []*surveyv1.Subject{entry(store("n1"), below(region("new"))), entry(region("new"))}, []string{"", ""}},
		{"parent nowhere", []*surveyv1.Subject{entry(store("n1"), below(region("new")))}, []string{unknown}},
		{"parent refused", []*surveyv1.Subject{
			entry(store("n1"), below(region("new"))), entry(region("new"), below(network("newer"))), entry(network("newer"), below(network("none"))),
		}, []string{unknown, unknown, unknown}},
		{"a bad one fails alone", []*surveyv1.Subject{entry(store("n1"), below(region("new"))), entry(store("n2"))}, []string{unknown, ""}},
		{"below itself", []*surveyv1.Subject{entry(region("new"), below(region("new")))}, []string{cycle}},
		{"a circle through the directory", []*surveyv1.Subject{entry(network("all"), below(store("s2")))}, []string{cycle}},
		{"a circle within the request", []*surveyv1.Subject{
			entry(region("a"), below(region("b"))), entry(region("b"), below(region("c"))), entry(region("c"), below(region("a"))),
		}, []string{cycle, unknown, unknown}},
		{"a circle at different times", []*surveyv1.Subject{
			entry(region("a"), from(2, region("b")), from(3, nil)), entry(region("b"), from(4, region("a"))),
		}, []string{cycle, unknown}},
		{"a turn that the request itself makes free", []*surveyv1.Subject{
			entry(region("west")), entry(network("all"), below(region("west"))),
		}, []string{"", ""}},
		{"one that is refused frees nothing", []*surveyv1.Subject{
			entry(region("west"), below(region("none"))), entry(network("all"), below(region("west"))),
		}, []string{unknown, cycle}},
		{"named twice", []*surveyv1.Subject{
			entry(region("west"), below(region("east"))), entry(region("west"), below(region("none"))),
			entry(region("east"), below(region("west"))), entry(region("east"), below(region("none"))),
		}, []string{cycle, "FIELD_INVALID ref", "", "FIELD_INVALID ref"}},
	} {
		if diff := cmp.Diff(tt.want, refusals(moved(t).CheckSubjects(tt.batch))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestCheckLinks(t *testing.T) {
	for _, tt := range []struct {
		name  string
		links []*surveyv1.ParentLink
		want  string
	}{
		{"ascending", []*surveyv1.ParentLink{below(region("west")), from(2, region("east")), from(3, nil)}, ""},
		{"the first begins some day", []*surveyv1.ParentLink{from(2, region("east"))}, ""},
		{"two since ever", []*surveyv1.ParentLink{below(region("west")), below(region("east"))}, "FIELD_INVALID parents[1].since"},
		{"at the same time", []*surveyv1.ParentLink{from(2, region("west")), from(2, region("east"))}, "FIELD_INVALID parents[1].since"},
		{"descending", []*surveyv1.ParentLink{from(3, region("west")), from(2, region("east"))}, "FIELD_INVALID parents[1].since"},
		{"no time", []*surveyv1.ParentLink{{Since: &timestamppb.Timestamp{Nanos: -1}}}, "FIELD_INVALID parents[0].since"},
	} {
		if got := refusal(moved(t).CheckSubjects([]*surveyv1.Subject{entry(store("n1"), tt.links...)})[0]); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Whatever is asked for: what is accepted has no unknown parents and no circles,
// and walks up and down it come to the same.
func TestWhatIsAcceptedIsATree(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	l := newLedger(t)
	some := func() *commonv1.SubjectRef { return region(fmt.Sprint(random.IntN(12))) }
	for range 200 {
		batch := make([]*surveyv1.Subject, 1+random.IntN(6))
		for i := range batch {
			batch[i] = entry(some())
			if random.IntN(3) > 0 {
				batch[i].Parents = append(batch[i].Parents, below(some()))
			}
			if random.IntN(3) == 0 {
				batch[i].Parents = append(batch[i].Parents, from(1+random.IntN(30), some()))
			}
		}
		for i, err := range l.CheckSubjects(batch) {
			if err == nil {
				l.subject(batch[i])
			}
		}
		checkTree(t, l, 1+random.IntN(30))
	}
}

func checkTree(t *testing.T, l *ledger, day int) {
	t.Helper()
	under := map[[2]uint32]bool{}
	for n := range uint32(l.Subjects()) {
		if l.Entry(l.Ref(n)) == nil {
			t.Fatalf("%v is a parent and no entry", l.Ref(n))
		}
		for _, m := range l.Under(n, on(day)) {
			under[[2]uint32{n, m}] = true
		}
	}
	for n := range uint32(l.Subjects()) {
		up := l.Up(n, on(day))
		if len(up) >= l.Subjects() {
			t.Fatalf("%d stands in a circle: %v", n, up)
		}
		for _, m := range append(up, n) {
			if !under[[2]uint32{m, n}] {
				t.Fatalf("%d is below %d on the way up alone", n, m)
			}
			delete(under, [2]uint32{m, n})
		}
	}
	if len(under) > 0 {
		t.Fatalf("below on the way down alone: %v", under)
	}
}

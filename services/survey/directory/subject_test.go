package directory_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// moved is a store that was in the west, moved to the east on the 10th and left
// its region on the 20th; the west belongs to the network, the east does from
// the 15th on.
func moved(t *testing.T) *ledger {
	l := newLedger(t)
	l.subject(entry(network("all")))
	l.subject(entry(region("west"), below(network("all"))))
	l.subject(entry(region("east"), from(15, network("all"))))
	l.subject(entry(store("s1"), below(region("west")), from(10, region("east")), from(20, nil)))
	l.subject(entry(store("s2"), below(region("west"))))
	return l
}

func TestStructureAtAMoment(t *testing.T) {
	l := moved(t)
	s1 := l.numbers(store("s1"))
	for _, tt := range []struct {
		day  int
		want []string
	}{
		{1, []string{"all", "s1", "west"}},
		{9, []string{"all", "s1", "west"}},
		{10, []string{"east", "s1"}}, // a link holds from its first instant on
		{14, []string{"east", "s1"}},
		{15, []string{"all", "east", "s1"}},
		{20, []string{"s1"}},
		{31, []string{"s1"}},
	} {
		path := l.PathAt(s1, on(tt.day))
		if diff := cmp.Diff(tt.want, l.ids(path)); diff != "" || !slices.IsSorted(path) {
			t.Errorf("day %d: %v %s", tt.day, path, diff)
		}
		if up := l.ids(l.Up(s1[0], on(tt.day))); len(up) != len(path)-1 {
			t.Errorf("day %d: ancestors %v, path %v", tt.day, up, l.ids(path))
		}
	}
	if path := l.PathAt(s1, on(10).Add(-1)); !slices.Contains(l.ids(path), "west") {
		t.Errorf("a link ends before its last instant: %v", l.ids(path))
	}
}

func TestPathCountsASharedAncestorOnce(t *testing.T) {
	l := moved(t)
	both := l.numbers(store("s1"), store("s2"))
	if diff := cmp.Diff([]string{"all", "s1", "s2", "west"}, l.ids(l.PathAt(both, on(1)))); diff != "" {
		t.Error(diff)
	}
	if path := l.PathAt(nil, on(1)); len(path) != 0 {
		t.Errorf("nothing named, path %v", path)
	}
}

func TestUpIsNearestFirst(t *testing.T) {
	l := moved(t)
	up := l.Up(l.numbers(store("s2"))[0], on(1))
	if len(up) != 2 || l.Ref(up[0]).GetId() != "west" || l.Ref(up[1]).GetId() != "all" {
		t.Errorf("ancestors %v", l.ids(up))
	}
}

func TestUnderIsTheStructureToday(t *testing.T) {
	l := moved(t)
	for _, tt := range []struct {
		top  *commonv1.SubjectRef
		day  int
		want []string
	}{
		{network("all"), 1, []string{"all", "s1", "s2", "west"}},
		{network("all"), 12, []string{"all", "s2", "west"}},
		{network("all"), 16, []string{"all", "east", "s1", "s2", "west"}},
		{network("all"), 25, []string{"all", "east", "s2", "west"}},
		{region("east"), 12, []string{"east", "s1"}},
		{store("s1"), 12, []string{"s1"}},
	} {
		if diff := cmp.Diff(tt.want, l.ids(l.Under(l.numbers(tt.top)[0], on(tt.day)))); diff != "" {
			t.Errorf("under %s on day %d: %s", tt.top.GetId(), tt.day, diff)
		}
	}
}

// A parent may be named before its own entry stands in the log: it has a number
// then, but is no entry.
func TestParentBeforeItsEntry(t *testing.T) {
	l := newLedger(t)
	l.subject(entry(store("s1"), below(region("west"))))
	if _, ok := l.Subject(region("west")); ok || l.Entry(region("west")) != nil || l.Subjects() != 2 {
		t.Error("a name is not an entry")
	}
	if found := l.Find(0, "", nil, 10, all); len(found) != 1 {
		t.Errorf("found %v", found)
	}
	l.subject(&surveyv1.Subject{Ref: region("west"), Name: "West"})
	n := l.numbers(region("west"))[0]
	if n != 1 || l.Name(n) != "West" || l.Name(0) != "s1" || l.Name(99) != "" {
		t.Errorf("number %d, named %q, %q and %q", n, l.Name(n), l.Name(0), l.Name(99))
	}
	if l.Kind(n) != commonv1.SubjectKind_SUBJECT_KIND_REGION || l.Kind(99) != 0 {
		t.Errorf("kinds %v and %v", l.Kind(n), l.Kind(99))
	}
	if of := l.OfKind(commonv1.SubjectKind_SUBJECT_KIND_STORE); !slices.Equal(of, []uint32{0}) {
		t.Errorf("stores %v", of)
	}
}

func TestAnEntryIsReplacedWhole(t *testing.T) {
	l := moved(t)
	before, n := l.Subjects(), l.numbers(store("s1"))[0]
	s := &surveyv1.Subject{Ref: store("s1"), Labels: map[string]string{"format": "hyper"}}
	if !l.Changes(s) {
		t.Error("no change seen")
	}
	l.subject(s)
	if l.Changes(s) || l.Subjects() != before || l.numbers(store("s1"))[0] != n {
		t.Error("the entry is another one")
	}
	if up := l.Up(n, on(1)); len(up) != 0 {
		t.Errorf("old links hold: %v", l.ids(up))
	}
	for _, tt := range []struct {
		labels map[string]string
		has    bool
	}{
		{nil, true}, {map[string]string{"format": "hyper"}, true}, {map[string]string{"format": "mini"}, false},
		{map[string]string{"format": "hyper", "city": ""}, false},
	} {
		if got := l.HasLabels(n, tt.labels); got != tt.has {
			t.Errorf("%v: %v", tt.labels, got)
		}
	}
	if _, ok := l.Label(99, "format"); ok {
		t.Error("nobody has a label")
	}
}

func all(uint32) bool { return true }

func TestFind(t *testing.T) {
	l := moved(t)
	l.subject(&surveyv1.Subject{Ref: store("a9"), Name: "Westfield"})
	kindStore := commonv1.SubjectKind_SUBJECT_KIND_STORE
	s2 := l.numbers(store("s2"))[0]
	for _, tt := range []struct {
		name  string
		kind  commonv1.SubjectKind
		query string
		after *commonv1.SubjectRef
		limit int
		keep  func(uint32) bool
		want  []string
	}{
		{"all, by kind and id", 0, "", nil, 9, all, []string{"all", "east", "west", "a9", "s1", "s2"}},
		{"a kind", kindStore, "", nil, 9, all, []string{"a9", "s1", "s2"}},
		{"name or id, whatever the case", 0, "WEST", nil, 9, all, []string{"west", "a9"}},
		{"a page", 0, "", nil, 2, all, []string{"all", "east"}},
		{"the page behind", 0, "", region("east"), 2, all, []string{"west", "a9"}},
		{"behind what is gone", 0, "", store("b"), 9, all, []string{"s1", "s2"}},
		{"the filter counts before the limit", kindStore, "", nil, 1, func(n uint32) bool { return n == s2 }, []string{"s2"}},
		{"nothing", 0, "nowhere", nil, 9, all, nil},
	} {
		var got []string
		for _, s := range l.Find(tt.kind, tt.query, tt.after, tt.limit, tt.keep) {
			got = append(got, s.GetRef().GetId())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestRefOfNoNumber(t *testing.T) {
	if diff := cmp.Diff(&commonv1.SubjectRef{}, newLedger(t).Ref(0), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

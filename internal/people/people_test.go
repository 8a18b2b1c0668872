package people_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/people"
)

// naive is the rule in its plainest form: edges, and a walk to the end of the chain.
type naive map[int64]int64

func (n naive) person(id int64) int64 {
	for n[id] != 0 {
		id = n[id]
	}
	return id
}

func (n naive) members(id int64, numbers int64) (all []int64) {
	for other := int64(1); other <= numbers; other++ {
		if n.person(other) == n.person(id) {
			all = append(all, other)
		}
	}
	return all
}

// allowed is what Segmentation lets through.
func (n naive) allowed(from, into int64) bool { return n[from] == 0 && n.person(into) != from }

func agree(t *testing.T, n naive, m *people.Mapping, numbers int64) {
	t.Helper()
	want := map[int64]int64{}
	for id := int64(1); id <= numbers; id++ {
		if got := m.Person(id); got != n.person(id) {
			t.Fatalf("person of %d is %d, want %d of %v", id, got, n.person(id), n)
		}
		if diff := cmp.Diff(n.members(id, numbers), m.Members(id)); diff != "" {
			t.Fatalf("members of %d of %v: %s", id, n, diff)
		}
		if n.person(id) != id {
			want[id] = n.person(id)
		}
	}
	got := map[int64]int64{}
	m.Each(func(id, person int64) { got[id] = person })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("merged of %v: %s", n, diff)
	}
	if m.Empty() != (len(want) == 0) || m.Merged() != len(want) {
		t.Fatalf("Empty is %v with %d merged, want %d", m.Empty(), m.Merged(), len(want))
	}
}

// Any sequence of merges and unmerges agrees with the plain rule at every step,
// changes no mapping taken before, and ends, all unmerged, where it began.
func TestBookAgreesWithPlainRule(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 7))
		numbers := 2 + r.Int64N(12)
		n, b := naive{}, people.NewBook()
		for range 60 {
			before, old := b.Now(), naive{}
			for from, into := range n {
				old[from] = into
			}
			from, into := 1+r.Int64N(numbers), 1+r.Int64N(numbers)
			if r.IntN(3) == 0 {
				b.Unmerge(from)
				delete(n, from)
			} else if from != into && n.allowed(from, into) {
				b.Merge(from, into)
				n[from] = into
			}
			agree(t, n, b.Now(), numbers)
			agree(t, old, before, numbers)
		}
		rest := make([]int64, 0, len(n))
		for from := range n {
			rest = append(rest, from)
		}
		slices.Sort(rest)
		r.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
		for _, from := range rest {
			b.Unmerge(from)
		}
		agree(t, naive{}, b.Now(), numbers)
	}
}

// A log that was replaced may tell anything: the newest word counts, and nothing
// goes round in circles.
func TestBookOutlivesContradictions(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 8))
		b := people.NewBook()
		for range 100 {
			from, into := 1+r.Int64N(6), 1+r.Int64N(6)
			b.Merge(from, into)
			m := b.Now()
			if m.Person(from) != m.Person(into) {
				t.Fatalf("%d was merged into %d, and is %d beside %d", from, into, m.Person(from), m.Person(into))
			}
			for id := int64(1); id <= 6; id++ {
				if p := m.Person(id); m.Person(p) != p || !slices.Contains(m.Members(p), id) {
					t.Fatalf("%d is %d, who is %d with %v", id, p, m.Person(p), m.Members(p))
				}
			}
		}
	}
}

func TestInnerEdgeKeepsWhatWasMergedIntoIt(t *testing.T) {
	b := people.NewBook()
	b.Merge(1, 2)
	b.Merge(2, 3)
	b.Merge(3, 4)
	b.Unmerge(2)
	for id, want := range map[int64][]int64{1: {1, 2}, 2: {1, 2}, 3: {3, 4}, 4: {3, 4}} {
		if diff := cmp.Diff(want, b.Now().Members(id)); diff != "" {
			t.Errorf("members of %d: %s", id, diff)
		}
	}
}

func TestApply(t *testing.T) {
	b := people.NewBook()
	for _, e := range []*segmentationv1.CustomerEvent{
		{Kind: segmentationv1.CustomerEvent_KIND_CREATED, Id: 1}, {Kind: segmentationv1.CustomerEvent_KIND_UPDATED, Id: 1},
	} {
		b.Apply(e)
	}
	if m := b.Now(); m.Version() != 0 || !m.Empty() {
		t.Errorf("version %d, empty %v after events that merge nobody", m.Version(), m.Empty())
	}
	merged := &segmentationv1.CustomerEvent{Kind: segmentationv1.CustomerEvent_KIND_MERGED, Id: 1, IntoId: 2}
	b.Apply(merged)
	b.Apply(merged)
	if m := b.Now(); m.Version() != 1 || m.Person(1) != 2 {
		t.Errorf("version %d, person of 1 is %d after a merge told twice", m.Version(), m.Person(1))
	}
	b.Apply(&segmentationv1.CustomerEvent{Kind: segmentationv1.CustomerEvent_KIND_UNMERGED, Id: 1, IntoId: 2})
	if m := b.Now(); m.Version() != 2 || !m.Empty() {
		t.Errorf("version %d, empty %v after the merge was taken back", m.Version(), m.Empty())
	}
	before := b.Now()
	erased := &segmentationv1.CustomerEvent{Kind: segmentationv1.CustomerEvent_KIND_ERASED, Id: 1, ErasureId: 1}
	b.Apply(erased)
	b.Apply(erased)
	if m := b.Now(); m.Version() != 3 || !m.Erased(1) || m.Erased(2) || before.Erased(1) {
		t.Errorf("version %d, erased %v, %v, and before %v", m.Version(), m.Erased(1), m.Erased(2), before.Erased(1))
	}
	if err := b.ApplyBody([]byte{0xff}); err == nil {
		t.Error("rubbish was taken for an event")
	}
}

// BenchmarkMerge merges a hundred thousand pairs, each seen at once.
func BenchmarkMerge(b *testing.B) {
	for b.Loop() {
		book := people.NewBook()
		for id := int64(1); id < 200_000; id += 2 {
			book.Merge(id, id+1)
		}
	}
	b.ReportMetric(float64(b.N)*100_000/b.Elapsed().Seconds(), "merges/s")
}

package suite

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// groups: every segment has whom its rule holds for, asked of everybody anew, and ended
// ones have nobody.
func (a *audit) groups(g *groups) {
	a.t.Helper()
	is := map[string][]int64{}
	for id, rule := range g.rules {
		if is[id] = a.in(id); rule == nil && is[id] != nil {
			a.t.Errorf("%s has ended and has %v", id, is[id])
		}
	}
	for id, rule := range g.rules {
		if rule == nil {
			continue
		}
		want := a.recount(rule)
		if of := rule.GetAlgebra(); of != nil {
			want = put(of, is)
		}
		if diff := cmp.Diff(want, is[id]); diff != "" {
			a.t.Errorf("segment %s, %v: %s", id, rule, diff)
		}
	}
	for i := range split {
		all := slices.Concat(is[fmt.Sprint("is-", i)], is[fmt.Sprint("not-", i)])
		slices.Sort(all)
		if diff := cmp.Diff(is[whole], all); diff != "" {
			a.t.Errorf("an expression and its negation: %s", diff)
		}
	}
	a.counted(is)
}

// in are the members by the bit set.
func (a *audit) in(id string) (ids []int64) {
	a.t.Helper()
	out := must[*segmentationv1.GetSegmentBitmapResponse](a.t)(a.f.segmentation.GetSegmentBitmap(a.t.Context(),
		&segmentationv1.GetSegmentBitmapRequest{Brand: brand, SegmentId: id}))
	set := roaring64.New()
	if err := set.UnmarshalBinary(out.GetBitmap()); err != nil {
		a.t.Fatal(err)
	}
	for it := set.Iterator(); it.HasNext(); {
		ids = append(ids, int64(it.Next()))
	}
	return ids
}

// recount asks a rule of everybody; no more persons than a preview shows are here.
func (a *audit) recount(rule *segmentationv1.SegmentRule) []int64 {
	a.t.Helper()
	if t := rule.GetTemplate(); t != nil {
		rule = expressed(t.GetExpression())
	}
	out := must[*segmentationv1.PreviewSegmentResponse](a.t)(a.f.segmentation.PreviewSegment(a.t.Context(),
		&segmentationv1.PreviewSegmentRequest{Brand: brand, Rule: rule, Sample: 100}))
	if int64(len(out.GetSampleIds())) != out.GetMembers() {
		a.t.Fatalf("%d members, %d are shown", out.GetMembers(), len(out.GetSampleIds()))
	}
	return out.GetSampleIds()
}

// put does an algebra, number by number.
func put(of *segmentationv1.SegmentAlgebra, is map[string][]int64) (ids []int64) {
	in, first := map[int64]int{}, map[int64]bool{}
	for i, part := range of.GetSegmentIds() {
		for _, id := range is[part] {
			in[id]++
			first[id] = first[id] || i == 0
		}
	}
	for _, id := range slices.Sorted(maps.Keys(in)) {
		switch of.GetOperation() {
		case segmentationv1.SegmentAlgebra_OPERATION_UNION:
			ids = append(ids, id)
		case segmentationv1.SegmentAlgebra_OPERATION_INTERSECTION:
			if in[id] == len(of.GetSegmentIds()) {
				ids = append(ids, id)
			}
		case segmentationv1.SegmentAlgebra_OPERATION_DIFFERENCE:
			if first[id] && in[id] == 1 {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// counted holds two segments against what the feeds tell, without asking Segmentation
// about anything but who is one person.
func (a *audit) counted(is map[string][]int64) {
	a.t.Helper()
	zone := calendar.In(time.FixedZone("Europe/Moscow", 3*60*60))
	today := zone.DayOf(time.Now())
	came, asleep := map[int64]bool{}, map[int64]bool{}
	last, visited, person := map[int64]calendar.Day{}, map[int64]bool{}, map[int64]int64{}
	for _, e := range a.logs.events {
		id := e.GetCustomer().GetId()
		if id == 0 {
			continue
		}
		if person[id] == 0 {
			person[id] = must[*segmentationv1.GetCustomerResponse](a.t)(a.f.segmentation.GetCustomer(a.t.Context(),
				&segmentationv1.GetCustomerRequest{Brand: brand, Customer: byNumber(id)})).GetCustomer().GetPersonId()
		}
		switch day := zone.DayOf(e.GetOccurredAt().AsTime()); e.GetKind() {
		case "purchase":
			last[person[id]] = max(last[person[id]], day)
		case "visit":
			visited[person[id]] = visited[person[id]] || day > today-30 && day <= today
		}
	}
	for id, day := range last {
		if today-day > 30 {
			asleep[id] = true
		}
		if today-day > 20 && visited[id] {
			came[id] = true
		}
	}
	for id, want := range map[string]map[int64]bool{"asleep": asleep, "came": came} {
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), is[id]); diff != "" {
			a.t.Errorf("%s by the feeds: %s", id, diff)
		}
	}
}

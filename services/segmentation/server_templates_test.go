package segmentation_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
)

func topSpenders(id, percent, days string) *segmentationv1.Segment {
	return &segmentationv1.Segment{Id: id, Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Template{
		Template: &segmentationv1.TemplateRule{Id: "top_spenders", Parameters: map[string]string{"percent": percent, "days": days}}}}}
}

// top are those of the persons that bought who spent more than the one at rank
// ⌈n·(100−percent)/100⌉, by counting.
func top(spent map[int64]int64, percent int) (ids []int64) {
	var all []int64
	for _, sum := range spent {
		all = append(all, sum)
	}
	slices.Sort(all)
	rank := 0
	for 100*rank < len(all)*(100-percent) {
		rank++
	}
	for id, sum := range spent {
		if sum > all[rank-1] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Whoever is in the top by spend is told by a cut that is found once and stays, until
// the same template is given anew.
func TestTopSpenders(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		j := newJourney(t, c)
		r := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j})
		w := newWatcher(t, url, c)
		numbered(t, r, 30)
		_, err := r.CreateSegment(t.Context(), &segmentationv1.CreateSegmentRequest{Brand: brand, Segment: topSpenders("none", "10", "30")})
		if !fault.Is(err, commonv1.Reason_REASON_NO_PURCHASES) {
			t.Error("nobody bought anything: ", err)
		}
		rnd := rand.New(rand.NewPCG(7, 7))
		spent, n := map[int64]int64{}, 0
		shop := func(id, minor int64, daysAgo int) {
			n++
			record(t, j, fmt.Sprint(n), "purchase", id, daysAgo, minor)
		}
		for id := int64(1); id <= 28; id++ {
			minor := 100 * rnd.Int64N(9)
			shop(id, minor, 1+rnd.IntN(25))
			shop(id, 5000, 40) // before the window
			if id != 28 {
				spent[id] = minor
			}
		}
		if _, err := merge(t, r, 28, 3); err != nil {
			t.Fatal(err)
		}
		purchasesOnce(t, r, 3, 4)
		for id := int64(1); id < 28; id++ {
			if got := purchasesOnce(t, r, id, map[bool]int64{true: 4, false: 2}[id == 3]); id == 3 {
				spent[3] = got.GetSpent().GetMinorUnits() - 10_000
			}
		}
		w.settled(t)
		for _, percent := range []int{1, 10, 20, 33, 50} {
			id := fmt.Sprint("top", percent)
			made := createSegment(t, r, topSpenders(id, fmt.Sprint(percent), "30"))
			if diff := cmp.Diff(top(spent, percent), bitmapOf(t, r, id)); diff != "" {
				t.Errorf("%s: %s", made.GetRule().GetTemplate().GetExpression(), diff)
			}
		}
		// A fifth is RFM's fifth of the same days.
		computeRfm(t, r, "", start.AddDate(0, 0, -29).Format("2006-01-02"))
		createSegment(t, r, expression("fifth", "rfm.monetary == 5"))
		if diff := cmp.Diff(bitmapOf(t, r, "fifth"), bitmapOf(t, r, "top20")); diff != "" {
			t.Error(diff)
		}
		w.settled(t)
		kept := createSegment(t, r, topSpenders("top10", "10", "30"))
		for id, minor := range map[int64]int64{1: 7000, 2: 7000, 29: 8800, 30: 9900} {
			shop(id, minor, 0)
			purchasesOnce(t, r, id, map[bool]int64{true: 3, false: 1}[id < 3])
			spent[id] += minor
		}
		w.settled(t)
		recut(t, r, kept)
		if diff := cmp.Diff(top(spent, 10), bitmapOf(t, r, "top10")); diff != "" {
			t.Error(diff)
		}
		audit(t, url, "")
	})
}

// recut holds that a cut stays what it is while nobody asks for another one.
func recut(t *testing.T, r *replica, was *segmentationv1.Segment) {
	t.Helper()
	text := func(s *segmentationv1.Segment) string {
		return fmt.Sprint(s.GetVersion(), " ", s.GetRule().GetTemplate().GetExpression())
	}
	// The same words again are the same segment, whatever was bought since.
	if again := createSegment(t, r, topSpenders("top10", "10", "30")); text(again) != text(was) {
		t.Errorf("created again: %s, was %s", text(again), text(was))
	}
	// Nor does a title find another cut, if the rule is said as it was read.
	titled := &segmentationv1.Segment{Id: was.GetId(), Rule: was.GetRule(), Titles: map[string]string{"ru": "Лучшие"}}
	if got := updateSegment(t, r, titled); text(got) != text(was) || got.GetTitles()["ru"] != "Лучшие" {
		t.Errorf("retitled: %s, was %s", text(got), text(was))
	}
	found, err := r.PreviewSegment(t.Context(), &segmentationv1.PreviewSegmentRequest{Brand: brand, Rule: topSpenders("", "10", "30").GetRule()})
	if err != nil {
		t.Fatal(err)
	}
	anew := updateSegment(t, r, topSpenders("top10", "10", "30"))
	if anew.GetVersion() != was.GetVersion()+1 || text(anew) == text(was) || anew.GetMembers() != found.GetMembers() {
		t.Errorf("cut anew: %s with %d, was %s; previewed with %d", text(anew), anew.GetMembers(), text(was), found.GetMembers())
	}
	// Nobody says a cut that was not found.
	lie := topSpenders("top10", "10", "30")
	lie.GetRule().GetTemplate().Expression = "true"
	if got := updateSegment(t, r, lie); text(got) != text(anew) {
		t.Errorf("told: %s, was %s", text(got), text(anew))
	}
}

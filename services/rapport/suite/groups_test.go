package suite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// groups are segments of every kind that are made, changed and ended while services
// are killed, and what they must be in the end.
type groups struct {
	t *testing.T
	c clients
	// rules are those of the segments there are, as acknowledged. Under mu.
	mu    sync.Mutex
	rules map[string]*segmentationv1.SegmentRule
}

// split is how many expressions have a negation beside them, and whole the segment of
// everybody.
const (
	split = 4
	whole = "everybody"
)

func expressed(text string) *segmentationv1.SegmentRule {
	return &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: text}}
}

func combined(op segmentationv1.SegmentAlgebra_Operation, ids ...string) *segmentationv1.SegmentRule {
	return &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Algebra{Algebra: &segmentationv1.SegmentAlgebra{Operation: op, SegmentIds: ids}}}
}

func ready(id string, values map[string]string) *segmentationv1.SegmentRule {
	return &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Template{Template: &segmentationv1.TemplateRule{Id: id, Parameters: values}}}
}

func listed(ids ...int64) *segmentationv1.SegmentRule {
	return &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_List{List: &segmentationv1.CustomerList{Ids: ids}}}
}

func cells(monetary ...int32) *segmentationv1.SegmentRule {
	return &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Rfm{Rfm: &segmentationv1.RfmCells{Monetary: monetary}}}
}

// newGroups makes segments of every kind before anything happened.
func newGroups(t *testing.T, c clients, r *rand.Rand) *groups {
	t.Helper()
	g := &groups{t: t, c: c, rules: map[string]*segmentationv1.SegmentRule{}}
	union, both, less := segmentationv1.SegmentAlgebra_OPERATION_UNION, segmentationv1.SegmentAlgebra_OPERATION_INTERSECTION, segmentationv1.SegmentAlgebra_OPERATION_DIFFERENCE
	g.met()
	g.create(whole, expressed("customer.numbers >= 1"))
	for i := range split {
		text := grammar{r}.truth(3)
		t.Log("split by ", text)
		g.create(fmt.Sprint("is-", i), expressed(text))
		g.create(fmt.Sprint("not-", i), expressed("!("+text+")"))
	}
	g.create("often", expressed("attributes.visits >= 20.0 && purchases.count_30d >= 2"))
	g.create("low", expressed("has(score."+metric+") && score."+metric+" <= 6.0"))
	g.create("came", expressed("visits.count_30d >= 1 && purchases.days_since_last > 20"))
	g.create("listed", listed(1, 2, 5, 40, 77, 1000))
	g.create("best", cells(4, 5))
	g.create("asleep", ready("sleepers", map[string]string{"quiet": "30"}))
	g.create("mixed", combined(less, "often", "low"))
	g.create("deep", combined(union, "mixed", "listed", "best"))
	g.create("deeper", combined(both, "deep", "is-0"))
	if t.Failed() {
		t.FailNow()
	}
	return g
}

// met waits until rules can read the metric, which Survey tells of when it is asked.
func (g *groups) met() {
	g.t.Helper()
	g.call("list fields", func(ctx context.Context) error {
		for {
			out, err := g.c.segmentation.ListFields(ctx, &segmentationv1.ListFieldsRequest{Brand: brand})
			if err != nil || slices.ContainsFunc(out.GetFields(), func(f *segmentationv1.Field) bool { return f.GetName() == "score."+metric }) {
				return err
			}
		}
	})
}

// create makes a segment.
func (g *groups) create(id string, rule *segmentationv1.SegmentRule) {
	g.t.Helper()
	g.call("create "+id, func(ctx context.Context) error {
		out, err := g.c.segmentation.CreateSegment(ctx, &segmentationv1.CreateSegmentRequest{Brand: brand, Segment: &segmentationv1.Segment{Id: id, Rule: rule}})
		if err == nil {
			g.is(id, out.GetSegment().GetRule())
		}
		return err
	})
}

func (g *groups) is(id string, rule *segmentationv1.SegmentRule) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rules[id] = rule
}

// call calls until there is an answer. A template that needs purchases may find none.
func (g *groups) call(what string, call func(ctx context.Context) error) {
	g.t.Helper()
	for g.t.Context().Err() == nil {
		ctx, cancel := context.WithTimeout(g.t.Context(), 10*time.Second)
		err := call(ctx)
		cancel()
		switch {
		case err == nil, fault.Is(err, commonv1.Reason_REASON_NO_PURCHASES):
			return
		case fault.Retryable(err), fault.Code(err) == codes.DeadlineExceeded:
		default:
			g.t.Errorf("%s: %v", what, err)
			return
		}
	}
}

// run changes segments until stopped, each of so many clients its own ones.
func (g *groups) run(r *rand.Rand, clients int) (stop func()) {
	done := make(chan struct{})
	var all sync.WaitGroup
	for who := range clients {
		r := rand.New(rand.NewPCG(r.Uint64(), 2))
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					g.step(r, fmt.Sprintf("own-%d-", who))
				}
			}
		})
	}
	all.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				g.watch(r.IntN(split))
			}
		}
	})
	return func() {
		close(done)
		all.Wait()
	}
}

// step makes, changes or ends one of few segments, or cuts everybody into fifths. Parts
// come before what is made of them, so that what one client ends is in nobody's use.
func (g *groups) step(r *rand.Rand, own string) {
	id := func(i int) string { return fmt.Sprint(own, i) }
	switch i := r.IntN(6); i {
	case 0:
		g.call("compute RFM", func(ctx context.Context) error {
			_, err := g.c.segmentation.ComputeRfm(ctx, &segmentationv1.ComputeRfmRequest{Brand: brand})
			return err
		})
	case 1:
		g.end(fmt.Sprint(own, "once-", r.IntN(1<<30)), expressed(grammar{r}.truth(2)))
	default:
		g.change(id(i), g.rule(r, id, i))
	}
}

// rule is a random one for the segment i of a client's.
func (g *groups) rule(r *rand.Rand, id func(int) string, i int) *segmentationv1.SegmentRule {
	g.mu.Lock()
	below := g.rules[id(i-1)] != nil
	g.mu.Unlock()
	switch kind := r.IntN(6); {
	case kind == 0 && below:
		return combined(segmentationv1.SegmentAlgebra_Operation(1+r.IntN(3)), id(i-1), "deep", fmt.Sprint("is-", r.IntN(split)))
	case kind == 1:
		return listed(1+r.Int64N(90), 1+r.Int64N(90), 1+r.Int64N(90))
	case kind == 2:
		return cells(1+r.Int32N(5), 1+r.Int32N(5))
	case kind == 3:
		return ready("top_spenders", map[string]string{"days": "90", "percent": fmt.Sprint(1 + r.IntN(50))})
	}
	return expressed(grammar{r}.truth(3))
}

// change gives a segment another rule, or makes it.
func (g *groups) change(id string, rule *segmentationv1.SegmentRule) {
	g.mu.Lock()
	known := g.rules[id] != nil
	g.mu.Unlock()
	if !known {
		g.create(id, rule)
		return
	}
	g.call("update "+id, func(ctx context.Context) error {
		out, err := g.c.segmentation.UpdateSegment(ctx, &segmentationv1.UpdateSegmentRequest{Brand: brand, Segment: &segmentationv1.Segment{Id: id, Rule: rule}})
		if err == nil {
			g.is(id, out.GetSegment().GetRule())
		}
		return err
	})
}

// end makes a segment that is archived at once.
func (g *groups) end(id string, rule *segmentationv1.SegmentRule) {
	g.create(id, rule)
	g.call("archive "+id, func(ctx context.Context) error {
		_, err := g.c.segmentation.ArchiveSegment(ctx, &segmentationv1.ArchiveSegmentRequest{Brand: brand, SegmentId: id})
		return err
	})
	g.is(id, nil)
}

// watch holds an expression against its negation at whatever moment it is: everybody is
// in one of them and nobody in both.
func (g *groups) watch(i int) {
	is, not := fmt.Sprint("is-", i), fmt.Sprint("not-", i)
	g.call("compare", func(ctx context.Context) error {
		out, err := g.c.segmentation.CompareSegments(ctx, &segmentationv1.CompareSegmentsRequest{Brand: brand,
			Comparison: &segmentationv1.CompareSegmentsRequest_Overlap{Overlap: &segmentationv1.OverlapQuery{SegmentIds: []string{is, not, whole}}}})
		for _, c := range out.GetOverlap().GetCombinations() {
			if ids := c.GetSegmentIds(); len(ids) != 2 || !slices.Contains(ids, whole) {
				g.t.Errorf("%d persons are in %v of %s, %s and %s", c.GetValue().GetPersons(), ids, is, not, whole)
			}
		}
		return err
	})
}

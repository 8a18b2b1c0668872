package segmentation_test

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

const (
	spent  = segmentationv1.PurchaseMeasure_PURCHASE_MEASURE_SPENT
	count  = segmentationv1.PurchaseMeasure_PURCHASE_MEASURE_COUNT
	buyers = segmentationv1.PurchaseMeasure_PURCHASE_MEASURE_BUYERS
)

func armsOf(names ...string) (arms []*segmentationv1.Arm) {
	for _, name := range names {
		arms = append(arms, &segmentationv1.Arm{Name: name})
	}
	return arms
}

// ledger is what the lab told of purchases, as a naive program would keep it.
type ledger struct {
	*lab
	spent, count map[int64]int64
	into         map[int64]int64
	erased       map[int64]bool
}

func (l *ledger) buy(customer int64, daysAgo int, minor int64, counts bool) {
	l.buys(customer, daysAgo, minor)
	if !counts {
		return
	}
	l.spent[customer] += minor
	if minor > 0 {
		l.count[customer]++
	}
}

func (l *ledger) person(id int64) int64 {
	for l.into[id] != 0 {
		id = l.into[id]
	}
	return id
}

// sums are what the persons of an arm bought: who of the arm is found, by the arm of each
// of its numbers at the split.
func (l *ledger) sums(arm string, split map[int64]string) (spent, count, bought []float64) {
	numbers := map[int64][]int64{}
	for id := int64(1); id <= 60; id++ {
		numbers[l.person(id)] = append(numbers[l.person(id)], id)
	}
	for person, all := range numbers {
		arms := map[string]bool{}
		var s, n int64
		for _, id := range all {
			if split[id] != "" {
				arms[split[id]] = true
			}
			s, n = s+l.spent[id], n+l.count[id]
		}
		if len(arms) != 1 || !arms[arm] || l.erased[person] {
			continue
		}
		spent, count, bought = append(spent, float64(s)), append(count, float64(n)), append(bought, 100*float64(min(n, 1)))
	}
	return spent, count, bought
}

// Arms are counted as a naive program counts them, purchase by purchase, through merges
// into other arms, erasures and returns; answers as Survey counts those of the same
// persons; and everybody is in the arm that lists say.
func TestExperimentsAreCounted(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		l := &ledger{lab: newLab(t, url, 62), spent: map[int64]int64{}, count: map[int64]int64{}, into: map[int64]int64{}, erased: map[int64]bool{}}
		createSegment(t, l.r, listOf("most", upTo(50)...))
		e, err := l.splits(&segmentationv1.Experiment{Id: "gift", SegmentId: "most", HoldOutBp: 3000, Arms: armsOf("cup", "pen")})
		if err != nil {
			t.Fatal(err)
		}
		if e.GetPersons() != 50 || e.GetSegmentVersion() != 1 || e.GetArms()[1].GetWeight() != 1 {
			t.Errorf("%v", e)
		}
		split := l.split("gift", "cup", "pen", "holdout")
		if len(split) != 50 {
			t.Fatalf("%d persons were split", len(split))
		}
		rnd := rand.New(rand.NewPCG(7, 8))
		for range 150 {
			ago := rnd.IntN(5)
			l.buy(1+rnd.Int64N(60), ago, []int64{100, 250, 999, -50}[rnd.IntN(4)], ago < 3)
			l.says(1+rnd.Int64N(60), rnd.Int32N(11), ago)
		}
		l.followed(62, 1)
		days := dateRange(start.AddDate(0, 0, -2), start.AddDate(0, 0, 1))
		for id := int64(6); id < 10; id++ {
			l.says(id, 9, 3) // so that it can be told whether Survey knows who they are
		}
		l.counted(split, days)
		for _, m := range [][2]int64{{1, 2}, {3, 55}, {56, 57}, {58, 4}, {5, 6}, {7, 6}, {8, 9}} {
			if _, err := merge(t, l.r, m[0], m[1]); err != nil {
				t.Fatal(err)
			}
			l.into[m[0]] = m[1]
		}
		erase(t, l.r, 10)
		l.erased[10] = true
		l.heard(8, 9, true)
		l.counted(split, days)
		if _, err := unmerge(t, l.r, 7); err != nil {
			t.Fatal(err)
		}
		delete(l.into, 7)
		l.heard(6, 7, false)
		l.counted(split, days)
		audit(t, url, "")
	})
}

// heard waits until Survey knows whether two numbers are one person, which follows the
// log. Both have answered.
func (l *lab) heard(a, b uint64, one bool) {
	t := l.t
	t.Helper()
	set := func(ids ...uint64) *surveyv1.Scope {
		packed, err := roaring64.BitmapOf(ids...).ToPortableBytes()
		if err != nil {
			t.Fatal(err)
		}
		return &surveyv1.Scope{Customers: packed}
	}
	answers := func(s *surveyv1.Scope) int64 {
		out, err := l.s.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: "nps.lab", Scope: s})
		if err != nil {
			t.Fatal(err)
		}
		return out.GetTotal().GetN()
	}
	for late := time.Now().Add(time.Minute); (answers(set(a)) == answers(set(a, b))) != one; {
		if time.Now().After(late) {
			t.Fatalf("Survey has not heard of %d and %d", a, b)
		}
	}
}

// split is who was put where.
func (l *lab) split(id string, arms ...string) map[int64]string {
	l.t.Helper()
	out := map[int64]string{}
	for _, arm := range arms {
		for _, person := range l.assigned(id, arm) {
			out[person] = arm
		}
	}
	return out
}

func (l *ledger) counted(split map[int64]string, days *commonv1.DateRange) {
	t := l.t
	t.Helper()
	measures := []*segmentationv1.Measure{purchasesBy(spent), purchasesBy(count), purchasesBy(buyers), metricOf("nps.lab"), metricOf("no.such")}
	got := l.experiment(&segmentationv1.GetExperimentRequest{Id: "gift", Measures: measures, Dates: days})
	if got.GetControl() != "holdout" || len(got.GetResults()) != 10 || got.GetAsOf() == nil {
		t.Fatalf("%v", got)
	}
	want, persons := map[string][3][]float64{}, map[string]int64{}
	for _, arm := range []string{"cup", "pen", "holdout"} {
		s, n, b := l.sums(arm, split)
		want[arm], persons[arm] = [3][]float64{s, n, b}, int64(len(s))
	}
	for _, a := range got.GetArms() {
		if a.GetPersons() != persons[a.GetArm()] {
			t.Errorf("%d persons in %s, want %d", a.GetPersons(), a.GetArm(), persons[a.GetArm()])
		}
	}
	for i, r := range got.GetResults()[:6] {
		for _, side := range []struct {
			arm     string
			reading *segmentationv1.Reading
		}{{"holdout", r.GetDifference().GetBefore()}, {r.GetArm(), r.GetDifference().GetAfter()}} {
			mean, deviation := moments(want[side.arm][i/2], i/2 == 2)
			if side.reading.GetN() != persons[side.arm] || far(side.reading.GetValue(), mean) || far(side.reading.GetDeviation(), deviation) {
				t.Errorf("%v of %s is %v, want %v ± %v of %d", r.GetMeasure(), side.arm, side.reading, mean, deviation, persons[side.arm])
			}
		}
		times := float64(r.GetDifference().GetAfter().GetN()) / []float64{1, 1, 100}[i/2]
		if far(r.GetTotal(), r.GetDifference().GetChange()*times) || far(r.GetTotalLow(), r.GetDifference().GetLow()*times) {
			t.Errorf("total %v", r)
		}
	}
	for _, r := range got.GetResults()[6:8] {
		l.answered(r, split, days)
	}
	for _, r := range got.GetResults()[8:] {
		if r.GetDifference() != nil || r.GetMissing() == "" || r.GetTotal() != 0 {
			t.Errorf("of no metric: %v", r)
		}
	}
	l.listed(split)
}

// answered holds a metric's difference of two arms against Survey's own of the same
// persons.
func (l *ledger) answered(r *segmentationv1.ArmResult, split map[int64]string, days *commonv1.DateRange) {
	t := l.t
	t.Helper()
	side := func(arm string) *surveyv1.MetricSide {
		set := roaring64.New()
		for id := int64(1); id <= 60; id++ {
			arms := map[string]bool{}
			for other := int64(1); other <= 60; other++ {
				if l.person(other) == l.person(id) && split[other] != "" {
					arms[split[other]] = true
				}
			}
			if len(arms) == 1 && arms[arm] && !l.erased[id] {
				set.Add(uint64(id))
			}
		}
		packed, err := set.ToPortableBytes()
		if err != nil {
			t.Fatal(err)
		}
		return &surveyv1.MetricSide{Window: &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: days}}, Scope: &surveyv1.Scope{Customers: packed}}
	}
	want, err := l.s.CompareMetric(t.Context(), &surveyv1.CompareMetricRequest{Brand: brand, Metric: "nps.lab", A: side(r.GetArm()), B: side("holdout")})
	if err != nil {
		t.Fatal(err)
	}
	d := r.GetDifference()
	if d.GetBefore().GetN() != want.GetB().GetN() || d.GetAfter().GetN() != want.GetA().GetN() || far(d.GetChange(), want.GetDifference()) ||
		far(d.GetHigh()-d.GetChange(), want.GetMargin()) || d.GetSignificant() != want.GetSignificant() || r.Total != nil {
		t.Errorf("%v, want %v", r, want)
	}
}

// listed holds the arm of each number against the lists.
func (l *ledger) listed(split map[int64]string) {
	t := l.t
	t.Helper()
	for id := int64(1); id <= 60; id++ {
		got, err := l.r.GetAssignment(t.Context(), &segmentationv1.GetAssignmentRequest{Brand: brand, Id: "gift", CustomerId: id})
		if err != nil {
			t.Fatal(err)
		}
		want := split[l.person(id)]
		for other := int64(1); other <= 60 && want == ""; other++ {
			if l.person(other) == l.person(id) {
				want = split[other]
			}
		}
		if got.GetArm() != want {
			t.Errorf("%d is in %q, want %q", id, got.GetArm(), want)
		}
	}
	now := l.split("gift", "cup", "pen", "holdout")
	for id, arm := range now {
		if l.person(id) != id || l.erased[id] || split[id] != "" && split[id] != arm {
			t.Errorf("%d is listed in %q", id, arm)
		}
	}
}

func moments(all []float64, share bool) (mean, deviation float64) {
	for _, x := range all {
		mean += x / float64(len(all))
	}
	for _, x := range all {
		deviation += (x - mean) * (x - mean)
	}
	if share {
		return mean, math.Sqrt(deviation / float64(len(all)))
	}
	return mean, math.Sqrt(deviation / float64(len(all)-1))
}

func far(a, b float64) bool { return math.IsNaN(a) || math.Abs(a-b) > 1e-9*max(1, math.Abs(b)) }

// An experiment is split once, whoever asks at the same moment and however its segment
// changes; stopped, it counts up to that day.
func TestExperimentIsSplitOnce(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		l := newLab(t, url, 40)
		createSegment(t, l.r, listOf("few", upTo(30)...))
		other := newReplica(t, url, "", l.c.Now)
		asked := &segmentationv1.Experiment{Id: "once", SegmentId: "few", Title: "Once", Arms: []*segmentationv1.Arm{{Name: "a", Weight: 3}, {Name: "b"}}}
		var wg sync.WaitGroup
		made := make([]*segmentationv1.Experiment, 6)
		for i := range made {
			wg.Go(func() {
				out, err := []*replica{l.r, other}[i%2].CreateExperiment(t.Context(), &segmentationv1.CreateExperimentRequest{Brand: brand, Experiment: asked})
				if made[i] = out.GetExperiment(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, one := range made[1:] {
			if diff := cmp.Diff(made[0], one, protocmp.Transform()); diff != "" {
				t.Fatal(diff)
			}
		}
		was := l.split("once", "a", "b")
		updateSegment(t, l.r, listOf("few", 1, 2, 40))
		if diff := cmp.Diff(was, l.split("once", "a", "b")); diff != "" {
			t.Error(diff)
		}
		differs := proto.CloneOf(asked)
		differs.Arms[1].Weight = 2
		if _, err := l.splits(differs); !fault.Is(err, commonv1.Reason_REASON_ALREADY_EXISTS) {
			t.Errorf("with other weights: %v", err)
		}
		l.stopped()
		late := &lab{t: t, r: newReplica(t, url, "", l.c.Now)}
		if diff := cmp.Diff(was, late.split("once", "a", "b")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(l.experiment(&segmentationv1.GetExperimentRequest{Id: "once"}).GetExperiment(),
			late.experiment(&segmentationv1.GetExperimentRequest{Id: "once"}).GetExperiment(), protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
	})
}

// stopped ends the experiment two days after its split, and lets somebody buy later.
func (l *lab) stopped() {
	t := l.t
	t.Helper()
	l.c.Add(48 * time.Hour)
	stop := func() *segmentationv1.Experiment {
		out, err := l.r.StopExperiment(t.Context(), &segmentationv1.StopExperimentRequest{Brand: brand, Id: "once"})
		if err != nil {
			t.Fatal(err)
		}
		return out.GetExperiment()
	}
	first := stop()
	l.c.Add(48 * time.Hour)
	if diff := cmp.Diff(first, stop(), protocmp.Transform()); diff != "" || first.GetStoppedAt() == nil {
		t.Error(diff)
	}
	persons := l.assigned("once", "b")
	l.buys(persons[0], -2, 500)
	l.buys(persons[0], -3, 7000)
	l.buys(persons[0], 1, 90_000)
	l.followed(39, 1)
	for _, days := range []*commonv1.DateRange{nil, dateRange(start, start.AddDate(0, 0, 30))} {
		got := l.experiment(&segmentationv1.GetExperimentRequest{Id: "once", Dates: days})
		if mean := got.GetResults()[0].GetDifference().GetAfter().GetValue(); far(mean, 500/float64(len(persons))) || got.GetControl() != "a" {
			t.Errorf("mean %v of %d: %v", mean, len(persons), got)
		}
	}
	assigned, err := l.r.GetAssignment(t.Context(), &segmentationv1.GetAssignmentRequest{Brand: brand, Id: "once", CustomerId: persons[0]})
	if err != nil || assigned.GetArm() != "b" || !assigned.GetStopped() {
		t.Error(assigned, err)
	}
	_, err = l.r.GetExperiment(t.Context(), &segmentationv1.GetExperimentRequest{Brand: brand, Id: "once", Dates: dateRange(start.AddDate(0, 0, 4), start.AddDate(0, 0, 5))})
	if blamed(fault.From(err)) != "dates.start" {
		t.Errorf("after the stop: %v", err)
	}
}

// A hypothesis with an experiment sets its arms beside each other.
func TestHypothesisOfAnExperiment(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		l := newLab(t, url, 42)
		createSegment(t, l.r, listOf("few", upTo(40)...))
		if _, err := l.splits(&segmentationv1.Experiment{Id: "gift", SegmentId: "few", HoldOutBp: 5000, Arms: armsOf("cup")}); err != nil {
			t.Fatal(err)
		}
		h := hypothesis("cups", purchasesBy(spent), 400)
		h.ExperimentId = "gift"
		if _, err := l.supposes(h); err != nil {
			t.Fatal(err)
		}
		for id, arm := range l.split("gift", "cup", "holdout") {
			l.buys(id, 0, map[string]int64{"cup": 900, "holdout": 500}[arm]+id)
		}
		l.followed(42, 1)
		got := l.hypothesis("cups").GetData()
		want := l.experiment(&segmentationv1.GetExperimentRequest{Id: "gift"}).GetResults()[0].GetDifference()
		if want.GetVerdict() != segmentationv1.Verdict_VERDICT_UNSPECIFIED || got.GetVerdict() != segmentationv1.Verdict_VERDICT_CONFIRMED {
			t.Errorf("%v, %v", got, want)
		}
		want.Verdict = got.GetVerdict()
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestExperimentsAreRefused(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		l := newLab(t, url, 3)
		createSegment(t, l.r, listOf("few", 1, 2))
		createSegment(t, l.r, listOf("old", 1))
		if _, err := l.r.ArchiveSegment(t.Context(), &segmentationv1.ArchiveSegmentRequest{Brand: brand, SegmentId: "old"}); err != nil {
			t.Fatal(err)
		}
		for want, e := range map[string]*segmentationv1.Experiment{
			"experiment.arms[1].name": {Arms: armsOf("a", "a")}, "experiment.arms[0].name": {Arms: armsOf("holdout", "b")},
			"experiment.hold_out_bp": {Arms: armsOf("a")}, "experiment.persons": {Arms: armsOf("a", "b"), Persons: 2},
			"experiment.arms": {HoldOutBp: 10}, "SEGMENT_UNKNOWN": {Arms: armsOf("a", "b"), SegmentId: "old"},
		} {
			e.Id = "wrong"
			if e.SegmentId == "" {
				e.SegmentId = "few"
			}
			_, err := l.splits(e)
			if got := blamed(fault.From(err)); got != want {
				t.Errorf("%s: told %q: %v", want, got, err)
			}
		}
		if _, err := l.splits(&segmentationv1.Experiment{Id: "right", SegmentId: "few", Arms: armsOf("a", "b")}); err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		_, noArm := l.r.ListAssignments(ctx, &segmentationv1.ListAssignmentsRequest{Brand: brand, Id: "right", Arm: "holdout"})
		_, noToken := l.r.ListAssignments(ctx, &segmentationv1.ListAssignmentsRequest{Brand: brand, Id: "right", Arm: "a", PageToken: "x"})
		_, none := l.r.GetExperiment(ctx, &segmentationv1.GetExperimentRequest{Brand: brand, Id: "wrong"})
		_, noStop := l.r.StopExperiment(ctx, &segmentationv1.StopExperimentRequest{Brand: brand, Id: "wrong"})
		got := []string{blamed(fault.From(noArm)), blamed(fault.From(noToken)), blamed(fault.From(none)), blamed(fault.From(noStop))}
		if diff := cmp.Diff([]string{"EXPERIMENT_UNKNOWN", "page_token", "EXPERIMENT_UNKNOWN", "EXPERIMENT_UNKNOWN"}, got); diff != "" {
			t.Error(diff)
		}
		out, err := l.r.ListExperiments(ctx, &segmentationv1.ListExperimentsRequest{Brand: brand})
		if err != nil || len(out.GetExperiments()) != 1 {
			t.Error(out, err)
		}
	})
}

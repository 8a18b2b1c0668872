package sight

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/few"
	"github.com/rapport-cx/rapport/services/survey/directory"
)

var employees = &surveyv1.GroupBy{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT, Kind: commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE}

// drawn is an answer by employee, or by employee and channel, over some days, whose
// cells add up.
func drawn(r *rand.Rand, crossed bool) (*surveyv1.GetMetricRequest, *surveyv1.GetMetricResponse) {
	in := &surveyv1.GetMetricRequest{GroupBy: []*surveyv1.GroupBy{employees}}
	channels := 1
	if crossed {
		in.GroupBy = append(in.GroupBy, &surveyv1.GroupBy{Dimension: surveyv1.Dimension_DIMENSION_CHANNEL})
		channels = 1 + r.IntN(4)
	}
	out := &surveyv1.GetMetricResponse{Total: &surveyv1.Score{}}
	days := r.IntN(5)
	for e := range 1 + r.IntN(6) {
		for c := range channels {
			key := []string{fmt.Sprint("EMPLOYEE:", e)}
			if crossed {
				key = append(key, fmt.Sprint(c))
			}
			s := &surveyv1.Series{Key: key, Total: &surveyv1.Score{}}
			for d := range max(1, days) {
				n := r.Int64N(12)
				if n == 0 {
					continue
				}
				s.Total.N += n
				if days > 0 {
					s.Points = append(s.Points, &surveyv1.Point{Start: &timestamppb.Timestamp{Seconds: int64(d)}, Score: &surveyv1.Score{N: n}})
				}
			}
			if s.Total.N > 0 {
				out.Series = append(out.Series, s)
				out.Total.N += s.Total.N
			}
		}
	}
	return in, out
}

// What is hidden cannot be found by subtraction: wherever cells add up to something
// that is known, those that are hidden are none, or several of at least five answers.
func TestWhatIsHiddenIsNotFoundBySubtraction(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 4))
	s := &Sight{few: true, book: directory.New()}
	for round := range 3000 {
		in, whole := drawn(r, round%2 == 0)
		out := s.HideFew(in, whole, false)
		if out.GetTotal() != whole.GetTotal() {
			t.Fatal("the total is gone")
		}
		truth, told := map[string]int64{}, map[string]bool{}
		sums := map[string][]string{} // cells by the line they stand in
		for i, one := range whole.GetSeries() {
			cells := map[int64]int64{-1: one.GetTotal().GetN()}
			for _, p := range one.GetPoints() {
				cells[p.GetStart().GetSeconds()] = p.GetScore().GetN()
			}
			shown := out.GetSeries()[i]
			seen := map[int64]bool{-1: !shown.GetTotal().GetSuppressed()}
			for _, p := range shown.GetPoints() {
				seen[p.GetStart().GetSeconds()] = !p.GetScore().GetSuppressed()
			}
			for day, n := range cells {
				id := fmt.Sprint(i, "/", day)
				truth[id], told[id] = n, seen[day]
				if told[id] && n < few.Least {
					t.Fatalf("round %d: %d answers are told", round, n)
				}
				if day >= 0 && seen[-1] {
					sums[fmt.Sprint("series", i)] = append(sums[fmt.Sprint("series", i)], id)
				}
				for d := range one.GetKey() {
					line := fmt.Sprint(d, " of ", one.GetKey()[len(one.GetKey())-1-d:][:len(one.GetKey())-1], " on ", day)
					sums[line] = append(sums[line], id)
				}
			}
		}
		for line, cells := range sums {
			count, sum, shown := 0, int64(0), 0
			for _, id := range cells {
				if told[id] {
					shown++
				} else {
					count, sum = count+1, sum+truth[id]
				}
			}
			if count > 0 && shown > 0 && (count == 1 || sum < few.Least) {
				t.Fatalf("round %d: in line %s %d hidden cells have %d answers:\n%v\n%v", round, line, count, sum, whole, out)
			}
		}
	}
}

func TestNothingIsHiddenOfPlaces(t *testing.T) {
	s := &Sight{few: true, book: directory.New()}
	in := &surveyv1.GetMetricRequest{GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT, Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE}}}
	out := &surveyv1.GetMetricResponse{Total: &surveyv1.Score{N: 1}, Series: []*surveyv1.Series{{Key: []string{"STORE:1"}, Total: &surveyv1.Score{N: 1}}}}
	if s.HideFew(in, out, false) != out {
		t.Error("a store's own score is hidden")
	}
	if s.Personal(&surveyv1.Scope{Subjects: []*commonv1.SubjectRef{{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "1"}}, Facets: map[string]string{"order.late": "yes"}}) {
		t.Error("a store, or a facet of an order, says something of a person")
	}
	in.GroupBy[0] = employees
	if got := (&Sight{book: directory.New()}).HideFew(in, out, false); got != out {
		t.Error("something is hidden from neighbours")
	}
}

func TestCadence(t *testing.T) {
	zone, err := calendar.Load("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	dates := func(from, until string) *surveyv1.Window {
		return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: from, End: until}}}
	}
	span := func(from, until int64) *surveyv1.Window {
		return &surveyv1.Window{Window: &surveyv1.Window_Range{Range: &commonv1.TimeRange{
			Start: &timestamppb.Timestamp{Seconds: from}, End: &timestamppb.Timestamp{Seconds: until},
		}}}
	}
	last := func(days int32) *surveyv1.Window {
		return &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: days}}
	}
	const midnight = 1_767_214_800 // of 2026-01-01 in Moscow
	for _, c := range []struct {
		finest commonv1.Grain
		window *surveyv1.Window
		good   bool
	}{
		{commonv1.Grain_GRAIN_UNSPECIFIED, span(midnight+900, midnight+1800), true},
		{commonv1.Grain_GRAIN_QUARTER_HOUR, span(midnight+900, midnight+1800), true},
		{commonv1.Grain_GRAIN_HOUR, span(midnight+900, midnight+4500), false},
		{commonv1.Grain_GRAIN_HOUR, span(midnight, midnight+3600), true},
		{commonv1.Grain_GRAIN_DAY, span(midnight, midnight+3600), false},
		{commonv1.Grain_GRAIN_DAY, span(midnight, midnight+86400), true},
		{commonv1.Grain_GRAIN_DAY, last(1), true},
		{commonv1.Grain_GRAIN_DAY, dates("2026-01-03", "2026-01-04"), true},
		{commonv1.Grain_GRAIN_WEEK, dates("2026-01-05", "2026-01-12"), true},
		{commonv1.Grain_GRAIN_WEEK, dates("2026-01-05", "2026-01-11"), false},
		{commonv1.Grain_GRAIN_MONTH, dates("2026-01-01", "2026-03-01"), true},
		{commonv1.Grain_GRAIN_MONTH, dates("2026-01-01", "2026-02-28"), false},
		{commonv1.Grain_GRAIN_MONTH, last(28), false},
		{commonv1.Grain_GRAIN_MONTH, nil, true},
	} {
		s := New(&access.Narrowing{Finest: c.finest}, directory.New(), zone, zone.StartOf(20000))
		if _, err := s.Metric(&surveyv1.GetMetricRequest{Window: c.window}); c.good != (err == nil) {
			t.Errorf("%v of %v: %v", c.finest, c.window, err)
		}
		if _, err := s.Compare(&surveyv1.CompareMetricRequest{A: &surveyv1.MetricSide{}, B: &surveyv1.MetricSide{Window: c.window}}); c.good != (err == nil) {
			t.Errorf("side b, %v of %v: %v", c.finest, c.window, err)
		}
		if _, err := s.Watch(&surveyv1.GetMetricRequest{}); (c.finest < commonv1.Grain_GRAIN_DAY) != (err == nil) {
			t.Errorf("watching, %v: %v", c.finest, err)
		}
	}
}

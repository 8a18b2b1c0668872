package query

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// keysOf lists the groups a response stands in, the slow and plain way.
func (w *world) keysOf(t *tally.Tally, g *surveyv1.GroupBy, path []uint32) []string {
	var out []string
	for _, p := range path {
		key, ok := "", false
		switch r := w.book.Ref(p); g.GetDimension() {
		case surveyv1.Dimension_DIMENSION_SUBJECT:
			key, ok = kindKey(r.GetKind())+":"+r.GetId(), r.GetKind() == g.GetKind()
		case surveyv1.Dimension_DIMENSION_LABEL:
			key, ok = w.book.Label(p, g.GetKey())
		}
		if ok && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	switch g.GetDimension() {
	case surveyv1.Dimension_DIMENSION_MODE:
		return []string{commonv1.ContactMode(t.Mode).String()[len("CONTACT_MODE_"):]}
	case surveyv1.Dimension_DIMENSION_SURVEY:
		return []string{w.book.SurveyID(t.Survey)}
	case surveyv1.Dimension_DIMENSION_FACET:
		return []string{facetOf(t.Facets, g.GetKey())}
	case surveyv1.Dimension_DIMENSION_HOUR:
		return []string{fmt.Sprintf("%02d", t.Hour)}
	}
	return out
}

// TestRowsAgreeWithTheFacts counts again from the list of responses.
func TestRowsAgreeWithTheFacts(t *testing.T) {
	w := newWorld(t, "Europe/Berlin")
	w.chain(3, 20)
	r := rand.New(rand.NewPCG(21, 22))
	w.random(r, 800, 20, true)
	var nps = w.number("nps")
	for range 60 {
		g := []*surveyv1.GroupBy{
			{Dimension: surveyv1.Dimension_DIMENSION_MODE},
			{Dimension: surveyv1.Dimension_DIMENSION_SURVEY},
			{Dimension: surveyv1.Dimension_DIMENSION_FACET, Key: "late"},
			{Dimension: surveyv1.Dimension_DIMENSION_HOUR},
			{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT, Kind: region},
			{Dimension: surveyv1.Dimension_DIMENSION_LABEL, Key: "format"},
		}[r.IntN(6)]
		scope := &surveyv1.Scope{Modes: []commonv1.ContactMode{1, 2, 3, 4, 5, 6, commonv1.ContactMode(r.IntN(11))}}
		if r.IntN(2) == 0 {
			scope.Structure = surveyv1.Structure_STRUCTURE_CURRENT
		}
		if r.IntN(2) == 0 {
			scope.Subjects = []*commonv1.SubjectRef{ref(region, "r0"), ref(store, "s004")}
		}
		if r.IntN(3) == 0 {
			scope.SurveyIds = []string{"visit"}
		}
		if r.IntN(3) == 0 {
			scope.Facets = map[string]string{"late": []string{"", "yes"}[r.IntN(2)]}
		}
		want, n := map[string]int64{}, int64(0)
		for _, f := range w.truth {
			path := f.Path
			if scope.Structure == surveyv1.Structure_STRUCTURE_CURRENT {
				path = w.book.PathAt(f.Named, w.now)
			}
			in := len(scope.Subjects) == 0
			for _, s := range scope.Subjects {
				in = in || slices.Contains(path, w.subject(s.Kind, s.Id))
			}
			late, asked := scope.Facets["late"]
			if !in || !slices.Contains(scope.Modes, commonv1.ContactMode(f.Mode)) || len(scope.SurveyIds) > 0 && f.Survey != 0 ||
				asked && facetOf(f.Facets, "late") != late || !slices.ContainsFunc(f.Scores, func(s tally.Score) bool { return s.Metric == nps }) {
				continue
			}
			n++
			for _, k := range w.keysOf(f, g, path) {
				want[k]++
			}
		}
		a, err := w.b.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Metric: "nps", Scope: scope, GroupBy: []*surveyv1.GroupBy{g}}, w.now)
		w.ok(err)
		got := map[string]int64{}
		for _, s := range a.Series {
			got[s.Key[0]] = s.Total.N
		}
		if diff := cmp.Diff(want, got); diff != "" || a.Total.N != n {
			t.Fatalf("%v by %v: n %d, want %d\n%s", scope, g, a.Total.N, n, diff)
		}
	}
}

// A store that moved counts in its region of then, or of today.
func TestStructureThenAndToday(t *testing.T) {
	w := newWorld(t, "Europe/Moscow")
	w.chain(2, 3) // s000 moves from r0 to r1 on 25 March
	for _, day := range []int{24, 26} {
		at := time.Date(2024, 3, day, 9, 0, 0, 0, time.UTC)
		f := w.answer(at, at, w.subject(store, "s000"))
		f.Scores = []tally.Score{{Metric: w.number("nps"), Score: 10}}
		w.submit(f)
	}
	count := func(s surveyv1.Structure) (n [2]int64) {
		for i := range n {
			a, err := w.b.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Metric: "nps", Scope: &surveyv1.Scope{
				Subjects: []*commonv1.SubjectRef{ref(region, fmt.Sprintf("r%d", i))}, Structure: s}}, w.now)
			w.ok(err)
			n[i] = a.Total.N
		}
		return n
	}
	if got := count(surveyv1.Structure_STRUCTURE_AS_EXPERIENCED); got != [2]int64{1, 1} {
		t.Errorf("as experienced: %v", got)
	}
	if got := count(surveyv1.Structure_STRUCTURE_CURRENT); got != [2]int64{0, 2} {
		t.Errorf("as of today: %v", got)
	}
}

package report

import (
	"cmp"
	"context"
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	// mostRows, mostClasses and mostColumns bound a heat map.
	mostRows    = 5000
	mostClasses = 50
	mostColumns = 30
	// subjectsAtOnce and ranksAtOnce are pages.
	subjectsAtOnce = 1000
	ranksAtOnce    = 1000
)

// heat is a heat map on its way.
type heat struct {
	s    *Server
	b    *brand
	in   *reportv1.GetHeatMapRequest
	w    window
	kind commonv1.SubjectKind
	minN int64

	// listed and columns are needed by several sections and read by the first.
	listed  remembered[[]*surveyv1.Subject]
	columns remembered[[]*surveyv1.Metric]

	subjects []*surveyv1.Subject
	metrics  []*surveyv1.Metric
	// cells are by column and subject, pooled by column and class; nil: not there.
	cells  []map[string]*surveyv1.Score
	pooled []map[string]*surveyv1.Score
	// places are by column and subject.
	places []map[string]*surveyv1.RankedSubject
}

// GetHeatMap tells how the stores of a region do at each parameter, like beside like.
func (s *Server) GetHeatMap(ctx context.Context, in *reportv1.GetHeatMapRequest) (*reportv1.GetHeatMapResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), in.GetUnder(), access.Read)
	if err != nil {
		return nil, err
	}
	return inCrowd(ctx, s.reports, in, func(ctx context.Context) (*reportv1.GetHeatMapResponse, error) {
		return s.heatMap(ctx, b, in)
	})
}

func (s *Server) heatMap(ctx context.Context, b *brand, in *reportv1.GetHeatMapRequest) (*reportv1.GetHeatMapResponse, error) {
	w, err := b.window(s.cfg.Clock(), in.GetWindow())
	if err != nil {
		return nil, err
	}
	h := &heat{s: s, b: b, in: in, w: w, kind: in.GetKind(), minN: int64(in.GetMinN())}
	if h.kind == commonv1.SubjectKind_SUBJECT_KIND_UNSPECIFIED {
		h.kind = commonv1.SubjectKind_SUBJECT_KIND_STORE
	}
	if h.minN == 0 {
		h.minN = rankedFrom
	}
	out := &reportv1.GetHeatMapResponse{}
	if out.Sections, err = s.gather(ctx, b, []part{
		s.part("subjects", fromSurvey, h.fetchSubjects),
		s.part(scoresSection, fromSurvey, h.fetchScores),
		s.part("tiers", fromSurvey, h.fetchTiers),
	}); err != nil {
		return nil, err
	}
	out.Start, out.End = w.ends(b.zone)
	out.Metrics, out.Classes = h.metrics, h.classes()
	return out, nil
}

// below is the scope of the region.
func (h *heat) below() *commonv1.SubjectRef { return h.in.GetUnder() }

// list reads the subjects of the region.
func (h *heat) list(ctx context.Context, a *asking) ([]*surveyv1.Subject, error) {
	return h.listed.get(ctx, func() ([]*surveyv1.Subject, error) {
		in := &surveyv1.ListSubjectsRequest{Brand: h.b.ID, Kind: h.kind, Under: h.below(), PageSize: subjectsAtOnce}
		var all []*surveyv1.Subject
		for {
			page, err := call(ctx, a, fromSurvey, h.s.from.Survey.ListSubjects, in)
			if err != nil {
				return nil, err
			}
			if all = append(all, page.GetSubjects()...); len(all) > mostRows {
				return nil, fault.Precondition(nil, "more than %d subjects belong to it: ask for a smaller part", mostRows)
			}
			if page.GetNextPageToken() == "" {
				return all, nil
			}
			// Requests are shared with everybody who asks the same.
			in = &surveyv1.ListSubjectsRequest{Brand: h.b.ID, Kind: h.kind, Under: h.below(), PageSize: subjectsAtOnce, PageToken: page.GetNextPageToken()}
		}
	})
}

// class is what a subject may be compared within; false: nothing.
func (h *heat) class(s *surveyv1.Subject) (string, bool) {
	if h.in.GetClassLabel() == "" {
		return "", true
	}
	value := s.GetLabels()[h.in.GetClassLabel()]
	return value, value != ""
}

// classValues are the classes there are, each once.
func (h *heat) classValues(subjects []*surveyv1.Subject) ([]string, error) {
	var all []string
	for _, s := range subjects {
		if value, ok := h.class(s); ok {
			all = append(all, value)
		}
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) > mostClasses {
		return nil, fault.Precondition(nil, "label %s tells more than %d classes apart", h.in.GetClassLabel(), mostClasses)
	}
	return all, nil
}

// shown are the columns: those named, or those that anybody answered.
func (h *heat) shown(ctx context.Context, a *asking) ([]*surveyv1.Metric, error) {
	return h.columns.get(ctx, func() ([]*surveyv1.Metric, error) {
		metrics, err := h.s.chosenMetrics(ctx, a, h.in.GetMetrics(), judgeable)
		if err != nil {
			return nil, err
		}
		if len(h.in.GetMetrics()) > 0 {
			if at := slices.IndexFunc(metrics, func(m *surveyv1.Metric) bool { return !judgeable(m) }); at >= 0 {
				return nil, fault.Precondition(nil, "%s has no interval to compare by; name its parameters", metrics[at].GetName())
			}
			return metrics, nil
		}
		read, err := h.s.readings(ctx, a, metrics, []window{h.w}, h.below())
		if err != nil {
			return nil, err
		}
		var out []*surveyv1.Metric
		for _, r := range read {
			if r.score(current, "").GetN() > 0 && len(out) < mostColumns {
				out = append(out, r.metric)
			}
		}
		return out, nil
	})
}

func (h *heat) fetchSubjects(ctx context.Context, a *asking) error {
	all, err := h.list(ctx, a)
	if err == nil {
		_, err = h.classValues(all)
	}
	if err == nil {
		h.subjects = all
	}
	return err
}

// fetchScores reads the cells, and of each class all answers pooled.
func (h *heat) fetchScores(ctx context.Context, a *asking) error {
	metrics, err := h.shown(ctx, a)
	if err != nil {
		return err
	}
	class := &surveyv1.GroupBy{Dimension: surveyv1.Dimension_DIMENSION_LABEL, Kind: h.kind, Key: h.in.GetClassLabel()}
	if h.in.GetClassLabel() == "" {
		class = &surveyv1.GroupBy{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT_KIND}
	}
	var single, pooled []reading
	err = together(ctx, func(ctx context.Context) (err error) {
		single, err = h.s.readings(ctx, a, metrics, []window{h.w}, h.below(), &surveyv1.GroupBy{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT, Kind: h.kind})
		return err
	}, func(ctx context.Context) (err error) {
		pooled, err = h.s.readings(ctx, a, metrics, []window{h.w}, h.below(), class)
		return err
	})
	if err == nil {
		h.metrics, h.cells, h.pooled = metrics, byKey(single), byKey(pooled)
	}
	return err
}

// byKey has the scores of readings by the key of what they are split by.
func byKey(read []reading) []map[string]*surveyv1.Score {
	out := make([]map[string]*surveyv1.Score, len(read))
	for i, r := range read {
		out[i] = map[string]*surveyv1.Score{}
		for _, one := range r.at[current].GetSeries() {
			out[i][one.GetKey()[0]] = one.GetTotal()
		}
	}
	return out
}

// kindName is a kind as splits name it.
func kindName(kind commonv1.SubjectKind) string {
	return strings.TrimPrefix(kind.String(), "SUBJECT_KIND_")
}

// keyOf is a subject as splits name it.
func keyOf(ref *commonv1.SubjectRef) string { return kindName(ref.GetKind()) + ":" + ref.GetId() }

// fetchTiers reads the league table of each class in each column.
func (h *heat) fetchTiers(ctx context.Context, a *asking) error {
	subjects, err := h.list(ctx, a)
	if err != nil {
		return err
	}
	classes, err := h.classValues(subjects)
	if err != nil {
		return err
	}
	metrics, err := h.shown(ctx, a)
	if err != nil {
		return err
	}
	tables := make([][]*surveyv1.RankedSubject, len(metrics)*len(classes))
	calls := make([]func(context.Context) error, len(tables))
	for i := range tables {
		metric, class := metrics[i/len(classes)].GetName(), classes[i%len(classes)]
		calls[i] = func(ctx context.Context) (err error) {
			tables[i], err = h.table(ctx, a, metric, class)
			return err
		}
	}
	if err := together(ctx, calls...); err != nil {
		return err
	}
	h.places = make([]map[string]*surveyv1.RankedSubject, len(metrics))
	for i, table := range tables {
		column := i / len(classes)
		if h.places[column] == nil {
			h.places[column] = map[string]*surveyv1.RankedSubject{}
		}
		for _, one := range table {
			h.places[column][keyOf(one.GetSubject())] = one
		}
	}
	return nil
}

// table is one league table, whole.
func (h *heat) table(ctx context.Context, a *asking, metric, class string) ([]*surveyv1.RankedSubject, error) {
	var out []*surveyv1.RankedSubject
	for token := ""; ; {
		in := &surveyv1.RankSubjectsRequest{Brand: h.b.ID, Metric: metric, Window: h.w.ofAnswers(), Kind: h.kind, Under: h.below(),
			MinN: int32(h.minN), PageSize: ranksAtOnce, PageToken: token}
		if h.in.GetClassLabel() != "" {
			in.Labels = map[string]string{h.in.GetClassLabel(): class}
		}
		page, err := call(ctx, a, fromSurvey, h.s.from.Survey.RankSubjects, in)
		if err != nil {
			return nil, err
		}
		out = append(out, page.GetSubjects()...)
		if token = page.GetNextPageToken(); token == "" {
			return out, nil
		}
	}
}

// compareRows orders subjects by their place in the first column, those without one
// behind.
func compareRows(x, y *reportv1.HeatRow) int {
	place := func(r *reportv1.HeatRow) (tier, rank int32) {
		if len(r.GetCells()) == 0 || r.GetCells()[0].GetTier() == 0 {
			return 1 << 30, 0
		}
		return r.GetCells()[0].GetTier(), r.GetCells()[0].GetRank()
	}
	tierX, rankX := place(x)
	tierY, rankY := place(y)
	return cmp.Or(cmp.Compare(tierX, tierY), cmp.Compare(rankX, rankY), strings.Compare(x.GetSubject().GetId(), y.GetSubject().GetId()))
}

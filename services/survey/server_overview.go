package survey

import (
	"context"
	"slices"
	"strconv"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/several"
)

// GetOverview reads everything that is said of a subject, or of the brand, each as it is
// told by its own RPC.
func (s *Server) GetOverview(ctx context.Context, in *surveyv1.GetOverviewRequest) (*surveyv1.GetOverviewResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Read)
	if err != nil {
		return nil, err
	}
	o := overview{s: s, in: in, windows: in.GetWindows(), out: &surveyv1.GetOverviewResponse{}}
	if len(o.windows) == 0 {
		o.windows = []*surveyv1.Window{nil}
	}
	if in.GetSubject() != nil {
		o.subjects = []*commonv1.SubjectRef{in.GetSubject()}
	}
	if o.wants(surveyv1.OverviewPart_OVERVIEW_PART_SCORES) {
		err = o.scores(ctx, b)
	}
	if err == nil && o.wants(surveyv1.OverviewPart_OVERVIEW_PART_INVITATIONS) {
		err = o.invitations(ctx)
	}
	if err == nil && o.wants(surveyv1.OverviewPart_OVERVIEW_PART_GOALS) {
		err = o.goals(ctx, b)
	}
	if err != nil {
		return nil, err
	}
	return o.out, nil
}

// overview is one on its way.
type overview struct {
	s        *Server
	in       *surveyv1.GetOverviewRequest
	windows  []*surveyv1.Window
	subjects []*commonv1.SubjectRef
	out      *surveyv1.GetOverviewResponse
}

func (o *overview) wants(part surveyv1.OverviewPart) bool {
	return len(o.in.GetParts()) == 0 || slices.Contains(o.in.GetParts(), part)
}

// scores reads every metric in every stretch of time.
func (o *overview) scores(ctx context.Context, b *brand) error {
	for _, m := range b.book.Load().Metrics() {
		if len(o.in.GetMetrics()) == 0 || slices.Contains(o.in.GetMetrics(), m.Def.GetName()) {
			o.out.Metrics = append(o.out.Metrics, &surveyv1.MetricOverview{Metric: m.Def, Scores: make([]*surveyv1.OverviewScore, len(o.windows))})
		}
	}
	for _, name := range o.in.GetMetrics() {
		if !slices.ContainsFunc(o.out.GetMetrics(), func(m *surveyv1.MetricOverview) bool { return m.GetMetric().GetName() == name }) {
			return fault.NotFound(commonv1.Reason_REASON_METRIC_UNKNOWN, "metric %q", name)
		}
	}
	read := make([]*surveyv1.GetMetricResponse, len(o.out.GetMetrics())*len(o.windows))
	var scope *surveyv1.Scope
	if o.subjects != nil {
		scope = &surveyv1.Scope{Subjects: o.subjects}
	}
	err := several.All(ctx, len(read), func(ctx context.Context, i int) (err error) {
		at := i % len(o.windows)
		read[i], err = o.s.GetMetric(ctx, &surveyv1.GetMetricRequest{
			Brand: o.in.GetBrand(), Metric: o.out.GetMetrics()[i/len(o.windows)].GetMetric().GetName(),
			Window: o.windows[at], Clock: o.in.GetClock(), Scope: scope, GroupBy: o.in.GetGroupBy(),
		})
		return asOverview(err, at)
	})
	if err != nil {
		return err
	}
	for i, one := range read {
		o.out.Metrics[i/len(o.windows)].Scores[i%len(o.windows)] = &surveyv1.OverviewScore{Total: one.GetTotal(), Series: one.GetSeries()}
		o.out.AsOf = several.Earliest(o.out.GetAsOf(), one.GetAsOf())
	}
	return nil
}

// invitations counts those of every stretch of time.
func (o *overview) invitations(ctx context.Context) error {
	o.out.Invitations = make([]*surveyv1.GetInvitationStatsResponse, len(o.windows))
	err := several.All(ctx, len(o.windows), func(ctx context.Context, i int) (err error) {
		o.out.Invitations[i], err = o.s.GetInvitationStats(ctx, &surveyv1.GetInvitationStatsRequest{
			Brand: o.in.GetBrand(), Window: o.windows[i], Subjects: o.subjects, GroupBy: o.in.GetGroupBy(),
		})
		return asOverview(err, i)
	})
	for _, one := range o.out.GetInvitations() {
		o.out.AsOf = several.Earliest(o.out.GetAsOf(), one.GetAsOf())
	}
	return err
}

// goals are told to who may list them, of what it sees.
func (o *overview) goals(ctx context.Context, b *brand) error {
	ctx = access.As(ctx, surveyv1.SurveyService_ListGoals_FullMethodName)
	subject := o.in.GetSubject()
	asked := access.Request{Brand: b.ID, Subject: subjectName(subject), Verb: access.Read}
	told := o.s.guard.Check(ctx, asked) == nil && o.s.sight(ctx, b).One(subject) == nil
	if !told {
		return nil
	}
	day, err := o.s.lastDay(b, o.windows[0])
	if err == nil {
		o.out.Goals = b.book.Load().Aims(subject, day.String())
	}
	return err
}

// lastDay is the last day of a stretch of time; today if that has no end.
func (s *Server) lastDay(b *brand, w *surveyv1.Window) (calendar.Day, error) {
	switch w := w.GetWindow().(type) {
	case *surveyv1.Window_Dates:
		end, err := calendar.ParseDay(w.Dates.GetEnd())
		if err != nil {
			return 0, fault.Invalid().Field("windows[0].dates.end", "%s", err).Err()
		}
		return end - 1, nil
	case *surveyv1.Window_Range:
		return b.zone.DayOf(w.Range.GetEnd().AsTime().Add(-1)), nil
	}
	return b.zone.DayOf(s.clock()), nil
}

// asOverview is what is wrong with one question, in the words of the overview.
func asOverview(err error, window int) error {
	e := fault.From(err)
	if e == nil || len(e.Fields) == 0 {
		return err
	}
	named := *e
	named.Fields = slices.Clone(e.Fields)
	for i, f := range named.Fields {
		path := &named.Fields[i].Path
		if rest, ok := strings.CutPrefix(f.Path, "window"); ok {
			*path = "windows[" + strconv.Itoa(window) + "]" + rest
		}
		if strings.HasPrefix(f.Path, "scope.subjects[") || strings.HasPrefix(f.Path, "subjects[") {
			*path = "subject"
		}
	}
	return &named
}

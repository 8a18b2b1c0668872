package survey_test

import (
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// question makes up a question of any kind that is allowed.
func (m *model) question() *surveyv1.GetMetricRequest {
	r := m.r
	q := &surveyv1.GetMetricRequest{
		Brand: m.brand,
		Metric: pick(r, "nps.network", "nps.network", "nps.network", "csi.visit", "csi.queue", "csi.staff", "ces.return",
			"rating.app", "csi.overall", "low.share"),
		Clock: surveyv1.Clock(r.IntN(3)),
		Grain: commonv1.Grain(r.IntN(6)),
		Scope: m.scope(),
	}
	for range pick(r, 0, 1, 1, 2) {
		q.GroupBy = append(q.GroupBy, m.groupBy())
	}
	if len(q.GetGroupBy()) == 2 && sameGroup(q.GetGroupBy()[0], q.GetGroupBy()[1]) {
		q.GroupBy = q.GetGroupBy()[:1]
	}
	fine := q.GetGrain() == commonv1.Grain_GRAIN_QUARTER_HOUR || q.GetGrain() == commonv1.Grain_GRAIN_HOUR
	switch {
	case fine: // few days, on the clock that knows hours
		q.Clock = pick(r, surveyv1.Clock_CLOCK_UNSPECIFIED, surveyv1.Clock_CLOCK_ANSWER)
		q.Window = m.fewHours()
	case q.GetGrain() != 0 && r.IntN(3) == 0:
		q.RollingDays = int32(1 + r.IntN(40))
		q.Window = m.wholeDays()
	case q.GetClock() == surveyv1.Clock_CLOCK_ANSWER && r.IntN(2) == 0:
		q.Window = m.fewHours()
	default:
		q.Window = m.wholeDays()
	}
	return q
}

func sameGroup(x, y *surveyv1.GroupBy) bool {
	return x.GetDimension() == y.GetDimension() && x.GetKind() == y.GetKind() && x.GetKey() == y.GetKey()
}

func (m *model) groupBy() *surveyv1.GroupBy {
	r := m.r
	g := &surveyv1.GroupBy{Dimension: surveyv1.Dimension(1 + r.IntN(9))}
	switch g.GetDimension() {
	case surveyv1.Dimension_DIMENSION_SUBJECT:
		g.Kind = commonv1.SubjectKind(1 + r.IntN(6))
	case surveyv1.Dimension_DIMENSION_FACET:
		g.Key = pick(r, "order.late", "age", "unheard-of")
	case surveyv1.Dimension_DIMENSION_LABEL:
		g.Key = pick(r, "format", "turnover")
		g.Kind = pick(r, commonv1.SubjectKind_SUBJECT_KIND_UNSPECIFIED, commonv1.SubjectKind_SUBJECT_KIND_STORE)
	}
	return g
}

func (m *model) scope() *surveyv1.Scope {
	r := m.r
	if r.IntN(4) == 0 {
		return nil
	}
	s := &surveyv1.Scope{Structure: surveyv1.Structure(r.IntN(3))}
	if r.IntN(3) == 0 {
		s.Subjects = [][]*commonv1.SubjectRef{
			{network}, {region(1)}, {region(3), store("s1")}, {store("s2"), store("s3"), ref(commonv1.SubjectKind_SUBJECT_KIND_COURIER, "c1")},
		}[r.IntN(4)]
	}
	if r.IntN(4) == 0 {
		s.Channels = m.channels()
	}
	if r.IntN(5) == 0 {
		for range 5 {
			s.Modes = append(s.Modes, commonv1.ContactMode(r.IntN(11)))
		}
	}
	if r.IntN(5) == 0 {
		s.SurveyIds = []string{pick(r, "visit", "delivery")}
	}
	if r.IntN(5) == 0 {
		s.Facets = map[string]string{"order.late": pick(r, "", "yes")}
	}
	if r.IntN(5) == 0 {
		s.Labels = map[string]string{"format": pick(r, "hyper", "small", "kiosk")}
	}
	return s
}

func (m *model) channels() (out []commonv1.Channel) {
	for range 4 {
		out = append(out, commonv1.Channel(m.r.IntN(12)))
	}
	return out
}

// wholeDays is a window that begins and ends at midnights, written in any way.
func (m *model) wholeDays() *surveyv1.Window {
	r := m.r
	today := m.days.of(m.clock.Now())
	switch r.IntN(4) {
	case 0:
		return nil
	case 1:
		return &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: int32(1 + r.IntN(90))}}
	}
	from := today.plus(-r.IntN(280))
	if r.IntN(2) == 0 {
		from = m.days.of(pick(r, m.changes...)).plus(r.IntN(5) - 3)
	}
	until := from.plus(1 + r.IntN(pick(r, 3, 40, 280)))
	if r.IntN(2) == 0 {
		return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: string(from), End: string(until)}}}
	}
	return instants(m.days.start(from), m.days.start(until))
}

// fewHours is a window of quarter hours near a change of the clock or now.
func (m *model) fewHours() *surveyv1.Window {
	r := m.r
	middle := pick(r, append(m.changes, m.clock.Now())...).Truncate(15 * time.Minute)
	from := middle.Add(-time.Duration(r.IntN(30*4)) * 15 * time.Minute)
	return instants(from, from.Add(time.Duration(1+r.IntN(60*4))*15*time.Minute))
}

func instants(from, until time.Time) *surveyv1.Window {
	return &surveyv1.Window{Window: &surveyv1.Window_Range{Range: &commonv1.TimeRange{Start: stamp(from), End: stamp(until)}}}
}

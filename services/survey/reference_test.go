package survey_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// reference answers questions about scores the slow and plain way: it keeps all
// responses in a slice and counts them anew for each question. It shares no
// code with the service, neither for sums nor for the calendar.
type reference struct {
	days     dates
	metrics  map[string]*surveyv1.Metric
	asked    map[string]map[string]string // survey → question → metric
	subjects map[string]*surveyv1.Subject
	entries  []*entry
	// first and last are the days that any version of any response ever touched:
	// a question without a window is about those.
	first, last date
}

// entry is one response as it stands.
type entry struct {
	in          *surveyv1.Response
	named, path []string // keys of subjects
	received    time.Time
	answered    time.Time
	day, live   date
	scores      map[string]scored // by metric
}

type scored struct{ score, weight int }

func newReference(zone string) *reference {
	return &reference{
		days: newDates(zone), metrics: map[string]*surveyv1.Metric{}, asked: map[string]map[string]string{},
		subjects: map[string]*surveyv1.Subject{},
	}
}

func keyOf(ref *commonv1.SubjectRef) string {
	return strings.TrimPrefix(ref.GetKind().String(), "SUBJECT_KIND_") + ":" + ref.GetId()
}

func kindOf(key string) string { kind, _, _ := strings.Cut(key, ":"); return kind }

// define takes what a question refers to, defaults filled in.
func (w *reference) define(metrics []*surveyv1.Metric, surveys []*surveyv1.Survey, subjects []*surveyv1.Subject) {
	for _, m := range metrics {
		w.metrics[m.GetName()] = m
	}
	for _, s := range surveys {
		w.asked[s.GetId()] = map[string]string{}
		for _, q := range s.GetDraft().GetQuestions() {
			w.asked[s.GetId()][q.GetId()] = q.GetMetric()
		}
	}
	for _, s := range subjects {
		w.subjects[keyOf(s.GetRef())] = s
	}
}

// pathAt lists the named subjects and all that stands above them at a moment.
func (w *reference) pathAt(named []string, at time.Time) []string {
	var out []string
	for _, key := range named {
		for key != "" {
			if !slices.Contains(out, key) {
				out = append(out, key)
			}
			above := ""
			for _, link := range w.subjects[key].GetParents() {
				if link.GetSince() == nil || !link.GetSince().AsTime().After(at) {
					above = keyOf(link.GetParent())
				}
			}
			key = above
		}
	}
	return out
}

// entry judges a response taken at a moment.
func (w *reference) entry(in *surveyv1.Response, received time.Time) *entry {
	e := &entry{in: in, received: received, answered: received, scores: map[string]scored{}}
	if in.GetAnsweredAt() != nil {
		e.answered = in.GetAnsweredAt().AsTime()
	}
	experienced := e.answered
	if in.GetExperiencedAt() != nil {
		experienced = in.GetExperiencedAt().AsTime()
	}
	e.live, e.day = w.days.of(e.answered), w.days.of(experienced)
	for _, ref := range in.GetSubjects() {
		e.named = append(e.named, keyOf(ref))
	}
	e.path = w.pathAt(e.named, experienced)
	judged, low := false, 0
	for _, a := range in.GetAnswers() {
		m := w.metrics[w.asked[in.GetSurveyId()][a.GetQuestionId()]]
		if _, ok := a.GetValue().(*surveyv1.Answer_Score); !ok || m == nil {
			continue
		}
		e.scores[m.GetName()] = scored{int(a.GetScore()), int(a.GetImportance())}
		judged = judged || m.GetLowAtMost() >= 0
		if a.GetScore() <= m.GetLowAtMost() {
			low = 1
		}
	}
	if judged {
		e.scores["low.share"] = scored{score: low}
	}
	return e
}

// record takes a response in; replace and remove change one that is in.
func (w *reference) record(e *entry) {
	w.entries = append(w.entries, e)
	w.touch(e)
}

func (w *reference) replace(old, e *entry) {
	w.entries[slices.Index(w.entries, old)] = e
	w.touch(e)
}

func (w *reference) remove(e *entry) {
	i := slices.Index(w.entries, e)
	w.entries = slices.Delete(w.entries, i, i+1)
}

func (w *reference) touch(e *entry) {
	for _, d := range []date{e.day, e.live} {
		if w.first == "" || d < w.first {
			w.first = d
		}
		w.last = max(w.last, d)
	}
}

// in tells whether an entry passes a scope; path is what it counts in there.
func (w *reference) in(e *entry, s *surveyv1.Scope, now time.Time) (path []string, ok bool) {
	path = e.path
	if s.GetStructure() == surveyv1.Structure_STRUCTURE_CURRENT {
		path = w.pathAt(e.named, now)
	}
	anyOf := func(test func(key string) bool) bool { return slices.ContainsFunc(path, test) }
	for name, value := range s.GetFacets() {
		if e.in.GetFacets()[name] != value {
			return nil, false
		}
	}
	switch {
	case len(s.GetChannels()) > 0 && !slices.Contains(s.GetChannels(), e.in.GetChannel()),
		len(s.GetModes()) > 0 && !slices.Contains(s.GetModes(), e.in.GetMode()),
		len(s.GetSurveyIds()) > 0 && !slices.Contains(s.GetSurveyIds(), e.in.GetSurveyId()):
		return nil, false
	case len(s.GetSubjects()) > 0 && !anyOf(func(key string) bool {
		return slices.ContainsFunc(s.GetSubjects(), func(ref *commonv1.SubjectRef) bool { return keyOf(ref) == key })
	}):
		return nil, false
	case len(s.GetLabels()) > 0 && !anyOf(func(key string) bool { return w.labelled(key, s.GetLabels()) }):
		return nil, false
	}
	return path, true
}

func (w *reference) labelled(key string, labels map[string]string) bool {
	for name, want := range labels {
		if has, ok := w.subjects[key].GetLabels()[name]; !ok || has != want {
			return false
		}
	}
	return true
}

// keys are the groups an entry stands in by one dimension.
func (w *reference) keys(e *entry, path []string, g *surveyv1.GroupBy, day date) []string {
	var out []string
	kind := strings.TrimPrefix(g.GetKind().String(), "SUBJECT_KIND_")
	add := func(key string) {
		if !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	switch g.GetDimension() {
	case surveyv1.Dimension_DIMENSION_CHANNEL:
		add(strings.TrimPrefix(e.in.GetChannel().String(), "CHANNEL_"))
	case surveyv1.Dimension_DIMENSION_MODE:
		add(strings.TrimPrefix(e.in.GetMode().String(), "CONTACT_MODE_"))
	case surveyv1.Dimension_DIMENSION_SURVEY:
		add(e.in.GetSurveyId())
	case surveyv1.Dimension_DIMENSION_FACET:
		add(e.in.GetFacets()[g.GetKey()])
	case surveyv1.Dimension_DIMENSION_DAY_OF_WEEK:
		add(fmt.Sprint((int(day.paper().Weekday())+6)%7 + 1))
	case surveyv1.Dimension_DIMENSION_HOUR:
		add(fmt.Sprintf("%02d", e.answered.In(w.days.zone).Hour()))
	}
	for _, key := range path {
		label, has := w.subjects[key].GetLabels()[g.GetKey()]
		switch g.GetDimension() {
		case surveyv1.Dimension_DIMENSION_SUBJECT:
			if kindOf(key) == kind {
				add(key)
			}
		case surveyv1.Dimension_DIMENSION_SUBJECT_KIND:
			add(kindOf(key))
		case surveyv1.Dimension_DIMENSION_LABEL:
			if has && (g.GetKind() == 0 || kindOf(key) == kind) {
				add(label)
			}
		}
	}
	return out
}

// cell is one entry in one group, where and when it counts.
type cell struct {
	e      *entry
	at     time.Time // the answer, or the beginning of the day of the experience
	day    date
	inside bool // in the window itself, not only before it
}

// GetMetric computes the whole answer, but for intervals and as_of.
func (w *reference) GetMetric(req *surveyv1.GetMetricRequest, now time.Time) *surveyv1.GetMetricResponse {
	grain := req.GetGrain()
	fine := grain == commonv1.Grain_GRAIN_QUARTER_HOUR || grain == commonv1.Grain_GRAIN_HOUR
	live := req.GetClock() == surveyv1.Clock_CLOCK_ANSWER || req.GetClock() == surveyv1.Clock_CLOCK_UNSPECIFIED && fine
	start, end := w.window(req.GetWindow(), now)
	var total []cell
	groups := map[string][]cell{}
	for _, e := range w.entries {
		path, ok := w.in(e, req.GetScope(), now)
		if !ok {
			continue
		}
		c := cell{e: e, at: e.answered, day: e.live}
		if !live {
			c.at, c.day = w.days.start(e.day), e.day
		}
		c.inside = !c.at.Before(start) && c.at.Before(end)
		if c.inside {
			total = append(total, c)
		}
		keys := []string{""}
		for i, g := range req.GetGroupBy() {
			var next []string
			for _, before := range keys {
				for _, k := range w.keys(e, path, g, c.day) {
					next = append(next, strings.Repeat(before+"\x00", i)+k)
				}
			}
			keys = next
		}
		for _, k := range keys {
			groups[k] = append(groups[k], c)
		}
	}
	out := &surveyv1.GetMetricResponse{Total: w.score(req.GetMetric(), total)}
	if grain == 0 && len(req.GetGroupBy()) == 0 {
		return out
	}
	if len(req.GetGroupBy()) == 0 && groups[""] == nil {
		groups[""] = []cell{}
	}
	for _, k := range slices.SortedFunc(maps.Keys(groups), func(x, y string) int {
		return slices.Compare(strings.Split(x, "\x00"), strings.Split(y, "\x00"))
	}) {
		s := w.series(req, groups[k], start, end)
		if len(req.GetGroupBy()) > 0 {
			s.Key = strings.Split(k, "\x00")
		}
		s.Label = w.label(req.GetGroupBy(), s.GetKey())
		if s.GetTotal().GetN() > 0 || len(s.GetPoints()) > 0 || len(req.GetGroupBy()) == 0 {
			out.Series = append(out.Series, s)
		}
	}
	return out
}

// label is the names of the subjects in a key.
func (w *reference) label(by []*surveyv1.GroupBy, key []string) string {
	var names []string
	for i, g := range by {
		if g.GetDimension() == surveyv1.Dimension_DIMENSION_SUBJECT {
			s := w.subjects[key[i]]
			names = append(names, cmp.Or(s.GetName(), s.GetRef().GetId()))
		}
	}
	return strings.Join(names, " / ")
}

func (w *reference) window(in *surveyv1.Window, now time.Time) (start, end time.Time) {
	switch in := in.GetWindow().(type) {
	case *surveyv1.Window_Range:
		return in.Range.GetStart().AsTime(), in.Range.GetEnd().AsTime()
	case *surveyv1.Window_Dates:
		return w.days.start(date(in.Dates.GetStart())), w.days.start(date(in.Dates.GetEnd()))
	case *surveyv1.Window_LastDays:
		today := w.days.of(now)
		return w.days.start(today.plus(1 - int(in.LastDays))), w.days.start(today.plus(1))
	}
	if w.first == "" {
		return time.Time{}, time.Time{}
	}
	return w.days.start(w.first), w.days.start(w.last.plus(1))
}

// series cuts one group's answers into buckets.
func (w *reference) series(req *surveyv1.GetMetricRequest, cells []cell, start, end time.Time) *surveyv1.Series {
	var inside []cell
	for _, c := range cells {
		if c.inside {
			inside = append(inside, c)
		}
	}
	out := &surveyv1.Series{Total: w.score(req.GetMetric(), inside)}
	if req.GetGrain() == 0 {
		return out
	}
	for from := start; from.Before(end); {
		until := w.days.next(from, req.GetGrain())
		if until.After(end) {
			until = end
		}
		last := w.days.of(until.Add(-1))
		var of []cell
		for _, c := range cells {
			pooled := c.day <= last && c.day >= last.plus(1-int(req.GetRollingDays()))
			if req.GetRollingDays() > 0 && pooled || req.GetRollingDays() == 0 && c.inside && !c.at.Before(from) && c.at.Before(until) {
				of = append(of, c)
			}
		}
		if s := w.score(req.GetMetric(), of); s.GetN() > 0 {
			out.Points = append(out.Points, &surveyv1.Point{Start: stamp(from), End: stamp(until), Score: s})
		}
		from = until
	}
	return out
}

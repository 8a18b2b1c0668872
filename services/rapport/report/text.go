package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// Write writes the report for a terminal.
func (r *Report) Write(w io.Writer) error {
	fmt.Fprintf(w, "%s\n", r.title())
	if r.Empty {
		_, err := fmt.Fprintf(w, "no answers from %s to %s\n", r.Window.First, r.Window.Last)
		return err
	}
	if r.Asked != nil {
		fmt.Fprintf(w, "no answers from %s to %s: these are the last %d days that have some\n", r.Asked.First, r.Asked.Last, r.Window.Days)
	}
	fmt.Fprintf(w, "%s to %s (%s, %s), change against %s to %s\n", r.Window.First, r.Window.Last,
		counted(r.Window.Days, "day"), r.Zone, r.Previous.First, r.Previous.Last)
	for _, part := range []func(io.Writer) error{r.writeMetrics, r.writeChannels, r.writeTables, r.writeGoals, r.writeJourneys, r.writeCases, r.writeComments} {
		if err := part(w); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\nas of %s\n", r.AsOf.In(r.Zone).Format("2006-01-02 15:04:05 MST"))
	return err
}

func (r *Report) title() string {
	if r.Subject == nil {
		return r.Ask.Brand
	}
	name := r.Subject.GetName()
	if name == "" {
		name = r.Subject.GetRef().GetId()
	}
	return fmt.Sprintf("%s, %s: %s", r.Ask.Brand, kindName(r.Subject.GetRef().GetKind()), name)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// kindName is a kind of subject in plain words.
func kindName(k commonv1.SubjectKind) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(k.String(), "SUBJECT_KIND_"), "_", " "))
}

func channelName(key string) string {
	if key == "UNSPECIFIED" {
		return "not known"
	}
	return strings.ToLower(strings.ReplaceAll(key, "_", " "))
}

// number writes a value in the metric's own unit. Rounding is for the eye only.
func number(m *surveyv1.Metric, v float64) string {
	switch m.GetKind() {
	case surveyv1.MetricKind_METRIC_KIND_CES, surveyv1.MetricKind_METRIC_KIND_RATING:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case surveyv1.MetricKind_METRIC_KIND_NPS:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + "%"
}

func value(m *surveyv1.Metric, s *surveyv1.Score) string {
	if s == nil || s.Value == nil {
		return "–"
	}
	return number(m, s.GetValue())
}

func interval(m *surveyv1.Metric, s *surveyv1.Score) string {
	if s == nil || s.Low == nil || s.High == nil {
		return "–"
	}
	low, high := limits(m)
	return number(m, max(low, s.GetLow())) + " … " + number(m, min(high, s.GetHigh()))
}

// limits are where the metric itself ends: the normal interval of few answers
// reaches beyond, which tells a reader nothing.
func limits(m *surveyv1.Metric) (low, high float64) {
	switch m.GetKind() {
	case surveyv1.MetricKind_METRIC_KIND_NPS:
		return -100, 100
	case surveyv1.MetricKind_METRIC_KIND_CES, surveyv1.MetricKind_METRIC_KIND_RATING:
		return float64(m.GetScaleMin()), float64(m.GetScaleMax())
	}
	return 0, 100
}

// change says what the difference is, and whether it is more than chance.
func change(c *surveyv1.CompareMetricResponse) (difference, verdict string) {
	if c.Difference == nil {
		return "–", "nothing before"
	}
	d := c.GetDifference()
	points := func(v float64) string { return strings.TrimSuffix(number(c.GetMetric(), v), "%") }
	difference = points(d)
	switch {
	case strings.Trim(difference, "-0.") == "":
		difference = strings.TrimPrefix(difference, "-")
	case d > 0:
		difference = "+" + difference
	}
	if c.Margin != nil {
		difference += " ± " + points(c.GetMargin())
	}
	if c.Margin == nil {
		return difference, "" // nobody can tell what it is worth
	}
	better := d > 0 != (c.GetMetric().GetKind() == surveyv1.MetricKind_METRIC_KIND_LOW_SHARE)
	switch {
	case !c.GetSignificant():
		return difference, "within chance"
	case better:
		return difference, "better"
	}
	return difference, "worse"
}

func (r *Report) writeMetrics(w io.Writer) error {
	fmt.Fprintln(w)
	g := newGrid([]int{1, 2, 3, 5}, "metric", "value", "95 % interval", "answers", "scores", "change", "")
	for _, c := range r.Metrics {
		m, s := c.GetMetric(), c.GetA()
		difference, verdict := change(c)
		scores := bars(s.GetHistogram(), m.GetScaleMin(), m.GetScaleMax())
		if m.GetKind() == surveyv1.MetricKind_METRIC_KIND_LOW_SHARE {
			scores = "" // low or not: the value says it
		}
		if s.WeightedPercent != nil {
			verdict = strings.TrimPrefix(verdict+fmt.Sprintf("; weighted %.1f%%", s.GetWeightedPercent()), "; ")
		}
		g.add(m.GetName(), value(m, s), interval(m, s), strconv.FormatInt(s.GetN(), 10), scores, difference, verdict)
	}
	return g.write(w)
}

func (r *Report) writeChannels(w io.Writer) error {
	if len(r.Channels) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\n%s by channel\n", r.Head.GetName())
	g := newGrid([]int{1, 2, 3, 5}, "channel", "value", "95 % interval", "answers", "scores", "low")
	for _, s := range r.Channels {
		t := s.GetTotal()
		low := r.LowChannels[s.GetKey()[0]]
		g.add(channelName(s.GetKey()[0]), value(r.Head, t), interval(r.Head, t), strconv.FormatInt(t.GetN(), 10),
			bars(t.GetHistogram(), r.Head.GetScaleMin(), r.Head.GetScaleMax()), value(&surveyv1.Metric{}, low))
	}
	return g.write(w)
}

func (r *Report) writeTables(w io.Writer) error {
	for _, t := range r.Tables {
		fmt.Fprintf(w, "\n%s by %s: %d ranked", r.Head.GetName(), kindName(t.Kind), t.Ranked)
		if t.Unranked > 0 {
			fmt.Fprintf(w, ", %d with fewer than %d answers left out", t.Unranked, t.MinN)
		}
		fmt.Fprintln(w)
		g := newGrid([]int{0, 1, 4, 5, 6}, "rank", "could be", "id", "subject", "value", "95 % interval", "answers", "scores")
		r.addRanked(g, t.Best)
		if len(t.Worst) > 0 {
			g.add("…", "", "", "", "", "", "", "")
			worst := make([]*surveyv1.RankedSubject, 0, len(t.Worst))
			for i := len(t.Worst) - 1; i >= 0; i-- {
				worst = append(worst, t.Worst[i])
			}
			r.addRanked(g, worst)
		}
		if err := g.write(w); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) addRanked(g *grid, subjects []*surveyv1.RankedSubject) {
	for _, s := range subjects {
		t, name := s.GetScore(), s.GetName()
		if name == s.GetSubject().GetId() {
			name = ""
		}
		g.add(strconv.Itoa(int(s.GetRank())), fmt.Sprintf("%d–%d", s.GetBestRank(), s.GetWorstRank()), clip(s.GetSubject().GetId(), 36), clip(name, 44),
			value(r.Head, t), interval(r.Head, t), strconv.FormatInt(t.GetN(), 10),
			bars(t.GetHistogram(), r.Head.GetScaleMin(), r.Head.GetScaleMax()))
	}
}

var goalWords = map[surveyv1.GoalStatus]string{
	surveyv1.GoalStatus_GOAL_STATUS_NO_DATA:       "no answers yet",
	surveyv1.GoalStatus_GOAL_STATUS_MET_SURELY:    "met",
	surveyv1.GoalStatus_GOAL_STATUS_MET:           "met, could be chance",
	surveyv1.GoalStatus_GOAL_STATUS_MISSED:        "missed, could be chance",
	surveyv1.GoalStatus_GOAL_STATUS_MISSED_SURELY: "missed",
}

func (r *Report) writeGoals(w io.Writer) error {
	if len(r.Goals) == 0 {
		return nil
	}
	fmt.Fprintln(w, "\ngoals")
	g := newGrid([]int{2, 3, 4}, "metric", "of", "target", "so far", "answers", "days", "")
	for _, a := range r.Goals {
		m := r.definition(a.GetGoal().GetMetric())
		of := "the brand"
		if s := a.GetGoal().GetSubject(); s != nil {
			of = kindName(s.GetKind()) + " " + s.GetId()
		}
		days := a.GetGoal().GetDays()
		g.add(a.GetGoal().GetMetric(), of, number(m, a.GetGoal().GetTarget()), value(m, a.GetScore()),
			strconv.FormatInt(a.GetScore().GetN(), 10), days.GetStart()+" – "+days.GetEnd(), goalWords[a.GetStatus()])
	}
	return g.write(w)
}

// definition finds a metric among those of the report; a goal's own may have had
// no answers in the window.
func (r *Report) definition(name string) *surveyv1.Metric {
	for _, c := range r.Metrics {
		if c.GetMetric().GetName() == name {
			return c.GetMetric()
		}
	}
	return &surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_NPS} // a bare number
}

func (r *Report) writeCases(w io.Writer) error {
	t := r.Cases.GetTotal()
	if t.GetOpen()+t.GetClaimed()+t.GetResolved() == 0 {
		return nil
	}
	fmt.Fprintln(w, "\ncases (resolved: within the days above)")
	g := newGrid([]int{1, 2, 3, 4, 5, 6}, "queue", "open", "claimed", "overdue", "resolved", "by the clock", "in business hours")
	add := func(name string, s *surveyv1.CaseStats) {
		clock, business := "–", "–"
		if s.GetAverageClock() != nil {
			clock, business = s.GetAverageClock().AsDuration().Round(time.Minute).String(), s.GetAverageBusiness().AsDuration().Round(time.Minute).String()
		}
		g.add(name, strconv.FormatInt(s.GetOpen(), 10), strconv.FormatInt(s.GetClaimed(), 10), strconv.FormatInt(s.GetOverdue(), 10),
			strconv.FormatInt(s.GetResolved(), 10), clock, business)
	}
	for _, q := range r.Cases.GetQueues() {
		add(q.GetQueue(), q.GetStats())
	}
	if len(r.Cases.GetQueues()) != 1 {
		add("all", t)
	}
	return g.write(w)
}

func (r *Report) writeComments(w io.Writer) error {
	if len(r.Comments) == 0 {
		return nil
	}
	fmt.Fprintln(w, "\nnewest comments")
	for _, c := range r.Comments {
		fmt.Fprintf(w, "  %s  %s  %s\n", written(c.Response).In(r.Zone).Format("2006-01-02 15:04"), scores(c.Response), clip(strings.Join(c.About, ", "), 70))
		for _, a := range c.Response.GetAnswers() {
			if t := a.GetText(); strings.TrimSpace(t) != "" {
				if _, err := fmt.Fprintf(w, "      %s\n", clip(t, 110)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// scores are the answers of a response in short, at most three.
func scores(r *surveyv1.Response) string {
	var out []string
	for _, a := range r.GetAnswers() {
		if s, ok := a.GetValue().(*surveyv1.Answer_Score); ok && len(out) < 3 {
			out = append(out, fmt.Sprintf("%s %d", a.GetQuestionId(), s.Score))
		}
	}
	return strings.Join(out, ", ")
}

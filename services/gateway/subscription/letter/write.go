package letter

import (
	"fmt"
	"math"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// writer writes one letter.
type writer struct {
	words *words
	Content
}

// fill puts values into a text of the catalogue.
func fill(text string, values ...any) string { return fmt.Sprintf(text, values...) }

// most rows of what could be endless.
const (
	mostReasons  = 5
	mostComments = 5
	mostGaps     = 5
)

func (w *writer) view() *view {
	v := &view{
		W: w.words, Lang: w.words.Code, Title: w.Brand.Name, Scope: w.Scope, Period: w.period(), Page: w.Page, Unsubscribe: w.Unsubscribe,
		Zone: fill(w.words.Reading, w.Brand.Zone),
	}
	if v.Scope == "" {
		v.Scope = w.words.Whole
	}
	if w.Name != "" {
		v.Greeting = fill(w.words.Greeting, w.Name)
	}
	var sections []*reportv1.Section
	switch {
	case w.Omnichannel != nil:
		sections = w.Omnichannel.GetSections()
		w.omnichannel(v)
	case w.Scorecard != nil:
		sections = w.Scorecard.GetSections()
		w.scorecard(v)
	}
	v.Missing, v.AsOf = w.missing(sections), w.asOf(sections)
	v.Notes = w.notes()
	v.Why = fill(w.words.Why, w.Owner)
	v.Subject = w.subject(v)
	return v
}

// subject says brand, scope, period and the first figure.
func (w *writer) subject(v *view) string {
	parts := []string{w.Brand.Name + ": " + v.Scope, v.Period}
	if h := v.Head; h != nil {
		figure := h.Name + " " + h.Value
		if h.Value == "" {
			figure = h.Name + ": " + h.Answers
		} else if h.Interval != "" {
			figure += " (" + h.Interval + ")"
		}
		parts = append(parts, figure)
	}
	text := strings.Join(parts, ", ")
	if w.Trial {
		text = w.words.TrialSubject + " " + text
	}
	return strings.ReplaceAll(text, "\u00a0", " ")
}

// period is the days of the report, with the time where the last one is not over.
func (w *writer) period() string {
	text := w.words.Days(date(w.Window.From), date(w.Window.Until-1))
	if w.Live {
		text = fill(w.words.By, text, w.Due.Format("15:04"))
	}
	return text
}

func date(d calendar.Day) time.Time {
	y, m, day := d.Date()
	return time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
}

func (w *writer) notes() (out []string) {
	if w.Trial {
		out = append(out, w.words.TrialNote)
	}
	if w.Missed > 0 {
		out = append(out, fill(w.words.Missed, w.words.Count(int64(w.Missed))))
	}
	if !w.RightsUntil.IsZero() {
		out = append(out, fill(w.words.RightsEnd, w.words.Day(w.RightsUntil.In(w.Due.Location()))))
	}
	return out
}

// missing names the sections that should be there.
func (w *writer) missing(sections []*reportv1.Section) (out []string) {
	for _, s := range sections {
		name := w.words.Sections[s.GetName()]
		if name == "" {
			name = s.GetName()
		}
		switch s.GetStatus() {
		case reportv1.Section_STATUS_MISSING:
			out = append(out, name+": "+fill(w.words.SectionMissing, s.GetSource()))
		case reportv1.Section_STATUS_FAILED:
			out = append(out, name+": "+fill(w.words.SectionFails, s.GetSource()))
		case reportv1.Section_STATUS_HIDDEN:
			out = append(out, name+": "+w.words.SectionHidden)
		}
	}
	return out
}

// asOf is up to when all of it counts: the earliest of all sections.
func (w *writer) asOf(sections []*reportv1.Section) string {
	var first *timestamppb.Timestamp
	for _, s := range sections {
		if at := s.GetAsOf(); at != nil && (first == nil || at.AsTime().Before(first.AsTime())) {
			first = at
		}
	}
	if first == nil {
		return ""
	}
	return fill(w.words.AsOf, w.words.Moment(first.AsTime().In(w.Due.Location())))
}

func (w *writer) omnichannel(v *view) {
	total := w.Omnichannel.GetTotal()
	var scores table
	for _, l := range total.GetMetrics() {
		scores.Rows = append(scores.Rows, w.line(l))
	}
	var head *reportv1.MetricLine
	if len(total.GetMetrics()) > 0 {
		head = total.GetMetrics()[0]
		v.Head, scores.Title = &scores.Rows[0], w.words.Scores
		v.Tables = append(v.Tables, scores)
	}
	rates := table{Title: w.words.RatesTitle}
	for _, r := range total.GetRates() {
		rates.Rows = append(rates.Rows, w.rate(r))
	}
	v.Tables = append(v.Tables, rates)
	if head != nil {
		v.Tables = append(v.Tables, w.channels(head.GetMetric()))
	}
	v.Tables = append(v.Tables, w.reasons(first(total.GetOffNorm(), mostReasons)))
}

// channels set the first metric of all side by side.
func (w *writer) channels(m *surveyv1.Metric) table {
	t := table{Title: fill(w.words.Channels, w.words.MetricTitle(m, w.Brand.Locales))}
	for _, c := range w.Omnichannel.GetChannels() {
		name := w.words.Channel(c.GetChannel())
		if c.GetChannel() == commonv1.Channel_CHANNEL_UNSPECIFIED {
			name = w.words.NoChannel
		}
		r := row{Name: name, Answers: w.words.NoAnswers}
		for _, l := range c.GetMetrics() {
			if l.GetMetric().GetName() == m.GetName() {
				r = w.line(l)
				r.Name = name
			}
		}
		if c.GetOrders() > 0 {
			r.Note = fill(w.words.Orders, w.words.Count(c.GetOrders()))
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

func (w *writer) scorecard(v *view) {
	card := w.Scorecard
	if card.GetName() != "" {
		v.Scope = card.GetName()
	}
	scores := table{Title: w.words.Scores}
	for _, l := range card.GetScores() {
		scores.Rows = append(scores.Rows, w.line(l))
	}
	if len(card.GetScores()) > 0 {
		main := card.GetScores()[0].GetMetric()
		v.Head = &scores.Rows[0]
		if card.GetToday().GetN() > 0 {
			scores.Rows = append(scores.Rows, w.scoreRow(w.words.Today, main, card.GetToday()))
		}
		v.Trend = w.trend(main, card.GetTrend())
	}
	v.Tables = append(v.Tables, scores)
	if r := card.GetRank(); r != nil {
		place := table{Title: w.words.Place, Rows: []row{{
			Name: fill(w.words.PlaceOf, w.words.Count(int64(r.GetRank())), w.words.Count(int64(card.GetPeers()))),
			Note: fill(w.words.PlaceSpan, w.words.Count(int64(r.GetBestRank())), w.words.Count(int64(r.GetWorstRank()))),
		}}}
		v.Tables = append(v.Tables, place)
	}
	v.Tables = append(v.Tables, w.gaps(card.GetGaps()))
	rates := table{Title: w.words.RatesTitle}
	for _, r := range card.GetRates() {
		rates.Rows = append(rates.Rows, w.rate(r))
	}
	if n := len(card.GetCases()); n > 0 {
		rates.Rows = append(rates.Rows, row{Name: w.words.Cases, Value: w.words.Count(int64(n))})
	}
	v.Tables = append(v.Tables, rates, w.reasons(first(card.GetOffNorm(), mostReasons)))
	v.Comments = w.comments(card.GetComments())
}

// gaps are the parameters that are furthest from the peers'.
func (w *writer) gaps(all []*reportv1.ParameterGap) table {
	t := table{Title: w.words.Gaps}
	for _, g := range first(all, mostGaps) {
		if g.Gap == nil {
			continue
		}
		sign := "+"
		if g.GetGap() < 0 {
			sign = "\u2212"
		}
		r := row{Name: g.GetTitle(), Value: w.words.Fixed(g.GetScore().GetValue(), 1), Answers: w.words.Answers(g.GetScore().GetN()),
			Note: fill(w.words.BesidePeers, sign+w.words.Fixed(math.Abs(g.GetGap()), 1), w.words.Fixed(g.GetPeers().GetValue(), 1))}
		if g.GetSignificant() {
			r.Note += ", " + w.words.Significant
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// trend draws the last days, if there is anything to compare.
func (w *writer) trend(m *surveyv1.Metric, points []*surveyv1.Point) *trend {
	points = points[max(0, len(points)-trendDays):]
	values, has, n := make([]float64, len(points)), make([]bool, len(points)), 0
	least, most := math.Inf(1), math.Inf(-1)
	for i, p := range points {
		if p.GetScore() == nil || p.GetScore().Value == nil {
			continue
		}
		values[i], has[i] = p.GetScore().GetValue(), true
		least, most, n = min(least, values[i]), max(most, values[i]), n+1
	}
	if n < 2 {
		return nil
	}
	zone := w.Brand.Location
	return &trend{
		Columns: newColumns(values, has, least, most), Least: w.words.ValueOf(m.GetKind(), least), Most: w.words.ValueOf(m.GetKind(), most),
		Days: w.words.Days(points[0].GetStart().AsTime().In(zone), points[len(points)-1].GetStart().AsTime().In(zone)),
	}
}

func (w *writer) comments(all []*surveyv1.Response) (out []comment) {
	for _, r := range first(all, mostComments) {
		at := r.GetExperiencedAt()
		if at == nil {
			at = r.GetAnsweredAt()
		}
		c := comment{When: w.words.Day(at.AsTime().In(w.Brand.Location))}
		for _, a := range r.GetAnswers() {
			if text := strings.TrimSpace(a.GetText()); text != "" {
				c.Text = append(c.Text, text)
			}
		}
		if len(c.Text) > 0 {
			out = append(out, c)
		}
	}
	return out
}

func first[T any](all []T, n int) []T { return all[:min(n, len(all))] }

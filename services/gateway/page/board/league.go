package board

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// rankable are the kinds that are ranked, the one first that people ask about first.
// Employees are not: they are no list to be put on a wall.
var rankable = []commonv1.SubjectKind{
	commonv1.SubjectKind_SUBJECT_KIND_STORE, commonv1.SubjectKind_SUBJECT_KIND_SELLER, commonv1.SubjectKind_SUBJECT_KIND_COURIER,
	commonv1.SubjectKind_SUBJECT_KIND_PICKUP_POINT, commonv1.SubjectKind_SUBJECT_KIND_REGION, commonv1.SubjectKind_SUBJECT_KIND_PRODUCT,
	commonv1.SubjectKind_SUBJECT_KIND_TOUCHPOINT,
}

// league is what a league table is of.
type league struct {
	kinds   []commonv1.SubjectKind
	kind    commonv1.SubjectKind
	metrics []*surveyv1.Metric
	metric  *surveyv1.Metric
	under   *commonv1.SubjectRef
	minN    int32
	label   string // key=value
}

const (
	// usualMin is how many answers make a place in a table worth a look.
	usualMin = 10
	// leaguePage is how many lines a page has.
	leaguePage = 100
	// leagueWhole is the largest page that the contract gives.
	leagueWhole = 1000
)

func (p *Pages) prepareLeague(ctx context.Context, s *scene) error {
	if err := s.readField(); err != nil {
		return err
	}
	if err := p.chooseMetric(ctx, s); err != nil {
		return err
	}
	return p.chooseKind(ctx, s)
}

// readField reads among whom is compared: where, and from how many answers on.
func (s *scene) readField() (err error) {
	t := &s.table
	t.label, t.minN = s.Own.Get("label"), usualMin
	if text := s.Own.Get("min"); text != "" {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 1 {
			return unknownThing("min", "is a number of answers")
		}
		t.minN = int32(n)
	}
	t.under, err = readSubject(s.Own.Get("subject"))
	return err
}

// chooseKind finds the kinds that there are, and takes the first if none was asked for.
func (p *Pages) chooseKind(ctx context.Context, s *scene) error {
	t := &s.table
	for _, k := range rankable {
		list, err := p.survey.ListSubjects(ctx, &surveyv1.ListSubjectsRequest{Brand: s.Brand, Kind: k, Under: t.under, PageSize: 1})
		if err != nil {
			return err
		}
		if len(list.GetSubjects()) > 0 && (t.under == nil || k != t.under.GetKind()) {
			t.kinds = append(t.kinds, k)
		}
	}
	if len(t.kinds) > 0 {
		t.kind = t.kinds[0]
	}
	if text := s.Own.Get("kind"); text != "" {
		if t.kind = readKind(text); !slices.Contains(rankable, t.kind) {
			return unknownThing("kind", "is a kind of what is ranked, such as STORE")
		}
	}
	return nil
}

// chooseMetric takes the first metric if none was asked for.
func (p *Pages) chooseMetric(ctx context.Context, s *scene) error {
	list, err := p.survey.ListMetrics(ctx, &surveyv1.ListMetricsRequest{Brand: s.Brand})
	if err != nil {
		return err
	}
	s.table.metrics = list.GetMetrics()
	shell.SortMetrics(s.table.metrics)
	name := s.Own.Get("metric")
	for _, m := range s.table.metrics {
		if m.GetName() == name || name == "" {
			s.table.metric = m
			return nil
		}
	}
	if name != "" {
		return fault.NotFound(commonv1.Reason_REASON_METRIC_UNKNOWN, "metric %q", name)
	}
	return nil
}

func (p *Pages) leagueSections(s *scene) []shell.Section {
	return []shell.Section{
		{ID: "choose", Place: shell.Top, Title: s.Lang.Choose, Load: func(ctx context.Context) (any, error) { return p.loadChoose(ctx, s) }},
		{ID: "league", Place: shell.Top, Title: s.leagueTitle(), Load: func(ctx context.Context) (any, error) { return p.loadLeague(ctx, s) }},
	}
}

func (s *scene) leagueTitle() string {
	if s.table.metric == nil {
		return s.Lang.League
	}
	return s.Lang.groups[s.table.kind] + ": " + s.Lang.MetricTitle(s.table.metric, s.brand.Locales)
}

// chooseData is what a table can be of.
type chooseData struct {
	Kinds                  []shell.Choice
	Metrics, Under, Labels []shell.Option
	Min                    string
	Hidden                 []shell.Hidden
	Action                 string
}

func (p *Pages) loadChoose(ctx context.Context, s *scene) (any, error) {
	t := &s.table
	d := &chooseData{Min: fmt.Sprint(t.minN), Hidden: s.Hidden("metric", "subject", "label", "min", "after"), Action: leaguePath}
	for _, k := range t.kinds {
		d.Kinds = append(d.Kinds, shell.Choice{
			Name: s.Lang.groups[k], Link: s.With("after").With("label").With("kind", kindText(k)).String(), Current: k == t.kind,
		})
	}
	for _, m := range t.metrics {
		d.Metrics = append(d.Metrics, shell.Option{Value: m.GetName(), Name: s.Lang.MetricTitle(m, s.brand.Locales), Chosen: m == t.metric})
	}
	var err error
	if d.Under, err = p.regions(ctx, s); err != nil {
		return nil, err
	}
	d.Labels, err = p.labels(ctx, s)
	return d, err
}

// regions are the parts of the structure that a table can be narrowed to.
func (p *Pages) regions(ctx context.Context, s *scene) ([]shell.Option, error) {
	out := []shell.Option{{Name: s.Lang.Everywhere, Chosen: s.table.under == nil}}
	now := subjectText(s.table.under)
	for _, k := range []commonv1.SubjectKind{commonv1.SubjectKind_SUBJECT_KIND_NETWORK, commonv1.SubjectKind_SUBJECT_KIND_REGION} {
		list, err := p.survey.ListSubjects(ctx, &surveyv1.ListSubjectsRequest{Brand: s.Brand, Kind: k, PageSize: 200})
		if err != nil {
			return nil, err
		}
		for _, one := range list.GetSubjects() {
			text := subjectText(one.GetRef())
			out = append(out, shell.Option{Value: text, Name: cmp.Or(one.GetName(), one.GetRef().GetId()), Chosen: text == now})
		}
	}
	if now != "" && !slices.ContainsFunc(out, func(o shell.Option) bool { return o.Chosen }) {
		out = append(out, shell.Option{Value: now, Name: p.titles(ctx, s, []*commonv1.SubjectRef{s.table.under})[now], Chosen: true})
	}
	return out, nil
}

// labels are what subjects of the kind can be compared like for like by.
func (p *Pages) labels(ctx context.Context, s *scene) ([]shell.Option, error) {
	list, err := p.survey.ListSubjects(ctx, &surveyv1.ListSubjectsRequest{Brand: s.Brand, Kind: s.table.kind, PageSize: leagueWhole})
	if err != nil {
		return nil, err
	}
	found := map[string]int{}
	for _, one := range list.GetSubjects() {
		for key, value := range one.GetLabels() {
			found[key+"="+value]++
		}
	}
	out := []shell.Option{{Name: s.Lang.AllAlike, Chosen: s.table.label == ""}}
	for _, text := range slices.Sorted(maps.Keys(found)) {
		if n := found[text]; n > 1 && n < len(list.GetSubjects()) || text == s.table.label {
			key, value, _ := strings.Cut(text, "=")
			out = append(out, shell.Option{Value: text, Name: key + ": " + value, Chosen: text == s.table.label})
		}
	}
	return out, nil
}

// leagueQuestion is what the address asks for.
func (s *scene) leagueQuestion() *surveyv1.RankSubjectsRequest {
	t := &s.table
	in := &surveyv1.RankSubjectsRequest{
		Brand: s.Brand, Metric: t.metric.GetName(), Kind: t.kind, Under: t.under, MinN: t.minN, Window: windowOf(s.span),
		PageSize: leaguePage, PageToken: s.Own.Get("after"),
	}
	if key, value, ok := strings.Cut(t.label, "="); ok {
		in.Labels = map[string]string{key: value}
	}
	return in
}

// leagueData is a page of a league table.
type leagueData struct {
	shell.Dated
	Tiers       []tier
	Notes       []string
	Next, First string
	Help        string
	Before      string
}

// tier are subjects that cannot be told apart from their leader.
type tier struct {
	Name string
	Rows []placed
}

// placed is one line of a table.
type placed struct {
	figure
	Link, Place, Note string
}

func (p *Pages) loadLeague(ctx context.Context, s *scene) (any, error) {
	l, t, d := s.Lang, &s.table, &leagueData{}
	if t.metric == nil || t.kind == 0 {
		d.Help = l.NothingRanked
		return d, nil
	}
	got, err := p.survey.RankSubjects(ctx, s.leagueQuestion())
	if err != nil {
		return nil, err
	}
	then, err := p.rankedBefore(ctx, s)
	if err != nil {
		return nil, err
	}
	d.AsOf = s.fresh(got.GetAsOf())
	if len(then) > 0 {
		d.Before = l.BeforeDays
	}
	var all []*figure
	for _, one := range got.GetSubjects() {
		name := fmt.Sprintf(l.Tier, one.GetTier())
		if n := len(d.Tiers); n == 0 || d.Tiers[n-1].Name != name {
			d.Tiers = append(d.Tiers, tier{Name: name})
		}
		last := &d.Tiers[len(d.Tiers)-1]
		last.Rows = append(last.Rows, s.placed(one, then))
	}
	for i := range d.Tiers {
		for j := range d.Tiers[i].Rows {
			all = append(all, &d.Tiers[i].Rows[j].figure)
		}
	}
	least, most := limits(t.metric)
	align(all, least, most)
	d.note(s, p.windowText(s), got)
	if token := got.GetNextPageToken(); token != "" {
		d.Next = s.With("after", token).String()
	}
	if s.Own.Get("after") != "" {
		d.First = s.With("after").String()
	}
	return d, nil
}

// placed is a line: where the intervals allow several places it says so, and a place
// alone would be more than is known.
func (s *scene) placed(one *surveyv1.RankedSubject, then map[string]*surveyv1.RankedSubject) placed {
	out := placed{figure: s.score(s.table.metric, one.GetScore()), Link: s.toScorecard(one.GetSubject(), nil), Place: s.place(one)}
	out.Name = cmp.Or(one.GetName(), one.GetSubject().GetId())
	out.Note = one.GetSubject().GetId()
	out.Hint = fmt.Sprintf(s.Lang.Worth, out.Name, out.Value, out.Interval, s.Lang.Count(one.GetScore().GetN()))
	if before := then[subjectText(one.GetSubject())]; before != nil {
		out.Previous = s.against(s.table.metric, one.GetScore(), before.GetScore())
	} else if len(then) > 0 {
		out.Previous = change{Words: s.Lang.NothingThen}
	}
	return out
}

// place is the range of places that the intervals allow.
func (s *scene) place(one *surveyv1.RankedSubject) string {
	if one.GetBestRank() == one.GetWorstRank() {
		return s.Lang.Count(int64(one.GetRank()))
	}
	return fmt.Sprintf("%d–%d", one.GetBestRank(), one.GetWorstRank())
}

// note says who is in the table and who is not.
func (d *leagueData) note(s *scene, days string, got *surveyv1.RankSubjectsResponse) {
	d.Notes = append(d.Notes, days, fmt.Sprintf(s.Lang.Ranked, s.Lang.Count(int64(got.GetRanked()))))
	if got.GetUnranked() > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf(s.Lang.Unranked, s.Lang.Count(int64(got.GetUnranked())), s.table.minN))
	}
	if got.GetRanked() == 0 {
		d.Help = s.Lang.NothingRanked
	}
}

// leagueTable is the whole table, whatever page is shown.
func (p *Pages) leagueTable(ctx context.Context, s *scene) ([][]string, error) {
	out := [][]string{{"rank", "best_rank", "worst_rank", "tier", "kind", "id", "name", "metric", "value", "low", "high", "n", "bound", "value_before", "n_before", "beyond_chance", "as_of"}}
	if s.table.metric == nil || s.table.kind == 0 {
		return out, nil
	}
	then, err := p.rankedBefore(ctx, s)
	if err != nil {
		return nil, err
	}
	in := s.leagueQuestion()
	in.PageSize, in.PageToken = leagueWhole, ""
	for {
		got, err := p.survey.RankSubjects(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, one := range got.GetSubjects() {
			v, before, sure := one.GetScore(), then[subjectText(one.GetSubject())].GetScore(), ""
			if before != nil {
				sure = strconv.FormatBool(differs(s.table.metric, v, before))
			}
			bound := one.GetBound()
			out = append(out, []string{
				fmt.Sprint(one.GetRank()), fmt.Sprint(one.GetBestRank()), fmt.Sprint(one.GetWorstRank()), fmt.Sprint(one.GetTier()),
				kindText(one.GetSubject().GetKind()), one.GetSubject().GetId(), one.GetName(), s.table.metric.GetName(),
				optional(v, v.GetValue()), shell.Optional(v.Low), shell.Optional(v.High), fmt.Sprint(v.GetN()), shell.Optional(&bound),
				optional(before, before.GetValue()), count(before), sure, shell.Instant(got.GetAsOf()),
			})
		}
		if in.PageToken = got.GetNextPageToken(); in.PageToken == "" {
			return out, nil
		}
	}
}

func optional(v *surveyv1.Score, value float64) string {
	if v == nil || v.Value == nil {
		return ""
	}
	return shell.Optional(&value)
}

func count(v *surveyv1.Score) string {
	if v == nil {
		return ""
	}
	return strconv.FormatInt(v.GetN(), 10)
}

package page

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// maxSteps is how many steps a funnel of the page has at most, and minSteps at least.
const minSteps, maxSteps = 2, 8

// usualSteps are shown where none were chosen, as far as there are such events.
var usualSteps = []string{"order.placed", "order.approved", "order.shipped", "order.ready", "order.delivered", "order.collected"}

// withins are the times a step may take that can be chosen; empty: any.
var withins = []string{"", "1h", "24h", "72h", "168h", "720h", "2160h"}

// funnelQuery is the funnel an address asks for.
type funnelQuery struct {
	steps   []string
	withins []string // of each step, as in the address
	unit    string
	by      string
}

// readFunnel reads it: steps left empty are none.
func (s *scene) readFunnel(kinds *kindBook) (*funnelQuery, error) {
	q, wrong := &funnelQuery{unit: s.Own.Get("unit"), by: s.Own.Get("by")}, fault.Invalid()
	for i, step := range s.Own["step"] {
		if step == "" {
			continue
		}
		within := ""
		if all := s.Own["within"]; i < len(all) && len(q.steps) > 0 {
			within = all[i]
		}
		if d, err := time.ParseDuration(within); within != "" && (err != nil || d < 0 || d%time.Microsecond != 0) {
			wrong.Field("within", "is a time such as 72h")
		}
		q.steps, q.withins = append(q.steps, step), append(q.withins, within)
	}
	if len(q.steps) > maxSteps {
		wrong.Field("step", "is given at most %d times", maxSteps)
	}
	if units[q.unit] == 0 {
		wrong.Field("unit", "is person or order")
	}
	if _, known := splits[q.by]; !known {
		wrong.Field("by", "is channel or month")
	}
	if len(s.Own["step"]) == 0 {
		q.preset(kinds)
	}
	return q, wrong.Err()
}

var units = map[string]journeyv1.Unit{"": journeyv1.Unit_UNIT_PERSON, "person": journeyv1.Unit_UNIT_PERSON, "order": journeyv1.Unit_UNIT_ORDER}

var splits = map[string]journeyv1.FunnelGroup{
	"": journeyv1.FunnelGroup_FUNNEL_GROUP_UNSPECIFIED, "channel": journeyv1.FunnelGroup_FUNNEL_GROUP_CHANNEL,
	"month": journeyv1.FunnelGroup_FUNNEL_GROUP_MONTH,
}

// preset takes the way of an order where no step was chosen.
func (q *funnelQuery) preset(kinds *kindBook) {
	for _, k := range usualSteps {
		if kinds.has(k) {
			q.steps, q.withins = append(q.steps, k), append(q.withins, "")
		}
	}
	if len(q.steps) >= minSteps && q.unit == "" {
		q.unit = "order"
	}
}

// proto is the question.
func (q *funnelQuery) proto(s *scene) *journeyv1.GetFunnelRequest {
	in := &journeyv1.GetFunnelRequest{Brand: s.Brand, Window: s.window.journey(), Unit: units[q.unit], GroupBy: splits[q.by]}
	for i, step := range q.steps {
		one := &journeyv1.FunnelStep{Filter: &journeyv1.EventFilter{Kinds: []string{step}}}
		if d, err := time.ParseDuration(q.withins[i]); err == nil && q.withins[i] != "" {
			one.Within = durationpb.New(d)
		}
		in.Steps = append(in.Steps, one)
	}
	return in
}

// askFunnel is the answer to what an address asks; nil without enough steps.
func (p *Page) askFunnel(ctx context.Context, s *scene) (*funnelQuery, *kindBook, *journeyv1.GetFunnelResponse, error) {
	kinds, err := p.kinds(ctx, s)
	if err != nil {
		return nil, nil, nil, err
	}
	q, err := s.readFunnel(kinds)
	if err != nil || len(q.steps) < minSteps {
		return q, kinds, nil, err
	}
	got, err := p.events.GetFunnel(ctx, q.proto(s))
	return q, kinds, got, err
}

// funnelData is a funnel and what it is split into.
type funnelData struct {
	Help, About, Unit string
	Total             []stepRow
	Groups            []groupRow
	Names             []string // of the steps, over the groups
	CSV, Permalink    string
}

// stepRow is a step.
type stepRow struct {
	Place, Name, Within, Units, OfFirst, OfPrevious, Half, Most string
	Bar                                                         int // of 100
}

// groupRow is a group, with one cell per step.
type groupRow struct {
	Name  string
	Cells []groupCell
}

type groupCell struct {
	Units, Share string
	Shade        int
}

func (p *Page) loadFunnel(ctx context.Context, s *scene) (any, error) {
	q, kinds, got, err := p.askFunnel(ctx, s)
	if err != nil {
		return nil, err
	}
	switch {
	case len(kinds.seen) == 0:
		return &funnelData{Help: s.Lang.NoEvents}, nil
	case got == nil:
		return &funnelData{Help: s.Lang.ChooseSteps}, nil
	case got.GetTotal().GetSteps()[0].GetUnits() == 0:
		return &funnelData{Help: s.Lang.NobodyBegan, About: s.about(got.GetAsOf())}, nil
	}
	d := &funnelData{About: s.about(got.GetAsOf()), Unit: s.Lang.units[units[q.unit]]}
	for i, step := range got.GetTotal().GetSteps() {
		d.Total = append(d.Total, s.stepRow(i, kinds.title(q.steps[i]), q.withins[i], step))
		d.Names = append(d.Names, kinds.title(q.steps[i]))
	}
	for _, g := range got.GetGroups() {
		d.Groups = append(d.Groups, s.groupRow(s.keyed(g.GetKey()), g))
	}
	if got.GetOther() != nil {
		d.Groups = append(d.Groups, s.groupRow(fmt.Sprintf(s.Lang.OtherGroups, s.Lang.Count(got.GetOtherGroups())), got.GetOther()))
	}
	d.CSV = s.link(func(v *view) { v.Page = "/csv" + funnelPath })
	d.Permalink = s.permalink()
	return d, nil
}

// permalink is the address of the same view on these very days.
func (s *scene) permalink() string {
	if s.window.whole() || s.Days == "" {
		return ""
	}
	return s.ToDates(s.window.first, s.window.last)
}

func (s *scene) stepRow(i int, name, within string, r *journeyv1.FunnelStepResult) stepRow {
	l := s.Lang
	row := stepRow{Place: strconv.Itoa(i + 1), Name: name, Units: l.Count(r.GetUnits()), OfFirst: "–", OfPrevious: "–", Half: "–", Most: "–"}
	if r.OfFirst != nil {
		row.OfFirst, row.Bar = l.Percent(r.GetOfFirst()), int(r.GetOfFirst()*100+0.5)
	}
	if r.OfPrevious != nil {
		row.OfPrevious = l.Percent(r.GetOfPrevious())
	}
	if t := r.GetSincePrevious(); t.GetN() > 0 {
		row.Half, row.Most = l.took(t.GetP50()), l.took(t.GetP90())
	}
	if within != "" {
		row.Within = fmt.Sprintf(l.Within, l.withinText(within))
	}
	return row
}

// withinText is a time limit in words.
func (l *words) withinText(within string) string {
	d, err := time.ParseDuration(within)
	switch {
	case within == "" || err != nil:
		return l.AnyTime
	case d%(24*time.Hour) == 0:
		return l.Fixed(d.Hours()/24, 0) + "\u00a0" + l.DaysShort
	}
	return l.took(durationpb.New(d))
}

func (s *scene) groupRow(name string, f *journeyv1.Funnel) groupRow {
	row := groupRow{Name: name}
	for i, step := range f.GetSteps() {
		cell := groupCell{Units: s.Lang.Count(step.GetUnits())}
		if i > 0 && step.OfFirst != nil {
			cell.Share, cell.Shade = s.Lang.Percent(step.GetOfFirst()), shade(step.GetOfFirst())
		}
		row.Cells = append(row.Cells, cell)
	}
	return row
}

// shade is which of ten grounds a share gets.
func shade(share float64) int { return min(max(int(share*10), 0), 9) }

// stepsData is the form that makes a funnel.
type stepsData struct {
	Hidden    []shell.Hidden
	Rows      []stepChoice
	Units, By []shell.Option
}

// stepChoice is one step of the form.
type stepChoice struct {
	Name           string
	Kinds, Withins []shell.Option
	First          bool
}

func (p *Page) loadSteps(ctx context.Context, s *scene) (any, error) {
	kinds, err := p.kinds(ctx, s)
	if err != nil {
		return nil, err
	}
	q, _ := s.readFunnel(kinds) // what is wrong with it the funnel says
	d := &stepsData{Hidden: s.Hidden("step", "within", "unit", "by"), Units: s.unitOptions(q.unit)}
	for _, by := range []string{"", "channel", "month"} {
		d.By = append(d.By, shell.Option{Value: by, Name: s.Lang.splits[by], Chosen: q.by == by})
	}
	for i := range maxSteps {
		step, within := "", ""
		if i < len(q.steps) {
			step, within = q.steps[i], q.withins[i]
		}
		d.Rows = append(d.Rows, s.stepChoice(i, step, within, kinds))
	}
	return d, nil
}

func (s *scene) stepChoice(i int, step, within string, kinds *kindBook) stepChoice {
	row := stepChoice{Name: fmt.Sprintf(s.Lang.StepNumber, i+1), First: i == 0}
	row.Kinds = append(row.Kinds, shell.Option{Value: "", Name: "–", Chosen: step == ""})
	listed := step == ""
	for _, k := range kinds.seen {
		listed = listed || k.GetKind() == step
		row.Kinds = append(row.Kinds, shell.Option{Value: k.GetKind(), Name: kinds.title(k.GetKind()), Chosen: k.GetKind() == step})
	}
	if !listed { // a prefix, or a kind of another brand: the address may name any
		row.Kinds = append(row.Kinds, shell.Option{Value: step, Name: kinds.title(step), Chosen: true})
	}
	for _, w := range withins {
		row.Withins = append(row.Withins, shell.Option{Value: w, Name: s.Lang.withinText(w), Chosen: w == within})
	}
	if !slices.Contains(withins, within) {
		row.Withins = append(row.Withins, shell.Option{Value: within, Name: s.Lang.withinText(within), Chosen: true})
	}
	return row
}

// unitOptions are whose events make a journey.
func (s *scene) unitOptions(unit string) []shell.Option {
	return []shell.Option{
		{Value: "person", Name: s.Lang.units[journeyv1.Unit_UNIT_PERSON], Chosen: units[unit] == journeyv1.Unit_UNIT_PERSON},
		{Value: "order", Name: s.Lang.units[journeyv1.Unit_UNIT_ORDER], Chosen: units[unit] == journeyv1.Unit_UNIT_ORDER},
	}
}

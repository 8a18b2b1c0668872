package page

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/chart"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// pathsQuery is what an address asks of paths.
type pathsQuery struct {
	unit    string
	length  int32
	repeats bool // an event of the same kind again is a step of its own
}

// pathLengths are the lengths to choose from; 0: all.
var pathLengths = []int32{0, 3, 5, 10}

func (s *scene) readPaths() (pathsQuery, error) {
	q, wrong := pathsQuery{unit: s.Own.Get("unit"), repeats: s.Own.Get("repeats") == "yes"}, fault.Invalid()
	if units[q.unit] == 0 {
		wrong.Field("unit", "is person or order")
	}
	if text := s.Own.Get("length"); text != "" {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 || n > 100 {
			wrong.Field("length", "is a number from 0 to 100")
		}
		q.length = int32(n)
	}
	return q, wrong.Err()
}

func (p *Page) askPaths(ctx context.Context, s *scene, top int32) (*journeyv1.GetPathsResponse, *kindBook, error) {
	kinds, err := p.kinds(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	q, err := s.readPaths()
	if err != nil {
		return nil, nil, err
	}
	got, err := p.events.GetPaths(ctx, &journeyv1.GetPathsRequest{
		Brand: s.Brand, Window: s.window.journey(), Unit: units[q.unit], MaxLength: q.length, CollapseRepeats: !q.repeats, Top: top,
	})
	return got, kinds, err
}

// manyTransitions is as many as can be asked for: what is gathered into one is
// gathered here, where it can be drawn.
const manyTransitions = 10_000

func (p *Page) askTransitions(ctx context.Context, s *scene) (*journeyv1.GetTransitionsResponse, *kindBook, error) {
	kinds, err := p.kinds(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	q, err := s.readPaths()
	if err != nil {
		return nil, nil, err
	}
	got, err := p.events.GetTransitions(ctx, &journeyv1.GetTransitionsRequest{
		Brand: s.Brand, Window: s.window.journey(), Unit: units[q.unit], CollapseRepeats: !q.repeats, Top: manyTransitions,
	})
	return got, kinds, err
}

// choiceData is the form of what is drawn.
type choiceData struct {
	Hidden                 []shell.Hidden
	Units, Lengths, Repeat []shell.Option
}

func (p *Page) loadChoice(_ context.Context, s *scene) (any, error) {
	if p.events == nil {
		return nil, absentJourney
	}
	q, _ := s.readPaths() // what is wrong with it the drawing says
	d := &choiceData{Hidden: s.Hidden("unit", "length", "repeats", "table"), Units: s.unitOptions(q.unit)}
	for _, n := range pathLengths {
		name := s.Lang.WholePath
		if n > 0 {
			name = fmt.Sprintf(s.Lang.FirstEvents, n)
		}
		d.Lengths = append(d.Lengths, shell.Option{Value: strconv.Itoa(int(n)), Name: name, Chosen: n == q.length})
	}
	d.Repeat = []shell.Option{{Value: "", Name: s.Lang.RepeatsPassed, Chosen: !q.repeats}, {Value: "yes", Name: s.Lang.RepeatsKept, Chosen: q.repeats}}
	return d, nil
}

// sankeyData is the drawing of transitions, and the same in numbers.
type sankeyData struct {
	Help, About, Label string
	Flow               chart.Flow
	Rows               []transitionRow
	Sum                string
	CSV, Notes         string
}

type transitionRow struct{ From, To, Times, Units, Half, Most string }

const (
	// kindsDrawn is how many kinds are drawn by themselves.
	kindsDrawn = 9
	// transitionsListed is how many transitions are told in numbers.
	transitionsListed = 40
	// sought paths are read for the place of a kind on its way.
	soughtPaths = 1000
)

func (p *Page) loadSankey(ctx context.Context, s *scene) (any, error) {
	got, kinds, err := p.askTransitions(ctx, s)
	if err != nil {
		return nil, err
	}
	if got.GetUnits() == 0 {
		return &sankeyData{Help: s.emptyText(kinds), About: s.about(got.GetAsOf())}, nil
	}
	paths, _, err := p.askPaths(ctx, s, soughtPaths)
	if err != nil {
		return nil, err
	}
	d := &sankeyData{About: s.about(got.GetAsOf()), Label: s.Lang.Sankey}
	links, gathered := s.links(got, kinds)
	d.Flow = chart.NewFlow(links, s.places(paths, kinds), s.Lang.Count)
	d.Notes = fmt.Sprintf(s.Lang.SankeyNote, s.Lang.Count(got.GetUnits()), s.Lang.Count(got.GetEvents()))
	if gathered > 0 {
		d.Notes += " " + fmt.Sprintf(s.Lang.Gathered, gathered)
	}
	s.listTransitions(d, got, kinds)
	d.CSV = s.link(func(v *view) { v.Page, v.Own = "/csv"+pathsPath, withOwn(v.Own, "table", "transitions") })
	return d, nil
}

// emptyText says why nothing is drawn, and what to do.
func (s *scene) emptyText(kinds *kindBook) string {
	if len(kinds.seen) == 0 {
		return s.Lang.NoEvents
	}
	return s.Lang.NothingHappened
}

// listTransitions tells the commonest in numbers, and all others as one.
func (s *scene) listTransitions(d *sankeyData, got *journeyv1.GetTransitionsResponse, kinds *kindBook) {
	l := s.Lang
	rest, others := got.GetOtherTimes(), got.GetOtherTransitions()
	for i, t := range got.GetTransitions() {
		if i >= transitionsListed {
			rest, others = rest+t.GetTimes(), others+1
			continue
		}
		row := transitionRow{From: l.Begin, To: l.End, Times: l.Count(t.GetTimes()), Units: l.Count(t.GetUnits()), Half: "–", Most: "–"}
		if t.GetFrom() != "" {
			row.From = kinds.title(t.GetFrom())
		}
		if t.GetTo() != "" {
			row.To = kinds.title(t.GetTo())
		}
		if took := t.GetTook(); took.GetN() > 0 {
			row.Half, row.Most = l.took(took.GetP50()), l.took(took.GetP90())
		}
		d.Rows = append(d.Rows, row)
	}
	if others > 0 {
		d.Rows = append(d.Rows, transitionRow{From: fmt.Sprintf(l.OtherTransitions, l.Count(others)), Times: l.Count(rest), Units: "–", Half: "–", Most: "–"})
	}
	d.Sum = l.Count(got.GetEvents() + got.GetUnits())
}

// The ends of all ways; no title of a kind is one of them.
const beginning, finish, otherKinds = "\x00begin", "\x00end", "\x00other"

// links are the transitions between what is drawn: the kinds that are seen most, and
// all others as one, so that nothing is left out of the sums.
func (s *scene) links(got *journeyv1.GetTransitionsResponse, kinds *kindBook) (out []chart.Link, gathered int) {
	seen := map[string]int64{}
	for _, t := range got.GetTransitions() {
		if t.GetTo() != "" {
			seen[t.GetTo()] += t.GetTimes()
		}
	}
	var order []string
	for k := range seen {
		order = append(order, k)
	}
	slices.SortFunc(order, func(a, b string) int { return cmp.Or(cmp.Compare(seen[b], seen[a]), cmp.Compare(a, b)) })
	drawn := map[string]string{}
	for i, k := range order {
		drawn[k] = k
		if i >= kindsDrawn {
			drawn[k], gathered = otherKinds, gathered+1
		}
	}
	if gathered == 1 { // one alone needs no gathering
		drawn[order[kindsDrawn]], gathered = order[kindsDrawn], 0
	}
	sums := map[[2]string]int64{}
	for _, t := range got.GetTransitions() {
		sums[[2]string{cmp.Or(drawn[t.GetFrom()], beginning), cmp.Or(drawn[t.GetTo()], finish)}] += t.GetTimes()
	}
	for ends, n := range sums {
		out = append(out, chart.Link{From: ends[0], To: ends[1], Value: n, Title: fmt.Sprintf("%s → %s: %s",
			s.nodeName(ends[0], kinds), s.nodeName(ends[1], kinds), s.Lang.Count(n))})
	}
	slices.SortFunc(out, func(a, b chart.Link) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return out, gathered
}

// nodeName is what stands beside a bar.
func (s *scene) nodeName(node string, kinds *kindBook) string {
	switch node {
	case beginning:
		return s.Lang.Begin
	case finish:
		return s.Lang.End
	case otherKinds:
		return s.Lang.OtherKinds
	}
	return kinds.title(node)
}

// places are where on the way each kind stands: the median of the places at which
// paths come to it first. Where a path comes back to it is no place: who goes round
// twice would draw everything together in the middle.
func (s *scene) places(paths *journeyv1.GetPathsResponse, kinds *kindBook) func(string) (float64, string) {
	found := map[string]map[int]int64{}
	for _, one := range paths.GetPaths() {
		passed := map[string]bool{}
		for _, k := range one.GetKinds() {
			if passed[k] {
				continue
			}
			if found[k] == nil {
				found[k] = map[int]int64{}
			}
			found[k][len(passed)] += one.GetUnits()
			passed[k] = true
		}
	}
	return func(node string) (float64, string) {
		name := s.nodeName(node, kinds)
		switch node {
		case beginning:
			return chart.First, name
		case finish:
			return chart.Last, name
		}
		return medianPlace(found[node]), name
	}
}

// medianPlace is the middle of weighted places; in the middle of nowhere without any.
func medianPlace(at map[int]int64) float64 {
	var total, passed int64
	places := make([]int, 0, len(at))
	for i, n := range at {
		total += n
		places = append(places, i)
	}
	slices.Sort(places)
	for _, i := range places {
		if passed += at[i]; 2*passed >= total {
			return float64(i)
		}
	}
	return chart.Nowhere
}

// waysData are the commonest paths.
type waysData struct {
	Help, About string
	Rows        []wayRow
	CSV         string
}

type wayRow struct {
	Place, Units, Share, Half, Most string
	Kinds                           []string
	More                            string
	Bar                             int
}

const waysShown = 20

func (p *Page) loadWays(ctx context.Context, s *scene) (any, error) {
	got, kinds, err := p.askPaths(ctx, s, waysShown)
	if err != nil {
		return nil, err
	}
	if got.GetUnits() == 0 {
		return &waysData{Help: s.emptyText(kinds), About: s.about(got.GetAsOf())}, nil
	}
	l, d := s.Lang, &waysData{About: s.about(got.GetAsOf())}
	for i, one := range got.GetPaths() {
		row := wayRow{
			Place: strconv.Itoa(i + 1), Units: l.Count(one.GetUnits()), Share: l.Percent(one.GetShare()),
			Half: "–", Most: "–", Bar: int(one.GetShare()*100 + 0.5),
		}
		const kindsListed = 12
		for _, k := range one.GetKinds()[:min(len(one.GetKinds()), kindsListed)] {
			row.Kinds = append(row.Kinds, kinds.title(k))
		}
		if more := one.GetLength() - int64(len(row.Kinds)); more > 0 {
			row.More = fmt.Sprintf(l.More, more)
		}
		if t := one.GetDuration(); t.GetN() > 0 {
			row.Half, row.Most = l.took(t.GetP50()), l.took(t.GetP90())
		}
		d.Rows = append(d.Rows, row)
	}
	if got.GetOtherPaths() > 0 {
		share := float64(got.GetOtherUnits()) / float64(got.GetUnits())
		d.Rows = append(d.Rows, wayRow{
			Kinds: []string{fmt.Sprintf(l.OtherPaths, l.Count(got.GetOtherPaths()))}, Units: l.Count(got.GetOtherUnits()),
			Share: l.Percent(share), Half: "–", Most: "–", Bar: int(share*100 + 0.5),
		})
	}
	d.CSV = s.link(func(v *view) { v.Page, v.Own = "/csv"+pathsPath, withOwn(v.Own, "table", "paths") })
	return d, nil
}

func joined(kinds []string) string { return strings.Join(kinds, " > ") }

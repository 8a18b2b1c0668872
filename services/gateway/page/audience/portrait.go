package audience

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// spread is one field's values over the chosen, beside the rest.
type spread struct {
	ID, Title, Notes string
	Mean, RestMean   string
	Rows             []spreadRow
	Against          bool
}

// spreadRow is one value; a click on it makes it a filter.
type spreadRow struct {
	Name, Link, Hint string
	On               bool
	Share, Count     string
	Bar, Low, Reach  string // widths and places out of 100
	RestShare, Rest  string
}

func drawPortrait(s *scene, a *panel) any {
	rest := map[string]*segmentationv1.Distribution{}
	for _, d := range a.GetRest().GetDistributions() {
		rest[d.GetField()] = d
	}
	var out []spread
	for _, d := range a.GetChosen().GetDistributions() {
		out = append(out, s.spread(a, d, rest[d.GetField()]))
	}
	return out
}

// spread draws one distribution: the values of the chosen, most first, and below
// them those that only the rest has.
func (s *scene) spread(a *panel, d, rest *segmentationv1.Distribution) spread {
	field := a.field(d.GetField())
	out := spread{ID: strings.ReplaceAll(d.GetField(), ".", "-"), Title: s.fieldTitle(field), Against: s.against()}
	if d.Mean != nil {
		out.Mean = s.mean(field, d.GetMean())
	}
	if rest != nil && rest.Mean != nil {
		out.RestMean = s.mean(field, rest.GetMean())
	}
	rows := s.pairs(d, rest)
	beyond := 0
	if len(rows) > shownValues && !isNumber(field.GetType()) {
		beyond = len(rows) - shownValues
		rows = rows[:shownValues]
	}
	most := leastReach
	for _, p := range rows {
		most = max(most, p.chosen.GetShareHigh(), p.rest.GetShare())
	}
	for _, p := range rows {
		out.Rows = append(out.Rows, s.spreadRow(a, field, p, 100/most))
	}
	out.Notes = s.notes(d, beyond)
	return out
}

// leastReach is the least share that a bar's whole length stands for, so that small
// differences do not look large.
const leastReach = 20.0

// pair is a value of the chosen and of the rest; nil where a side has none of it.
// Untold is where a side may have it and does not tell.
type pair struct {
	chosen, rest             *segmentationv1.DistributionBucket
	untoldChosen, untoldRest bool
}

func (s *scene) pairs(d, rest *segmentationv1.Distribution) (out []pair) {
	others := map[string]*segmentationv1.DistributionBucket{}
	for _, b := range rest.GetBuckets() {
		others[key(b)] = b
	}
	untold := func(d *segmentationv1.Distribution) bool { return d.GetOther()+d.GetHidden() > 0 }
	for _, b := range d.GetBuckets() {
		other := others[key(b)]
		out = append(out, pair{chosen: b, rest: other, untoldRest: other == nil && untold(rest)})
		delete(others, key(b))
	}
	for _, b := range rest.GetBuckets() {
		if others[key(b)] != nil {
			out = append(out, pair{rest: b, untoldChosen: untold(d)})
		}
	}
	return out
}

// notes say of whom nothing is shown.
func (s *scene) notes(d *segmentationv1.Distribution, beyond int) string {
	var notes []string
	if beyond > 0 {
		notes = append(notes, fmt.Sprintf(s.Lang.MoreValues, s.Lang.Count(int64(beyond))))
	}
	for _, n := range []struct {
		persons int64
		text    string
	}{{d.GetUnknown(), s.Lang.UnknownCount}, {d.GetOther(), s.Lang.OtherCount}, {d.GetHidden(), s.Lang.HiddenCount}} {
		if n.persons > 0 {
			notes = append(notes, fmt.Sprintf(n.text, s.Lang.Count(n.persons)))
		}
	}
	return strings.Join(notes, " · ")
}

// mean writes an average of a field.
func (s *scene) mean(f *segmentationv1.Field, v float64) string {
	if isMoney(f.GetName()) {
		return s.money(&v)
	}
	if math.Abs(v) >= 1000 {
		return s.plain(math.Round(v)) // such as years
	}
	return s.Lang.Fixed(v, 2)
}

// key tells buckets apart.
func key(b *segmentationv1.DistributionBucket) string {
	return b.GetValue() + "|" + optional(b.Low) + "|" + optional(b.High)
}

// spreadRow draws a value; a bar of 100 stands for as much as scale says.
func (s *scene) spreadRow(a *panel, f *segmentationv1.Field, p pair, scale float64) spreadRow {
	one, b := p.chosen, p.chosen
	if b == nil {
		one = p.rest
	}
	r := spreadRow{Share: s.Lang.Percent(b.GetShare() / 100), Count: s.Lang.Count(b.GetPersons()), Bar: width(b.GetShare() * scale)}
	if p.untoldChosen || a.GetChosen().GetPersons() == 0 {
		r.Share, r.Count = "–", "–"
	}
	if b.GetPersons() > 0 {
		r.Low, r.Reach = width(b.GetShareLow()*scale), width((b.GetShareHigh()-b.GetShareLow())*scale)
		r.Hint = fmt.Sprintf(s.Lang.Interval, s.Lang.Fixed(b.GetShareLow(), 1), s.Lang.Percent(b.GetShareHigh()/100))
	}
	if s.against() {
		r.RestShare, r.Rest = s.Lang.Percent(p.rest.GetShare()/100), width(p.rest.GetShare()*scale)
		if p.untoldRest {
			r.RestShare = "–"
		}
	}
	name, text := "where", f.GetName()+":"+one.GetValue()
	if isNumber(f.GetType()) {
		name, text = "range", f.GetName()+":"+optional(one.Low)+".."+optional(one.High)
	}
	r.Name, r.On, r.Link = s.bucketName(f, one), has(a.filters, name, text), s.toggled(name, f.GetName(), text)
	return r
}

func (s *scene) bucketName(f *segmentationv1.Field, b *segmentationv1.DistributionBucket) string {
	if isNumber(f.GetType()) {
		return s.rangeText(f.GetName(), f.GetType(), b.Low, b.High)
	}
	return s.textOf(f.GetName(), f.GetType(), b.GetValue())
}

// mostlyRow is a field's most frequent value of the chosen.
type mostlyRow struct{ Title, Name, Share, Rest, Link string }

// drawMostly tells in a few lines what the chosen are like: of each field of words
// that no filter fixes, the value that most of them have.
func drawMostly(s *scene, a *panel) any {
	rest := map[string]*segmentationv1.Distribution{}
	for _, d := range a.GetRest().GetDistributions() {
		rest[d.GetField()] = d
	}
	var out []mostlyRow
	for _, d := range a.GetChosen().GetDistributions() {
		f := a.field(d.GetField())
		fixed := slices.ContainsFunc(a.filters, func(x filter) bool { return x.field == d.GetField() })
		if isNumber(f.GetType()) || fixed || len(d.GetBuckets()) == 0 {
			continue
		}
		top := s.pairs(d, rest[d.GetField()])[0]
		r := s.spreadRow(a, f, top, 1)
		out = append(out, mostlyRow{s.fieldTitle(f), r.Name, r.Share, r.RestShare, "#by-" + strings.ReplaceAll(d.GetField(), ".", "-")})
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// width is a share of 0–100 as a drawing has it.
func width(v float64) string { return fmt.Sprintf("%.1f", min(max(v, 0), 100)) }

// panelTable is the panel's numbers.
func (p *Pages) panelTable(ctx context.Context, s *scene) ([][]string, error) {
	a, err := p.askPanel(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"group", "what", "name", "value", "low", "high", "n", "as_of"}}
	asOf := s.instant(a.GetAsOf())
	for _, g := range []struct {
		name string
		*segmentationv1.PanelGroup
	}{{"chosen", a.GetChosen()}, {"rest", a.GetRest()}} {
		if g.PanelGroup == nil {
			continue
		}
		out = append(out, []string{g.name, "persons", "", whole(g.GetPersons()), "", "", whole(g.GetPersons()), asOf})
		for _, one := range g.GetScores() {
			if v := one.GetScore(); v != nil {
				out = append(out, []string{g.name, "score", one.GetMetric(), optional(v.Value), optional(v.Low), optional(v.High), whole(v.GetN()), asOf})
			}
		}
		v := g.GetValue()
		out = append(out, []string{g.name, "value", "average_check", optional(averageCheck(v)), "", "", whole(v.GetPurchases()), asOf},
			[]string{g.name, "value", "lifetime", optional(lifetime(v)), "", "", whole(v.GetBuyers()), asOf})
		for _, d := range g.GetDistributions() {
			for _, b := range d.GetBuckets() {
				name := b.GetValue()
				if isNumber(d.GetType()) {
					name = optional(b.Low) + ".." + optional(b.High)
				}
				out = append(out, []string{
					g.name, d.GetField(), name, number(b.GetShare()), number(b.GetShareLow()), number(b.GetShareHigh()), whole(b.GetPersons()), asOf,
				})
			}
		}
	}
	return out, nil
}

package audience

import (
	"context"
	"fmt"
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

// spread draws one distribution. Values that only the rest has stand below.
func (s *scene) spread(a *panel, d, rest *segmentationv1.Distribution) spread {
	field := a.field(d.GetField())
	out := spread{ID: strings.ReplaceAll(d.GetField(), ".", "-"), Title: s.fieldTitle(field), Against: s.against()}
	if d.Mean != nil {
		out.Mean = s.mean(field, d.GetMean())
	}
	if rest != nil && rest.Mean != nil {
		out.RestMean = s.mean(field, rest.GetMean())
	}
	others := map[string]*segmentationv1.DistributionBucket{}
	for _, b := range rest.GetBuckets() {
		others[key(b)] = b
	}
	for _, b := range d.GetBuckets() {
		out.Rows = append(out.Rows, s.spreadRow(a, field, b, others[key(b)]))
		delete(others, key(b))
	}
	for _, b := range rest.GetBuckets() {
		if others[key(b)] != nil && len(out.Rows) < shownValues {
			out.Rows = append(out.Rows, s.spreadRow(a, field, nil, b))
		}
	}
	var notes []string
	for _, n := range []struct {
		persons int64
		text    string
	}{{d.GetUnknown(), s.Lang.UnknownCount}, {d.GetOther(), s.Lang.OtherCount}, {d.GetHidden(), s.Lang.HiddenCount}} {
		if n.persons > 0 {
			notes = append(notes, fmt.Sprintf(n.text, s.Lang.Count(n.persons)))
		}
	}
	out.Notes = strings.Join(notes, " · ")
	return out
}

// mean writes an average of a field.
func (s *scene) mean(f *segmentationv1.Field, v float64) string {
	if isMoney(f.GetName()) {
		return s.money(&v)
	}
	return s.Lang.Fixed(v, 2)
}

// key tells buckets apart.
func key(b *segmentationv1.DistributionBucket) string {
	return b.GetValue() + "|" + optional(b.Low) + "|" + optional(b.High)
}

// spreadRow draws a value; b is nil where only the rest has it.
func (s *scene) spreadRow(a *panel, f *segmentationv1.Field, b, rest *segmentationv1.DistributionBucket) spreadRow {
	one := b
	if b == nil {
		one = rest
	}
	r := spreadRow{Share: s.Lang.Percent(b.GetShare() / 100), Count: s.Lang.Count(b.GetPersons()), Bar: width(b.GetShare())}
	if b.GetPersons() > 0 {
		r.Low, r.Reach = width(b.GetShareLow()), width(b.GetShareHigh()-b.GetShareLow())
		r.Hint = fmt.Sprintf(s.Lang.Interval, s.Lang.Fixed(b.GetShareLow(), 1), s.Lang.Percent(b.GetShareHigh()/100))
	}
	if s.against() {
		r.RestShare, r.Rest = s.Lang.Percent(rest.GetShare()/100), width(rest.GetShare())
	}
	name, text := "where", f.GetName()+":"+one.GetValue()
	if isNumber(f.GetType()) {
		name, text = "range", f.GetName()+":"+optional(one.Low)+".."+optional(one.High)
		r.Name = s.rangeText(f.GetName(), f.GetType(), one.Low, one.High)
	} else {
		r.Name = s.textOf(f.GetName(), f.GetType(), one.GetValue())
	}
	r.On = has(a.filters, name, text)
	r.Link = s.toggled(name, f.GetName(), text)
	return r
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

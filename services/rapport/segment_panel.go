package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

// sampling are the settings of segment sample.
type sampling struct {
	Size    int    `flag:"size" default:"100" help:"how many to draw, 1 to 10000"`
	Draw    int64  `flag:"draw" default:"1" help:"the same number draws the same persons from the same members"`
	Mode    string `flag:"mode" help:"only persons who may be contacted so now: email, push, sms, messenger, call …"`
	Purpose string `flag:"purpose" default:"survey" help:"with --mode: what for"`
}

func sampleCommand(set *config.Set) *cobra.Command {
	q, own := &inquiry{}, &sampling{}
	return q.command(set, "sample SEGMENT", "Draw some members at random", cobra.ExactArgs(1), own, alone,
		func(ctx context.Context, args []string) (answer, error) {
			ask := &segmentationv1.SampleSegmentRequest{Brand: q.Brand, SegmentId: args[0], Size: int32(own.Size), Seed: own.Draw}
			if own.Mode != "" {
				mode := commonv1.ContactMode_value["CONTACT_MODE_"+strings.ToUpper(own.Mode)]
				if mode == 0 {
					return answer{}, fmt.Errorf("--mode %q: takes email, push, sms, messenger, qr, widget, call or in_person", own.Mode)
				}
				ask.Contact = &segmentationv1.ContactPlan{Mode: commonv1.ContactMode(mode), Purpose: own.Purpose}
			}
			got, err := q.people.SampleSegment(ctx, ask)
			return answer{got, func(w io.Writer) {
				for _, id := range got.GetIds() {
					line(w, id)
				}
			}}, err
		})
}

// filtering are the settings of segment panel. A leading ! turns a filter round.
type filtering struct {
	Where   []string `flag:"where" help:"FIELD=VALUE, such as attributes.city=Omsk or purchases.channels=COURIER; the same field again: any of them"`
	Range   []string `flag:"range" help:"FIELD=LEAST..MOST, both included, either may be left out"`
	Segment []string `flag:"segment" help:"members of a segment"`
	Show    []string `flag:"show" help:"field to show the distribution of; may be repeated"`
	Metric  []string `flag:"metric" help:"metric to show the score of; may be repeated"`
	Rest    bool     `flag:"rest" help:"also of everybody else"`
	Days    int      `flag:"days" default:"0" help:"scores of the last so many days; 0: all"`
}

func (c *filtering) query(brand string) (*segmentationv1.QueryPanelRequest, error) {
	out := &segmentationv1.QueryPanelRequest{Brand: brand, Metrics: c.Metric, Rest: c.Rest}
	if c.Days > 0 {
		out.Window = &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: int32(c.Days)}}
	}
	for _, id := range c.Segment {
		id, not := strings.CutPrefix(id, "!")
		out.Filters = append(out.Filters, &segmentationv1.PanelFilter{Not: not, Filter: &segmentationv1.PanelFilter_SegmentId{SegmentId: id}})
	}
	seen := map[string]*segmentationv1.FieldFilter{}
	for _, text := range c.Where {
		field, value, ok := strings.Cut(text, "=")
		if !ok || field == "" {
			return nil, fmt.Errorf("--where %q: write FIELD=VALUE", text)
		}
		if f := seen[field]; f != nil {
			f.Values = append(f.Values, value)
			continue
		}
		name, not := strings.CutPrefix(field, "!")
		seen[field] = &segmentationv1.FieldFilter{Field: name, Values: []string{value}}
		out.Filters = append(out.Filters, &segmentationv1.PanelFilter{Not: not, Filter: &segmentationv1.PanelFilter_Field{Field: seen[field]}})
	}
	for _, text := range c.Range {
		f, not, err := within(text)
		if err != nil {
			return nil, err
		}
		out.Filters = append(out.Filters, &segmentationv1.PanelFilter{Not: not, Filter: &segmentationv1.PanelFilter_Field{Field: f}})
	}
	for _, field := range c.Show {
		out.Distributions = append(out.Distributions, &segmentationv1.DistributionQuery{Field: field})
	}
	return out, nil
}

// within reads FIELD=LEAST..MOST.
func within(text string) (f *segmentationv1.FieldFilter, not bool, err error) {
	wrong := fmt.Errorf("--range %q: write FIELD=LEAST..MOST", text)
	field, ends, ok := strings.Cut(text, "=")
	least, most, two := strings.Cut(ends, "..")
	field, not = strings.CutPrefix(field, "!")
	if !ok || !two || field == "" || least == "" && most == "" {
		return nil, false, wrong
	}
	f = &segmentationv1.FieldFilter{Field: field}
	for _, end := range []struct {
		text string
		into **float64
	}{{least, &f.AtLeast}, {most, &f.AtMost}} {
		if end.text == "" {
			continue
		}
		v, err := strconv.ParseFloat(end.text, 64)
		if err != nil {
			return nil, false, wrong
		}
		*end.into = &v
	}
	return f, not, nil
}

func panelCommand(set *config.Set) *cobra.Command {
	q, own := &inquiry{}, &filtering{}
	return q.command(set, "panel", "Tell who people are that filters hold for, and what they say", cobra.NoArgs, own, scoring,
		func(ctx context.Context, _ []string) (answer, error) {
			ask, err := own.query(q.Brand)
			if err != nil {
				return answer{}, err
			}
			got, err := q.people.QueryPanel(ctx, ask)
			return answer{got, func(w io.Writer) {
				writeGroup(w, "chosen", got.GetChosen())
				if got.GetRest() != nil {
					writeGroup(w, "the rest", got.GetRest())
				}
			}}, err
		})
}

func writeGroup(w io.Writer, name string, g *segmentationv1.PanelGroup) {
	line(w, name, g.GetPersons(), "persons", "±"+maybe(g.Margin, 1)+" points on a share of 50 %")
	if g.GetTooFew() {
		line(w, "", "", "too few to conclude from")
	}
	for _, one := range g.GetScores() {
		v := one.GetScore()
		if v == nil {
			line(w, "  "+one.GetMetric(), "–", one.GetMissing())
			continue
		}
		line(w, "  "+one.GetMetric(), maybe(v.Value, 1), maybe(v.Low, 1)+" … "+maybe(v.High, 1), fmt.Sprintf("n = %d", v.GetN()))
	}
	v := g.GetValue()
	line(w, "  average check", money(v.AverageCheck), "minor units")
	line(w, "  lifetime value", money(v.Lifetime), "minor units")
	for _, d := range g.GetDistributions() {
		line(w, "  "+d.GetField())
		for _, b := range d.GetBuckets() {
			value := b.GetValue()
			if b.Low != nil || b.High != nil {
				value = maybe(b.Low, 2) + " … " + maybe(b.High, 2)
			}
			line(w, "    "+value, b.GetPersons(), fmt.Sprintf("%.1f %%", b.GetShare()), fmt.Sprintf("%.1f … %.1f", b.GetShareLow(), b.GetShareHigh()))
		}
		if n := d.GetUnknown(); n > 0 {
			line(w, "    (not known)", n)
		}
		if n := d.GetOther() + d.GetHidden(); n > 0 {
			line(w, "    (other, or not told)", n)
		}
	}
}

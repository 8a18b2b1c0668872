package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

// comparing are the settings of segment compare.
type comparing struct {
	Day  string `flag:"day" help:"of overlap: as of the end of this day; empty: now"`
	From string `flag:"from" help:"first day of a migration, YYYY-MM-DD; empty: tell the overlap"`
	To   string `flag:"to" help:"second day of a migration; empty: today"`
	Over string `flag:"over" help:"what people move between: segments (those named), recency, frequency, monetary, rf, cell or occasions; empty: segments if some are named, else rf"`
	Days int    `flag:"days" default:"0" help:"of occasions: how many days up to each of the two are looked at; 0: 90"`
}

// states are what people can move between by RFM.
var states = map[string]segmentationv1.RfmStates_By{
	"rf": segmentationv1.RfmStates_BY_RECENCY_FREQUENCY, "recency": segmentationv1.RfmStates_BY_RECENCY, "frequency": segmentationv1.RfmStates_BY_FREQUENCY,
	"monetary": segmentationv1.RfmStates_BY_MONETARY, "cell": segmentationv1.RfmStates_BY_CELL,
}

// query is the question that the settings ask of segments.
func (c *comparing) query(brand string, ids []string) (*segmentationv1.CompareSegmentsRequest, error) {
	out := &segmentationv1.CompareSegmentsRequest{Brand: brand}
	if c.From == "" {
		if c.Over != "" || c.To != "" {
			return nil, errors.New("a migration needs --from")
		}
		out.Comparison = &segmentationv1.CompareSegmentsRequest_Overlap{Overlap: &segmentationv1.OverlapQuery{SegmentIds: ids, Day: c.Day}}
		return out, nil
	}
	over := c.Over
	switch {
	case over == "" && len(ids) > 0:
		over = "segments"
	case over == "":
		over = "rf"
	}
	m := &segmentationv1.MigrationQuery{From: c.From, To: c.To}
	by, rfm := states[over]
	switch {
	case rfm:
		m.States = &segmentationv1.MigrationQuery_Rfm{Rfm: &segmentationv1.RfmStates{By: by}}
	case over == "segments":
		m.States = &segmentationv1.MigrationQuery_Segments{Segments: &segmentationv1.SegmentStates{SegmentIds: ids}}
	case over == "occasions":
		m.States = &segmentationv1.MigrationQuery_Occasions{Occasions: &segmentationv1.OccasionStates{Days: int32(c.Days)}}
	default:
		return nil, fmt.Errorf("--over %q: takes segments, recency, frequency, monetary, rf, cell or occasions", over)
	}
	out.Comparison = &segmentationv1.CompareSegmentsRequest_Migration{Migration: m}
	return out, nil
}

func compareCommand(set *config.Set) *cobra.Command {
	q, own := &inquiry{}, &comparing{}
	return q.command(set, "compare [SEGMENT …]", "Tell how segments overlap, or who went from where to where between two days", cobra.ArbitraryArgs, own, alone,
		func(ctx context.Context, args []string) (answer, error) {
			ask, err := own.query(q.Brand, args)
			if err != nil {
				return answer{}, err
			}
			got, err := q.people.CompareSegments(ctx, ask)
			return answer{got, func(w io.Writer) {
				writeOverlap(w, got.GetOverlap(), args)
				writeMigration(w, got.GetMigration())
			}}, err
		})
}

func writeOverlap(w io.Writer, o *segmentationv1.Overlap, ids []string) {
	if o == nil {
		return
	}
	line(w, "segment", "persons", "average check", "lifetime value")
	for i, v := range o.GetSegments() {
		line(w, ids[i], v.GetPersons(), money(v.AverageCheck), money(v.Lifetime))
	}
	line(w, "any of them", o.GetPersons())
	for _, c := range o.GetCombinations() {
		line(w, "just "+strings.Join(c.GetSegmentIds(), " + "), c.GetValue().GetPersons(), money(c.GetValue().AverageCheck), money(c.GetValue().Lifetime))
	}
}

// writeMigration is the matrix: rows are the first day, columns the second one.
func writeMigration(w io.Writer, m *segmentationv1.Migration) {
	if m == nil {
		return
	}
	units := map[[2]string]int64{}
	for _, c := range m.GetCells() {
		units[[2]string{c.GetFrom(), c.GetTo()}] = c.GetUnits()
	}
	state := func(i int, end string) (id, name string) {
		if i < len(m.GetStates()) {
			return m.GetStates()[i], m.GetStates()[i]
		}
		return "", end
	}
	head := []any{m.GetFrom() + " → " + m.GetTo()}
	for j := range m.GetColumns() {
		_, name := state(j, "gone")
		head = append(head, name)
	}
	line(w, append(head, "total")...)
	for i, total := range m.GetRows() {
		from, name := state(i, "new")
		row := []any{name}
		for j := range m.GetColumns() {
			to, _ := state(j, "gone")
			row = append(row, units[[2]string{from, to}])
		}
		line(w, append(row, total)...)
	}
	totals := []any{"total"}
	for _, n := range m.GetColumns() {
		totals = append(totals, n)
	}
	line(w, append(totals, m.GetUnits())...)
}

// valuing are the settings of segment value.
type valuing struct {
	From   string `flag:"from" help:"first day, YYYY-MM-DD; empty: the 365 days up to today"`
	To     string `flag:"to" help:"last day, included; empty: today"`
	Grain  string `flag:"grain" help:"day, week or month: also by period"`
	Active int    `flag:"active-days" default:"0" help:"for how many days a purchase makes a customer active; 0: 90"`
}

func (v *valuing) query(brand, segment string) (*segmentationv1.GetSegmentValueRequest, error) {
	out := &segmentationv1.GetSegmentValueRequest{Brand: brand, SegmentId: segment, ActiveDays: int32(v.Active)}
	if v.Grain != "" {
		g := commonv1.Grain_value["GRAIN_"+strings.ToUpper(v.Grain)]
		if g == 0 {
			return nil, fmt.Errorf("--grain %q: takes day, week or month", v.Grain)
		}
		out.Grain = commonv1.Grain(g)
	}
	if v.From == "" && v.To == "" {
		return out, nil
	}
	if v.From == "" {
		return nil, errors.New("--to needs --from")
	}
	last := time.Now()
	if v.To != "" {
		var err error
		if last, err = time.Parse(time.DateOnly, v.To); err != nil {
			return nil, fmt.Errorf("--to %q: write YYYY-MM-DD", v.To)
		}
	}
	out.Dates = &commonv1.DateRange{Start: v.From, End: last.AddDate(0, 0, 1).Format(time.DateOnly)}
	return out, nil
}

func valueCommand(set *config.Set) *cobra.Command {
	q, own := &inquiry{}, &valuing{}
	return q.command(set, "value [SEGMENT]", "Tell what a segment is worth, who stays and who goes; without one: of all customers", cobra.MaximumNArgs(1), own, alone,
		func(ctx context.Context, args []string) (answer, error) {
			ask, err := own.query(q.Brand, strings.Join(args, ""))
			if err != nil {
				return answer{}, err
			}
			got, err := q.people.GetSegmentValue(ctx, ask)
			return answer{got, func(w io.Writer) {
				line(w, "from", "until", "persons", "buyers", "average check", "purchases/year", "lifetime value", "retention %", "churn %")
				for _, p := range append(got.GetPeriods(), got.GetTotal()) {
					v := p.GetValue()
					line(w, p.GetDates().GetStart(), p.GetDates().GetEnd(), v.GetPersons(), v.GetBuyers(), money(v.AverageCheck),
						maybe(v.PurchasesPerYear, 2), money(v.Lifetime), maybe(p.Retention, 1), maybe(p.Churn, 1))
				}
			}}, err
		})
}

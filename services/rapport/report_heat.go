package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

// heatOf says what a heat map is of.
type heatOf struct {
	Under   string   `flag:"under" help:"KIND:ID of the region; empty: all of the brand"`
	Kind    string   `flag:"kind" default:"STORE" help:"kind of the rows, such as STORE or SELLER"`
	Class   string   `flag:"class" help:"label that tells classes apart: like is set beside like alone; empty: all are of one class"`
	Metrics []string `flag:"metric" help:"columns, in this order; empty: all that were answered"`
	Days    int      `flag:"days" default:"30" help:"how many days, today included"`
	From    string   `flag:"from" help:"first day, YYYY-MM-DD; with --to instead of --days"`
	To      string   `flag:"to" help:"last day, included, YYYY-MM-DD"`
	MinN    int      `flag:"min-n" help:"answers needed to be ranked; 0: 30"`
}

func (m *heatOf) question(brand string) (*reportv1.GetHeatMapRequest, error) {
	kind := commonv1.SubjectKind_value["SUBJECT_KIND_"+strings.ToUpper(m.Kind)]
	if kind == 0 {
		return nil, fmt.Errorf("--kind %q: write a kind such as STORE", m.Kind)
	}
	if m.Days < 1 || m.MinN < 0 {
		return nil, errors.New("--days is above 0, --min-n not below")
	}
	out := &reportv1.GetHeatMapRequest{
		Brand: brand, Kind: commonv1.SubjectKind(kind), ClassLabel: m.Class, Metrics: m.Metrics, MinN: int32(m.MinN),
		Window: &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: int32(m.Days)}},
	}
	if m.From != "" || m.To != "" {
		last, err := time.Parse(time.DateOnly, cmp.Or(m.To, m.From))
		if err != nil {
			return nil, fmt.Errorf("--to %q: write a day such as 2026-03-31", m.To)
		}
		out.Window.Window = &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: cmp.Or(m.From, m.To), End: last.AddDate(0, 0, 1).Format(time.DateOnly)}}
	}
	if m.Under == "" {
		return out, nil
	}
	var err error
	out.Under, err = subjectOf("under", m.Under)
	return out, err
}

func heatMapCommand(set *config.Set) *cobra.Command {
	f, m := &following{}, &heatOf{}
	return f.command(set, &cobra.Command{
		Use: "heat-map", Short: "Set stores beside each other in every parameter, in tiers where ranks overlap",
		Long: `Set stores, or other subjects, beside each other in every parameter. Rows stand in
tiers of the first column: those of one tier cannot be told apart from its leader. A
sign says how a cell stands beside the others of its class: + better, - worse beyond
chance (95 %), ? fewer answers than --min-n; the number of answers is in brackets.`,
	}, m, func(ctx context.Context, client reportv1.ReportServiceClient, _ []string) (answer, error) {
		in, err := m.question(f.Brand)
		if err != nil {
			return answer{}, err
		}
		out, err := client.GetHeatMap(ctx, in)
		return answer{out, func(w io.Writer) { writeHeat(w, m.Class, out) }}, err
	})
}

// writeHeat writes a map for people, and what of it is not there.
func writeHeat(w io.Writer, label string, out *reportv1.GetHeatMapResponse) {
	head := []any{"tier", "name"}
	for _, m := range out.GetMetrics() {
		head = append(head, m.GetName())
	}
	for _, c := range out.GetClasses() {
		switch {
		case label == "":
		case c.GetValue() == "":
			fmt.Fprintf(w, "without %s\n", label)
		default:
			fmt.Fprintf(w, "%s: %s\n", label, c.GetValue())
		}
		line(w, head...)
		line(w, heatCells("", "all together", c.GetPooled())...)
		for _, r := range c.GetRows() {
			tier := "-"
			if len(r.GetCells()) > 0 && r.GetCells()[0].GetTier() > 0 {
				tier = fmt.Sprint(r.GetCells()[0].GetTier())
			}
			line(w, heatCells(tier, r.GetName(), r.GetCells())...)
		}
	}
	for _, s := range out.GetSections() {
		if s.GetStatus() != reportv1.Section_STATUS_OK {
			fmt.Fprintf(w, "%s: %s %s\n", s.GetName(), word(s.GetStatus(), "STATUS_"), s.GetMessage())
		} else if s.GetName() == "scores" {
			fmt.Fprintf(w, "as of %s\n", when(s.GetAsOf(), "never"))
		}
	}
}

// heatSigns say how a cell stands beside the others.
var heatSigns = map[reportv1.HeatCell_Standing]string{
	reportv1.HeatCell_STANDING_BETTER: " +", reportv1.HeatCell_STANDING_WORSE: " -", reportv1.HeatCell_STANDING_FEW: " ?",
}

func heatCells(tier, name string, cells []*reportv1.HeatCell) []any {
	out := []any{tier, name}
	for _, c := range cells {
		switch {
		case c.GetStanding() == reportv1.HeatCell_STANDING_HIDDEN:
			out = append(out, "hidden")
		case c.Value == nil:
			out = append(out, "–")
		default:
			out = append(out, fmt.Sprintf("%s%s (%d)", maybe(c.Value, 1), heatSigns[c.GetStanding()], c.GetN()))
		}
	}
	return out
}

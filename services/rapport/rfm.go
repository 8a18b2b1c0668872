package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

func rfmCommand(set *config.Set) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rfm",
		Short: "Cut customers into fifths by recency, frequency and money, and show the grid",
	}
	cmd.AddCommand(computeCommand(set), gridCommand(set))
	return cmd
}

func computeCommand(set *config.Set) *cobra.Command {
	q, own := &inquiry{}, &struct {
		Day   string `flag:"day" help:"day that recency is measured to, YYYY-MM-DD; empty: today"`
		Since string `flag:"since" help:"only purchases on or after this day; empty: all"`
	}{}
	return q.command(set, "compute", "Compute RFM of everybody with a purchase, and keep the run", cobra.NoArgs, own, alone,
		func(ctx context.Context, _ []string) (answer, error) {
			got, err := q.people.ComputeRfm(ctx, &segmentationv1.ComputeRfmRequest{Brand: q.Brand, Day: own.Day, Since: own.Since})
			return answer{got, func(w io.Writer) { writeRun(w, got.GetRun()) }}, err
		})
}

func writeRun(w io.Writer, r *segmentationv1.RfmRun) {
	line(w, "run", r.GetId())
	line(w, "up to", r.GetDay())
	line(w, "persons", r.GetPersons())
	line(w, "recency, days", r.GetRecencyCuts())
	line(w, "frequency, purchases", r.GetFrequencyCuts())
	line(w, "money, minor units", r.GetMonetaryCuts())
}

func gridCommand(set *config.Set) *cobra.Command {
	q, own := &inquiry{}, &struct {
		Run int64 `flag:"run" default:"0" help:"number of the run; 0: the newest"`
	}{}
	return q.command(set, "grid", "Show how many persons are in each cell", cobra.NoArgs, own, alone,
		func(ctx context.Context, _ []string) (answer, error) {
			got, err := q.people.GetRfmGrid(ctx, &segmentationv1.GetRfmGridRequest{Brand: q.Brand, RunId: own.Run})
			return answer{got, func(w io.Writer) {
				writeRun(w, got.GetRun())
				writeGrid(w, got)
			}}, err
		})
}

// writeGrid is recency down, frequency to the right; money is summed over.
func writeGrid(w io.Writer, got *segmentationv1.GetRfmGridResponse) {
	var persons [6][6]int64
	for _, c := range got.GetCells() {
		persons[c.GetRecency()][c.GetFrequency()] += c.GetPersons()
	}
	line(w, "", "F1", "F2", "F3", "F4", "F5")
	for r := 5; r >= 1; r-- {
		row := []any{fmt.Sprintf("R%d", r)}
		for f := 1; f <= 5; f++ {
			row = append(row, persons[r][f])
		}
		line(w, row...)
	}
}

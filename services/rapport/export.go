package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/services/rapport/export"
)

// exporting are the settings of an export.
type exporting struct {
	reach
	printing
	Brand    string `flag:"brand" help:"the brand"`
	Out      string `flag:"out" help:"folder the files go to, such as the lake's own; made if it is not there"`
	Comments bool   `flag:"comments" help:"of responses: also what people wrote, which may name people"`
}

// exports are the tables, each with the services that it needs: Survey tells every
// brand's zone.
var exports = []struct {
	name, short string
	needed      []string
	run         func(context.Context, *grpc.ClientConn, export.Ask) (export.Summary, error)
}{
	{"responses", "Export the responses that count, with their answers", []string{"survey"},
		func(ctx context.Context, conn *grpc.ClientConn, ask export.Ask) (export.Summary, error) {
			return export.Responses(ctx, surveyv1.NewSurveyServiceClient(conn), ask)
		}},
	{"purchases", "Export purchases and returns, with their lines", []string{"journey", "survey"},
		func(ctx context.Context, conn *grpc.ClientConn, ask export.Ask) (export.Summary, error) {
			return export.Purchases(ctx, journeyv1.NewJourneyServiceClient(conn), ask)
		}},
}

func exportCommand(set *config.Set) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write responses or purchases as Parquet files beside the lake's events",
		Long: `Write responses or purchases as Parquet files for engines such as DuckDB,
ClickHouse, Trino or Spark, in the layout of the lake: one file a day, as

    OUT/responses/brand=demo/month=2025-03/2025-03-07.parquet

Columns are described in deploy/lake. An export can be run again: each day's file is
replaced when the new one is whole, and files of days without rows go. Customers are
numbers; identities, properties and, unless --comments is given, what people wrote
are not in the files. Events need no export: they lie in the lake.`,
	}
	for _, one := range exports {
		cfg := &exporting{}
		sub := &cobra.Command{
			Use: one.name + " --brand BRAND --out DIR", Short: one.short, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) (err error) {
				conn, hangUp, err := cfg.dial(cmd.Context(), one.needed...)
				if err != nil {
					return err
				}
				defer func() { err = errors.Join(err, hangUp()) }()
				return cfg.run(cmd, conn, one.name, one.run)
			},
		}
		bind(set, sub, cfg, &cfg.reach, &cfg.printing)
		for _, required := range []string{"brand", "out"} {
			_ = sub.MarkFlagRequired(required) // it is declared above
		}
		cmd.AddCommand(sub)
	}
	return cmd
}

func (cfg *exporting) run(cmd *cobra.Command, conn *grpc.ClientConn, table string,
	run func(context.Context, *grpc.ClientConn, export.Ask) (export.Summary, error)) error {
	zone, err := zoneOf(cmd.Context(), surveyv1.NewSurveyServiceClient(conn), cfg.Brand)
	if err != nil {
		return err
	}
	m := newMeter(table)
	sum, err := run(cmd.Context(), conn, export.Ask{
		Brand: cfg.Brand, Folder: cfg.Out, Zone: calendar.In(zone), Comments: cfg.Comments, Progress: m.at,
	})
	m.end()
	if err != nil {
		return fmt.Errorf("export %s of %s: %w; days that were whole are replaced, run the command again for the rest", table, cfg.Brand, err)
	}
	return cfg.print(cmd.OutOrStdout(), sum, func(w io.Writer) error {
		days := "no day"
		if sum.Rows > 0 {
			days = sum.First + " to " + sum.Last
		}
		_, err := fmt.Fprintf(w, "%s: %d %s of %s in %d files, %d files of an earlier export removed, in %s\n",
			sum.Brand, sum.Rows, sum.Table, days, sum.Files, sum.Removed, sum.Duration.Round(time.Millisecond))
		return err
	})
}

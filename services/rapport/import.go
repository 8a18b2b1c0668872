package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/services/rapport/importer"
	"github.com/rapport-cx/rapport/services/rapport/mapping"
)

// importing are the settings of an import.
type importing struct {
	reach
	printing
	Mapping        string   `flag:"mapping" help:"mapping file: what a row becomes"`
	Dir            string   `flag:"dir" default:"." help:"folder the mapping's paths start from"`
	Files          []string `flag:"file" help:"NAME=PATH: another path for a file the mapping names; may be repeated"`
	Brand          string   `flag:"brand" help:"brand to import into; empty: the mapping's"`
	Rejects        string   `flag:"rejects" help:"CSV file for rows that did not get in, with line and reason"`
	MaxRejects     int64    `flag:"max-rejects" default:"0" help:"how many rejected rows still end with exit code 0; -1: any"`
	Merge          bool     `flag:"merge-conflicts" help:"of customers: merge those that the identities of one row belong to, instead of refusing the row"`
	ReplaceSurveys bool     `flag:"replace-surveys" help:"publish the mapping's questionnaire where a survey of that id has another one"`
}

// job imports one section of a mapping.
type job func(context.Context, *grpc.ClientConn, *mapping.Mapping, importer.Options) (importer.Summary, error)

// by is a job done with the client of one service.
func by[Client any](client func(grpc.ClientConnInterface) Client, run func(context.Context, Client, *mapping.Mapping, importer.Options) (importer.Summary, error)) job {
	return func(ctx context.Context, conn *grpc.ClientConn, m *mapping.Mapping, opts importer.Options) (importer.Summary, error) {
		return run(ctx, client(conn), m, opts)
	}
}

// imports are the sections of a mapping, each with its command and the services
// that it needs.
var imports = []struct {
	name, short string
	needed      []string
	run         job
}{
	{"responses", "Import responses, and the metrics, surveys and subjects they need", []string{"survey"},
		by(surveyv1.NewSurveyServiceClient, importer.Responses)},
	{"subjects", "Import the mapping's subjects alone", []string{"survey"},
		by(surveyv1.NewSurveyServiceClient, importer.Subjects)},
	{"customers", "Import customers, and the attributes they are described by", []string{"segmentation"},
		by(segmentationv1.NewSegmentationServiceClient, importer.Customers)},
	// Journey asks Segmentation who the customers are.
	{"events", "Import events, and the names of their kinds", []string{"segmentation", "journey"},
		by(journeyv1.NewJourneyServiceClient, importer.Events)},
	{"offers", "Import offers, who received them and what was redeemed", []string{"segmentation", "loyalty"},
		by(loyaltyv1.NewLoyaltyServiceClient, importer.Offers)},
}

func importCommand(set *config.Set) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Bring in responses, customers, events or offers from CSV and NDJSON files",
		Long: `Bring in responses, subjects, customers, events or offers from CSV (also .gz) and
NDJSON files.

A mapping says what a row becomes; see deploy/examples. It may have several
sections: each command imports its own. Every good row lands and every bad one
is told with its line and reason (--rejects). An import can be run again, also
after it was broken off: what is there already is replayed, not doubled. Exit
code 2: more rows were rejected than --max-rejects allows; the good ones are in
all the same.`,
	}
	for _, one := range imports {
		cfg := &importing{}
		sub := &cobra.Command{
			Use: one.name + " --mapping FILE", Short: one.short, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return cfg.run(cmd, one.run, one.needed) },
		}
		bind(set, sub, cfg, &cfg.reach, &cfg.printing)
		_ = sub.MarkFlagRequired("mapping") // it is declared two lines above
		cmd.AddCommand(sub)
	}
	return cmd
}

// errRejected makes the exit code 2.
var errRejected = errors.New("rows were rejected")

func (cfg *importing) run(cmd *cobra.Command, job job, needed []string) (err error) {
	m, err := mapping.Load(cfg.Mapping)
	if err != nil {
		return err
	}
	if cfg.Brand != "" {
		m.Brand = cfg.Brand
	}
	opts := importer.Options{
		Dir: cfg.Dir, Progress: os.Stderr, Terminal: terminal(os.Stderr),
		ReplaceSurveys: cfg.ReplaceSurveys, MergeConflicts: cfg.Merge,
	}
	if opts.Files, err = paths(cfg.Files); err != nil {
		return err
	}
	if cfg.Rejects != "" {
		f, err := os.Create(cfg.Rejects)
		if err != nil {
			return fmt.Errorf("open rejects: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		opts.Rejects = f
	}
	conn, hangUp, err := cfg.dial(cmd.Context(), needed...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hangUp()) }()
	sum, err := job(cmd.Context(), conn, m, opts)
	// What is durable is told even if the rest failed.
	told := cfg.print(cmd.OutOrStdout(), sum, func(w io.Writer) error { return summary(w, m.Brand, sum) })
	if err != nil {
		return errors.Join(fmt.Errorf("%w; run the command again to go on", err), told)
	}
	if bad := sum.Rejected + sum.Subjects.Rejected; cfg.MaxRejects >= 0 && bad > cfg.MaxRejects {
		return errors.Join(fmt.Errorf("%d %w", bad, errRejected), told)
	}
	return told
}

// paths reads NAME=PATH pairs.
func paths(pairs []string) (map[string]string, error) {
	out := map[string]string{}
	for _, p := range pairs {
		name, path, ok := strings.Cut(p, "=")
		if !ok || name == "" || path == "" {
			return nil, fmt.Errorf("--file %q: write NAME=PATH", p)
		}
		out[name] = path
	}
	return out, nil
}

func summary(w io.Writer, brand string, s importer.Summary) error {
	row := func(what string, c importer.Counts) {
		fmt.Fprintf(w, "  %-10s %9d read %9d recorded %9d replayed %7d rejected %7d skipped\n",
			what, c.Read, c.Recorded, c.Replayed, c.Rejected, c.Skipped)
	}
	fmt.Fprintf(w, "%s: import done in %s, %.0f rows/s\n", brand, s.Duration.Round(time.Millisecond), s.RowsPerSecond())
	row("rows", s.Counts)
	if s.Subjects.Read > 0 {
		row("subjects", s.Subjects)
	}
	if s.Unreadable > 0 {
		fmt.Fprintf(w, "  %d records of files that are only looked into could not be read\n", s.Unreadable)
	}
	return nil
}

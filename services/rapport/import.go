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
	ReplaceSurveys bool     `flag:"replace-surveys" help:"publish the mapping's questionnaire where a survey of that id has another one"`
}

func importCommand(set *config.Set) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Bring in responses or subjects from CSV and NDJSON files",
		Long: `Bring in responses or subjects from CSV (also .gz) and NDJSON files.

A mapping says what a row becomes; see deploy/examples. Every good row lands and
every bad one is told with its line and reason (--rejects). An import can be run
again, also after it was broken off: what is there already is replayed, not
doubled. Exit code 2: more rows were rejected than --max-rejects allows; the
good ones are in all the same.`,
	}
	type job func(context.Context, surveyv1.SurveyServiceClient, *mapping.Mapping, importer.Options) (importer.Summary, error)
	for _, one := range []struct {
		name, short string
		run         job
	}{
		{"responses", "Import responses, and the metrics, surveys and subjects they need", importer.Responses},
		{"subjects", "Import the mapping's subjects alone", importer.Subjects},
	} {
		cfg := &importing{}
		sub := &cobra.Command{
			Use: one.name + " --mapping FILE", Short: one.short, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return cfg.run(cmd, one.run) },
		}
		bind(set, sub, cfg, &cfg.reach, &cfg.printing)
		_ = sub.MarkFlagRequired("mapping") // it is declared two lines above
		cmd.AddCommand(sub)
	}
	return cmd
}

// errRejected makes the exit code 2.
var errRejected = errors.New("rows were rejected")

func (cfg *importing) run(cmd *cobra.Command, job func(context.Context, surveyv1.SurveyServiceClient, *mapping.Mapping, importer.Options) (importer.Summary, error)) (err error) {
	m, err := mapping.Load(cfg.Mapping)
	if err != nil {
		return err
	}
	if cfg.Brand != "" {
		m.Brand = cfg.Brand
	}
	opts := importer.Options{
		Dir: cfg.Dir, Progress: os.Stderr, Terminal: terminal(os.Stderr), ReplaceSurveys: cfg.ReplaceSurveys,
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
	client, hangUp, err := cfg.dial(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hangUp()) }()
	sum, err := job(cmd.Context(), client, m, opts)
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

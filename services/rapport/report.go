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
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/services/rapport/demo"
	"github.com/rapport-cx/rapport/services/rapport/report"
)

// reporting are the settings of a report.
type reporting struct {
	reach
	printing
	Brand    string `flag:"brand" default:"demo" help:"the brand"`
	Metric   string `flag:"metric" help:"only this metric, and split by it; empty: all, split by the first NPS"`
	Days     int    `flag:"days" default:"30" help:"how many days, today included"`
	From     string `flag:"from" help:"first day, YYYY-MM-DD"`
	To       string `flag:"to" help:"last day, included, YYYY-MM-DD; empty: today"`
	Subject  string `flag:"subject" help:"KIND:ID of a subject, such as STORE:s0001; empty: the whole brand"`
	MinN     int    `flag:"min-n" help:"answers a subject needs to be ranked; 0: 10, or 5 or 1 where that leaves too few"`
	Comments int    `flag:"comments" default:"8" help:"how many of the newest comments to show"`
}

func reportCommand(set *config.Set) *cobra.Command {
	cfg := &reporting{}
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Print scores with what they are worth, who is best and worst, and what people say",
		Long: `Print scores with what they are worth and how they changed, by channel, region and
subject, the best and worst with the range of ranks chance allows, goals, how
orders went and why customers called, cases and the newest comments. Days are of the experience, in the brand's zone; the
change is against as many days before. If the last --days have no answers, the
report is of the last ones that have, and says so.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			ask, err := cfg.ask(time.Now())
			if err != nil {
				return err
			}
			conn, hangUp, err := cfg.dial(cmd.Context(), "survey")
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, hangUp()) }()
			r, err := report.Gather(cmd.Context(), surveyv1.NewSurveyServiceClient(conn), journeyv1.NewJourneyServiceClient(conn), ask)
			if err != nil {
				return err
			}
			return cfg.print(cmd.OutOrStdout(), r, r.Write)
		},
	}
	bind(set, cmd, cfg, &cfg.reach, &cfg.printing)
	cmd.AddCommand(heatMapCommand(set), feedbackCommand(set), subscribeCommand(set), subscriptionsCommand(set), deliveriesCommand(set))
	return cmd
}

func (cfg *reporting) ask(now time.Time) (report.Ask, error) {
	out := report.Ask{
		Brand: cfg.Brand, Metric: cfg.Metric, Days: cfg.Days, First: cfg.From, Last: cfg.To,
		MinN: int32(cfg.MinN), Comments: int32(cfg.Comments), Now: now,
	}
	if cfg.Days < 1 || cfg.Days > 3660 || cfg.MinN < 0 || cfg.Comments < 0 || cfg.Comments > 1000 {
		return out, errors.New("--days takes 1 to 3660, --comments 0 to 1000; --min-n is not negative")
	}
	if cfg.Subject == "" {
		return out, nil
	}
	var err error
	out.Subject, err = subjectOf("subject", cfg.Subject)
	return out, err
}

// subjectOf reads a subject as a flag names it.
func subjectOf(flag, text string) (*commonv1.SubjectRef, error) {
	kind, id, _ := strings.Cut(text, ":")
	k := commonv1.SubjectKind_value["SUBJECT_KIND_"+strings.ToUpper(kind)]
	if k == 0 || id == "" {
		return nil, fmt.Errorf("--%s %q: write KIND:ID, such as STORE:s0001", flag, text)
	}
	return &commonv1.SubjectRef{Kind: commonv1.SubjectKind(k), Id: id}, nil
}

// printReport is the report of the last 30 days, for a person.
func printReport(ctx context.Context, w io.Writer, from demo.Services, brand string) error {
	r, err := report.Gather(ctx, from.Survey, from.Journey, report.Ask{Brand: brand, Days: 30, Comments: 5, Now: time.Now()})
	if err != nil {
		return err
	}
	fmt.Fprintln(w)
	return r.Write(w)
}

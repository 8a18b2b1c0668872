package main

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
)

// inBatch is how many links are made by one call.
const inBatch = 500

// invitees are the columns that a file of invitations may have.
var invitees = []string{"customer", "subject", "order", "experienced", "locale"}

func inviteCommand(set *config.Set) *cobra.Command {
	cfg, what := &linking{}, &asked{}
	own := &struct {
		Campaign string `flag:"campaign" help:"name of the mailing: a customer gets one link in it for each order, however often the command runs"`
	}{}
	return cfg.command(set, &cobra.Command{
		Use: "invite SURVEY FILE.csv", Short: "Make a link for each customer of a file", Args: cobra.ExactArgs(2),
		Long: `Make a link for each customer of a file, and print them as CSV: line, customer,
link, and why there is none. The file's first line names its columns: customer, and of
subject, order, experienced and locale those that differ from the settings. Whom the
contact budget forbids to ask is told and left out; the exit code is 2 then.`,
	},
		func(ctx context.Context, client surveyv1.SurveyServiceClient, w io.Writer, args []string) error {
			if own.Campaign == "" {
				return errors.New("--campaign is needed: by its name nobody is asked twice")
			}
			rows, err := invitations(args[1], args[0], own.Campaign, *what)
			if err != nil {
				return err
			}
			out := csv.NewWriter(w)
			refused := 0
			for some := range slices.Chunk(rows, inBatch) {
				n, err := cfg.invite(ctx, client, out, some)
				if refused += n; err != nil {
					return err
				}
			}
			if refused > 0 {
				return fmt.Errorf("%d of %d got no link: %w", refused, len(rows), errRejected)
			}
			return nil
		}, what, own)
}

// invited is one row of the file.
type invited struct {
	line     int
	customer string
	in       *surveyv1.CreateSurveyLinkRequest
}

// invitations reads the file.
func invitations(file, survey, campaign string, usual asked) ([]invited, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := csv.NewReader(f)
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: read the names of columns: %w", file, err)
	}
	for _, name := range head {
		if !slices.Contains(invitees, name) {
			return nil, fmt.Errorf("%s: column %q: use %v", file, name, invitees)
		}
	}
	if !slices.Contains(head, "customer") {
		return nil, fmt.Errorf("%s: there is no column customer", file)
	}
	var out []invited
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		line, _ := in.FieldPos(0)
		one, err := invitation(head, row, survey, campaign, usual)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, line, err)
		}
		one.line = line
		out = append(out, one)
	}
}

func invitation(head, row []string, survey, campaign string, what asked) (invited, error) {
	out := invited{}
	for i, name := range head {
		switch name {
		case "customer":
			out.customer = row[i]
		case "subject":
			what.Subjects = row[i]
		case "order":
			what.Order = row[i]
		case "experienced":
			what.Experienced = row[i]
		case "locale":
			what.Locale = row[i]
		}
	}
	l, err := what.link(survey)
	if err != nil {
		return out, err
	}
	l.Customer, err = (&member{Customer: out.customer}).ref()
	// A hash: the request's id is short, and tells nobody's address.
	out.in = &surveyv1.CreateSurveyLinkRequest{Link: l, RequestId: hashed(campaign, survey, out.customer, what.Order)}
	return out, err
}

// invite makes the links of some rows and prints what became of each.
func (cfg *linking) invite(ctx context.Context, client surveyv1.SurveyServiceClient, out *csv.Writer, some []invited) (refused int, err error) {
	in := &surveyv1.BatchCreateSurveyLinksRequest{Brand: cfg.Brand}
	for _, one := range some {
		in.Requests = append(in.Requests, one.in)
	}
	got, err := client.BatchCreateSurveyLinks(ctx, in)
	if err != nil {
		return 0, err
	}
	for i, r := range got.GetResults() {
		at, why := "", ""
		if e := fault.FromStatus(r.GetError()); r.GetError() != nil {
			why = e.Text
			for _, f := range e.Fields {
				why += "; " + f.Path + " " + f.Text
			}
			refused++
		} else if at, err = cfg.at(r.GetLink()); err != nil {
			return refused, err
		}
		if err := out.Write([]string{strconv.Itoa(some[i].line), some[i].customer, at, why}); err != nil {
			return refused, err
		}
	}
	out.Flush()
	return refused, out.Error()
}

// hashed is a request's id made of what it is about.
func hashed(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "cli:" + hex.EncodeToString(sum[:16])
}

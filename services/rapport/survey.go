package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

// linking are the settings of links to the survey page.
type linking struct {
	asking
	Public string `flag:"public" default:"http://127.0.0.1:8080" help:"address at which customers reach the survey page"`
}

// asked says what a link asks about.
type asked struct {
	Subjects    string `flag:"subject" help:"what is rated, as STORE:101; several with commas"`
	Channel     string `flag:"channel" help:"where it was experienced, such as STORE or COURIER"`
	Mode        string `flag:"mode" help:"how the link is sent or found, such as SMS, EMAIL or QR"`
	Order       string `flag:"order" help:"the order or receipt it is about"`
	Experienced string `flag:"experienced" help:"when the visit or delivery took place, as 2026-03-02T09:00:00Z"`
	Expires     string `flag:"expires" help:"until when it is answered, as 2026-04-02T09:00:00Z; empty: 30 days, an open one for ever"`
	Locale      string `flag:"locale" help:"language in which the page opens, such as ru; empty: the browser's"`
}

func surveyCommand(set *config.Set) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "survey",
		Short: "Make links to the survey page, see how many answered, and reply to them",
		Long: `Make links to the survey page, see how many answered, and reply to them. A link is
for one customer and is answered once, or it is open: for everybody who comes by a
place, with a QR code to be printed.`,
	}
	cmd.AddCommand(linkCommand(set), inviteCommand(set), linksCommand(set), revokeCommand(set), rateCommand(set), replyCommand(set), moderateCommand(set))
	return cmd
}

// command runs with a client of Survey; targets are its settings beside those of links.
func (cfg *linking) command(set *config.Set, cmd *cobra.Command, run func(context.Context, surveyv1.SurveyServiceClient, io.Writer, []string) error, targets ...any) *cobra.Command {
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		conn, hangUp, err := cfg.dial(cmd.Context(), "segmentation", "survey")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, hangUp()) }()
		return run(cmd.Context(), surveyv1.NewSurveyServiceClient(conn), cmd.OutOrStdout(), args)
	}
	bind(set, cmd, append([]any{cfg, &cfg.asking, &cfg.reach, &cfg.printing}, targets...)...)
	return cmd
}

// at is a link's address for customers.
func (cfg *linking) at(l *surveyv1.SurveyLink) (string, error) {
	base, err := url.Parse(cfg.Public)
	if err != nil || base.Scheme == "" || base.Host == "" {
		return "", fmt.Errorf("--public %q: write an address such as https://survey.example.com", cfg.Public)
	}
	return strings.TrimSuffix(cfg.Public, "/") + l.GetPath(), nil
}

// link is the link that the settings describe.
func (a *asked) link(survey string) (*surveyv1.SurveyLink, error) {
	out := &surveyv1.SurveyLink{SurveyId: survey, OrderId: a.Order, Locale: a.Locale}
	var err error
	for _, name := range strings.FieldsFunc(a.Subjects, func(r rune) bool { return r == ',' }) {
		kind, id, _ := strings.Cut(strings.TrimSpace(name), ":")
		ref := &commonv1.SubjectRef{Kind: commonv1.SubjectKind(commonv1.SubjectKind_value["SUBJECT_KIND_"+strings.ToUpper(kind)]), Id: id}
		if ref.GetKind() == 0 || id == "" {
			return nil, fmt.Errorf("--subject %q: write a kind and an id, such as STORE:101", name)
		}
		out.Subjects = append(out.Subjects, ref)
	}
	if out.Channel = commonv1.Channel(commonv1.Channel_value["CHANNEL_"+strings.ToUpper(a.Channel)]); out.Channel == 0 && a.Channel != "" {
		return nil, fmt.Errorf("--channel %q: there is no such channel", a.Channel)
	}
	if out.Mode = commonv1.ContactMode(commonv1.ContactMode_value["CONTACT_MODE_"+strings.ToUpper(a.Mode)]); out.Mode == 0 && a.Mode != "" {
		return nil, fmt.Errorf("--mode %q: there is no such mode", a.Mode)
	}
	if out.ExperiencedAt, err = instant("--experienced", a.Experienced); err != nil {
		return nil, err
	}
	out.ExpiresAt, err = instant("--expires", a.Expires)
	return out, err
}

// instant reads a time; nil: none was given.
func instant(name, text string) (*timestamppb.Timestamp, error) {
	if text == "" {
		return nil, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, fmt.Errorf("%s %q: write a time such as 2026-03-02T09:00:00Z", name, text)
	}
	return timestamppb.New(at), nil
}

func linkCommand(set *config.Set) *cobra.Command {
	cfg, what, by := &linking{}, &asked{}, &keyed{}
	own := &struct {
		Customer string `flag:"customer" help:"whom it is for: a number, or EMAIL:…, PHONE:…, CARD:… or EXTERNAL:NAMESPACE:…; empty: an open link, for everybody"`
		QR       string `flag:"qr" help:"also write a QR code of the link to this file: .svg or .png"`
	}{}
	return cfg.command(set, &cobra.Command{Use: "link SURVEY", Short: "Make a link for one customer, or an open one with its QR code", Args: cobra.ExactArgs(1)},
		func(ctx context.Context, client surveyv1.SurveyServiceClient, w io.Writer, args []string) error {
			if err := drawable(own.QR); err != nil {
				return err
			}
			in, err := what.link(args[0])
			if err != nil {
				return err
			}
			if in.Open = own.Customer == ""; !in.Open {
				if in.Customer, err = (&member{Customer: own.Customer}).ref(); err != nil {
					return err
				}
			} else if what.Mode == "" {
				in.Mode = commonv1.ContactMode_CONTACT_MODE_QR
			}
			out, err := client.CreateSurveyLink(ctx, &surveyv1.CreateSurveyLinkRequest{Brand: cfg.Brand, Link: in, RequestId: by.key()})
			if err != nil {
				return err
			}
			at, err := cfg.at(out.GetLink())
			if err == nil && own.QR != "" {
				err = drawCode(own.QR, at)
			}
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s\nlink %s of survey %s, until %s\n", at, out.GetLink().GetId(), args[0], when(out.GetLink().GetExpiresAt(), "it is revoked"))
				return err
			})
		}, what, by, own)
}

func linksCommand(set *config.Set) *cobra.Command {
	cfg := &linking{}
	own := &struct {
		Customer int64 `flag:"customer" help:"the links of this customer, by number; 0: the open ones"`
	}{}
	return cfg.command(set, &cobra.Command{Use: "links", Short: "List open links, or those of a customer, newest first", Args: cobra.NoArgs},
		func(ctx context.Context, client surveyv1.SurveyServiceClient, w io.Writer, _ []string) error {
			all := &surveyv1.ListSurveyLinksResponse{}
			for token := ""; ; {
				out, err := client.ListSurveyLinks(ctx, &surveyv1.ListSurveyLinksRequest{Brand: cfg.Brand, CustomerId: own.Customer, PageSize: 100, PageToken: token})
				if err != nil {
					return err
				}
				all.Links = append(all.Links, out.GetLinks()...)
				if token = out.GetNextPageToken(); token == "" {
					break
				}
			}
			return cfg.tell(w, all, func(w io.Writer) error {
				table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
				for _, l := range all.GetLinks() {
					at, err := cfg.at(l)
					if err != nil {
						return err
					}
					line(table, l.GetId(), l.GetSurveyId(), plainName(l.GetState(), "SURVEY_LINK_STATE_"), subjectsOf(l), at)
				}
				return table.Flush()
			})
		}, own)
}

func subjectsOf(l *surveyv1.SurveyLink) string {
	var names []string
	for _, s := range l.GetSubjects() {
		names = append(names, plainName(s.GetKind(), "SUBJECT_KIND_")+":"+s.GetId())
	}
	return cmp.Or(strings.Join(names, ","), "-")
}

func revokeCommand(set *config.Set) *cobra.Command {
	cfg := &linking{}
	return cfg.command(set, &cobra.Command{Use: "revoke LINK", Short: "Take a link back, by its number", Args: cobra.ExactArgs(1)},
		func(ctx context.Context, client surveyv1.SurveyServiceClient, w io.Writer, args []string) error {
			out, err := client.RevokeSurveyLink(ctx, &surveyv1.RevokeSurveyLinkRequest{Brand: cfg.Brand, Id: args[0]})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "link %s takes no more answers\n", args[0])
				return err
			})
		})
}

func rateCommand(set *config.Set) *cobra.Command {
	cfg := &linking{}
	own := &struct {
		Days int `flag:"days" default:"30" help:"invitations sent in so many days up to today"`
	}{}
	return cfg.command(set, &cobra.Command{Use: "rate", Short: "Tell how many were asked, and how far they came, by channel", Args: cobra.NoArgs},
		func(ctx context.Context, client surveyv1.SurveyServiceClient, w io.Writer, _ []string) error {
			out, err := client.GetInvitationStats(ctx, &surveyv1.GetInvitationStatsRequest{
				Brand: cfg.Brand, Window: &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: int32(own.Days)}},
				GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_CHANNEL}},
			})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error {
				table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
				line(table, "channel", "sent", "opened", "started", "answered", "response rate", "visits by code", "answered")
				for _, s := range out.GetSeries() {
					countsLine(table, s.GetKey()[0], s.GetTotal())
				}
				countsLine(table, "all", out.GetTotal())
				if err := table.Flush(); err != nil {
					return err
				}
				_, err := fmt.Fprintf(w, "as of %s\n", when(out.GetAsOf(), "never"))
				return err
			})
		}, own)
}

func countsLine(w io.Writer, name string, c *surveyv1.InvitationCounts) {
	rate := "-"
	if c.ResponseRate != nil {
		rate = fmt.Sprintf("%.1f %% (%.1f to %.1f)", c.GetResponseRate(), c.GetLow(), c.GetHigh())
	}
	line(w, name, c.GetSent(), c.GetOpened(), c.GetStarted(), c.GetAnswered(), rate, c.GetOpenVisits(), c.GetOpenAnswered())
}

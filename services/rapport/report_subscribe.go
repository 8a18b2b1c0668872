package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

// following are the settings of commands that ask ReportService.
type following struct {
	reach
	printing
	Brand string `flag:"brand" default:"demo" help:"the brand"`
}

// command is one that asks ReportService.
func (f *following) command(set *config.Set, cmd *cobra.Command, own any, run func(context.Context, reportv1.ReportServiceClient, []string) (answer, error)) *cobra.Command {
	if cmd.Args == nil {
		cmd.Args = cobra.NoArgs
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		conn, hangUp, err := f.dial(cmd.Context(), "segmentation", "journey", "survey", "loyalty", "gateway")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, hangUp()) }()
		a, failed := run(cmd.Context(), reportv1.NewReportServiceClient(conn), args)
		if failed != nil && !errors.Is(failed, errRejected) {
			return failed
		}
		// What was rejected is told as what was not.
		return errors.Join(failed, f.print(cmd.OutOrStdout(), a, func(w io.Writer) error {
			table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
			a.text(table)
			return table.Flush()
		}))
	}
	bind(set, cmd, own, f, &f.reach, &f.printing)
	return cmd
}

// subscribing says who gets what, and when.
type subscribing struct {
	To        string `flag:"to" help:"who gets it: an e-mail address, or the https://… address of a program"`
	Name      string `flag:"name" help:"how a letter addresses the person"`
	Every     string `flag:"every" default:"day" help:"quarter-hour, day, week or month"`
	At        string `flag:"at" default:"09:00" help:"when, by the recipient's clock: HH:MM; not every quarter hour"`
	On        int    `flag:"on" help:"every week: 1 Monday to 7 Sunday; every month: 1 to 31, in shorter months the last; 0: Monday, the 1st"`
	Zone      string `flag:"zone" help:"zone of the recipient, such as Europe/Moscow; empty: the brand's"`
	Locale    string `flag:"locale" help:"language of letters, en or ru; empty: the brand's first"`
	Subject   string `flag:"subject" help:"KIND:ID of a subject, such as STORE:s0001; empty: the whole brand"`
	Scorecard bool   `flag:"scorecard" help:"the subject's scorecard, not the omnichannel report"`
	Metric    string `flag:"metric" help:"main metric of a scorecard"`
	Days      int    `flag:"days" help:"length of the window; 0: as --every says"`
	RequestID string `flag:"request-id" help:"key of the request: the same again makes no second subscription; empty: a new one"`
	Try       bool   `flag:"try" help:"send a first report now"`
}

func (s *subscribing) subscription() (*reportv1.Subscription, error) {
	every := reportv1.Cadence_Every_value["EVERY_"+strings.ToUpper(strings.ReplaceAll(s.Every, "-", "_"))]
	if every == 0 {
		return nil, fmt.Errorf("--every %s: write quarter-hour, day, week or month", s.Every)
	}
	out := &reportv1.Subscription{
		Report: reportv1.ReportKind_REPORT_KIND_OMNICHANNEL, Cadence: &reportv1.Cadence{Every: reportv1.Cadence_Every(every)},
		Metric: s.Metric, Days: int32(s.Days), Zone: s.Zone, Locale: s.Locale,
	}
	switch c := out.Cadence; c.GetEvery() {
	case reportv1.Cadence_EVERY_WEEK:
		c.Weekday = int32(s.On)
	case reportv1.Cadence_EVERY_MONTH:
		c.Day = int32(s.On)
	default:
		if s.On != 0 {
			return nil, errors.New("--on is for every week and every month")
		}
	}
	if out.Cadence.GetEvery() != reportv1.Cadence_EVERY_QUARTER_HOUR {
		at, err := time.Parse("15:04", s.At)
		if err != nil {
			return nil, fmt.Errorf("--at %q: write HH:MM", s.At)
		}
		out.Cadence.Hour, out.Cadence.Minute = int32(at.Hour()), int32(at.Minute())
	}
	if s.Scorecard {
		out.Report = reportv1.ReportKind_REPORT_KIND_SCORECARD
	}
	if s.Subject != "" {
		var err error
		if out.Subject, err = subjectOf("subject", s.Subject); err != nil {
			return nil, err
		}
	}
	switch {
	case strings.Contains(s.To, "://"):
		out.Target = &reportv1.Subscription_Webhook{Webhook: &reportv1.WebhookTarget{Url: s.To}}
	case strings.Contains(s.To, "@"):
		out.Target = &reportv1.Subscription_Email{Email: &reportv1.EmailTarget{Address: s.To, Name: s.Name}}
	default:
		return nil, errors.New("--to is needed: an e-mail address, or the https://… address of a program")
	}
	return out, nil
}

func subscribeCommand(set *config.Set) *cobra.Command {
	f, s := &following{}, &subscribing{}
	return f.command(set, &cobra.Command{
		Use: "subscribe --to WHO", Short: "Let a report come by itself, as e-mail or signed webhook",
		Long: `Let a report come by itself, as e-mail or signed webhook (Standard Webhooks). It is
delivered with the rights of who subscribes. A webhook's secret is told once, here.`,
	}, s, func(ctx context.Context, client reportv1.ReportServiceClient, _ []string) (answer, error) {
		sub, err := s.subscription()
		if err != nil {
			return answer{}, err
		}
		out, err := client.CreateSubscription(ctx, &reportv1.CreateSubscriptionRequest{Brand: f.Brand, Subscription: sub, RequestId: cmp.Or(s.RequestID, rand.Text())})
		if err != nil {
			return answer{}, err
		}
		if s.Try {
			_, err = client.SendSubscription(ctx, &reportv1.SendSubscriptionRequest{Brand: f.Brand, SubscriptionId: out.GetSubscription().GetId(), RequestId: cmp.Or(s.RequestID, rand.Text())})
		}
		return answer{out, func(w io.Writer) {
			subscriptionLine(w, out.GetSubscription())
			if out.GetWebhookSecret() != "" {
				fmt.Fprintf(w, "secret\t%s\n", out.GetWebhookSecret())
			}
		}}, err
	})
}

// choosing a subscription, and what to do with it.
type handling struct {
	Pause  bool `flag:"pause" help:"pause the one named"`
	Resume bool `flag:"resume" help:"resume the one named"`
	Delete bool `flag:"delete" help:"delete the one named, and forget to whom it went"`
	Send   bool `flag:"send" help:"send the report of the one named now, for a try"`
	Rotate bool `flag:"rotate-secret" help:"give the webhook of the one named a new secret; for 24 hours the one before is good, too"`
}

func subscriptionsCommand(set *config.Set) *cobra.Command {
	f, h := &following{}, &handling{}
	return f.command(set, &cobra.Command{Use: "subscriptions [ID]", Short: "List subscriptions; pause, resume, try or delete the one named", Args: cobra.MaximumNArgs(1)}, h,
		func(ctx context.Context, client reportv1.ReportServiceClient, args []string) (answer, error) {
			if len(args) == 1 {
				return h.handle(ctx, client, f.Brand, args[0])
			}
			if *h != (handling{}) {
				return answer{}, errors.New("name the subscription")
			}
			out := &reportv1.ListSubscriptionsResponse{}
			for token := ""; ; {
				page, err := client.ListSubscriptions(ctx, &reportv1.ListSubscriptionsRequest{Brand: f.Brand, PageSize: 1000, PageToken: token})
				if err != nil {
					return answer{}, err
				}
				out.Subscriptions = append(out.Subscriptions, page.GetSubscriptions()...)
				if token = page.GetNextPageToken(); token == "" {
					break
				}
			}
			return answer{out, func(w io.Writer) {
				for _, sub := range out.GetSubscriptions() {
					subscriptionLine(w, sub)
				}
			}}, nil
		})
}

func (h *handling) handle(ctx context.Context, client reportv1.ReportServiceClient, brand, id string) (answer, error) {
	if h.Pause && h.Resume {
		return answer{}, errors.New("either --pause or --resume")
	}
	switch {
	case h.Delete:
		out, err := client.DeleteSubscription(ctx, &reportv1.DeleteSubscriptionRequest{Brand: brand, SubscriptionId: id})
		return answer{out, func(w io.Writer) { fmt.Fprintf(w, "%s\tdeleted\n", id) }}, err
	case h.Send:
		out, err := client.SendSubscription(ctx, &reportv1.SendSubscriptionRequest{Brand: brand, SubscriptionId: id, RequestId: rand.Text()})
		return answer{out, func(w io.Writer) { deliveryLine(w, out.GetDelivery()) }}, err
	}
	out, err := client.GetSubscription(ctx, &reportv1.GetSubscriptionRequest{Brand: brand, SubscriptionId: id})
	if err != nil || !h.Pause && !h.Resume && !h.Rotate {
		return answer{out, func(w io.Writer) { subscriptionLine(w, out.GetSubscription()) }}, err
	}
	sub := out.GetSubscription()
	if h.Pause || h.Resume {
		sub.Paused = h.Pause
	}
	done, err := client.UpdateSubscription(ctx, &reportv1.UpdateSubscriptionRequest{Brand: brand, Subscription: sub, RotateSecret: h.Rotate})
	return answer{done, func(w io.Writer) {
		subscriptionLine(w, done.GetSubscription())
		if done.GetWebhookSecret() != "" {
			fmt.Fprintf(w, "secret\t%s\n", done.GetWebhookSecret())
		}
	}}, err
}

// word is an enum's value for people.
func word(value fmt.Stringer, prefix string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(value.String(), prefix)), "_", " ")
}

func subscriptionLine(w io.Writer, s *reportv1.Subscription) {
	what := word(s.GetReport(), "REPORT_KIND_")
	if ref := s.GetSubject(); ref != nil {
		what += " of " + strings.TrimPrefix(ref.GetKind().String(), "SUBJECT_KIND_") + ":" + ref.GetId()
	}
	state := word(s.GetState(), "STATE_")
	if s.GetStoppedBecause() != "" {
		state += ": " + s.GetStoppedBecause()
	}
	fmt.Fprintf(w, "%s\t%s\tevery %s\t%s\t%s\tnext %s\n", s.GetId(), what, word(s.GetCadence().GetEvery(), "EVERY_"),
		cmp.Or(s.GetEmail().GetAddress(), s.GetWebhook().GetUrl()), state, when(s.GetNextAt(), "never"))
}

// outbox says which deliveries to list.
type outbox struct {
	Subscription string `flag:"subscription" help:"only of this subscription"`
	Status       string `flag:"status" help:"only pending, sent, failed or cancelled"`
	Last         int    `flag:"last" default:"50" help:"how many, latest due first"`
}

func deliveriesCommand(set *config.Set) *cobra.Command {
	f, l := &following{}, &outbox{}
	return f.command(set, &cobra.Command{Use: "deliveries", Short: "Tell what became of reports that were due"}, l,
		func(ctx context.Context, client reportv1.ReportServiceClient, _ []string) (answer, error) {
			status := reportv1.Delivery_Status_value["STATUS_"+strings.ToUpper(l.Status)]
			if l.Status != "" && status == 0 || l.Last < 1 || l.Last > 1000 {
				return answer{}, errors.New("--status takes pending, sent, failed or cancelled, --last 1 to 1000")
			}
			out, err := client.ListDeliveries(ctx, &reportv1.ListDeliveriesRequest{
				Brand: f.Brand, SubscriptionId: l.Subscription, Status: reportv1.Delivery_Status(status), PageSize: int32(l.Last),
			})
			return answer{out, func(w io.Writer) {
				for _, d := range out.GetDeliveries() {
					deliveryLine(w, d)
				}
			}}, err
		})
}

func deliveryLine(w io.Writer, d *reportv1.Delivery) {
	state := word(d.GetStatus(), "STATUS_")
	if d.GetInDoubt() {
		state += ", in doubt"
	}
	fmt.Fprintf(w, "%s\t%s\tdue %s\t%s\t%s\t%s\n", d.GetId(), d.GetSubscriptionId(), when(d.GetDueAt(), ""), state,
		strconv.Itoa(int(d.GetAttempts()))+" attempts", d.GetLastError())
}

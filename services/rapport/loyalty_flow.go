package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

func holdsCommand(set *config.Set) *cobra.Command {
	cfg := &asking{}
	own := &struct {
		Customer  int64  `flag:"customer" help:"any number of the customer"`
		Programme string `flag:"programme" help:"only this programme; empty: all"`
	}{}
	return cfg.command(set, &cobra.Command{Use: "holds --customer N", Short: "List the points of a member that are set aside, those first that end soonest"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
			out, err := client.ListHolds(ctx, &loyaltyv1.ListHoldsRequest{Brand: cfg.Brand, ProgrammeId: own.Programme, CustomerId: own.Customer})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error {
				table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
				line(table, "hold", "programme", "points", "for", "ends")
				for _, h := range out.GetHolds() {
					line(table, h.GetId(), h.GetProgrammeId(), h.GetPoints(), cmp.Or(h.GetOrigin().GetOrderId(), "-"), when(h.GetEndsAt(), "never"))
				}
				if err := table.Flush(); err != nil {
					return err
				}
				_, err := fmt.Fprintf(w, "as of %s\n", when(out.GetAsOf(), "never"))
				return err
			})
		}, own)
}

func flowCommand(set *config.Set) *cobra.Command {
	cfg := &asking{}
	own := &struct {
		Programme string `flag:"programme" help:"the programme"`
		From      string `flag:"from" help:"first day, YYYY-MM-DD, at its end; empty: 30 days before the last"`
		To        string `flag:"to" help:"last day, YYYY-MM-DD, at its end; empty: today"`
	}{}
	return cfg.command(set, &cobra.Command{Use: "flow --programme ID", Short: "Tell how members went from tier to tier between the ends of two days"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
			out, err := client.GetTierFlow(ctx, &loyaltyv1.GetTierFlowRequest{Brand: cfg.Brand, ProgrammeId: own.Programme, From: own.From, To: own.To})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error { return writeFlow(w, out) })
		}, own)
}

// writeFlow writes who went where, for people.
func writeFlow(w io.Writer, out *loyaltyv1.GetTierFlowResponse) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line(table, "on "+out.GetFrom(), "on "+out.GetTo(), "members")
	for _, way := range out.GetWays() {
		line(table, cmp.Or(way.GetFrom(), "(no member yet)"), way.GetTo(), way.GetMembers())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d members: %d rose, %d fell, %d stayed, %d joined\nas of %s\n", out.GetMembers(), out.GetRose(), out.GetFell(), out.GetStayed(),
		out.GetJoined(), when(out.GetAsOf(), "never"))
	return err
}

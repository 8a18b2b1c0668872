package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

// moved tells what became of a request.
func moved(m *loyaltyv1.Movement, b *loyaltyv1.Balance, replayed bool) func(io.Writer) error {
	return func(w io.Writer) error {
		again := ""
		if replayed {
			again = ", as it was recorded before"
		}
		fmt.Fprintf(w, "entry %s, key %s%s\n", m.GetId(), m.GetRequestId(), again)
		return writeBalance(w, b)
	}
}

func writeBalance(w io.Writer, b *loyaltyv1.Balance) error {
	_, err := fmt.Fprintf(w, "%d available, %d held, %d pending, %d owed\n", b.GetAvailable(), b.GetHeld(), b.GetPending(), b.GetOwed())
	return err
}

// when is a time for people; never says what no time means.
func when(at *timestamppb.Timestamp, never string) string {
	if at == nil {
		return never
	}
	return at.AsTime().Format(time.RFC3339)
}

func balanceCommand(set *config.Set) *cobra.Command {
	cfg, who := &asking{}, &member{}
	return cfg.command(set, &cobra.Command{Use: "balance --programme ID --customer WHO", Short: "Show what a member has, what expires when, and the tier"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
			ref, err := who.ref()
			if err != nil {
				return err
			}
			out, err := client.GetBalance(ctx, &loyaltyv1.GetBalanceRequest{Brand: cfg.Brand, ProgrammeId: who.Programme, Customer: ref})
			if err != nil {
				return err
			}
			account, err := client.GetAccount(ctx, &loyaltyv1.GetAccountRequest{Brand: cfg.Brand, ProgrammeId: who.Programme, Customer: ref})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error { return writeAccount(w, out, account.GetAccount()) })
		}, who)
}

func writeAccount(w io.Writer, b *loyaltyv1.GetBalanceResponse, a *loyaltyv1.Account) error {
	if err := writeBalance(w, b.GetBalance()); err != nil {
		return err
	}
	for _, step := range b.GetExpiries() {
		fmt.Fprintf(w, "  %12d expire %s\n", step.GetPoints(), when(step.GetExpiresAt(), "never"))
	}
	for _, step := range b.GetPending() {
		fmt.Fprintf(w, "  %12d may be spent from %s\n", step.GetPoints(), when(step.GetExpiresAt(), "the delivery on"))
	}
	fmt.Fprintf(w, "since %s: %d earned, %d spent, %d expired, %d adjusted, %d transferred\n",
		when(a.GetEnrolledAt(), "no day"), a.GetEarned(), a.GetSpent(), a.GetExpired(), a.GetAdjusted(), a.GetTransferred())
	t := a.GetTier()
	if t == nil {
		return nil
	}
	fmt.Fprintf(w, "tier %s", t.GetTier().GetName())
	if t.GetUntil() != "" {
		fmt.Fprintf(w, " until %s at least", t.GetUntil())
	}
	if t.GetNext() != nil {
		fmt.Fprintf(w, "; %d more to %s", t.GetMissing(), t.GetNext().GetName())
	}
	_, err := fmt.Fprintln(w)
	return err
}

// listing bounds a list.
type listing struct {
	Customer  int64  `flag:"customer" help:"any number of the customer"`
	Programme string `flag:"programme" help:"only this programme; empty: all"`
	Limit     int    `flag:"limit" default:"50" help:"how many of the newest, 1 to 1000"`
}

func entriesCommand(set *config.Set) *cobra.Command {
	cfg, of := &asking{}, &listing{}
	return cfg.command(set, &cobra.Command{Use: "entries --customer N", Short: "List the newest entries of a member"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
			out, err := client.ListEntries(ctx, &loyaltyv1.ListEntriesRequest{
				Brand: cfg.Brand, CustomerId: of.Customer, ProgrammeId: of.Programme, PageSize: int32(of.Limit),
			})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error {
				for _, m := range out.GetEntries() {
					fmt.Fprintln(w, entryLine(m))
				}
				return nil
			})
		}, of)
}

// entryLine is an entry for people: what its member got, or lost.
func entryLine(m *loyaltyv1.Movement) string {
	var legs []string
	for _, leg := range m.GetPostings() {
		if leg.GetCustomerId() != 0 {
			account := strings.ToLower(strings.TrimPrefix(leg.GetAccount().String(), "ACCOUNT_KIND_"))
			legs = append(legs, fmt.Sprintf("%s %+d", account, leg.GetPoints()))
		}
	}
	kind := strings.ToLower(strings.TrimPrefix(m.GetKind().String(), "MOVEMENT_KIND_"))
	return strings.TrimRight(fmt.Sprintf("%s  %-8s  %-12s %-9s %s  %s %s", when(m.GetOccurredAt(), ""), m.GetId(), m.GetProgrammeId(), kind,
		strings.Join(legs, ", "), m.GetOrigin().GetOrderId(), m.GetReason()), " ")
}

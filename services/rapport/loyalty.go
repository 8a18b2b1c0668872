package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

// asking are the settings of a question about points.
type asking struct {
	reach
	printing
	Brand string `flag:"brand" default:"demo" help:"the brand"`
}

// member says whose points are meant.
type member struct {
	Programme string `flag:"programme" help:"the programme"`
	Customer  string `flag:"customer" help:"number of the customer, or an identity: EMAIL:…, PHONE:…, CARD:… or EXTERNAL:NAMESPACE:…"`
}

// moving are the settings of a command that moves points.
type moving struct {
	Points    int64  `flag:"points" help:"how many"`
	RequestID string `flag:"request-id" help:"key of the request: the same again is answered as before; empty: a new one"`
	Reason    string `flag:"reason" help:"why, in words"`
}

// paying says what points pay for.
type paying struct {
	Receipt int64 `flag:"receipt" help:"what the receipt comes to, in minor units, where the programme limits what points pay of it"`
}

// about says what points are earned by or spent on.
type about struct {
	Order string `flag:"order" help:"the order or receipt"`
	Line  string `flag:"line" help:"the line within it"`
	At    string `flag:"at" help:"when it happened, as 2026-03-02T09:00:00Z; empty: now"`
}

func loyaltyCommand(set *config.Set) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "loyalty",
		Short: "Make programmes, look at members' points and move them",
		Long: `Make programmes, look at members' points and move them. Every command that moves
points has a key (--request-id): the same command with the same key moves them once.`,
	}
	cmd.AddCommand(programmeCommand(set), balanceCommand(set), entriesCommand(set), holdsCommand(set), flowCommand(set), earnCommand(set), redeemCommand(set), adjustCommand(set),
		rewardCommand(set), offerCommand(set))
	return cmd
}

// command runs with a client of Loyalty; targets are its settings beside those of every
// question.
func (cfg *asking) command(set *config.Set, cmd *cobra.Command, run func(context.Context, loyaltyv1.LoyaltyServiceClient, io.Writer) error, targets ...any) *cobra.Command {
	if cmd.Args == nil {
		cmd.Args = cobra.NoArgs
	}
	before := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if before != nil {
			if err := before(cmd, args); err != nil {
				return err
			}
		}
		conn, hangUp, err := cfg.dial(cmd.Context(), "segmentation", "loyalty")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, hangUp()) }()
		return run(cmd.Context(), loyaltyv1.NewLoyaltyServiceClient(conn), cmd.OutOrStdout())
	}
	bind(set, cmd, append([]any{cfg, &cfg.reach, &cfg.printing}, targets...)...)
	return cmd
}

// tell prints a message as JSON, or for a person.
func (cfg *asking) tell(w io.Writer, m proto.Message, forPeople func(io.Writer) error) error {
	text, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return err
	}
	return cfg.print(w, json.RawMessage(text), forPeople)
}

// ref reads whom --customer names.
func (m *member) ref() (*commonv1.CustomerRef, error) {
	if id, err := strconv.ParseInt(m.Customer, 10, 64); err == nil && id > 0 {
		return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}, nil
	}
	kind, value, _ := strings.Cut(m.Customer, ":")
	in := &commonv1.Identity{Kind: commonv1.Identity_Kind(commonv1.Identity_Kind_value["KIND_"+strings.ToUpper(kind)]), Value: value}
	if in.GetKind() == commonv1.Identity_KIND_EXTERNAL {
		in.Namespace, in.Value, _ = strings.Cut(value, ":")
	}
	if in.GetKind() == commonv1.Identity_KIND_UNSPECIFIED || in.GetValue() == "" {
		return nil, fmt.Errorf("--customer %q: write a number, or an identity such as EMAIL:anna@example.com", m.Customer)
	}
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: in}}, nil
}

// key is that of the request; a new one where none is named.
func (m *moving) key() string {
	if m.RequestID == "" {
		return "cli:" + rand.Text()
	}
	return m.RequestID
}

// origin is what the points are about; nil: nothing was named.
func (a *about) origin() *loyaltyv1.Origin {
	if a.Order == "" && a.Line == "" {
		return nil
	}
	return &loyaltyv1.Origin{OrderId: a.Order, LineId: a.Line}
}

// time is when it happened; nil: now.
func (a *about) time() (*timestamppb.Timestamp, error) {
	if a.At == "" {
		return nil, nil
	}
	at, err := time.Parse(time.RFC3339, a.At)
	if err != nil {
		return nil, fmt.Errorf("--at %q: write a time such as 2026-03-02T09:00:00Z", a.At)
	}
	return timestamppb.New(at), nil
}

func earnCommand(set *config.Set) *cobra.Command {
	cfg, who, what, by := &asking{}, &member{}, &moving{}, &about{}
	return cfg.command(set, &cobra.Command{Use: "earn --programme ID --customer WHO --points N", Short: "Give points"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
			ref, err := who.ref()
			if err != nil {
				return err
			}
			at, err := by.time()
			if err != nil {
				return err
			}
			out, err := client.Earn(ctx, &loyaltyv1.EarnRequest{
				Brand: cfg.Brand, RequestId: what.key(), ProgrammeId: who.Programme, Customer: ref, Points: what.Points,
				Origin: by.origin(), OccurredAt: at, Reason: what.Reason,
			})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, moved(out.GetMovement(), out.GetBalance(), out.GetReplayed()))
		}, who, what, by)
}

func redeemCommand(set *config.Set) *cobra.Command {
	cfg, who, what, by, pay := &asking{}, &member{}, &moving{}, &about{}, &paying{}
	return cfg.command(set, &cobra.Command{Use: "redeem --programme ID --customer WHO --points N", Short: "Spend points"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
			ref, err := who.ref()
			if err != nil {
				return err
			}
			at, err := by.time()
			if err != nil {
				return err
			}
			out, err := client.Redeem(ctx, &loyaltyv1.RedeemRequest{
				Brand: cfg.Brand, RequestId: what.key(), ProgrammeId: who.Programme, Customer: ref, Points: what.Points,
				Origin: by.origin(), OccurredAt: at, Reason: what.Reason, Receipt: pay.Receipt,
			})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, moved(out.GetMovement(), out.GetBalance(), out.GetReplayed()))
		}, who, what, by, pay)
}

func adjustCommand(set *config.Set) *cobra.Command {
	cfg, who, what := &asking{}, &member{}, &moving{}
	return cfg.command(set, &cobra.Command{Use: "adjust --programme ID --customer WHO --points N --reason WHY", Short: "Correct a balance; points below 0 are taken"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
			ref, err := who.ref()
			if err != nil {
				return err
			}
			out, err := client.Adjust(ctx, &loyaltyv1.AdjustRequest{
				Brand: cfg.Brand, RequestId: what.key(), ProgrammeId: who.Programme, Customer: ref, Points: what.Points, Reason: what.Reason,
			})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, moved(out.GetMovement(), out.GetBalance(), out.GetReplayed()))
		}, who, what)
}

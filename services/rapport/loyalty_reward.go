package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

func rewardCommand(set *config.Set) *cobra.Command {
	cmd := &cobra.Command{Use: "reward", Short: "Look at what members get for points, and take it for them"}
	cmd.AddCommand(createReward(set), listRewards(set), examineReward(set), takeReward(set), confirmReward(set), cancelReward(set), takenRewards(set))
	return cmd
}

// named runs a command whose one argument is the id of something.
func (cfg *asking) named(set *config.Set, cmd *cobra.Command, run func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer, id string) error, targets ...any) *cobra.Command {
	id := ""
	cmd.Args = cobra.ExactArgs(1)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		id = args[0]
		return nil
	}
	return cfg.command(set, cmd, func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
		return run(ctx, client, w, id)
	}, targets...)
}

func createReward(set *config.Set) *cobra.Command {
	cfg := &asking{}
	return cfg.named(set, &cobra.Command{Use: "create FILE.yaml", Short: "Make or change a reward of a file: its brand, and the fields of the contract under reward"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer, name string) error {
			in := &loyaltyv1.UpsertRewardRequest{}
			if err := readRequest(name, in); err != nil {
				return err
			}
			if in.Brand == "" {
				in.Brand = cfg.Brand
			}
			out, err := client.UpsertReward(ctx, in)
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error { return rewardLine(w, out.GetReward()) })
		})
}

func listRewards(set *config.Set) *cobra.Command {
	cfg := &asking{}
	return cfg.command(set, &cobra.Command{Use: "list", Short: "List the catalogue"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
			out, err := client.ListRewards(ctx, &loyaltyv1.ListRewardsRequest{Brand: cfg.Brand})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error {
				for _, r := range out.GetRewards() {
					if err := rewardLine(w, r); err != nil {
						return err
					}
				}
				return nil
			})
		})
}

// rewardLine is a reward for people.
func rewardLine(w io.Writer, r *loyaltyv1.Reward) error {
	of := "without end"
	if r.Stock != nil {
		of = fmt.Sprintf("of %d", r.GetStock())
	}
	kind := strings.ToLower(strings.TrimPrefix(r.GetKind().String(), "KIND_"))
	_, err := fmt.Fprintf(w, "%s version %d, %s of %s: %d points, %d taken %s\n", r.GetId(), r.GetVersion(), kind, r.GetProgrammeId(), r.GetCost(), r.GetTaken(), of)
	return err
}

func examineReward(set *config.Set) *cobra.Command {
	cfg, who := &asking{}, &person{}
	return cfg.named(set, &cobra.Command{Use: "examine REWARD --customer WHO", Short: "Tell whether a member may take a reward, and what forbids it"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer, id string) error {
			ref, err := who.member().ref()
			if err != nil {
				return err
			}
			out, err := client.ExamineReward(ctx, &loyaltyv1.ExamineRewardRequest{Brand: cfg.Brand, RewardId: id, Customer: ref})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error {
				if out.GetAllowed() {
					fmt.Fprintln(w, "it may be taken")
				}
				for _, o := range out.GetObstacles() {
					line := fmt.Sprintf("%-10s %s", strings.ToLower(strings.TrimPrefix(o.GetRule().String(), "RULE_")), o.GetMessage())
					if o.GetMissing() > 0 {
						line += fmt.Sprintf(": %d are missing", o.GetMissing())
					}
					if o.GetUntil() != nil {
						line += ", until " + when(o.GetUntil(), "")
					}
					fmt.Fprintln(w, line)
				}
				return nil
			})
		}, who)
}

// person says who is meant.
type person struct {
	Customer string `flag:"customer" help:"number of the customer, or an identity: EMAIL:…, PHONE:…, CARD:… or EXTERNAL:NAMESPACE:…"`
}

func (p *person) member() *member { return &member{Customer: p.Customer} }

// keyed are the settings of a command with a key.
type keyed struct {
	RequestID string `flag:"request-id" help:"key of the request: the same again is answered as before; empty: a new one"`
}

func (k *keyed) key() string { return (&moving{RequestID: k.RequestID}).key() }

// taking are the settings of a reward that is taken.
type taking struct {
	Choice string `flag:"choice" help:"the gift that is chosen, where there are several"`
	Hold   bool   `flag:"hold" help:"only set it aside: confirm spends its points, cancel gives it back"`
}

func takeReward(set *config.Set) *cobra.Command {
	cfg, who, by, how := &asking{}, &person{}, &keyed{}, &taking{}
	return cfg.named(set, &cobra.Command{Use: "take REWARD --customer WHO", Short: "Take a reward for a member, or set it aside"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer, id string) error {
			ref, err := who.member().ref()
			if err != nil {
				return err
			}
			out, err := client.TakeReward(ctx, &loyaltyv1.TakeRewardRequest{
				Brand: cfg.Brand, RequestId: by.key(), RewardId: id, Customer: ref, ChoiceId: how.Choice, AtOnce: !how.Hold,
			})
			if err != nil {
				return err
			}
			return cfg.tellTaken(w, out, out.GetTaken(), out.GetBalance())
		}, who, by, how)
}

func confirmReward(set *config.Set) *cobra.Command {
	cfg, by := &asking{}, &keyed{}
	return cfg.named(set, &cobra.Command{Use: "confirm NUMBER", Short: "Spend the points of a reward that was set aside"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer, id string) error {
			out, err := client.ConfirmReward(ctx, &loyaltyv1.ConfirmRewardRequest{Brand: cfg.Brand, RequestId: by.key(), TakenId: id})
			if err != nil {
				return err
			}
			return cfg.tellTaken(w, out, out.GetTaken(), out.GetBalance())
		}, by)
}

func cancelReward(set *config.Set) *cobra.Command {
	cfg, by := &asking{}, &keyed{}
	return cfg.named(set, &cobra.Command{Use: "cancel NUMBER", Short: "Give a reward back, and its points"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer, id string) error {
			out, err := client.CancelReward(ctx, &loyaltyv1.CancelRewardRequest{Brand: cfg.Brand, RequestId: by.key(), TakenId: id})
			if err != nil {
				return err
			}
			return cfg.tellTaken(w, out, out.GetTaken(), out.GetBalance())
		}, by)
}

func (cfg *asking) tellTaken(w io.Writer, m proto.Message, t *loyaltyv1.TakenReward, b *loyaltyv1.Balance) error {
	return cfg.tell(w, m, func(w io.Writer) error {
		takenLine(w, t)
		return writeBalance(w, b)
	})
}

func takenLine(w io.Writer, t *loyaltyv1.TakenReward) {
	state := strings.ToLower(strings.TrimPrefix(t.GetState().String(), "STATE_"))
	fmt.Fprintf(w, "%s  number %s  %s %s  %s, %d points\n", when(t.GetTakenAt(), ""), t.GetId(), t.GetRewardId(), t.GetChoiceId(), state, t.GetPoints())
}

func takenRewards(set *config.Set) *cobra.Command {
	cfg, of := &asking{}, &owner{}
	return cfg.command(set, &cobra.Command{Use: "taken --customer N", Short: "List what a member took"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
			out, err := client.ListTakenRewards(ctx, &loyaltyv1.ListTakenRewardsRequest{Brand: cfg.Brand, CustomerId: of.Customer})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error {
				for _, t := range out.GetTaken() {
					takenLine(w, t)
				}
				return nil
			})
		}, of)
}

// owner says whose things are listed.
type owner struct {
	Customer int64 `flag:"customer" help:"any number of the customer"`
}

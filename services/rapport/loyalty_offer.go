package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

func offerCommand(set *config.Set) *cobra.Command {
	cmd := &cobra.Command{Use: "offer", Short: "Make offers, send them, and see what becomes of them"}
	cmd.AddCommand(createOffer(set), listOffers(set), sendOffer(set), redeemOffer(set), personalOffers(set), offerFunnel(set))
	return cmd
}

// readRequest reads a file whose fields are those of a request of the contract.
func readRequest(name string, into proto.Message) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read definition: %w", err)
	}
	var file map[string]any
	err = yaml.Unmarshal(text, &file)
	if err == nil {
		text, err = json.Marshal(file)
	}
	if err == nil {
		err = protojson.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("read definition %s: %w", name, err)
	}
	return nil
}

func createOffer(set *config.Set) *cobra.Command {
	cfg := &asking{}
	return cfg.named(set, &cobra.Command{Use: "create FILE.yaml", Short: "Make or change an offer of a file: its brand, and the fields of the contract under offer"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer, name string) error {
			in := &loyaltyv1.UpsertOfferRequest{}
			if err := readRequest(name, in); err != nil {
				return err
			}
			if in.Brand == "" {
				in.Brand = cfg.Brand
			}
			out, err := client.UpsertOffer(ctx, in)
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error { return offerLine(w, out.GetOffer()) })
		})
}

func listOffers(set *config.Set) *cobra.Command {
	cfg := &asking{}
	return cfg.command(set, &cobra.Command{Use: "list", Short: "List a brand's offers"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
			out, err := client.ListOffers(ctx, &loyaltyv1.ListOffersRequest{Brand: cfg.Brand})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error {
				for _, o := range out.GetOffers() {
					if err := offerLine(w, o); err != nil {
						return err
					}
				}
				return nil
			})
		})
}

// offerLine is an offer for people.
func offerLine(w io.Writer, o *loyaltyv1.Offer) error {
	_, err := fmt.Fprintf(w, "%s version %d of %s, from %s until %s: %d points\n", o.GetId(), o.GetVersion(), o.GetProgrammeId(),
		when(o.GetValidFrom(), ""), when(o.GetValidUntil(), ""), o.GetPoints())
	return err
}

func sendOffer(set *config.Set) *cobra.Command {
	cfg, who := &asking{}, &person{}
	return cfg.named(set, &cobra.Command{Use: "send OFFER", Short: "Send an offer to the members of its segment, or to one customer"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer, id string) error {
			in := &loyaltyv1.SendOfferRequest{Brand: cfg.Brand, OfferId: id}
			if who.Customer != "" {
				ref, err := who.member().ref()
				if err != nil {
					return err
				}
				in.Customers = []*commonv1.CustomerRef{ref}
			}
			out, err := client.SendOffer(ctx, in)
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%d received it, %d had it\n", out.GetReceived(), out.GetHad())
				return err
			})
		}, who)
}

// coupon says by what an offer is redeemed.
type coupon struct {
	Offer string `flag:"offer" help:"the offer; empty if a code is given"`
	Code  string `flag:"code" help:"code of a coupon"`
}

func redeemOffer(set *config.Set) *cobra.Command {
	cfg, who, by, what := &asking{}, &person{}, &keyed{}, &coupon{}
	return cfg.command(set, &cobra.Command{Use: "redeem --customer WHO --offer OFFER | --code CODE", Short: "Complete an offer for a member by hand or by coupon"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
			ref, err := who.member().ref()
			if err != nil {
				return err
			}
			out, err := client.RedeemOffer(ctx, &loyaltyv1.RedeemOfferRequest{
				Brand: cfg.Brand, RequestId: by.key(), OfferId: what.Offer, Code: what.Code, Customer: ref,
			})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error { return personalLine(w, out.GetOffer()) })
		}, who, by, what)
}

func personalLine(w io.Writer, o *loyaltyv1.PersonalOffer) error {
	_, err := fmt.Fprintf(w, "%s  received %s, seen %s, completed %s, %d redemptions\n", o.GetOfferId(), when(o.GetReceivedAt(), "never"),
		when(o.GetViewedAt(), "never"), when(o.GetCompletedAt(), "never"), o.GetRedemptions())
	return err
}

func personalOffers(set *config.Set) *cobra.Command {
	cfg, of := &asking{}, &owner{}
	return cfg.command(set, &cobra.Command{Use: "of --customer N", Short: "List a member's offers"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
			out, err := client.ListPersonalOffers(ctx, &loyaltyv1.ListPersonalOffersRequest{Brand: cfg.Brand, CustomerId: of.Customer})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error {
				for _, o := range out.GetOffers() {
					if err := personalLine(w, o); err != nil {
						return err
					}
				}
				return nil
			})
		}, of)
}

func offerFunnel(set *config.Set) *cobra.Command {
	cfg, what := &asking{}, &struct {
		Offer string `flag:"offer" help:"only this one; empty: all"`
	}{}
	return cfg.command(set, &cobra.Command{Use: "funnel", Short: "Tell what became of offers: received, seen, completed"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
			out, err := client.GetOfferFunnel(ctx, &loyaltyv1.GetOfferFunnelRequest{Brand: cfg.Brand, OfferId: what.Offer})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error {
				for _, f := range out.GetOffers() {
					funnelLine(w, f.GetOfferId(), f)
				}
				f := out.GetTotal()
				funnelLine(w, "all", f)
				_, err := fmt.Fprintf(w, "%d persons received any, %d completed any, as of %s\n", f.GetPersons(), f.GetPersonsCompleted(), when(out.GetAsOf(), ""))
				return err
			})
		}, what)
}

func funnelLine(w io.Writer, name string, f *loyaltyv1.OfferFunnel) {
	fmt.Fprintf(w, "%-20s %8d received %8d seen %8d completed (%.2f %%, %.2f to %.2f) %8d redemptions\n", name,
		f.GetReceived(), f.GetViewed(), f.GetCompleted(), f.GetRate(), f.GetLow(), f.GetHigh(), f.GetRedemptions())
}

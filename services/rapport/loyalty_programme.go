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

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
)

func programmeCommand(set *config.Set) *cobra.Command {
	cmd := &cobra.Command{Use: "programme", Short: "Make loyalty programmes, and look at them"}
	cmd.AddCommand(createProgramme(set), listProgrammes(set), showProgramme(set))
	return cmd
}

// creating are the settings of a programme that is made.
type creating struct {
	reach
	printing
	Brand  string `flag:"brand" help:"brand to make it for; empty: the file's"`
	Update bool   `flag:"update" help:"make a new version where there is another one"`
}

func createProgramme(set *config.Set) *cobra.Command {
	cfg := &creating{}
	cmd := &cobra.Command{
		Use: "create FILE.yaml", Short: "Make a programme of a file, or with --update its next version", Args: cobra.ExactArgs(1),
		Long: `Make a programme of a file, or with --update its next version. The file has the brand
and the programme, with the fields of the contract; see deploy/examples/loyalty.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			brand, p, err := readProgramme(args[0])
			if err != nil {
				return err
			}
			if cfg.Brand != "" {
				brand = cfg.Brand
			}
			ask := &asking{reach: cfg.reach, printing: cfg.printing}
			conn, hangUp, err := ask.dial(cmd.Context(), "segmentation", "loyalty")
			if err != nil {
				return err
			}
			p, err = makeProgramme(cmd.Context(), loyaltyv1.NewLoyaltyServiceClient(conn), brand, p, cfg.Update)
			if ended := hangUp(); err == nil {
				err = ended
			}
			if err != nil {
				return err
			}
			return ask.tell(cmd.OutOrStdout(), p, func(w io.Writer) error { return programmeLine(w, p) })
		},
	}
	bind(set, cmd, cfg, &cfg.reach, &cfg.printing)
	return cmd
}

func makeProgramme(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, brand string, p *loyaltyv1.Programme, update bool) (*loyaltyv1.Programme, error) {
	made, err := client.CreateProgramme(ctx, &loyaltyv1.CreateProgrammeRequest{Brand: brand, Programme: p})
	if !update || !fault.Is(err, commonv1.Reason_REASON_ALREADY_EXISTS) {
		return made.GetProgramme(), err
	}
	next, err := client.UpdateProgramme(ctx, &loyaltyv1.UpdateProgrammeRequest{Brand: brand, Programme: p})
	return next.GetProgramme(), err
}

// readProgramme reads a file; its fields are those of the contract.
func readProgramme(name string) (brand string, p *loyaltyv1.Programme, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return "", nil, fmt.Errorf("read programme: %w", err)
	}
	var file struct {
		Brand     string         `yaml:"brand"`
		Programme map[string]any `yaml:"programme"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return "", nil, fmt.Errorf("read programme %s: %w", name, err)
	}
	body, err := json.Marshal(file.Programme)
	if err != nil {
		return "", nil, fmt.Errorf("read programme %s: %w", name, err)
	}
	p = &loyaltyv1.Programme{}
	if err := protojson.Unmarshal(body, p); err != nil {
		return "", nil, fmt.Errorf("read programme %s: %w", name, err)
	}
	return file.Brand, p, nil
}

func listProgrammes(set *config.Set) *cobra.Command {
	cfg := &asking{}
	return cfg.command(set, &cobra.Command{Use: "list", Short: "List a brand's programmes"},
		func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
			out, err := client.ListProgrammes(ctx, &loyaltyv1.ListProgrammesRequest{Brand: cfg.Brand})
			if err != nil {
				return err
			}
			return cfg.tell(w, out, func(w io.Writer) error {
				for _, p := range out.GetProgrammes() {
					if err := programmeLine(w, p); err != nil {
						return err
					}
				}
				return nil
			})
		})
}

func showProgramme(set *config.Set) *cobra.Command {
	cfg, id := &asking{}, ""
	cmd := &cobra.Command{Use: "show ID", Short: "Show a programme with all its versions", Args: cobra.ExactArgs(1)}
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		id = args[0]
		return nil
	}
	return cfg.command(set, cmd, func(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, w io.Writer) error {
		out, err := client.GetProgramme(ctx, &loyaltyv1.GetProgrammeRequest{Brand: cfg.Brand, ProgrammeId: id})
		if err != nil {
			return err
		}
		return cfg.tell(w, out, func(w io.Writer) error {
			for _, p := range out.GetVersions() {
				if err := programmeLine(w, p); err != nil {
					return err
				}
			}
			for _, rule := range out.GetProgramme().GetEarning() {
				fmt.Fprintf(w, "  %-20s %d points for %d minor units\n", rule.GetName(), rule.GetPoints(), rule.GetPerMinorUnits())
			}
			for _, tier := range out.GetProgramme().GetTiers().GetTiers() {
				times := tier.GetMultiplierBp()
				if times == 0 {
					times = 10_000
				}
				fmt.Fprintf(w, "  %-20s from %d, ×%.2f\n", tier.GetName(), tier.GetThreshold(), float64(times)/1e4)
			}
			return nil
		})
	})
}

// programmeLine is a version for people.
func programmeLine(w io.Writer, p *loyaltyv1.Programme) error {
	_, err := fmt.Fprintf(w, "%s version %d, in force from %s: %d rules, %d tiers\n", p.GetId(), p.GetVersion(), when(p.GetEffectiveFrom(), ""),
		len(p.GetEarning()), len(p.GetTiers().GetTiers()))
	return err
}

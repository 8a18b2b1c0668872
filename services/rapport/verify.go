package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/survey"
)

// direct are the settings of commands that open the database themselves. They
// may run beside servers.
type direct struct {
	Floor  floor.Config
	Brands string `flag:"brands" help:"brands.yaml; empty: the built-in brands demo, olist and sfo"`
}

// open opens the service without serving it. A cache that is down is only told of.
func (d *direct) open(ctx context.Context) (*survey.Upkeep, *config.Brands, error) {
	brands, err := config.LoadBrands(d.Brands)
	if err != nil {
		return nil, nil, err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	u, err := survey.OpenUpkeep(ctx, d.Floor, brands, log)
	return u, brands, err
}

// existing is open for those who look at what is there.
func (d *direct) existing(ctx context.Context) (*survey.Upkeep, *config.Brands, error) {
	if err := d.Floor.Missing("survey"); err != nil {
		return nil, nil, err
	}
	return d.open(ctx)
}

// choosing says which brands are meant.
type choosing struct {
	Brand string `flag:"brand" help:"the brand"`
	All   bool   `flag:"all" help:"all brands"`
}

func (c *choosing) names(brands *config.Brands) ([]string, error) {
	if c.All == (c.Brand != "") {
		return nil, errors.New("name one --brand, or --all")
	}
	if !c.All {
		_, err := brands.Get(c.Brand)
		return []string{c.Brand}, err
	}
	var names []string
	for _, b := range brands.All() {
		names = append(names, b.ID)
	}
	return names, nil
}

// errDrift makes the exit code 3.
var errDrift = errors.New("stored numbers differ from the fold of their facts; `rapport rebuild` makes them anew")

// verified is what became of one brand.
type verified struct {
	Brand    string        `json:"brand"`
	Examined int           `json:"examined"`
	Drift    []floor.Drift `json:"drift"`
}

func verifyCommand(set *config.Set) *cobra.Command {
	d, c, p := &direct{}, &choosing{}, &printing{}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Fold the facts from zero and compare with every stored number",
		Long: `Fold the facts from zero and compare with every stored number, in the database
and in Redis, byte by byte. Servers may go on meanwhile. Works on the database
itself (--db or --data, --redis). Exit code 3: something differs.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			u, brands, err := d.existing(cmd.Context())
			if err != nil {
				return err
			}
			names, err := c.names(brands)
			if err != nil {
				return errors.Join(err, u.Close(cmd.Context()))
			}
			err = verify(cmd.Context(), u, names, func(v verified) error {
				return p.print(cmd.OutOrStdout(), v, v.write)
			})
			return errors.Join(err, u.Close(context.WithoutCancel(cmd.Context())))
		},
	}
	bind(set, cmd, d, c, p)
	return cmd
}

func verify(ctx context.Context, u *survey.Upkeep, names []string, tell func(verified) error) error {
	var all error
	for _, name := range names {
		v := verified{Brand: name, Drift: []floor.Drift{}}
		var err error
		v.Examined, err = u.Verify(ctx, name, func(d floor.Drift) { v.Drift = append(v.Drift, d) })
		if err != nil {
			return fmt.Errorf("verify %s: %w", name, err)
		}
		if err := tell(v); err != nil {
			return err
		}
		if len(v.Drift) > 0 {
			all = errDrift
		}
	}
	return all
}

// mostShown bounds what a person is shown; --json tells all.
const mostShown = 50

func (v verified) write(w io.Writer) error {
	if len(v.Drift) == 0 {
		_, err := fmt.Fprintf(w, "%s: no drift in %d stored folds\n", v.Brand, v.Examined)
		return err
	}
	fmt.Fprintf(w, "%s: %d of %d stored folds differ\n", v.Brand, len(v.Drift), v.Examined)
	for i, d := range v.Drift {
		if i == mostShown {
			fmt.Fprintf(w, "  and %d more\n", len(v.Drift)-i)
			break
		}
		fmt.Fprintf(w, "  %s  %-28s %-7s true up to %d: %s\n", d.Day, d.Fold, d.Where, d.Seq, d.Reason)
	}
	return nil
}

func rebuildCommand(set *config.Set) *cobra.Command {
	d, c := &direct{}, &choosing{}
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Throw all stored numbers away and fold them anew from the facts",
		Long: `Throw all stored numbers of a brand away and fold them anew from the facts.
Needed only after rapport verify found drift, or a database was changed by hand.
Servers may go on, but keep what they hold in memory: restart them afterwards.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			u, brands, err := d.existing(cmd.Context())
			if err != nil {
				return err
			}
			names, err := c.names(brands)
			for i := 0; err == nil && i < len(names); i++ {
				m := newMeter("days of " + names[i])
				err = u.Rebuild(cmd.Context(), names[i], func(done, all int) { m.at(int64(done), int64(all)) })
				m.end()
				if err == nil {
					fmt.Fprintf(cmd.OutOrStdout(), "%s: rebuilt\n", names[i])
				}
			}
			return errors.Join(err, u.Close(context.WithoutCancel(cmd.Context())))
		},
	}
	bind(set, cmd, d, c)
	return cmd
}

func migrateCommand(set *config.Set) *cobra.Command {
	d := &direct{}
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Create or update the tables",
		Long: `Create or update the tables, and end. Servers do the same when they start; this
is for those who let only a deployment change tables.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			u, _, err := d.open(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "the tables are up to date")
			return u.Close(context.WithoutCancel(cmd.Context()))
		},
	}
	bind(set, cmd, d)
	return cmd
}

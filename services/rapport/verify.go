package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/gateway"
	"github.com/rapport-cx/rapport/services/journey"
	"github.com/rapport-cx/rapport/services/loyalty"
	"github.com/rapport-cx/rapport/services/segmentation"
	"github.com/rapport-cx/rapport/services/survey"
)

// direct are the settings of commands that open the databases themselves. They
// may run beside servers.
type direct struct {
	Kept keeping
	// Only bounds the work to one service.
	Only string `flag:"service" help:"only this service: segmentation, journey, survey, loyalty or gateway; empty: all that are there"`
}

// upkeep is one service opened for work on its own tables.
type upkeep interface {
	Verify(ctx context.Context, brand string, report func(floor.Drift)) (int, error)
	Rebuild(ctx context.Context, brand string, progress func(done, all int)) error
	Close(ctx context.Context) error
}

// opened is a service's upkeep and its name.
type opened struct {
	name string
	upkeep
}

// keepers are the services that keep facts, in the order they are worked on.
var keepers = []string{"segmentation", "journey", "survey", "loyalty", "gateway"}

// open opens the services without serving them. A cache that is down is only told
// of. With existing, embedded databases that are not there are passed over, but one
// must be.
func (d *direct) open(ctx context.Context, existing bool) (all []opened, brands *config.Brands, err error) {
	if brands, err = config.LoadBrands(d.Kept.Brands); err != nil {
		return nil, nil, err
	}
	if d.Only != "" && !slices.Contains(keepers, d.Only) {
		return nil, nil, fmt.Errorf("--service %s: name one of %s", d.Only, strings.Join(keepers, ", "))
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	var missing error
	for _, name := range keepers {
		if d.Only != "" && d.Only != name {
			continue
		}
		if err := d.Kept.Floor.Missing(name); existing && err != nil {
			missing = errors.Join(missing, err)
			continue
		}
		u, err := d.one(ctx, name, brands, log)
		if err != nil {
			return nil, nil, errors.Join(fmt.Errorf("%s: %w", name, err), closeAll(ctx, all))
		}
		all = append(all, opened{name, u})
	}
	if len(all) == 0 {
		return nil, nil, missing
	}
	return all, brands, nil
}

func (d *direct) one(ctx context.Context, name string, brands *config.Brands, log *slog.Logger) (upkeep, error) {
	switch name {
	case "segmentation":
		return segmentation.OpenUpkeep(ctx, d.Kept.Floor, d.Kept.Segmentation, brands, log)
	case "journey":
		return journey.OpenUpkeep(ctx, d.Kept.Floor, d.Kept.Journey, brands, log)
	case "loyalty":
		return loyalty.OpenUpkeep(ctx, d.Kept.Floor, d.Kept.Loyalty, brands, log)
	case "gateway":
		return gateway.OpenUpkeep(ctx, d.Kept.Floor)
	}
	return survey.OpenUpkeep(ctx, d.Kept.Floor, brands, log)
}

func closeAll(ctx context.Context, all []opened) (err error) {
	for _, u := range all {
		err = errors.Join(err, u.Close(context.WithoutCancel(ctx)))
	}
	return err
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

// verified is what became of one brand in one service.
type verified struct {
	Service  string        `json:"service"`
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
			all, brands, err := d.open(cmd.Context(), true)
			if err != nil {
				return err
			}
			names, err := c.names(brands)
			if err == nil {
				err = verify(cmd.Context(), all, names, func(v verified) error {
					return p.print(cmd.OutOrStdout(), v, v.write)
				})
			}
			return errors.Join(err, closeAll(cmd.Context(), all))
		},
	}
	bind(set, cmd, d, c, p)
	return cmd
}

func verify(ctx context.Context, all []opened, names []string, tell func(verified) error) error {
	var found error
	for _, u := range all {
		for _, name := range names {
			v := verified{Service: u.name, Brand: name, Drift: []floor.Drift{}}
			var err error
			v.Examined, err = u.Verify(ctx, name, func(d floor.Drift) { v.Drift = append(v.Drift, d) })
			if err != nil {
				return fmt.Errorf("verify %s of %s: %w", u.name, name, err)
			}
			if err := tell(v); err != nil {
				return err
			}
			if len(v.Drift) > 0 {
				found = errDrift
			}
		}
	}
	return found
}

// mostShown bounds what a person is shown; --json tells all.
const mostShown = 50

func (v verified) write(w io.Writer) error {
	if len(v.Drift) == 0 {
		_, err := fmt.Fprintf(w, "%s %s: no drift in %d stored numbers\n", v.Service, v.Brand, v.Examined)
		return err
	}
	fmt.Fprintf(w, "%s %s: %d of %d stored numbers differ\n", v.Service, v.Brand, len(v.Drift), v.Examined)
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
			all, brands, err := d.open(cmd.Context(), true)
			if err != nil {
				return err
			}
			names, err := c.names(brands)
			for i := 0; err == nil && i < len(names)*len(all); i++ {
				u, name := all[i/len(names)], names[i%len(names)]
				m := newMeter(u.name + " " + name)
				err = u.Rebuild(cmd.Context(), name, func(done, all int) { m.at(int64(done), int64(all)) })
				m.end()
				if err == nil {
					fmt.Fprintf(cmd.OutOrStdout(), "%s %s: rebuilt\n", u.name, name)
				}
			}
			return errors.Join(err, closeAll(cmd.Context(), all))
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
			if err := d.migrate(cmd.Context()); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "the tables are up to date")
			return nil
		},
	}
	bind(set, cmd, d)
	return cmd
}

// migrate opens every service's database, which makes its tables, and closes it.
func (d *direct) migrate(ctx context.Context) error {
	all, _, err := d.open(ctx, false)
	if err != nil {
		return err
	}
	return closeAll(ctx, all)
}

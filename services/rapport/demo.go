package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/services/rapport/demo"
)

// demonstrating are the settings of the demo.
type demonstrating struct {
	serving
	printing
	Server    string  `flag:"server" default:"127.0.0.1:9090" help:"address of the gRPC server to fill, without --serve and --embedded"`
	TLS       bool    `flag:"tls" help:"speak TLS to the server"`
	Embedded  bool    `flag:"embedded" help:"ask no server: fill --data, or --db, in this process and end"`
	Serve     bool    `flag:"serve" help:"serve everything in this process, fill it, print the report and go on serving"`
	Brand     string  `flag:"brand" default:"demo" help:"brand to fill; it must be empty or hold a demo"`
	Seed      int64   `flag:"seed" default:"1" help:"which chain: the same seed makes the same facts"`
	Stores    int     `flag:"stores" default:"1000" help:"how many stores the chain has"`
	Responses int     `flag:"responses" default:"10000" help:"about how many answers its history has"`
	Days      int     `flag:"days" default:"120" help:"how many days of history"`
	Currency  string  `flag:"currency" default:"RUB" help:"what receipts are in; the brand's own"`
	Live      float64 `flag:"live" default:"0" help:"go on making so many answers a minute, and all that happens around them, until interrupted"`
}

func demoCommand(set *config.Set) *cobra.Command {
	cfg := &demonstrating{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Make a believable retail chain, its customers, what happens to them and what they say",
		Long: `Make a believable retail chain: stores in 8 regions, couriers and pick-up points,
7 channels, seasons, good and bad stores, an incident, customers who come back.
Each of --responses answers is about a visit or an order whose events are there
too; three more customers bought, looked or called, and did not answer.

Everything follows from --seed, whatever the size; the newest facts reach up to
now. Run again, it adds what happened since and doubles nothing; one that was
broken off goes on. Fills the server at --server, or with --embedded the
database itself, or with --serve starts all services here and goes on serving.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cfg.Stores < 1 || cfg.Stores > 100_000 || cfg.Days < 1 || cfg.Days > 3650 || cfg.Responses < 0 || cfg.Live < 0 {
				return errors.New("--stores takes 1 to 100000, --days 1 to 3650; --responses and --live are not negative")
			}
			if cfg.Serve {
				return cfg.serve(cmd)
			}
			return cfg.fillOther(cmd)
		},
	}
	bind(set, cmd, cfg, &cfg.serving, &cfg.printing)
	return cmd
}

// fillOther fills a server elsewhere, or the database.
func (cfg *demonstrating) fillOther(cmd *cobra.Command) (err error) {
	ctx := cmd.Context()
	r := &reach{Server: cfg.Server, TLS: cfg.TLS, Embedded: cfg.Embedded, Access: cfg.Access.Shown, Kept: cfg.Kept}
	conn, hangUp, err := r.dial(ctx, "segmentation", "journey", "survey", "loyalty")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hangUp()) }()
	to := servicesAt(conn)
	result, err := cfg.fill(cmd, to)
	if err == nil {
		err = cfg.spend(cmd, to, result.World)
	}
	if err != nil || cfg.Live == 0 {
		return err
	}
	cfg.trickle(cmd, to, result.World)
	return nil
}

// servicesAt are the services behind one address.
func servicesAt(conn *grpc.ClientConn) demo.Services {
	return demo.Services{
		Segmentation: segmentationv1.NewSegmentationServiceClient(conn),
		Journey:      journeyv1.NewJourneyServiceClient(conn),
		Survey:       surveyv1.NewSurveyServiceClient(conn),
		Loyalty:      loyaltyv1.NewLoyaltyServiceClient(conn),
	}
}

// serve is everything in one process: what make run starts.
func (cfg *demonstrating) serve(cmd *cobra.Command) error {
	ctx := cmd.Context()
	if !cmd.Flags().Changed("log-level") {
		cfg.Telemetry.LogLevel = slog.LevelWarn // a line per call would bury the report
	}
	// Points follow the purchases behind the page, which need not wait for them.
	begin := make(chan struct{})
	cfg.Kept.Loyalty.Begin = begin
	s, err := start(ctx, &cfg.serving, services)
	if err != nil {
		return err
	}
	conn, err := s.app.Dial()
	if err != nil {
		return s.stop(ctx, err)
	}
	err = cfg.showOff(cmd, s, servicesAt(conn), begin)
	if err != nil {
		return s.stop(ctx, errors.Join(err, conn.Close()))
	}
	return errors.Join(s.wait(ctx), conn.Close())
}

// showOff fills, reports, tells the addresses, lets points begin and starts the trickle.
func (cfg *demonstrating) showOff(cmd *cobra.Command, s *served, to demo.Services, begin chan<- struct{}) error {
	result, err := cfg.fill(cmd, to)
	if err != nil {
		return err
	}
	if err := printReport(cmd.Context(), cmd.OutOrStdout(), to, cfg.Brand); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	fmt.Fprintln(out)
	if a := s.app.HTTPAddr(); a != nil {
		fmt.Fprintf(out, "page  http://%s/\n", a)
	}
	if a := s.app.GRPCAddr(); a != nil {
		fmt.Fprintf(out, "gRPC  %s\n", a)
	}
	fmt.Fprintln(out, "Ctrl-C ends it; the data stay in", cfg.Kept.Floor.Data)
	close(begin)
	go func() {
		if err := cfg.spend(cmd, to, result.World); err != nil && cmd.Context().Err() == nil {
			fmt.Fprintln(cmd.ErrOrStderr(), "points:", plain(err))
		}
	}()
	if cfg.Live > 0 {
		go cfg.trickle(cmd, to, result.World)
	}
	return nil
}

// filled is what the demo tells a program.
type filled struct {
	Brand     string        `json:"brand"`
	Fresh     bool          `json:"fresh"`
	Recorded  int64         `json:"recorded"`
	Replayed  int64         `json:"replayed"`
	Customers int64         `json:"customers"`
	Merged    int           `json:"merged"`
	Events    int64         `json:"events"`
	Duration  time.Duration `json:"duration_nanos"`
}

// fill brings the brand up to now. A brand that is filled keeps its chain unless
// the command line asks for another, which is refused.
func (cfg *demonstrating) fill(cmd *cobra.Command, to demo.Services) (demo.Result, error) {
	ctx := cmd.Context()
	zone, err := zoneOf(ctx, to.Survey, cfg.Brand)
	if err != nil {
		return demo.Result{}, err
	}
	ask := demo.Ask{Brand: cfg.Brand, Currency: cfg.Currency, Seed: cfg.Seed, Stores: cfg.Stores, Days: cfg.Days, Responses: cfg.Responses, Zone: zone}
	have, there, err := demo.Filled(ctx, to, cfg.Brand, zone)
	if err != nil {
		return demo.Result{}, err
	}
	if there && !cmd.Flags().Changed("seed") {
		ask.Seed = have.Seed
	}
	if there && !cmd.Flags().Changed("stores") {
		ask.Stores = have.Stores
	}
	m := newMeter("demo events and answers")
	ask.Progress = m.at
	result, err := demo.Fill(ctx, to, ask, time.Now())
	m.end()
	if err != nil {
		return result, fmt.Errorf("fill %s: %w; run it again to go on", cfg.Brand, err)
	}
	told := filled{
		Brand: cfg.Brand, Fresh: result.Fresh, Recorded: result.Answers.Recorded, Replayed: result.Answers.Replayed,
		Customers: result.Customers.Recorded, Merged: result.Merged, Events: result.Events.Recorded, Duration: result.Duration,
	}
	return result, cfg.print(cmd.OutOrStdout(), told, told.write)
}

func (f filled) write(w io.Writer) error {
	took := f.Duration.Round(10 * time.Millisecond)
	if f.Fresh {
		_, err := fmt.Fprintf(w, "%s: %d customers, %d events and %d answers made in %s\n", f.Brand, f.Customers, f.Events, f.Recorded, took)
		return err
	}
	_, err := fmt.Fprintf(w, "%s: holds a demo; %d events and %d answers added since, in %s\n", f.Brand, f.Events, f.Recorded, took)
	return err
}

// spend lets members spend their points, and tells how many did.
func (cfg *demonstrating) spend(cmd *cobra.Command, to demo.Services, w *demo.World) error {
	ask := demo.Ask{Brand: cfg.Brand, Currency: cfg.Currency, Zone: w.Zone()}
	got, err := demo.Spend(cmd.Context(), to, ask, time.Now())
	if err != nil {
		return fmt.Errorf("spend points of %s: %w; run it again to go on", cfg.Brand, err)
	}
	if got.Spent+got.Bonuses > 0 && !cfg.JSON {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: members spent points %d times and got %d bonuses, in %s\n",
			cfg.Brand, got.Spent, got.Bonuses, got.Duration.Round(10*time.Millisecond))
	}
	return nil
}

// trickle lets experiences come in until the command ends.
func (cfg *demonstrating) trickle(cmd *cobra.Command, to demo.Services, w *demo.World) {
	demo.Trickle(cmd.Context(), to, w, cfg.Live, time.Now, func(err error) {
		fmt.Fprintln(cmd.ErrOrStderr(), "live answer:", plain(err))
	})
}

package importer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/journey"
	"github.com/rapport-cx/rapport/services/loyalty"
	"github.com/rapport-cx/rapport/services/rapport/mapping"
	"github.com/rapport-cx/rapport/services/segmentation"
	"github.com/rapport-cx/rapport/services/survey"
)

// world is the real services, which ask and follow each other.
type world struct {
	responses surveyv1.SurveyServiceClient
	customers segmentationv1.SegmentationServiceClient
	events    journeyv1.JourneyServiceClient
	points    loyaltyv1.LoyaltyServiceClient
}

// server is what all of them can do.
type server interface {
	Migrate(context.Context) error
	Run(context.Context) error
	Close(context.Context) error
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// suite serves all, Journey on the database at url and the others on databases of
// their own of the same engine.
func suite(t *testing.T, url string) world {
	t.Helper()
	ctx := t.Context()
	another := sqldbtest.SQLite
	if strings.HasPrefix(url, "postgres") {
		another = sqldbtest.Postgres
	}
	quiet := slog.New(slog.DiscardHandler)
	secret := []byte("0123456789abcdef0123456789abcdef")
	brands, err := config.LoadBrands("")
	must(t, err)
	guard, err := access.New(access.Config{}, brands, true)
	must(t, err)
	tel, err := telemetry.New(ctx, telemetry.Config{}, "test", "test", io.Discard)
	must(t, err)
	a, err := app.New(app.Config{MaxMessage: 4 << 20, MaxStreams: 100, Deadline: time.Minute, Grace: 10 * time.Second}, guard, tel)
	must(t, err)
	conn, err := a.Dial()
	must(t, err)
	w := world{surveyv1.NewSurveyServiceClient(conn), segmentationv1.NewSegmentationServiceClient(conn), journeyv1.NewJourneyServiceClient(conn),
		loyaltyv1.NewLoyaltyServiceClient(conn)}
	said, err := survey.New(brands, guard, sqldbtest.Open(t, another(t)), nil, fold.Config{SweepEvery: -1}, secret,
		survey.Neighbours{Segmentation: w.customers, Journey: w.events}, time.Now, quiet)
	must(t, err)
	who, err := segmentation.New(segmentation.Config{}, brands, guard, sqldbtest.Open(t, another(t)), secret,
		segmentation.Neighbours{Survey: w.responses, Journey: w.events}, time.Now, quiet)
	must(t, err)
	what, err := journey.New(journey.Config{Lake: t.TempDir(), LakeMemory: 64 << 20}, brands, guard, sqldbtest.Open(t, url), nil,
		fold.Config{SweepEvery: -1}, secret, journey.Neighbours{Segmentation: w.customers, Survey: w.responses}, time.Now, quiet)
	must(t, err)
	whose, err := loyalty.New(loyalty.Config{SweepEvery: -1}, brands, guard, sqldbtest.Open(t, another(t)), nil, fold.Config{}, secret,
		loyalty.Neighbours{Segmentation: w.customers, Journey: w.events, Survey: w.responses}, time.Now, quiet)
	must(t, err)
	a.Bind(app.Service{Name: "survey", Register: func(r grpc.ServiceRegistrar) { surveyv1.RegisterSurveyServiceServer(r, said) }},
		app.Service{Name: "segmentation", Register: func(r grpc.ServiceRegistrar) { segmentationv1.RegisterSegmentationServiceServer(r, who) }},
		app.Service{Name: "journey", Register: func(r grpc.ServiceRegistrar) { journeyv1.RegisterJourneyServiceServer(r, what) }},
		app.Service{Name: "loyalty", Register: func(r grpc.ServiceRegistrar) { loyaltyv1.RegisterLoyaltyServiceServer(r, whose) }})
	must(t, a.Start(ctx))
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	all := []server{said, who, what, whose}
	stopped := make(chan error, len(all))
	for _, s := range all {
		must(t, s.Migrate(ctx))
		go func() { stopped <- errors.Join(s.Run(running), s.Close(context.WithoutCancel(ctx))) }()
	}
	t.Cleanup(func() {
		cancel()
		for range all {
			must(t, <-stopped)
		}
		must(t, errors.Join(conn.Close(), a.Stop()))
	})
	return w
}

// load imports an example so many times: every time but the first adds nothing.
func load[Client any](t *testing.T, run func(context.Context, Client, *mapping.Mapping, Options) (Summary, error), client Client, file, dir string, times int, want Counts) {
	t.Helper()
	m, err := mapping.Load(root + "deploy/examples/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for range times {
		var out bytes.Buffer
		got, err := run(t.Context(), client, m, Options{Dir: dir, Rejects: &out})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Counts); diff != "" || out.Len() > 0 {
			t.Fatalf("%s\nrejects: %.2000s", diff, out.String())
		}
		t.Logf("%s: %.0f rows/s in %v", file, got.RowsPerSecond(), got.Duration)
		want.Recorded, want.Replayed = 0, want.Recorded
	}
}

// follow reads a brand's log until what is looked for has come.
func follow(t *testing.T, c journeyv1.JourneyServiceClient, brand string, seen func(*journeyv1.JourneyFact) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stream, err := c.WatchEvents(ctx, &journeyv1.WatchEventsRequest{Brand: brand})
	if err != nil {
		t.Fatal(err)
	}
	for {
		resp, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		for _, fact := range resp.GetFacts() {
			if seen(fact) {
				return
			}
		}
	}
}

// outcomes waits until every order of Olist has ended as the files tell, and every
// event is somebody's.
func outcomes(t *testing.T, c journeyv1.JourneyServiceClient) {
	t.Helper()
	type status = journeyv1.OrderOutcome_Status
	last := map[string]*journeyv1.OrderOutcome{}
	count := map[status]int{}
	late, known := 0, 0
	add := func(o *journeyv1.OrderOutcome, by int) {
		count[o.GetStatus()] += by
		if o.GetLate() {
			late += by
		}
	}
	follow(t, c, "olist", func(fact *journeyv1.JourneyFact) bool {
		switch {
		case fact.GetOutcome() != nil:
			o := fact.GetOutcome()
			if before := last[o.GetOrderId()]; before != nil {
				add(before, -1)
			}
			last[o.GetOrderId()] = o
			add(o, 1)
		case fact.GetResolved() != nil, fact.GetRecorded().GetCustomer().GetId() > 0:
			known++
		}
		return known == 37010 && late == 414 && count[journeyv1.OrderOutcome_STATUS_ARRIVED] == 5164 &&
			count[journeyv1.OrderOutcome_STATUS_CANCELLED_BY_SHOP] == 609 && count[journeyv1.OrderOutcome_STATUS_CANCELLED_BY_CUSTOMER] == 625 &&
			count[journeyv1.OrderOutcome_STATUS_OPEN] == 8135-5164-609-625
	})
}

func TestReceiptLog(t *testing.T) {
	dir := realData(t, "eventlog")
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		w := suite(t, url)
		load(t, Events, w.events, "eventlog/receipt.yaml", dir, 2, Counts{Read: 8577, Recorded: 8577})
	})
}

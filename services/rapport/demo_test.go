package main

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/rapport/demo"
)

// What `make run` does: fill, report, tell the addresses, serve until interrupted;
// and once more on the same data.
func TestDemoServes(t *testing.T) {
	data := t.TempDir()
	for i, want := range []string{" answers made in ", "demo: holds a demo; "} {
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		read, write := io.Pipe()
		cmd := root(nil)
		cmd.SetArgs([]string{"demo", "--serve", "--data", data, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0",
			"--stores", "16", "--responses", "300", "--days", "20", "--live", "6000"})
		cmd.SetOut(write)
		ended := make(chan error, 1)
		go func() {
			ended <- cmd.ExecuteContext(ctx)
			write.Close()
		}()
		server, seen := "", ""
		lines := bufio.NewScanner(read)
		for lines.Scan() {
			seen += lines.Text() + "\n"
			if addr, ok := strings.CutPrefix(lines.Text(), "gRPC  "); ok {
				server = addr
			}
			if strings.HasPrefix(lines.Text(), "Ctrl-C") {
				break
			}
		}
		if !strings.Contains(seen, want) || !strings.Contains(seen, "nps.network by channel") || !strings.Contains(seen, "orders within norm") || server == "" {
			interrupt()
			t.Fatalf("start %d: %v\n%s", i+1, <-ended, seen)
		}
		if out := must(t, "report", "--server", server); !strings.Contains(out, "csi.visit") {
			t.Error(out)
		}
		interrupt()
		if err := <-ended; err != nil {
			t.Errorf("start %d ended with %v", i+1, err)
		}
	}
}

// A filling that is broken off goes on, and one of yesterday is topped up: in the
// end every answer is there once.
func TestDemoGoesOn(t *testing.T) {
	cfg := &reach{Embedded: true}
	cfg.Kept.Floor.Data = t.TempDir()
	conn, hangUp, err := cfg.dial(t.Context(), "segmentation", "journey", "survey", "loyalty")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := hangUp(); err != nil {
			t.Error(err)
		}
	}()
	to := servicesAt(conn)
	zone, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	ask := demo.Ask{Brand: "demo", Currency: "RUB", Seed: 3, Stores: 20, Days: 30, Responses: 900, Zone: zone}
	now := time.Now()
	broken, breakOff := context.WithCancel(t.Context())
	ask.Progress = func(done, about int64) {
		if about < done {
			t.Errorf("%d of %d", done, about)
		}
		breakOff()
	}
	if _, err := demo.Fill(broken, to, ask, now.AddDate(0, 0, -3)); err == nil {
		t.Error("a filling without a context went through")
	}
	ask.Progress = nil
	second, err := demo.Fill(t.Context(), to, ask, now.AddDate(0, 0, -2))
	if err != nil || second.Fresh || second.Events.Replayed == 0 || second.Events.Recorded == 0 || second.Answers.Recorded == 0 {
		t.Fatalf("going on: %+v, %v", second, err)
	}
	third, err := demo.Fill(t.Context(), to, ask, now)
	if err != nil || third.Fresh || third.Events.Replayed+third.Answers.Replayed+third.Customers.Recorded != 0 || third.Answers.Recorded < 10 {
		t.Fatalf("topping up: %+v, %v", third, err)
	}
	want := int64(len(slices.Collect(third.World.Between(time.Time{}, now))))
	resp, err := to.Survey.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps.network"})
	if err != nil || resp.GetTotal().GetN() != want {
		t.Errorf("%d answers, want %d; %v", resp.GetTotal().GetN(), want, err)
	}
	agrees(t, to, third.World, now)
	spends(t, to, ask, third.World, now)
}

// spends lets members spend, twice over: what is spent is what the demo itself says, and
// once.
func spends(t *testing.T, to demo.Services, ask demo.Ask, w *demo.World, now time.Time) {
	ctx := t.Context()
	first, err := demo.Spend(ctx, to, ask, now)
	if err != nil || first.Spent == 0 || first.Bonuses == 0 || first.Refused > first.Spent/10 {
		t.Fatalf("spending: %+v, %v", first, err)
	}
	again, err := demo.Spend(ctx, to, ask, now)
	if err != nil || again.Spent+again.Bonuses+again.Refused != 0 {
		t.Errorf("spending again: %+v, %v", again, err)
	}
	made := int64(0)
	for range w.Spends(time.Time{}, now) {
		made++
	}
	if made != first.Spent+first.Refused {
		t.Errorf("%d redemptions, the demo makes %d", first.Spent+first.Refused, made)
	}
	rate, err := to.Loyalty.GetRedemptionRate(ctx, &loyaltyv1.GetRedemptionRateRequest{Brand: "demo", Scope: &loyaltyv1.RateScope{ProgrammeId: demo.ProgrammeID}})
	if total := rate.GetTotal(); err != nil || total.GetRedemptions() < first.Spent || total.GetRate() < 5 || total.GetRate() > 40 {
		t.Errorf("%v, %v", total, err)
	}
	offers, err := to.Loyalty.GetOfferFunnel(ctx, &loyaltyv1.GetOfferFunnelRequest{Brand: "demo"})
	if total := offers.GetTotal(); err != nil || total.GetViewed() == 0 || total.GetCompleted() == 0 || total.GetReceived() <= total.GetViewed() {
		t.Errorf("%v, %v", total, err)
	}
	rewards, err := to.Loyalty.ListRewards(ctx, &loyaltyv1.ListRewardsRequest{Brand: "demo"})
	taken := int64(0)
	for _, r := range rewards.GetRewards() {
		taken += r.GetTaken()
	}
	if err != nil || taken == 0 {
		t.Errorf("%v, %v", rewards, err)
	}
}

// agrees holds what the services tell of a demo against the demo's own facts.
func agrees(t *testing.T, to demo.Services, w *demo.World, now time.Time) {
	ctx := t.Context()
	rows, placed, receipts, contacts := 0, int64(0), int64(0), int64(0)
	for range w.Customers() {
		rows++
	}
	for e := range w.Events(time.Time{}, now) {
		switch kind := e.GetKind(); {
		case kind == "order.placed":
			placed++
		case kind == "purchase":
			receipts++
		case strings.HasPrefix(kind, "contact."):
			contacts++
		}
	}
	people, err := to.Segmentation.ListCustomers(ctx, &segmentationv1.ListCustomersRequest{Brand: "demo", PageSize: 1})
	if err != nil || people.GetNumbers() != int64(rows) || people.GetPersons() >= people.GetNumbers() {
		t.Errorf("%d numbers of %d persons, want %d numbers; %v", people.GetNumbers(), people.GetPersons(), rows, err)
	}
	rate, err := to.Journey.GetContactRate(ctx, &journeyv1.GetContactRateRequest{Brand: "demo"})
	if total := rate.GetTotal(); err != nil || total.GetReceipts() != receipts || total.GetContacts() != contacts {
		t.Errorf("%v, want %d contacts, %d receipts; %v", total, contacts, receipts, err)
	}
	ways, err := to.Journey.GetPaths(ctx, &journeyv1.GetPathsRequest{
		Brand: "demo", Unit: journeyv1.Unit_UNIT_ORDER, Filter: &journeyv1.EventFilter{Kinds: []string{"order.placed"}},
	})
	if err != nil || ways.GetUnits() != placed {
		t.Errorf("%d orders, want %d; %v", ways.GetUnits(), placed, err)
	}
	scores, err := to.Journey.GetMapScores(ctx, &journeyv1.GetMapScoresRequest{Brand: "demo", MapId: demo.MapID})
	if err != nil || scores.GetScoresMissing() {
		t.Errorf("the map has no scores; %v", err)
	}
	for _, p := range scores.GetTouchpoints() {
		if p.GetVisits() == 0 {
			t.Errorf("nobody was at %s", p.GetTouchpointId())
		}
	}
	lateness(t, to, w, now)
}

// lateness waits until every delivery rated is told in time or late, as it was.
func lateness(t *testing.T, to demo.Services, w *demo.World, now time.Time) {
	want := int64(0)
	for r := range w.Between(time.Time{}, now) {
		if r.GetSurveyId() == "delivery" {
			want++
		}
	}
	ask := &surveyv1.GetMetricRequest{Brand: "demo", Metric: "ces.delivery", GroupBy: []*surveyv1.GroupBy{
		{Dimension: surveyv1.Dimension_DIMENSION_FACET, Key: "order.late"},
	}}
	var by map[string]*surveyv1.Score
	ctx, giveUp := context.WithTimeout(t.Context(), time.Minute)
	defer giveUp()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for n := int64(-1); n < want; <-look.C {
		resp, err := to.Survey.GetMetric(ctx, ask)
		if err != nil {
			t.Fatalf("%d of %d deliveries are told late or not: %v", n, want, err)
		}
		n, by = 0, map[string]*surveyv1.Score{}
		for _, s := range resp.GetSeries() {
			if s.GetKey()[0] != "" {
				n, by[s.GetKey()[0]] = n+s.GetTotal().GetN(), s.GetTotal()
			}
		}
	}
	if by["yes"].GetValue() > by["no"].GetValue()-0.5 {
		t.Errorf("late deliveries score %v, others %v", by["yes"], by["no"])
	}
}

package main

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

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
		if !strings.Contains(seen, want) || !strings.Contains(seen, "nps.network by channel") || server == "" {
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
	conn, hangUp, err := cfg.dial(t.Context(), "survey")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := hangUp(); err != nil {
			t.Error(err)
		}
	}()
	client := surveyv1.NewSurveyServiceClient(conn)
	zone, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	ask := demo.Ask{Brand: "demo", Seed: 3, Stores: 20, Days: 30, Responses: 6000, Zone: zone}
	now := time.Now()
	broken, breakOff := context.WithCancel(t.Context())
	ask.Progress = func(done, about int64) {
		if about < done {
			t.Errorf("%d of %d", done, about)
		}
		breakOff()
	}
	if _, err := demo.Fill(broken, client, ask, now.AddDate(0, 0, -3)); err == nil {
		t.Error("a filling without a context went through")
	}
	ask.Progress = nil
	second, err := demo.Fill(t.Context(), client, ask, now.AddDate(0, 0, -2))
	if err != nil || second.Fresh || second.Replayed == 0 || second.Recorded == 0 {
		t.Fatalf("going on: %+v, %v", second, err)
	}
	third, err := demo.Fill(t.Context(), client, ask, now)
	if err != nil || third.Fresh || third.Replayed != 0 || third.Recorded < 40 {
		t.Fatalf("topping up: %+v, %v", third, err)
	}
	want := int64(len(slices.Collect(third.World.Between(time.Time{}, now))))
	resp, err := client.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps.network"})
	if err != nil || resp.GetTotal().GetN() != want {
		t.Errorf("%d answers, want %d; %v", resp.GetTotal().GetN(), want, err)
	}
}

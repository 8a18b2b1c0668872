package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

const day = 24 * time.Hour

// steps of the funnel: five, with a time for each but the first. The last time is a
// microsecond longer with each call, so that no two questions are the same.
func steps(call int64) []step {
	return []step{
		{kind: "visit"},
		{kind: "cart", within: (7 * day).Microseconds()},
		{kind: "order.placed", within: (2 * day).Microseconds()},
		{kind: "order.shipped", within: (3 * day).Microseconds()},
		{kind: "order.delivered", within: (36 * time.Hour).Microseconds() + call},
	}
}

// question is one that both engines are asked, and what each says.
type question struct {
	name string
	// ours and theirs answer it for the n-th time, as text.
	ours   func(ctx context.Context, c *grpc.ClientConn, n int64) (string, error)
	theirs func(p *peer, n int64) (string, error)
}

var questions = []question{
	{"funnel of five steps", askFunnel, func(p *peer, n int64) (string, error) {
		rows, err := p.ask(funnelSQL(steps(n)))
		return fmt.Sprint(rows), err
	}},
	{"top 20 paths", askPaths(0), tellPaths(0)},
	{"top 20 paths of first five", askPaths(5), tellPaths(5)},
}

func askFunnel(ctx context.Context, c *grpc.ClientConn, n int64) (string, error) {
	in := &journeyv1.GetFunnelRequest{Brand: "demo"}
	for i, s := range steps(n) {
		one := &journeyv1.FunnelStep{Filter: &journeyv1.EventFilter{Kinds: []string{s.kind}}}
		if i > 0 {
			one.Within = durationpb.New(time.Duration(s.within) * time.Microsecond)
		}
		in.Steps = append(in.Steps, one)
	}
	out, err := journeyv1.NewJourneyServiceClient(c).GetFunnel(ctx, in)
	if err != nil {
		return "", err
	}
	units := make([]int64, len(in.Steps))
	for i, s := range out.GetTotal().GetSteps() {
		units[i] = s.GetUnits()
	}
	return fmt.Sprint([][]int64{units}), nil
}

// askPaths asks for the same each time: no result is kept.
func askPaths(length int32) func(context.Context, *grpc.ClientConn, int64) (string, error) {
	return func(ctx context.Context, c *grpc.ClientConn, _ int64) (string, error) {
		out, err := journeyv1.NewJourneyServiceClient(c).GetPaths(ctx, &journeyv1.GetPathsRequest{Brand: "demo", MaxLength: length, Top: 20})
		if err != nil {
			return "", err
		}
		var text strings.Builder
		for _, p := range out.GetPaths() {
			fmt.Fprintf(&text, "%s: %d\n", strings.Join(p.GetKinds(), " "), p.GetUnits())
		}
		fmt.Fprintf(&text, "%d: %d\n", int64(len(out.GetPaths()))+out.GetOtherPaths(), out.GetUnits())
		return text.String(), nil
	}
}

func tellPaths(length int) func(*peer, int64) (string, error) {
	return func(p *peer, _ int64) (string, error) {
		rows, err := p.ask(pathsSQL(length))
		var text strings.Builder
		for _, r := range rows {
			fmt.Fprintf(&text, "%s: %s\n", strings.ReplaceAll(fmt.Sprint(r[0]), between, " "), r[1])
		}
		return text.String(), err
	}
}

// analyses asks a sealed lake's questions: cold, of fresh processes whose files are in
// no memory; then warm, in turn with DuckDB over the same files. Both must say the same.
func analyses(b *testing.B, k kept, other *peer) {
	lake := filepath.Join(k.data, "lake")
	for _, q := range questions {
		cold(b, k, lake, q)
	}
	p := k.launch(b)
	defer p.stop()
	if other != nil {
		if err := other.open(lake); err != nil {
			b.Fatal(err)
		}
	}
	for _, q := range questions {
		ours := &scenario{name: "Rapport", callers: 1, servers: []*process{p}, conns: p.dial(b, 1),
			do: func(ctx context.Context, c *grpc.ClientConn, n int64) error { _, err := q.ours(ctx, c, n); return err }}
		all := []*scenario{ours}
		if other != nil {
			same(b, q, ours.conns[0], other)
			theirs := &scenario{name: fmt.Sprintf("E: DuckDB, %d threads", threads), callers: 1, servers: []*process{other.process}, conns: ours.conns,
				do: func(_ context.Context, _ *grpc.ClientConn, n int64) error { _, err := q.theirs(other, n); return err }}
			all = []*scenario{theirs, ours}
		}
		measure(b, all)
		table(q.name+", "+k.engine, all)
		fmt.Printf("%d MiB resident\n\n", p.resident())
	}
}

// same fails if the engines differ.
func same(b *testing.B, q question, c *grpc.ClientConn, other *peer) {
	b.Helper()
	const call = 0
	ours, err := q.ours(b.Context(), c, call)
	if err != nil {
		b.Fatal(err)
	}
	theirs, err := q.theirs(other, call)
	if err != nil {
		b.Fatal(err)
	}
	if ours != theirs {
		b.Fatalf("%s: ours\n%s\nDuckDB\n%s", q.name, ours, theirs)
	}
	fmt.Printf("%s, the same by both:\n%s\n", q.name, ours)
}

// cold tells the median of fresh processes' first answers.
func cold(b *testing.B, k kept, lake string, q question) {
	b.Helper()
	var took []time.Duration
	for n := range int64(3) {
		forget(b, lake)
		p := k.launch(b)
		c := p.dial(b, 1)[0]
		start := time.Now()
		if _, err := q.ours(b.Context(), c, n); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
		p.stop()
	}
	slices.Sort(took)
	fmt.Printf("%s, %s, cold: %v (%v)\n", q.name, k.engine, took[len(took)/2].Round(time.Millisecond), took)
}

// forget drops a folder's files from the system's memory.
func forget(b *testing.B, folder string) {
	b.Helper()
	const dontNeed = 4 // POSIX_FADV_DONTNEED
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, _, _ = syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0) // advice: it may be ignored
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

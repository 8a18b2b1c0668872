package subscription_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// These make this binary a process of the gateway that delivers what is due by a clock,
// to be killed.
const (
	folderEnv = "SUBSCRIPTION_TEST_FOLDER"
	dbEnv     = "SUBSCRIPTION_TEST_DB"
	postEnv   = "SUBSCRIPTION_TEST_POST"
	clockEnv  = "SUBSCRIPTION_TEST_CLOCK"
)

func TestMain(m *testing.M) {
	if os.Getenv(folderEnv) == "" {
		os.Exit(m.Run())
	}
	if err := serve(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve delivers until its standard input ends, so that it never outlives its test.
func serve(ctx context.Context) error {
	db, err := sqldb.Open(ctx, os.Getenv(dbEnv))
	if err != nil {
		return err
	}
	at, err := strconv.ParseInt(os.Getenv(clockEnv), 10, 64)
	if err != nil {
		return err
	}
	n, err := start(ctx, db, os.Getenv(folderEnv), settings(&post{at: os.Getenv(postEnv)}), access.Config{}, time.UnixMicro(at))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- n.server.Run(ctx) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	return errors.Join(<-done, n.close(), db.Close())
}

// process starts one by a clock that stands still. What it returns kills it as nothing
// can be cleaned up after.
func process(t *testing.T, url, folder string, p *post, at time.Time) (kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), dbEnv+"="+url, folderEnv+"="+folder, postEnv+"="+p.at, clockEnv+"="+strconv.FormatInt(at.UnixMicro(), 10))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, errors.Join(err, cmd.Start()))
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = in.Close()
	})
	t.Cleanup(kill)
	return kill
}

// A process is killed at each step of a delivery: as its connection opens, as it names
// the recipient, when the server has the letter and has not said so. Another one takes
// over when the time of the attempt is over. Nothing is lost, and every letter that
// came twice came under the same id.
func TestKilled(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		db, folder, p := sqldbtest.Open(t, url), t.TempDir(), newPost(t, nil)
		n, err := start(t.Context(), db, folder, settings(p), access.Config{}, monday)
		must(t, err)
		answered(t, n.survey, 10)
		const many = 12
		for i := range many {
			n.create(t, daily(fmt.Sprintf("p%d@example.com", i)))
		}
		at := monday.Add(10 * time.Minute)
		for round, stage := range []string{"connect", "rcpt", "data", "data"} {
			var first sync.Once
			reached, dead := make(chan struct{}), make(chan struct{})
			var seen atomic.Int64
			p.do(func(now, _ string) error {
				if now == stage {
					if seen.Add(1) > int64(2+round) { // some get through before
						first.Do(func() { close(reached) })
						<-dead
						return errCut
					}
				}
				return nil
			})
			kill := process(t, url, folder, p, at)
			select {
			case <-reached:
			case <-time.After(60 * time.Second):
				t.Fatalf("%s was never reached", stage)
			}
			kill()
			close(dead)
			p.do(nil)
			at = at.Add(4 * time.Minute)
		}
		n.clock.set(at)
		n.deliver(t)
		judge(t, n, p, many)
		must(t, n.close())
	})
}

// judge holds what came against what was due.
func judge(t *testing.T, n *node, p *post, many int) {
	t.Helper()
	due := map[string]bool{}
	for _, d := range n.deliveries(t) {
		if d.GetStatus() != sent {
			t.Error(d)
		}
		due[d.GetId()+"@rapport.test"] = true
	}
	taken, ids := map[string]int{}, map[string]string{}
	for _, l := range p.letters() {
		if id := ids[l.to]; id != "" && id != l.id() {
			t.Errorf("%s got %s and %s", l.to, id, l.id())
		}
		ids[l.to] = l.id()
		if l.taken {
			taken[l.to]++
		}
		if !due[l.id()] {
			t.Errorf("%s was never due", l.id())
		}
	}
	if len(due) != many || len(taken) != many {
		t.Errorf("%d due, %d of %d have got theirs", len(due), len(taken), many)
	}
}

// Two processes work at once: nobody gets anything twice.
func TestReplicas(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		folder, p := t.TempDir(), newPost(t, nil)
		var nodes [2]*node
		for i := range nodes {
			var err error
			nodes[i], err = start(t.Context(), sqldbtest.Open(t, url), folder, settings(p), access.Config{}, monday)
			must(t, err)
			if i == 0 {
				answered(t, nodes[0].survey, 10)
			}
		}
		const many = 60
		for i := range many {
			nodes[0].create(t, daily(fmt.Sprintf("p%d@example.com", i)))
		}
		var works sync.WaitGroup
		for _, n := range nodes {
			n.clock.move(10 * time.Minute)
			for range 3 {
				works.Go(func() {
					if _, err := n.server.Deliver(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
		}
		works.Wait()
		judge(t, nodes[1], p, many)
		if n := len(p.letters()); n != many {
			t.Errorf("%d letters", n)
		}
		for _, n := range nodes {
			must(t, n.close())
		}
	})
}

// A thousand are due at nine: all of them have their letter within a minute, also where
// the process is killed in the middle.
func TestAThousand(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		db, folder, p := sqldbtest.Open(t, url), t.TempDir(), newPost(t, nil)
		n, err := start(t.Context(), db, folder, settings(p), access.Config{}, monday)
		must(t, err)
		answered(t, n.survey, 20)
		const many = 1000
		for i := range many {
			n.create(t, daily(fmt.Sprintf("p%d@example.com", i)))
		}
		began := time.Now()
		half := make(chan struct{})
		var once sync.Once
		count := 0
		var mu sync.Mutex
		p.do(func(stage, _ string) error {
			mu.Lock()
			defer mu.Unlock()
			if stage == "data" {
				if count++; count == many/2 {
					once.Do(func() { close(half) })
				}
			}
			return nil
		})
		at := monday.Add(10 * time.Minute)
		kill := process(t, url, folder, p, at)
		select {
		case <-half:
		case <-time.After(60 * time.Second):
			t.Fatal("half of them were not delivered in a minute")
		}
		kill()
		n.clock.set(at.Add(4 * time.Minute))
		n.deliver(t)
		took := time.Since(began)
		t.Logf("%d letters in %s", len(p.letters()), took)
		if took > time.Minute {
			t.Errorf("took %s", took)
		}
		judge(t, n, p, many)
		must(t, n.close())
	})
}

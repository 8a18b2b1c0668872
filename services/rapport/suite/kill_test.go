package suite

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/hot/hottest"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// killRounds is how often somebody is killed, unless roundsEnv says how often.
const (
	killRounds = 6
	roundsEnv  = "RAPPORT_TEST_KILL_ROUNDS"
)

// TestKilledServicesLoseNothing kills one or two of the three services again and
// again while all of them are written to and follow each other, and while segments are
// made, changed and ended. Whatever was acknowledged took effect once, everywhere, and
// every segment has whom a recount gives.
func TestKilledServicesLoseNothing(t *testing.T) {
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqldbtest.SQLite}, {"postgres", sqldbtest.PostgresDurable}} {
		t.Run(engine.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed(t), 1))
			f := newFleet(t, engine.url, hottest.Start(t).URL())
			define(t, f.clients)
			l, g := newLoad(t, f.clients), newGroups(t, f.clients, r)
			for round := range rounds(t) {
				stop, leave := l.run(12), g.run(r, 2)
				l.await(80+r.IntN(120), time.Minute)
				victims := r.Perm(len(names))[:1+r.IntN(2)]
				for _, v := range victims {
					f.processes[names[v]].kill()
				}
				// Those left go on, as far as they can without the others.
				l.await(r.IntN(60), time.Second)
				for _, v := range victims {
					f.endLeases(names[v])
					f.start(names[v])
					l.await(r.IntN(30), time.Second)
				}
				if r.IntN(2) == 0 {
					l.await(40, time.Minute)
				}
				leave()
				stop()
				t.Logf("round %d: killed %v, %d steps acknowledged", round, victims, l.acked)
				if round%3 == 2 || round == rounds(t)-1 {
					a := newAudit(t, f, l.model)
					a.all()
					a.groups(g)
					f.verify(0)
				}
				if t.Failed() {
					return
				}
			}
			f.stop()
			f.verify(1)
		})
	}
}

func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv(roundsEnv)
	if text == "" {
		return killRounds
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", roundsEnv, err)
	}
	return n
}

// seed is told, so that a run can be looked at again; the scheduling cannot.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := uint64(time.Now().UnixNano())
	t.Logf("seed %d", s)
	return s
}

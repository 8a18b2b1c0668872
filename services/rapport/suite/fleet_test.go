package suite

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/journey"
	"github.com/rapport-cx/rapport/services/segmentation"
	"github.com/rapport-cx/rapport/services/survey"
)

// fleet is the three services, each in its process and on its own database.
type fleet struct {
	clients
	t           *testing.T
	data, redis string
	// dbs and at are addresses by the service's name.
	dbs, at   map[string]string
	processes map[string]*process
	// opened are the databases, to look into.
	opened map[string]*sqldb.DB
}

// newFleet starts all services on databases of an engine.
func newFleet(t *testing.T, url func(testing.TB) string, redis string) *fleet {
	t.Helper()
	f := &fleet{t: t, data: t.TempDir(), redis: redis, dbs: map[string]string{}, at: map[string]string{},
		processes: map[string]*process{}, opened: map[string]*sqldb.DB{}}
	for _, name := range names {
		f.dbs[name], f.at[name] = url(t), freePort(t)
	}
	for _, name := range names {
		f.start(name)
		f.opened[name] = sqldbtest.Open(t, f.dbs[name])
	}
	var err error
	f.clients, err = reach(func(at string) (*grpc.ClientConn, error) {
		conn, err := plainDial(at, grpc.WithDefaultCallOptions(grpc.WaitForReady(true), grpc.MaxCallRecvMsgSize(1<<30)))
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
		}
		return conn, err
	}, f.at)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// start runs a service, for the first time or again.
func (f *fleet) start(name string) {
	f.t.Helper()
	var at []string
	for _, n := range names {
		at = append(at, f.at[n])
	}
	f.processes[name] = start(f.t, name, dataEnv+"="+f.data, dbEnv+"="+f.dbs[name], redisEnv+"="+f.redis, atEnv+"="+strings.Join(at, ","))
}

// endLeases lets a service take up at once what it was at when it was killed, as
// it may anyway some seconds later.
func (f *fleet) endLeases(name string) {
	f.t.Helper()
	err := f.opened[name].Write(f.t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(f.t.Context(), `UPDATE consumer_cursor SET until = 0`)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// stop lets all services end in peace: they write their folds back.
func (f *fleet) stop() {
	for _, p := range f.processes {
		p.stop()
	}
}

// verify is `rapport verify` of all services, beside the servers or without them. It
// must have so much to examine.
func (f *fleet) verify(least int) {
	f.t.Helper()
	brands, err := config.LoadBrands("")
	if err != nil {
		f.t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	for _, name := range names {
		var err error
		n := 0
		on := ground(f.data, f.dbs[name], f.redis)
		report := func(d floor.Drift) { f.t.Errorf("%s: drift: %+v", name, d) }
		switch name {
		case "segmentation":
			var u *segmentation.Upkeep
			if u, err = segmentation.OpenUpkeep(f.t.Context(), on, segmentation.Config{}, brands, log); err == nil {
				n, err = u.Verify(f.t.Context(), brand, report)
				_ = u.Close(f.t.Context())
			}
		case "journey":
			var u *journey.Upkeep
			if u, err = journey.OpenUpkeep(f.t.Context(), on, lake, brands, log); err == nil {
				n, err = u.Verify(f.t.Context(), brand, report)
				_ = u.Close(f.t.Context())
			}
		case "survey":
			var u *survey.Upkeep
			if u, err = survey.OpenUpkeep(f.t.Context(), on, brands, log); err == nil {
				n, err = u.Verify(f.t.Context(), brand, report)
				_ = u.Close(f.t.Context())
			}
		}
		if err != nil || n < least {
			f.t.Errorf("verify %s: %d examined, %v", name, n, err)
		}
	}
}

// freePort is an address that stays the service's through kills: it is none of
// those that the system gives to whoever connects to somewhere.
func freePort(t *testing.T) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		l, err := net.Listen("tcp", address)
		if err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

// follows says whose log each consumer of a service goes through.
var follows = map[string]map[string]string{
	"segmentation": {"purchases": "journey", "answers": "survey", "segments": "segmentation"},
	"journey":      {"customers": "segmentation", "orders": "journey"},
	"survey":       {"customers": "segmentation", "journey": "journey", "neighbours": "survey", "cases": "survey"},
}

// behind tells what is yet to be done by any service; empty: every feed is drained.
func (f *fleet) behind() string {
	heads := map[string]int64{}
	for _, name := range names {
		heads[name] = f.number(name, `SELECT seq FROM log_head WHERE brand = $1`, brand)
	}
	for name, consumers := range follows {
		for consumer, of := range consumers {
			if at := f.number(name, `SELECT seq FROM consumer_cursor WHERE brand = $1 AND consumer = $2`, brand, consumer); at != heads[of] {
				return fmt.Sprintf("%s of %s is at %d of %d", consumer, name, at, heads[of])
			}
		}
		if name == "segmentation" {
			continue
		}
		for _, table := range []string{"sealed_identity", "erased_customer"} {
			if n := f.number(name, `SELECT count(*) FROM `+table+` WHERE brand = $1`, brand); n > 0 {
				return fmt.Sprintf("%d rows of %s wait in %s", n, table, name)
			}
		}
	}
	for _, name := range names {
		if f.number(name, `SELECT seq FROM log_head WHERE brand = $1`, brand) != heads[name] {
			return "the log of " + name + " goes on"
		}
	}
	return ""
}

// number asks a service's database for one number; 0 if it has none.
func (f *fleet) number(name, query string, args ...any) (n int64) {
	f.t.Helper()
	rows, err := f.opened[name].Query(f.t.Context(), query, args...)
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(&n); err != nil {
			f.t.Fatal(err)
		}
	}
	return n
}

// drain waits until every fact has had its effect everywhere.
func (f *fleet) drain() {
	f.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); ; {
		left := f.behind()
		if left == "" {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			f.t.Fatal("the feeds do not come to an end: ", left)
		}
	}
}

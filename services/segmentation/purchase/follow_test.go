package purchase

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

const brand = "demo"

var noon = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// stream is Journey's log as its stream tells it.
type stream struct{ facts []*journeyv1.JourneyFact }

// tell adds an event; a resolved one has no number of its own.
func (s *stream) tell(resolved bool, e *journeyv1.Event) {
	f := &journeyv1.JourneyFact{Seq: int64(len(s.facts) + 1), CommittedAt: timestamppb.New(noon.Add(time.Duration(len(s.facts)) * time.Second))}
	f.Fact = &journeyv1.JourneyFact_Recorded{Recorded: e}
	if resolved {
		f.Fact = &journeyv1.JourneyFact_Resolved{Resolved: e}
	}
	s.facts = append(s.facts, f)
}

// next is the Source of a consumer.
func (s *stream) next(_ context.Context, _ string, from feed.Cursor, limit int) ([]feed.Fact, error) {
	rest := s.facts[from.Seq:]
	rest = rest[:min(limit, len(rest))]
	facts, _ := Split(&journeyv1.WatchEventsResponse{Facts: rest})
	for i := range facts {
		facts[i].CommitID = facts[i].Seq
	}
	return facts, nil
}

func bought(key string, customer, minor int64, at time.Time) *journeyv1.Event {
	e := &journeyv1.Event{Source: "till", ExternalId: key, Kind: "purchase", OccurredAt: timestamppb.New(at),
		Channel: commonv1.Channel_CHANNEL_STORE, Amount: &commonv1.Money{Currency: "RUB", MinorUnits: minor},
		Lines: []*journeyv1.Line{{Category: "tea"}}, Properties: map[string]string{"till": "7"}}
	if customer != 0 {
		e.Actor = &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: customer}}}
	}
	return e
}

// shop is a database with a follower.
type shop struct {
	t   *testing.T
	db  *sqldb.DB
	f   *Follower
	now time.Time
}

func open(t *testing.T, db *sqldb.DB) *shop {
	t.Helper()
	if err := feed.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if err := Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, db: db, now: noon}
	s.f = &Follower{Brand: brand, Zone: calendar.UTC, DB: db, Clock: func() time.Time { return s.now }, Log: slog.New(slog.DiscardHandler)}
	return s
}

// follow consumes all of the stream in batches of a size.
func (s *shop) follow(from *stream, limit int) {
	s.t.Helper()
	c := s.f.Consumer(from.next)
	c.Limit = limit
	// A process that starts after another one: its lease must be over.
	s.now = s.now.Add(time.Hour)
	for {
		if n, err := c.Step(s.t.Context()); err != nil {
			s.t.Fatal(err)
		} else if n == 0 {
			return
		}
	}
}

func (s *shop) facts(ids ...int64) Facts {
	s.t.Helper()
	f, err := Read(s.t.Context(), s.db, brand, ids)
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

func (s *shop) drifts() (list []string) {
	s.t.Helper()
	_, err := Verify(s.t.Context(), s.db, brand, calendar.UTC, func(id int64, reason string) {
		list = append(list, fmt.Sprintf("%d: %s", id, reason))
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

func (s *shop) write(fn func(tx *sqldb.Tx) error) {
	s.t.Helper()
	if err := s.db.Write(s.t.Context(), fn); err != nil {
		s.t.Fatal(err)
	}
}

// rows are all rows, byte by byte.
func (s *shop) rows() map[int64]string {
	s.t.Helper()
	all := map[int64]string{}
	err := page(s.t.Context(), s.db, brand, 0, func(id int64, f Facts, history []byte) error {
		all[id] = fmt.Sprintf("%+v %x", f, history)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

func TestFollow(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s, from := open(t, db), &stream{}
		day := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
		from.tell(false, bought("a", 1, 500, day))
		from.tell(false, bought("b", 0, 700, day)) // of nobody that is known yet
		from.tell(false, bought("c", 2, 900, day.AddDate(0, 0, -3)))
		back := bought("d", 1, 100, day.AddDate(0, 0, 9))
		back.Kind = "return"
		from.tell(false, back)
		visit := bought("e", 1, 0, day)
		visit.Kind = "visit"
		from.tell(false, visit)
		unknown := bought("f", 0, 0, day)
		unknown.Kind = "visit.page"
		from.tell(false, unknown)
		s.follow(from, 2)
		if h, err := Histories(t.Context(), db, brand, []int64{1}); err != nil || h[1].Facts().Visits != 1 {
			t.Errorf("visits of %v, %v", h[1], err)
		}
		day5 := calendar.DayOn(2026, 1, 5)
		want := Facts{Sums: Sums{Purchases: 2, Returns: 1, Spent: 1400, Returned: 100}, First: day5 - 3, Last: day5}
		if diff := cmp.Diff(want, s.facts(1, 2)); diff != "" {
			t.Error(diff)
		}
		// Now it is known who bought b: once, however often it is told.
		from.tell(true, bought("b", 2, 700, day))
		from.tell(true, bought("b", 2, 700, day))
		s.follow(from, 1)
		from.tell(true, bought("b", 2, 700, day))
		s.follow(from, 500)
		if diff := cmp.Diff(Facts{Sums: Sums{Purchases: 2, Spent: 1600}, First: day5 - 3, Last: day5}, s.facts(2)); diff != "" {
			t.Error(diff)
		}
		asOf, err := AsOf(t.Context(), db, brand)
		if want := from.facts[len(from.facts)-1].GetCommittedAt().AsTime().UnixMicro(); err != nil || asOf != want {
			t.Errorf("as of %d, %v; want %d", asOf, err, want)
		}
		if list := s.drifts(); list != nil {
			t.Error(list)
		}
	})
}

// A resolved event replaces the recorded one, also when it moves to another
// customer: who has nothing any more has no row.
func TestResolvedReplacesRecorded(t *testing.T) {
	for _, limit := range []int{1, 10} {
		sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
			s, from := open(t, db), &stream{}
			from.tell(false, bought("a", 1, 500, noon))
			from.tell(true, bought("a", 2, 600, noon))
			s.follow(from, limit)
			from.tell(true, bought("a", 3, 600, noon))
			s.follow(from, limit)
			if got := s.rows(); len(got) != 1 || s.facts(3).Spent != 600 {
				t.Errorf("got %v", got)
			}
			if list := s.drifts(); list != nil {
				t.Error(list)
			}
		})
	}
}

// Facts that come from the beginning again, since the cursor was set back, change
// nothing: each is known by its key.
func TestFollowedAgainFromTheBeginning(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s, from := open(t, db), &stream{}
		for i := range 30 {
			from.tell(false, bought(fmt.Sprint(i), int64(i%4), 100, noon.AddDate(0, 0, i)))
		}
		from.tell(true, bought("0", 9, 100, noon))
		s.follow(from, 7)
		want := s.rows()
		s.write(func(tx *sqldb.Tx) error { return feed.Rewind(t.Context(), tx, ConsumerName, brand) })
		s.follow(from, 4)
		if diff := cmp.Diff(want, s.rows()); diff != "" {
			t.Error(diff)
		}
	})
}

// The same events in any order and in batches of any size are the same rows.
func TestAnyOrderOfFactsGivesTheSameRows(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		r := rand.New(rand.NewPCG(1, 1))
		var want map[int64]string
		for round := range 6 {
			var all []*journeyv1.JourneyFact
			dice := rand.New(rand.NewPCG(2, 2)) // the same events each time
			for i := range 40 {
				st := &stream{}
				e := bought(fmt.Sprint(i), int64(1+dice.IntN(5)), int64(dice.IntN(900)), noon.Truncate(24*time.Hour).AddDate(0, 0, -dice.IntN(9)))
				if dice.IntN(4) == 0 {
					e.Kind = "visit.page"
				}
				if dice.IntN(3) == 0 {
					unknown := bought(fmt.Sprint(i), 0, e.Amount.MinorUnits, e.OccurredAt.AsTime())
					unknown.Kind = e.Kind
					st.tell(false, unknown)
				}
				st.tell(len(st.facts) > 0, e)
				all = append(all, st.facts...)
			}
			r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			from := &stream{}
			for i, f := range all {
				f.Seq = int64(i + 1)
				from.facts = append(from.facts, f)
			}
			s.write(func(tx *sqldb.Tx) error {
				for _, table := range []string{"purchase", "fact", "consumer_cursor"} {
					if _, err := tx.Exec(t.Context(), "DELETE FROM "+table); err != nil {
						return err
					}
				}
				return nil
			})
			s.follow(from, 1+r.IntN(20))
			if got := s.rows(); round == 0 {
				want = got
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Fatal(diff)
			}
			if list := s.drifts(); list != nil {
				t.Fatal(list)
			}
		}
	})
}

func TestVerifyAndRebuild(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s, from := open(t, db), &stream{}
		for i := range 20 {
			from.tell(false, bought(fmt.Sprint(i), int64(1+i%4), 100, noon))
		}
		from.tell(true, bought("3", 9, 100, noon))
		s.follow(from, 6)
		want := s.rows()
		s.write(func(tx *sqldb.Tx) error {
			for _, q := range []string{"UPDATE purchase SET spent = 7 WHERE customer = 1", "DELETE FROM purchase WHERE customer = 2",
				"UPDATE purchase SET customer = 77 WHERE customer = 3"} {
				if _, err := tx.Exec(t.Context(), q); err != nil {
					return err
				}
			}
			return nil
		})
		if list := s.drifts(); len(list) != 4 {
			t.Errorf("found %v", list)
		}
		s.write(func(tx *sqldb.Tx) error { return Rebuild(t.Context(), tx, brand, calendar.UTC) })
		if diff := cmp.Diff(want, s.rows()); diff != "" || s.drifts() != nil {
			t.Error(diff, s.drifts())
		}
	})
}

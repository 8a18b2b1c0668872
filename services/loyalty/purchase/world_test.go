package purchase

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
	"github.com/rapport-cx/rapport/services/loyalty/record"
	"github.com/rapport-cx/rapport/services/loyalty/standing"
)

const brand = "demo"

var noon = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// stream is Journey's log as its stream tells it.
type stream struct{ facts []*journeyv1.JourneyFact }

// tell adds an event; a resolved one has no number of its own.
func (s *stream) tell(resolved bool, events ...*journeyv1.Event) {
	for _, e := range events {
		f := &journeyv1.JourneyFact{Seq: int64(len(s.facts) + 1), CommittedAt: timestamppb.New(noon)}
		f.Fact = &journeyv1.JourneyFact_Recorded{Recorded: e}
		if resolved {
			f.Fact = &journeyv1.JourneyFact_Resolved{Resolved: e}
		}
		s.facts = append(s.facts, f)
	}
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

// event is one of a customer, so many minutes after noon.
func event(kind, key string, customer, minute int64, lines ...*journeyv1.Line) *journeyv1.Event {
	e := &journeyv1.Event{
		Source: "till", ExternalId: key, Kind: kind, OccurredAt: timestamppb.New(noon.Add(time.Duration(minute) * time.Minute)),
		Channel: commonv1.Channel_CHANNEL_STORE, Lines: lines,
	}
	if customer != 0 {
		e.Actor = &journeyv1.Event_Customer{Customer: ref(customer)}
	}
	return e
}

// line is so many pieces of an article, at so much a piece in minor units.
func line(sku string, pieces, price int64) *journeyv1.Line {
	return &journeyv1.Line{Sku: sku, QuantityMilli: pieces * 1000, Amount: &commonv1.Money{Currency: "RUB", MinorUnits: pieces * price}}
}

func ofOrder(id string, e *journeyv1.Event) *journeyv1.Event {
	e.OrderId = id
	return e
}

// shop is a database with a follower.
type shop struct {
	t      *testing.T
	db     *sqldb.DB
	f      *Follower
	now    time.Time
	people *people.Book
}

// plain is a point a pound, whatever is bought.
func plain() *loyaltyv1.Programme {
	return &loyaltyv1.Programme{
		Id: "club", FromJourney: true, EffectiveFrom: timestamppb.New(noon.AddDate(-10, 0, 0)),
		Earning: []*loyaltyv1.EarningRule{{Name: "all", Points: 1, PerMinorUnits: 100}},
	}
}

func open(t *testing.T, db *sqldb.DB, programmes ...*loyaltyv1.Programme) *shop {
	t.Helper()
	for _, migrate := range []func(context.Context, *sqldb.DB) error{feed.Migrate, ledger.Migrate, standing.Migrate, Migrate} {
		if err := migrate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	s := &shop{t: t, db: db, now: noon.AddDate(0, 0, 1), people: people.NewBook()}
	book := programme.NewBook()
	for _, p := range programmes {
		facts, err := book.Create(p, noon)
		if err == nil {
			err = book.Apply(&facts[0])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	quiet, clock := slog.New(slog.DiscardHandler), func() time.Time { return s.now }
	log := feed.New(db)
	keeper := &ledger.Keeper{
		Brand: brand, Zone: calendar.UTC, DB: db, Log: log, Clock: clock, Logger: quiet, Terms: book.Terms, Idle: book.Idle,
		Ingest: func(context.Context, string, []feed.Fact) error { return nil }, People: s.people.Now,
	}
	s.f = &Follower{
		Brand: brand, Zone: calendar.UTC, DB: db, Ledger: keeper, Book: func() *programme.Book { return book }, People: s.people.Now,
		Ready: func(context.Context) error { return nil }, Clock: clock, Log: quiet,
	}
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

// points are what a number has in a programme, whatever state they are in.
func (s *shop) points(id string, customer int64) (available, pending, owed int64) {
	s.t.Helper()
	err := s.db.QueryRow(s.t.Context(), `SELECT COALESCE(sum(available), 0), COALESCE(sum(pending), 0), COALESCE(sum(owed), 0) FROM account
WHERE brand = $1 AND programme = $2 AND customer = $3`, brand, id, customer).Scan(&available, &pending, &owed)
	if err != nil {
		s.t.Fatal(err)
	}
	return available, pending, owed
}

// has checks what a number has in the first programme.
func (s *shop) has(customer, want int64) {
	s.t.Helper()
	if available, _, owed := s.points("club", customer); available-owed != want {
		s.t.Errorf("customer %d has %d less %d, want %d", customer, available, owed, want)
	}
}

// unmatched are the pieces that found no purchase, by event.
func (s *shop) unmatched() map[string]int64 {
	s.t.Helper()
	out := map[string]int64{}
	list, _, err := Unmatched(s.t.Context(), s.db, brand, nil, After{}, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, u := range list {
		out[u.GetExternalId()] += u.GetQuantityMilli() / 1000
	}
	return out
}

// entries are all movements.
func (s *shop) entries() (out []*loyaltyv1.Movement) {
	s.t.Helper()
	facts, err := feed.New(s.db).Read(s.t.Context(), brand, 0, 100_000)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range facts {
		if facts[i].Kind != record.Movement {
			continue
		}
		m, err := record.Open(&facts[i])
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// counted checks that standings are what the entries say.
func (s *shop) counted() {
	s.t.Helper()
	err := s.db.Write(s.t.Context(), func(tx *sqldb.Tx) error { return standing.Catch(s.t.Context(), tx, brand) })
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = standing.Verify(s.t.Context(), s.db, brand, func(customer int64, reason string) { s.t.Errorf("customer %d: %s", customer, reason) })
	if err != nil {
		s.t.Fatal(err)
	}
	alone := func(int64) bool { return s.people.Now().Empty() }
	n, err := Verify(s.t.Context(), s.db, brand, s.f.Book(), alone, func(customer int64, reason string) { s.t.Errorf("customer %d: %s", customer, reason) })
	if err != nil || n == 0 {
		s.t.Fatal(n, err)
	}
	err = s.db.Read(s.t.Context(), func(tx *sqldb.Tx) error {
		_, err := ledger.Audit(s.t.Context(), tx, brand, func(w ledger.Wrong) { s.t.Errorf("%s: %s", w.Table, w.Reason) })
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

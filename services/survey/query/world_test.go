package query

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

const (
	store  = commonv1.SubjectKind_SUBJECT_KIND_STORE
	region = commonv1.SubjectKind_SUBJECT_KIND_REGION
	seller = commonv1.SubjectKind_SUBJECT_KIND_SELLER
)

// world is a brand on a real log and a real engine. Its truth is the list of
// versions that count.
type world struct {
	t     testing.TB
	b     *Brand
	book  *directory.Book
	truth []*tally.Tally
	now   time.Time
}

func newWorld(t testing.TB, zone string) *world {
	t.Helper()
	db := sqldbtest.Open(t, sqldbtest.SQLite(t))
	w := &world{t: t, book: directory.New(), now: time.Date(2024, 4, 20, 12, 0, 0, 0, time.UTC)}
	z, err := calendar.Load(zone)
	w.ok(err)
	log := feed.New(db)
	w.ok(feed.Migrate(t.Context(), db))
	engine := fold.New(fold.Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), SweepEvery: -1}, log, db, nil, fold.Rules[*tally.Tally]{
		Decode: func(_ string, f *feed.Fact) (*tally.Tally, bool, error) {
			v, err := record.Tally(f)
			return v, v != nil, err
		},
		Measures: tally.Measures, New: tally.New,
		Definitions: []int16{record.Subject, record.Metric, record.Survey, record.Goal},
		Define:      func(_ string, f *feed.Fact) error { return w.book.Apply(f) },
	})
	w.ok(engine.Migrate(t.Context()))
	t.Cleanup(func() { w.ok(engine.Close(context.Background())) })
	w.b = &Brand{Name: "acme", Engine: engine, Log: log, Zone: z, Book: func() *directory.Book { return w.book },
		People: people.NewBook().Now}
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) commit(facts ...feed.Fact) {
	w.t.Helper()
	_, _, err := w.b.Log.Append(context.Background(), w.b.Name, facts, w.now)
	w.ok(err)
	w.ok(w.b.Engine.Ingest(context.Background(), w.b.Name, facts))
}

func (w *world) define(kind int16, m proto.Message) {
	w.t.Helper()
	body, err := proto.Marshal(m)
	w.ok(err)
	w.commit(feed.Fact{Kind: kind, Day: feed.NoDay, Day2: feed.NoDay, Body: body})
}

func ref(kind commonv1.SubjectKind, id string) *commonv1.SubjectRef {
	return &commonv1.SubjectRef{Kind: kind, Id: id}
}

func (w *world) metric(name string, kind surveyv1.MetricKind, low, top, threshold int32, parameters ...string) {
	w.define(record.Metric, &surveyv1.Metric{
		Name: name, Kind: kind, ScaleMin: low, ScaleMax: top, Threshold: threshold, Parameters: parameters,
	})
}

// chain defines a network of regions and stores. Every third store moves to the
// next region on 25 March.
func (w *world) chain(regions, stores int) {
	network := ref(commonv1.SubjectKind_SUBJECT_KIND_NETWORK, "all")
	w.define(record.Subject, &surveyv1.Subject{Ref: network})
	for i := range regions {
		w.define(record.Subject, &surveyv1.Subject{
			Ref: ref(region, fmt.Sprintf("r%d", i)), Parents: []*surveyv1.ParentLink{{Parent: network}},
		})
	}
	for i := range stores {
		s := &surveyv1.Subject{
			Ref: ref(store, fmt.Sprintf("s%03d", i)), Name: fmt.Sprintf("Store %d", i),
			Labels:  map[string]string{"format": []string{"hyper", "city"}[i%2]},
			Parents: []*surveyv1.ParentLink{{Parent: ref(region, fmt.Sprintf("r%d", i%regions))}},
		}
		if i%3 == 0 {
			s.Parents = append(s.Parents, &surveyv1.ParentLink{
				Parent: ref(region, fmt.Sprintf("r%d", (i+1)%regions)), Since: timestamppb.New(time.Date(2024, 3, 25, 0, 0, 0, 0, time.UTC)),
			})
		}
		w.define(record.Subject, s)
	}
	for i := range 6 {
		w.define(record.Subject, &surveyv1.Subject{Ref: ref(seller, fmt.Sprintf("x%d", i)), Labels: map[string]string{"format": "city"}})
	}
	for _, id := range []string{"visit", "delivery"} {
		w.define(record.Survey, &surveyv1.Survey{Id: id})
	}
	w.metric("nps", surveyv1.MetricKind_METRIC_KIND_NPS, 0, 10, 0)
	w.metric("csi.queue", surveyv1.MetricKind_METRIC_KIND_CSI_ITEM, 1, 10, 0)
	w.metric("csi.staff", surveyv1.MetricKind_METRIC_KIND_CSI_ITEM, 1, 10, 0)
	w.metric("csi", surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL, 0, 0, 0, "csi.queue", "csi.staff")
	w.metric("csat", surveyv1.MetricKind_METRIC_KIND_CSAT, 1, 5, 4)
}

func (w *world) subject(kind commonv1.SubjectKind, id string) uint32 {
	n, ok := w.book.Subject(ref(kind, id))
	if !ok {
		w.t.Fatalf("no subject %s", id)
	}
	return n
}

func (w *world) number(metric string) uint32 {
	m, ok := w.book.Metric(metric)
	if !ok {
		w.t.Fatalf("no metric %s", metric)
	}
	return m.Number
}

// answer makes a response experienced and answered at the given moments.
func (w *world) answer(experienced, answered time.Time, named ...uint32) *tally.Tally {
	live, quarter := w.b.Zone.Quarter(answered)
	t := &tally.Tally{
		Sign: 1, Day: int32(w.b.Zone.DayOf(experienced)), Live: int32(live),
		Quarter: uint8(quarter), Hour: uint8(w.b.Zone.ClockHour(answered)),
		Named: named, Path: w.book.PathAt(named, experienced),
	}
	if len(t.Path) == 0 {
		t.Path = nil
	}
	return t
}

func fact(kind int16, t *tally.Tally) feed.Fact {
	return feed.Fact{Kind: kind, Day: t.Day, Day2: t.Live, Data: t.Append(nil)}
}

// submit records responses.
func (w *world) submit(tallies ...*tally.Tally) {
	w.t.Helper()
	facts := make([]feed.Fact, len(tallies))
	for i, t := range tallies {
		t.Row = 0
		facts[i] = fact(record.Response, t)
	}
	w.commit(facts...)
	for i, t := range tallies {
		t.Row = facts[i].Seq
	}
	w.truth = append(w.truth, tallies...)
}

// retract takes a response out again.
func (w *world) retract(i int) {
	w.t.Helper()
	w.commit(fact(record.Reversal, w.truth[i]))
	w.truth = append(w.truth[:i:i], w.truth[i+1:]...)
}

// random fills the weeks around the clock change of 31 March 2024 with answers:
// most name one store, some a store and a seller or two sellers, some nothing.
func (w *world) random(r *rand.Rand, n, stores int, several bool) {
	var batch []*tally.Tally
	for range n {
		experienced := time.Date(2024, 3, 18, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(28*24*60)) * time.Minute)
		answered := experienced.Add(time.Duration(r.IntN(3*24*60)) * time.Minute)
		var named []uint32
		kind := r.IntN(10)
		if kind > 0 {
			named = append(named, w.subject(store, fmt.Sprintf("s%03d", r.IntN(stores))))
		}
		if several && kind > 6 {
			named = append(named, w.subject(seller, fmt.Sprintf("x%d", r.IntN(3))), w.subject(seller, fmt.Sprintf("x%d", 3+r.IntN(3))))
		}
		t := w.answer(experienced, answered, named...)
		t.Channel, t.Mode, t.Survey = uint8(r.IntN(8)), uint8(r.IntN(11)), uint32(r.IntN(2))
		t.Customer, t.Commented = int64(r.IntN(50)), r.IntN(3) == 0
		if f := r.IntN(3); f > 0 {
			t.Facets = []tally.Facet{{Name: "late", Value: []string{"", "yes"}[f-1]}}
		}
		if nps := uint8(r.IntN(11)); r.IntN(8) > 0 {
			low := uint8(0)
			if nps <= 6 {
				low = 1
			}
			t.Scores = []tally.Score{{Metric: tally.LowShare, Score: low}, {Metric: w.number("nps"), Score: nps}}
			for _, m := range []string{"csi.queue", "csi.staff"} {
				if r.IntN(2) == 0 {
					t.Scores = append(t.Scores, tally.Score{Metric: w.number(m), Score: uint8(1 + r.IntN(10)), Importance: uint8(1 + r.IntN(10))})
				}
			}
		}
		batch = append(batch, t)
	}
	for len(batch) > 0 {
		k := min(500, len(batch))
		w.submit(batch[:k]...)
		batch = batch[k:]
	}
}

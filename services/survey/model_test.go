package survey_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// modelRuns is how many seeds each brand and engine gets;
// RAPPORT_TEST_MODEL_RUNS asks for more.
func modelRuns() int {
	if n, err := strconv.Atoi(os.Getenv("RAPPORT_TEST_MODEL_RUNS")); err == nil {
		return n
	}
	return 1
}

// TestEveryAnswerAgreesWithTheReference does a random sequence of everything
// that moves a number, around changes of the clock, and asks random questions
// on the way. Each answer must be that of the reference, and so must those of a
// replica that starts on what was stored.
func TestEveryAnswerAgreesWithTheReference(t *testing.T) {
	for _, place := range []struct {
		brand, zone string
		now         time.Time
		changes     []time.Time
	}{
		// A midnight that does not exist, and one that is shown twice.
		{"olist", "America/Sao_Paulo", time.Date(2017, 10, 15, 15, 0, 0, 0, time.UTC), []time.Time{
			time.Date(2017, 10, 15, 3, 0, 0, 0, time.UTC), time.Date(2017, 2, 19, 2, 0, 0, 0, time.UTC)}},
		// An hour that repeats, and one that is left out.
		{"sfo", "America/Los_Angeles", time.Date(2017, 11, 5, 20, 0, 0, 0, time.UTC), []time.Time{
			time.Date(2017, 11, 5, 9, 0, 0, 0, time.UTC), time.Date(2017, 3, 12, 10, 0, 0, 0, time.UTC)}},
	} {
		t.Run(place.brand, func(t *testing.T) {
			sqldbtest.EachURL(t, func(t *testing.T, url string) {
				for seed := range modelRuns() {
					if seed > 0 {
						url = map[bool]func(testing.TB) string{true: sqldbtest.SQLite, false: sqldbtest.Postgres}[url[:6] == "sqlite"](t)
					}
					m := newModel(t, place.brand, place.zone, url, place.now, place.changes, uint64(seed))
					m.run()
				}
			})
		})
	}
}

// model is a server and the reference that is told the same.
type model struct {
	*reference
	t       *testing.T
	r       *rand.Rand
	brand   string
	clock   *clock
	changes []time.Time
	server  *replica
	url     string
	sent    int
	keys    map[string]*surveyv1.Response
	alive   []*entry                     // entries by the order they came
	old     []*surveyv1.GetMetricRequest // asked before
	ids     map[*entry]string
}

func newModel(t *testing.T, brand, zone, url string, now time.Time, changes []time.Time, seed uint64) *model {
	m := &model{
		reference: newReference(zone), t: t, r: rand.New(rand.NewPCG(seed, 17)), brand: brand, url: url,
		clock: &clock{now: now}, changes: changes, keys: map[string]*surveyv1.Response{}, ids: map[*entry]string{},
	}
	// Little memory, so that slabs are also read back from what was stored.
	m.server = newReplicaOf(t, url, "", m.clock.Now, fold.Config{SweepEvery: -1, Memory: 64 << 10, WriteEvery: 20 * time.Millisecond})
	m.defineAll()
	return m
}

func (m *model) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) run() {
	for step := range 160 {
		m.step()
		if step%4 == 3 {
			m.ask(m.server, m.question())
			m.ask(m.server, m.oldQuestion())
		}
	}
	second := newReplica(m.t, m.url, "", m.clock.Now)
	for range 60 {
		q := m.question()
		m.ask(m.server, q)
		m.ask(second, q)
		m.rank()
	}
	for _, r := range []*replica{m.server, second} {
		n, drifts, err := r.server.Verify(m.t.Context(), m.brand)
		m.must(err)
		if n == 0 || len(drifts) > 0 {
			m.t.Errorf("verify: %d slabs, drift %v", n, drifts)
		}
	}
}

// oldQuestion is one asked before, whose answer may be kept somewhere.
func (m *model) oldQuestion() *surveyv1.GetMetricRequest {
	if len(m.old) < 12 {
		m.old = append(m.old, m.question())
	} else if m.r.IntN(8) == 0 {
		m.old[m.r.IntN(len(m.old))] = m.question()
	}
	return pick(m.r, m.old...)
}

// around asks some questions before and after a change that touches no day.
func (m *model) around(change func()) {
	asked := []*surveyv1.GetMetricRequest{m.oldQuestion(), m.oldQuestion(), m.oldQuestion(), m.question(), m.question()}
	for _, q := range asked {
		m.ask(m.server, q)
	}
	change()
	for _, q := range asked {
		m.ask(m.server, q)
	}
}

// step does one thing that may move numbers.
func (m *model) step() {
	switch k := m.r.IntN(100); {
	case k < 55 || len(m.alive) == 0:
		m.submit()
	case k < 63:
		m.again()
	case k < 82:
		m.amend()
	case k < 90:
		m.retract()
	case k < 94:
		m.around(m.move)
	default:
		m.around(func() { m.clock.Add(time.Duration(1+m.r.IntN(300)) * time.Minute) })
	}
}

func (m *model) submit() {
	m.sent++
	key, in := fmt.Sprint("key ", m.sent), m.response()
	out, err := m.server.SubmitResponse(m.t.Context(), &surveyv1.SubmitResponseRequest{Brand: m.brand, RequestId: key, Response: in})
	m.must(err)
	e := m.entry(in, m.clock.Now())
	m.record(e)
	m.keys[key] = in
	m.alive, m.ids[e] = append(m.alive, e), out.GetId()
}

// again sends what was sent before; nothing may move, whatever became of it.
func (m *model) again() {
	key := fmt.Sprint("key ", 1+m.r.IntN(m.sent))
	out, err := m.server.SubmitResponse(m.t.Context(), &surveyv1.SubmitResponseRequest{Brand: m.brand, RequestId: key, Response: m.keys[key]})
	m.must(err)
	if !out.GetReplayed() {
		m.t.Fatalf("%s again is not a replay", key)
	}
}

// amend replaces one response by another that may differ in everything, or only
// in one thing.
func (m *model) amend() {
	i := m.r.IntN(len(m.alive))
	old := m.alive[i]
	in, other := proto.CloneOf(old.in), m.response()
	switch m.r.IntN(5) {
	case 0:
		in.Subjects = other.GetSubjects()
	case 1:
		in.Channel, in.Mode, in.Facets = other.GetChannel(), other.GetMode(), other.GetFacets()
	case 2:
		in.AnsweredAt, in.ExperiencedAt = stamp(old.answered), stamp(old.answered.Add(-time.Duration(m.r.IntN(90*24))*time.Hour))
	default:
		in = other
		notAfter(in, old.received.Add(24*time.Hour))
	}
	in.Id = m.ids[old]
	_, err := m.server.AmendResponse(m.t.Context(), &surveyv1.AmendResponseRequest{Brand: m.brand, Response: in})
	m.must(err)
	in.Id = ""
	// An amendment that changes nothing moves nothing, not even a response whose
	// store has got another past by now.
	if proto.Equal(in, old.in) {
		return
	}
	e := m.entry(in, old.received)
	m.replace(old, e)
	m.alive[i], m.ids[e] = e, m.ids[old]
}

// notAfter keeps a response's times within what its arrival allows.
func notAfter(in *surveyv1.Response, last time.Time) {
	if at := in.GetAnsweredAt(); at != nil && at.AsTime().After(last) {
		in.AnsweredAt = stamp(last)
	}
	answered := last.Add(-24 * time.Hour)
	if in.GetAnsweredAt() != nil {
		answered = in.GetAnsweredAt().AsTime()
	}
	if at := in.GetExperiencedAt(); at != nil && (at.AsTime().After(last) || at.AsTime().After(answered.Add(24*time.Hour))) {
		in.ExperiencedAt = stamp(answered)
	}
}

func (m *model) retract() {
	i := m.r.IntN(len(m.alive))
	e := m.alive[i]
	_, err := m.server.RetractResponse(m.t.Context(), &surveyv1.RetractResponseRequest{Brand: m.brand, Id: m.ids[e]})
	m.must(err)
	m.remove(e)
	m.alive = slices.Delete(m.alive, i, i+1)
}

// move gives a store another region from some moment on, past or to come, and
// another label at once.
func (m *model) move() {
	s := proto.CloneOf(m.subjects[fmt.Sprint("STORE:s", 1+m.r.IntN(6))])
	since := m.clock.Now().Add(time.Duration(m.r.IntN(80*60)-70*60) * time.Minute)
	if links := s.GetParents(); len(links) > 0 && (len(links) > 6 || !links[len(links)-1].GetSince().AsTime().Before(since)) {
		s.Parents = links[:1]
	}
	s.Parents = append(s.Parents, &surveyv1.ParentLink{Parent: region(1 + m.r.IntN(3)), Since: stamp(since)})
	s.Labels["format"] = pick(m.r, "hyper", "small", "kiosk")
	m.upsert(s)
}

func (m *model) upsert(subjects ...*surveyv1.Subject) {
	m.t.Helper()
	out, err := m.server.UpsertSubjects(m.t.Context(), &surveyv1.UpsertSubjectsRequest{Brand: m.brand, Subjects: subjects})
	m.must(err)
	for _, r := range out.GetResults() {
		if r.GetError() != nil {
			m.t.Fatal(r.GetError())
		}
	}
	m.define(nil, nil, subjects)
}

// ask puts one question to a replica and to the reference.
func (m *model) ask(r *replica, q *surveyv1.GetMetricRequest) {
	m.t.Helper()
	got, err := r.GetMetric(m.t.Context(), q)
	if err != nil {
		m.t.Fatalf("%v: %v", q, err)
	}
	want := m.GetMetric(q, m.clock.Now())
	want.Zone = m.days.zone.String()
	if d := cmp.Diff(want, got, plainAnswer); d != "" {
		m.t.Fatalf("at %v: %v\n(-reference +server):\n%s", m.clock.Now(), q, d)
	}
}

// plainAnswer leaves out what the reference does not compute, and forgives the
// last digits of sums made in another order.
var plainAnswer = cmp.Options{
	protocmp.Transform(),
	protocmp.IgnoreFields(&surveyv1.GetMetricResponse{}, "metric", "as_of"),
	protocmp.IgnoreFields(&surveyv1.RankSubjectsResponse{}, "metric", "as_of", "next_page_token"),
	protocmp.IgnoreFields(&surveyv1.Score{}, "low", "high"),
	cmpopts.EquateApprox(1e-12, 1e-9),
}

func (m *model) rank() {
	m.t.Helper()
	q := &surveyv1.RankSubjectsRequest{
		Brand: m.brand, Metric: pick(m.r, "nps.network", "csi.visit", "low.share"), Window: m.wholeDays(),
		Kind: pick(m.r, commonv1.SubjectKind_SUBJECT_KIND_STORE, commonv1.SubjectKind_SUBJECT_KIND_REGION, commonv1.SubjectKind_SUBJECT_KIND_COURIER),
		MinN: int32(m.r.IntN(6)), WorstFirst: m.r.IntN(3) == 0,
	}
	if m.r.IntN(3) == 0 {
		q.Under = region(1 + m.r.IntN(3))
	}
	if m.r.IntN(4) == 0 {
		q.Labels = map[string]string{"format": pick(m.r, "hyper", "small")}
	}
	if m.r.IntN(4) == 0 {
		q.Channels = m.channels()
	}
	got, err := m.server.RankSubjects(m.t.Context(), q)
	m.must(err)
	if d := cmp.Diff(m.RankSubjects(q, m.clock.Now()), got, plainAnswer); d != "" {
		m.t.Fatalf("%v\n(-reference +server):\n%s", q, d)
	}
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

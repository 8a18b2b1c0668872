package segmentation_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
	"github.com/rapport-cx/rapport/services/segmentation/answer"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// asking is a Survey with one question about the network, and a Journey.
type asking struct {
	t *testing.T
	c *clock
	w *watcher
	s surveyv1.SurveyServiceClient
	j journeyv1.JourneyServiceClient
	// sent are ids of responses.
	sent []string
	n    int
}

func newAsking(t *testing.T, url string, c *clock) *asking {
	t.Helper()
	a := &asking{t: t, c: c, w: newWatcher(t, url, c), s: newSurvey(t, c), j: newJourney(t, c)}
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(a.s.UpsertMetrics(t.Context(), &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: []*surveyv1.Metric{
		{Name: "nps.network", Kind: surveyv1.MetricKind_METRIC_KIND_NPS}, {Name: "2024.in", Kind: surveyv1.MetricKind_METRIC_KIND_RATING}}}))
	must(a.s.UpsertSubjects(t.Context(), &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: []*surveyv1.Subject{{Ref: store}}}))
	must(a.s.CreateSurvey(t.Context(), &surveyv1.CreateSurveyRequest{Brand: brand, Survey: &surveyv1.Survey{
		Id: "visit", Kind: surveyv1.SurveyKind_SURVEY_KIND_PASSIVE, Draft: &surveyv1.Questionnaire{Questions: []*surveyv1.Question{
			{Id: "q", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps.network"}}}}}))
	must(a.s.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Brand: brand, SurveyId: "visit"}))
	return a
}

var store = &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "1"}

func (a *asking) beside() segmentation.Neighbours {
	return segmentation.Neighbours{Survey: a.s, Journey: a.j}
}

func said(customer int64, score int32, at time.Time) *surveyv1.Response {
	r := &surveyv1.Response{SurveyId: "visit", Subjects: []*commonv1.SubjectRef{store}, Channel: commonv1.Channel_CHANNEL_STORE,
		AnsweredAt: timestamppb.New(at), Answers: []*surveyv1.Answer{{QuestionId: "q", Value: &surveyv1.Answer_Score{Score: score}}}}
	if customer != 0 {
		r.Customer = byNumber(customer)
	}
	return r
}

// submit sends a response and gives its id.
func (a *asking) submit(customer int64, score int32, at time.Time) string {
	a.t.Helper()
	a.n++
	out, err := a.s.SubmitResponse(a.t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: fmt.Sprint(a.n), Response: said(customer, score, at)})
	if err != nil {
		a.t.Fatal(err)
	}
	a.sent = append(a.sent, out.GetId())
	return out.GetId()
}

func (a *asking) amend(id string, customer int64, score int32, at time.Time) {
	a.t.Helper()
	r := said(customer, score, at)
	r.Id = id
	if _, err := a.s.AmendResponse(a.t.Context(), &surveyv1.AmendResponseRequest{Brand: brand, Response: r}); err != nil {
		a.t.Fatal(err)
	}
}

func (a *asking) retract(id string) {
	a.t.Helper()
	if _, err := a.s.RetractResponse(a.t.Context(), &surveyv1.RetractResponseRequest{Brand: brand, Id: id}); err != nil {
		a.t.Fatal(err)
	}
}

func (a *asking) visit(customer int64, at time.Time) {
	a.t.Helper()
	a.n++
	out, err := a.j.RecordEvents(a.t.Context(), &journeyv1.RecordEventsRequest{Brand: brand, Events: []*journeyv1.Event{{Source: "site",
		ExternalId: fmt.Sprint(a.n), Kind: "visit.page", OccurredAt: timestamppb.New(at), Actor: &journeyv1.Event_Customer{Customer: byNumber(customer)}}}})
	if err != nil || out.GetResults()[0].GetError() != nil {
		a.t.Fatal(err, out)
	}
}

// settled waits until all that the neighbours tell has had its effect.
func (a *asking) settled() {
	a.t.Helper()
	for _, of := range []struct {
		consumer string
		head     func() int64
	}{{answer.ConsumerName, a.surveyHead}, {purchase.ConsumerName, a.journeyHead}} {
		for late, head := time.Now().Add(time.Minute), of.head(); ; {
			changed := a.w.log.Changed(brand)
			at, err := feed.Consumed(a.t.Context(), a.w.db, of.consumer, brand)
			if err != nil || time.Now().After(late) {
				a.t.Fatal(of.consumer, at, head, err)
			}
			if at.Seq >= head {
				break
			}
			// Whoever is gone may have left a lease.
			a.c.Add(time.Second)
			select {
			case <-changed:
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	a.w.settled(a.t)
}

func (a *asking) surveyHead() int64 {
	a.t.Helper()
	if len(a.sent) == 0 {
		return 0
	}
	// Whatever was amended or retracted last, this is behind it.
	id := a.submit(0, 5, a.c.Now())
	got, err := a.s.GetResponse(a.t.Context(), &surveyv1.GetResponseRequest{Brand: brand, Id: id})
	if err != nil {
		a.t.Fatal(err)
	}
	a.sent = a.sent[:len(a.sent)-1]
	return got.GetResponse().GetVersion()
}

func (a *asking) journeyHead() int64 {
	a.t.Helper()
	a.visit(1, a.c.Now().AddDate(-3, 0, 0))
	stream, err := a.j.WatchEvents(a.t.Context(), &journeyv1.WatchEventsRequest{Brand: brand})
	if err != nil {
		a.t.Fatal(err)
	}
	for {
		piece, err := stream.Recv()
		if err != nil {
			a.t.Fatal(err)
		}
		for _, f := range piece.GetFacts() {
			if f.GetRecorded().GetExternalId() == fmt.Sprint(a.n) {
				return f.GetSeq()
			}
		}
	}
}

func members(t *testing.T, r *replica, want map[string][]int64) {
	t.Helper()
	for id, ids := range want {
		if diff := cmp.Diff(ids, inSegment(t, r, id, "")); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
}

// A low answer makes a detractor at once, its retraction lets the answer before count
// again, and rules can name metrics that nobody has answered.
func TestAnswersMoveSegments(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		a := newAsking(t, url, c)
		r := newReplicaBeside(t, url, "", c.Now, a.beside())
		numbered(t, r, 4)
		createSegment(t, r, expression("low", "has(score.nps.network) && score.nps.network <= 6"))
		createSegment(t, r, expression("strange", "score.`2024.in` > 0"))
		createSegment(t, r, expression("silent", "has(score.nps.network) && answered_days.nps.network > 10"))
		filled := &segmentationv1.SegmentRule_Template{Template: &segmentationv1.TemplateRule{Id: "satisfied", Parameters: map[string]string{"metric": "nps.network"}}}
		happy := createSegment(t, r, &segmentationv1.Segment{Id: "happy", Rule: &segmentationv1.SegmentRule{Rule: filled}})
		if got := happy.GetRule().GetTemplate().GetExpression(); got != "has(score.nps.network) && score.nps.network >= 9" {
			t.Errorf("became %s", got)
		}
		a.submit(1, 10, c.Now())
		bad := a.submit(1, 3, c.Now().Add(time.Minute))
		a.submit(2, 10, c.Now())
		a.settled()
		members(t, r, map[string][]int64{"low": {1}, "happy": {2}, "strange": nil, "silent": nil})
		why, err := r.ExplainMembership(t.Context(), &segmentationv1.ExplainMembershipRequest{Brand: brand, SegmentId: "low", CustomerId: 1})
		if err != nil || why.GetValues()["score.nps.network"] != "3" || why.GetLastFactAt() == nil || why.GetLastFactSeq() == 0 {
			t.Errorf("explained by %v, %v", why, err)
		}
		a.amend(bad, 3, 0, c.Now().Add(time.Minute))
		a.settled()
		members(t, r, map[string][]int64{"low": {3}, "happy": {1, 2}})
		a.retract(bad)
		a.settled()
		members(t, r, map[string][]int64{"low": nil, "happy": {1, 2}})
		c.Add(11 * 24 * time.Hour)
		a.settled()
		members(t, r, map[string][]int64{"silent": {1, 2}})
		audit(t, url, "")
	})
}

// Whatever comes in whatever order, who is in is who should be.
func TestAnswersAndVisitsInterleaved(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		a := newAsking(t, url, c)
		rs := []*replica{newReplicaBeside(t, url, "", c.Now, a.beside()), newReplicaBeside(t, url, "", c.Now, a.beside())}
		const people = 6
		numbered(t, rs[0], people)
		createSegment(t, rs[0], expression("low", "has(score.nps.network) && score.nps.network <= 6"))
		createSegment(t, rs[0], expression("notlow", "!(has(score.nps.network) && score.nps.network <= 6)"))
		createSegment(t, rs[0], expression("lately", "visits.count_7d >= 2"))
		createSegment(t, rs[0], expression("gone", "visits.days_since_last > 9"))
		createSegment(t, rs[0], expression("silent", "answered_days.nps.network >= 8"))
		w := &sayings{answers: map[string]*saying{}, visits: map[int64][]time.Time{}}
		rnd := rand.New(rand.NewPCG(3, 4))
		for step := range 90 {
			w.step(a, rs[rnd.IntN(2)], rnd, people)
			if step%30 == 14 {
				i := rnd.IntN(2)
				rs[i].stop()
				rs[i] = newReplicaBeside(t, url, "", c.Now, a.beside())
			}
			if step%30 == 29 {
				a.settled()
				members(t, rs[0], w.expected(t, rs[0], c.Now(), people))
			}
		}
		audit(t, url, "")
		again(t, url, a, rs)
		members(t, rs[0], w.expected(t, rs[0], c.Now(), people))
		audit(t, url, "")
	})
}

// again rebuilds all that is derived.
func again(t *testing.T, url string, a *asking, rs []*replica) {
	t.Helper()
	for _, r := range rs {
		r.stop()
	}
	u := upkeep(t, url, "")
	if err := u.Rebuild(t.Context(), brand, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	if err := u.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	rs[0] = newReplicaBeside(t, url, "", a.c.Now, a.beside())
	a.settled()
}

// sayings are what the test has told, kept in a way of its own.
type sayings struct {
	answers map[string]*saying
	visits  map[int64][]time.Time
	n       int64
}

type saying struct {
	customer int64
	score    int32
	at       time.Time
	n        int64
	gone     bool
}

func (w *sayings) step(a *asking, r *replica, rnd *rand.Rand, people int64) {
	id, score := 1+rnd.Int64N(people), rnd.Int32N(11)
	at := a.c.Now().Add(-time.Duration(rnd.IntN(12*24*60)) * time.Minute)
	switch rnd.IntN(9) {
	case 0, 1, 2:
		w.n++
		w.answers[a.submit(id*int64(rnd.IntN(4)%3), score, at)] = nil
		last := a.sent[len(a.sent)-1]
		got, err := a.s.GetResponse(a.t.Context(), &surveyv1.GetResponseRequest{Brand: brand, Id: last})
		if err != nil {
			a.t.Fatal(err)
		}
		w.answers[last] = &saying{got.GetResponse().GetCustomer().GetId(), score, at, w.n, false}
	case 3, 4:
		if len(a.sent) == 0 {
			return
		}
		one := a.sent[rnd.IntN(len(a.sent))]
		switch s := w.answers[one]; {
		case s.gone:
		case rnd.IntN(2) == 0:
			a.retract(one)
			s.gone = true
		default:
			at = s.at.Add(-time.Duration(rnd.IntN(3*24*60)) * time.Minute) // not after it came
			a.amend(one, id, score, at)
			s.customer, s.score, s.at = id, score, at
		}
	case 5, 6:
		a.visit(id, at)
		w.visits[id] = append(w.visits[id], at)
	case 7:
		if rnd.IntN(2) == 0 {
			_, _ = merge(a.t, r, id, 1+rnd.Int64N(people))
		} else {
			_, _ = unmerge(a.t, r, id)
		}
	case 8:
		a.c.Add(time.Duration(rnd.IntN(3*24)) * time.Hour)
	}
}

// expected are the members of each segment by the test's own reckoning.
func (w *sayings) expected(t *testing.T, r *replica, now time.Time, people int64) map[string][]int64 {
	t.Helper()
	out := map[string][]int64{"low": nil, "notlow": nil, "lately": nil, "gone": nil, "silent": nil}
	in := func(name string, id int64, holds bool) {
		if holds {
			out[name] = append(out[name], id)
		}
	}
	today := moscow.DayOf(now)
	for id := int64(1); id <= people; id++ {
		who := get(t, r, id)
		if who.GetPersonId() != id {
			continue
		}
		var last *saying
		for _, s := range w.answers {
			if !s.gone && slices.Contains(who.GetMemberIds(), s.customer) && (last == nil || s.at.After(last.at) || s.at.Equal(last.at) && s.n > last.n) {
				last = s
			}
		}
		in("low", id, last != nil && last.score <= 6)
		in("notlow", id, last == nil || last.score > 6)
		in("silent", id, last != nil && today-moscow.DayOf(last.at) >= 8)
		lately, newest := 0, time.Time{}
		for _, member := range who.GetMemberIds() {
			for _, at := range w.visits[member] {
				if today-moscow.DayOf(at) < 7 {
					lately++
				}
				if at.After(newest) {
					newest = at
				}
			}
		}
		in("lately", id, lately >= 2)
		// Number 1 is told of visits long ago by the test itself.
		old := !newest.IsZero() || slices.Contains(who.GetMemberIds(), 1)
		in("gone", id, old && (newest.IsZero() || today-moscow.DayOf(newest) > 9))
	}
	return out
}

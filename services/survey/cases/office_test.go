package cases

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/seal"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

const brand = "demo"

// subjects of these tests, by number.
var subjects = []*commonv1.SubjectRef{
	{Kind: commonv1.SubjectKind_SUBJECT_KIND_NETWORK, Id: "all"},
	{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "s1"},
	{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "s2"},
}

// office is a desk over a fresh database, and the log it reads.
type office struct {
	*Desk
	t        *testing.T
	log      *feed.Log
	now      time.Time
	appended int
	consumed int
	// hidden: the directory does not know the survey yet.
	hidden bool
}

// moscow is Monday to Friday, 9 to 18.
func moscow(t testing.TB) (*calendar.Zone, *calendar.Hours) {
	t.Helper()
	zone, err := calendar.Load("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	var week calendar.Week
	for d := time.Monday; d <= time.Friday; d++ {
		week[d] = []calendar.Opening{{From: 9 * 60, To: 18 * 60}}
	}
	hours, err := calendar.NewHours(zone, week, nil)
	if err != nil {
		t.Fatal(err)
	}
	return zone, hours
}

// at is a moment of Moscow's wall clock.
func at(t testing.TB, wall string) time.Time {
	t.Helper()
	zone, _ := moscow(t)
	moment, err := time.ParseInLocation("2006-01-02 15:04", wall, zone.Location())
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// opened is when most of these tests begin: a Friday, two hours before closing.
const friday = "2024-06-07 16:00"

func newOffice(t *testing.T, db *sqldb.DB) *office {
	t.Helper()
	if err := feed.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if err := Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, log: feed.New(db), now: at(t, friday)}
	tokens, err := seal.New(bytes.Repeat([]byte{7}, seal.SecretSize), "pages")
	if err != nil {
		t.Fatal(err)
	}
	zone, hours := moscow(t)
	known := func(id string) (Brand, error) {
		if id != brand && id != "other" {
			return Brand{}, fault.NotFound(commonv1.Reason_REASON_BRAND_UNKNOWN, "brand %q", id)
		}
		return Brand{Zone: zone, Hours: hours,
			Questionnaire: func(survey string, version int32) *surveyv1.Questionnaire {
				if o.hidden || survey != "visit" || version != 1 {
					return nil
				}
				return visit
			},
			Subject: func(n uint32) *commonv1.SubjectRef { return subjects[n] }}, nil
	}
	o.Desk = New(db, o.log, known, tokens, func() time.Time { return o.now }, slog.New(slog.DiscardHandler))
	return o
}

// eachOffice runs fn on both engines.
func eachOffice(t *testing.T, fn func(t *testing.T, o *office)) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { fn(t, newOffice(t, db)) })
}

// reply is a response of the visit survey; store 0 names none.
type reply struct {
	customer int64
	identity string
	store    uint32
	channel  commonv1.Channel
	answers  []*surveyv1.Answer
}

// unhappy meets the rule "detractor".
func unhappy(customer int64) reply {
	return reply{customer: customer, store: 1, answers: []*surveyv1.Answer{scored("nps", 3), text("more", "bad")}}
}

func (r reply) fact(t *testing.T) feed.Fact {
	t.Helper()
	in := &surveyv1.Response{SurveyId: "visit", SurveyVersion: 1, Channel: r.channel, Answers: r.answers}
	rec := &surveyv1.ResponseRecord{Response: in, Reason: "a slip"}
	count := &tally.Tally{Sign: 1, Customer: r.customer}
	if r.customer != 0 {
		in.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: r.customer}}
	}
	if r.identity != "" {
		rec.IdentityHash = []byte(r.identity)
	}
	if r.store != 0 {
		in.Subjects = []*commonv1.SubjectRef{subjects[r.store]}
		count.Named, count.Path = []uint32{r.store}, []uint32{0, r.store}
	}
	body, err := proto.Marshal(rec)
	if err != nil {
		t.Fatal(err)
	}
	return feed.Fact{Kind: record.Response, Day: 19880, Day2: 19880, Who: r.customer, Data: count.Append(nil), Body: body}
}

// submit adds responses to the log and gives their numbers.
func (o *office) submit(replies ...reply) []int64 {
	o.t.Helper()
	facts := make([]feed.Fact, len(replies))
	for i, r := range replies {
		facts[i] = r.fact(o.t)
	}
	if _, _, err := o.log.Append(o.t.Context(), brand, facts, o.now); err != nil {
		o.t.Fatal(err)
	}
	o.appended += len(facts)
	ids := make([]int64, len(facts))
	for i := range facts {
		ids[i] = facts[i].Seq
	}
	return ids
}

// change adds a reversal of a response and, unless it is retracted, its new
// version.
func (o *office) change(of int64, to *reply) {
	o.t.Helper()
	ctx := o.t.Context()
	facts := []feed.Fact{reply{}.fact(o.t)}
	facts[0].Kind, facts[0].Of = record.Reversal, of
	if to != nil {
		facts = append(facts, to.fact(o.t))
		facts[1].Of = of
	}
	err := o.db.Write(ctx, func(tx *sqldb.Tx) error {
		head, err := feed.Lock(ctx, tx, brand, o.now)
		if err != nil {
			return err
		}
		return feed.Put(ctx, tx, &head, facts)
	})
	if err != nil {
		o.t.Fatal(err)
	}
	o.appended += len(facts)
}

// settle consumes all there is, limit facts at a time (0: as usual).
func (o *office) settle(limit int) {
	o.t.Helper()
	c := o.Consumer(brand)
	c.Limit = limit
	c.Lease = 1
	for o.consumed < o.appended {
		n, err := c.Step(o.t.Context())
		if err != nil {
			o.t.Fatal(err)
		}
		o.consumed += n
	}
}

func (o *office) list(req *surveyv1.ListCasesRequest) []*surveyv1.Case {
	o.t.Helper()
	req.Brand = brand
	got, err := o.ListCases(o.t.Context(), req)
	if err != nil {
		o.t.Fatal(err)
	}
	return got.GetCases()
}

// all are the cases in every state.
func (o *office) all() []*surveyv1.Case {
	o.t.Helper()
	return o.list(&surveyv1.ListCasesRequest{States: []surveyv1.CaseState{0}})
}

func (o *office) get(id string) *surveyv1.Case {
	o.t.Helper()
	got, err := o.GetCase(o.t.Context(), &surveyv1.GetCaseRequest{Brand: brand, Id: id})
	if err != nil {
		o.t.Fatal(err)
	}
	return got.GetCase()
}

// history is a case's notes, one a line.
func history(c *surveyv1.Case) (lines []string) {
	for _, n := range c.GetNotes() {
		lines = append(lines, n.GetAuthor()+": "+n.GetText())
	}
	return lines
}

func (o *office) claim(id, who string, revision int64) (*surveyv1.Case, error) {
	got, err := o.ClaimCase(context.Background(),
		&surveyv1.ClaimCaseRequest{Brand: brand, Id: id, Assignee: who, Revision: revision})
	return got.GetCase(), err
}

func (o *office) resolve(id, who, root, note string) (*surveyv1.Case, error) {
	got, err := o.ResolveCase(context.Background(),
		&surveyv1.ResolveCaseRequest{Brand: brand, Id: id, Author: who, RootCause: root, Note: note})
	return got.GetCase(), err
}

func (o *office) reopen(id, who, note string) (*surveyv1.Case, error) {
	got, err := o.ReopenCase(context.Background(),
		&surveyv1.ReopenCaseRequest{Brand: brand, Id: id, Author: who, Note: note})
	return got.GetCase(), err
}

// must fails the test on an error.
func must(t *testing.T) func(c *surveyv1.Case, err error) *surveyv1.Case {
	return func(c *surveyv1.Case, err error) *surveyv1.Case {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

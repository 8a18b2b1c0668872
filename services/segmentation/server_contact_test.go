package segmentation_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// surveyOf is a survey by e-mail of a customer at the clock's time.
func surveyOf(id int64) *segmentationv1.ContactRequest {
	return &segmentationv1.ContactRequest{Customer: byNumber(id), Purpose: "survey", Mode: commonv1.ContactMode_CONTACT_MODE_EMAIL}
}

func byNumber(id int64) *commonv1.CustomerRef {
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}
}

func reserve(t testing.TB, r *replica, request string, c *segmentationv1.ContactRequest) *segmentationv1.ReserveContactResponse {
	t.Helper()
	out, err := r.ReserveContact(t.Context(), &segmentationv1.ReserveContactRequest{Brand: brand, RequestId: request, Contact: c})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// denied is why a reservation got no answer at all.
func denied(t testing.TB, r *replica, request string, c *segmentationv1.ContactRequest) *fault.Error {
	t.Helper()
	_, err := r.ReserveContact(t.Context(), &segmentationv1.ReserveContactRequest{Brand: brand, RequestId: request, Contact: c})
	if err == nil {
		t.Fatalf("%s was answered", request)
	}
	return fault.From(err)
}

func examine(t testing.TB, r *replica, c *segmentationv1.ContactRequest) *segmentationv1.ExamineContactResponse {
	t.Helper()
	out, err := r.ExamineContact(t.Context(), &segmentationv1.ExamineContactRequest{Brand: brand, Contact: c})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func release(t testing.TB, r *replica, id string) bool {
	t.Helper()
	out, err := r.ReleaseContact(t.Context(), &segmentationv1.ReleaseContactRequest{Brand: brand, ReservationId: id})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetReplayed()
}

func TestReserveContact(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, "", c.Now)
		numbered(t, r, 2)
		first := reserve(t, r, "a", surveyOf(1))
		if !first.GetAllowed() || first.GetReservationId() == "" || first.GetVerdict() != nil || first.GetReplayed() {
			t.Fatalf("got %v", first)
		}
		second := reserve(t, r, "b", surveyOf(1))
		want := &segmentationv1.ReserveContactResponse{Verdict: &segmentationv1.ContactVerdict{
			Rule: segmentationv1.ContactRule_CONTACT_RULE_PURPOSE_LIMIT, Detail: "1 of 1 survey contacts in 14 days",
			// 14 whole days in Moscow, today's among them.
			AllowedFrom: timestamppb.New(time.Date(2026, 3, 15, 21, 0, 0, 0, time.UTC)),
		}}
		if diff := cmp.Diff(want, second, protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
		// Refused under that id, refused for ever; under another one it may be given.
		if release(t, r, first.GetReservationId()) || !release(t, r, first.GetReservationId()) {
			t.Error("released at once, and only once")
		}
		want.Replayed = true
		if diff := cmp.Diff(want, reserve(t, r, "b", surveyOf(1)), protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
		if out := reserve(t, r, "a", surveyOf(1)); !out.GetAllowed() || out.GetReservationId() != first.GetReservationId() || !out.GetReplayed() {
			t.Errorf("the first answer again: %v", out)
		}
		if out := reserve(t, r, "c", surveyOf(1)); !out.GetAllowed() {
			t.Errorf("what was released still counts: %v", out)
		}
		audit(t, url, "")
	})
}

func TestReserveContactRefusals(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		numbered(t, r, 2)
		reserve(t, r, "a", surveyOf(1))
		for field, change := range map[string]func(*segmentationv1.ContactRequest){
			"contact.customer.id": func(in *segmentationv1.ContactRequest) { in.Customer = byNumber(2) },
			"contact.purpose":     func(in *segmentationv1.ContactRequest) { in.Purpose = "news" },
			"contact.mode":        func(in *segmentationv1.ContactRequest) { in.Mode = commonv1.ContactMode_CONTACT_MODE_SMS },
			"contact.at":          func(in *segmentationv1.ContactRequest) { in.At = timestamppb.New(start) },
		} {
			other := surveyOf(1)
			change(other)
			if got := denied(t, r, "a", other); !fault.Is(got, commonv1.Reason_REASON_KEY_REUSED) || got.Meta["field"] != field {
				t.Errorf("%s: got %v %v", field, got, got.Meta)
			}
		}
		for name, in := range map[string]*segmentationv1.ContactRequest{
			"a number nobody has":    surveyOf(99),
			"an identity nobody has": {Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: email("no@body.ru")}}, Purpose: "x", Mode: 1},
		} {
			if got := denied(t, r, "b", in); !fault.Is(got, commonv1.Reason_REASON_CUSTOMER_UNKNOWN) {
				t.Errorf("%s: got %v", name, got)
			}
		}
		late, nobody := surveyOf(1), surveyOf(1)
		late.At, nobody.Customer = timestamppb.New(start.AddDate(0, 0, 31)), &commonv1.CustomerRef{}
		for _, in := range []*segmentationv1.ContactRequest{late, nobody, {Customer: byNumber(1), Mode: 1}, {Customer: byNumber(1), Purpose: "x"}} {
			if got := denied(t, r, "c", in); !fault.Is(got, commonv1.Reason_REASON_FIELD_INVALID) {
				t.Errorf("%v: got %v", in, got)
			}
		}
		// A database may not keep such a character as it came.
		unseen := surveyOf(2)
		unseen.Purpose = "survey\x00"
		for request, in := range map[string]*segmentationv1.ContactRequest{"d": unseen, "d\x00": surveyOf(2)} {
			if got := denied(t, r, request, in); !fault.Is(got, commonv1.Reason_REASON_FIELD_INVALID) {
				t.Errorf("%q: got %v", request, got)
			}
		}
		// An error is not an answer: under its id there may be one yet.
		if !reserve(t, r, "c", surveyOf(2)).GetAllowed() {
			t.Error("not allowed")
		}
		for _, id := range []string{"99", "x", "01", "-1"} {
			_, err := r.ReleaseContact(t.Context(), &segmentationv1.ReleaseContactRequest{Brand: brand, ReservationId: id})
			if !fault.Is(err, commonv1.Reason_REASON_RESERVATION_UNKNOWN) {
				t.Errorf("%s: got %v", id, err)
			}
		}
	})
}

// 64 callers ask at the same moment, from two replicas, for the one contact that
// may be made; as many ask for other customers beside them.
func TestOneOfManyIsAllowed(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		replicas := []*replica{newReplica(t, url, "", c.Now), newReplica(t, url, "", c.Now)}
		numbered(t, replicas[0], 65)
		var allowed, others atomic.Int32
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				if reserve(t, replicas[i%2], fmt.Sprintf("one-%d", i), surveyOf(1)).GetAllowed() {
					allowed.Add(1)
				}
			})
			wg.Go(func() {
				if reserve(t, replicas[i%2], fmt.Sprintf("other-%d", i), surveyOf(int64(2+i))).GetAllowed() {
					others.Add(1)
				}
			})
		}
		wg.Wait()
		if allowed.Load() != 1 || others.Load() != 64 {
			t.Errorf("%d of one customer and %d of others were allowed", allowed.Load(), others.Load())
		}
		audit(t, url, "")
	})
}

// One request sent many times at once is one contact.
func TestOneRequestIsOneContact(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		numbered(t, r, 1)
		news := surveyOf(1)
		news.Purpose = "news"
		var fresh atomic.Int32
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				out := reserve(t, r, "same", proto.CloneOf(news))
				if !out.GetAllowed() || out.GetReservationId() != "1" {
					t.Errorf("got %v", out)
				}
				if !out.GetReplayed() {
					fresh.Add(1)
				}
			})
		}
		wg.Wait()
		if fresh.Load() != 1 {
			t.Errorf("%d were not told that it was a replay", fresh.Load())
		}
	})
}

// One person has one budget, whichever of its numbers is named; after an unmerge
// each number has its own again.
func TestMergedNumbersHaveOneBudget(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		numbered(t, r, 3)
		if _, err := merge(t, r, 2, 1); err != nil {
			t.Fatal(err)
		}
		reserve(t, r, "a", surveyOf(2))
		if out := reserve(t, r, "b", surveyOf(1)); out.GetAllowed() {
			t.Error("two contacts of one person")
		}
		if _, err := unmerge(t, r, 2); err != nil {
			t.Fatal(err)
		}
		if out := reserve(t, r, "c", surveyOf(1)); !out.GetAllowed() {
			t.Errorf("got %v", out)
		}
		// Two persons of whom one refuses are one person who refuses.
		upsert(t, r, false, &segmentationv1.Customer{Id: 3, Consents: []*segmentationv1.Consent{{Purpose: "service"}}})
		if _, err := merge(t, r, 3, 1); err != nil {
			t.Fatal(err)
		}
		in := surveyOf(1)
		in.Purpose = "service"
		if out := examine(t, r, in); out.GetAllowed() || out.GetVerdicts()[0].GetRule() != segmentationv1.ContactRule_CONTACT_RULE_OPT_OUT || out.GetAllowedFrom() != nil {
			t.Errorf("got %v", out)
		}
	})
}

// Of an erased person nothing is asked any more, by number and by identity.
func TestErasedIsNotContacted(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		resolve(t, r, email("anna@example.com"))
		byMail := surveyOf(1)
		byMail.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: email("Anna@example.com")}}
		given := reserve(t, r, "a", byMail)
		erase(t, r, 1)
		for i, in := range []*segmentationv1.ContactRequest{surveyOf(1), byMail} {
			out := reserve(t, r, fmt.Sprint(i), in)
			if out.GetAllowed() || out.GetVerdict().GetRule() != segmentationv1.ContactRule_CONTACT_RULE_ERASED {
				t.Errorf("got %v", out)
			}
		}
		if out := reserve(t, r, "a", byMail); out.GetReservationId() != given.GetReservationId() || !out.GetReplayed() {
			t.Errorf("the first answer again: %v", out)
		}
	})
}

// Examining counts nothing and names every rule, and when all of them allow it.
func TestExamineContact(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		numbered(t, r, 1)
		upsert(t, r, false, &segmentationv1.Customer{Id: 1, Zone: "Asia/Vladivostok",
			SensitiveDates: []*segmentationv1.SensitiveDate{{Month: 3, Day: 3}}})
		in := surveyOf(1)
		in.Mode = commonv1.ContactMode_CONTACT_MODE_CALL
		for range 3 {
			out := examine(t, r, in)
			// 19:00 in Vladivostok: nothing forbids, while in Moscow it is noon.
			if !out.GetAllowed() || !out.GetAllowedFrom().AsTime().Equal(start) {
				t.Fatalf("got %v", out)
			}
		}
		reserve(t, r, "a", in)
		c.Add(6 * time.Hour) // 01:00 of the sensitive date there, 18:00 in Moscow
		out := examine(t, r, in)
		var rules []string
		for _, v := range out.GetVerdicts() {
			rules = append(rules, v.GetRule().String())
		}
		want := []string{"CONTACT_RULE_SENSITIVE_DATE", "CONTACT_RULE_QUIET_HOURS", "CONTACT_RULE_PURPOSE_LIMIT"}
		if diff := cmp.Diff(want, rules); diff != "" {
			t.Error(diff)
		}
		// 14 days from 2 March on, and then the morning of Vladivostok.
		if at := time.Date(2026, 3, 15, 23, 0, 0, 0, time.UTC); !out.GetAllowedFrom().AsTime().Equal(at) {
			t.Errorf("allowed from %s", out.GetAllowedFrom().AsTime())
		}
	})
}

// How an address is written makes no second customer with a budget of its own.
func TestSpellingsShareOneBudget(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		resolve(t, r, email("anna@example.com"))
		for i, address := range []string{"Anna@Example.com", " ANNA@example.COM ", "anna+shop@example.com"} {
			in := surveyOf(1)
			in.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: email(address)}}
			if out := reserve(t, r, address, in); out.GetAllowed() != (i == 0) {
				t.Errorf("%q: got %v", address, out)
			}
		}
	})
}

// What the table says is held against the facts, both ways; and a person's export
// has every answer.
func TestContactsAreVerifiedAndExported(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, "", c.Now)
		numbered(t, r, 2)
		reserve(t, r, "a", surveyOf(1))
		reserve(t, r, "b", surveyOf(1))
		release(t, r, reserve(t, r, "c", surveyOf(2)).GetReservationId())
		reserve(t, r, "d", surveyOf(2))
		audit(t, url, "")
		lines, err := export(t, r, 2)
		if err != nil || len(lines) != 3 || !strings.Contains(lines[1], `"kind":"contact.released"`) || !strings.Contains(lines[2], `"requestId":"d"`) {
			t.Errorf("exported %v, %v", lines, err)
		}
		db := sqldbtest.Open(t, url)
		err = db.Write(t.Context(), func(tx *sqldb.Tx) error {
			for _, statement := range []string{"UPDATE contact SET state = 2 WHERE request_id = 'a'", "UPDATE contact SET state = 1 WHERE request_id IN ('b', 'c')",
				"UPDATE contact SET id = 77 WHERE request_id = 'd'"} {
				if _, err := tx.Exec(t.Context(), statement); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		// d is missed under its number and found under another one.
		if all := drifts(t, url, ""); len(all) != 5 {
			t.Errorf("found %v", all)
		}
	})
}

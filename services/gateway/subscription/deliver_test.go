package subscription_test

import (
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

const (
	pending   = reportv1.Delivery_STATUS_PENDING
	sent      = reportv1.Delivery_STATUS_SENT
	failed    = reportv1.Delivery_STATUS_FAILED
	cancelled = reportv1.Delivery_STATUS_CANCELLED
)

func TestALetterIsDelivered(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		sub := w.create(t, daily("anna@example.com"))
		if w.deliver(t) != 0 || len(w.post.letters()) != 0 {
			t.Fatal("nothing is due yet")
		}
		w.clock.move(10 * time.Minute)
		if n := w.deliver(t); n != 1 {
			t.Fatalf("%d attempts", n)
		}
		if n := w.deliver(t); n != 0 {
			t.Fatalf("%d attempts more", n)
		}
		all, letters := w.deliveries(t), w.post.letters()
		if len(letters) != 1 || len(all) != 1 {
			t.Fatalf("%d letters, %v", len(letters), all)
		}
		d, l := all[0], letters[0]
		if d.GetStatus() != sent || d.GetAttempts() != 1 || d.GetSubscriptionId() != sub.GetId() || d.GetStart() != "2026-03-01" || d.GetEnd() != "2026-03-02" || d.GetDoneAt() == nil || d.GetNextAttemptAt() != nil {
			t.Error(d)
		}
		if l.id() != d.GetId()+"@rapport.test" || l.to != "anna@example.com" || l.from != "reports@rapport.test" {
			t.Error(l.id(), l.to, l.from)
		}
		// 16 promoters… of 40: 60 − 20.
		if got := l.subject(t); got != "Demo Retail: whole brand, 1 March 2026, NPS 40.0 (15.0 … 65.0)" && !strings.Contains(got, "NPS 40.0 (") {
			t.Error(got)
		}
		for _, want := range []string{"NPS", "40.0", "40\u00a0answers", "Queue", "1\u00a0March\u00a02026", "https://rapport.test/unsubscribe/"} {
			if !strings.Contains(l.html, want) || !strings.Contains(l.plain, want) {
				t.Errorf("%q is missing:\n%s", want, l.plain)
			}
		}
		if l.head.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || !strings.HasPrefix(l.head.Get("List-Unsubscribe"), "<https://rapport.test/unsubscribe/") ||
			l.head.Get("Auto-Submitted") != "auto-generated" {
			t.Error(l.head)
		}
		got, err := w.GetSubscription(t.Context(), &reportv1.GetSubscriptionRequest{Brand: demo, SubscriptionId: sub.GetId()})
		must(t, err)
		if next := got.GetSubscription().GetNextAt().AsTime(); !next.Equal(monday.Add(24*time.Hour + 10*time.Minute)) {
			t.Error("next", next)
		}
	})
}

// trouble is what a mail server does at one stage.
func trouble(stage string, err error) func(string, string) error {
	return func(at, _ string) error {
		if at == stage {
			return err
		}
		return nil
	}
}

func said(code int, enhanced smtp.EnhancedCode) error {
	text := "no, anna@example.com" // which is nobody else's business
	if code == 421 {
		text = "busy"
	}
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

// Whatever the server does, a letter gets there in the end, or it is told why not; what
// may have arrived is sent again under the same id.
func TestTroubles(t *testing.T) {
	for name, c := range map[string]struct {
		does  func(string, string) error
		want  reportv1.Delivery_Status
		doubt bool
		stops bool
	}{
		"busy at the door":      {trouble("connect", said(421, smtp.EnhancedCode{4, 3, 2})), pending, false, false},
		"cut at the door":       {trouble("connect", errCut), pending, false, false},
		"sender refused":        {trouble("mail", said(550, smtp.EnhancedCode{5, 7, 1})), pending, false, false},
		"greylisted":            {trouble("rcpt", said(451, smtp.EnhancedCode{4, 7, 1})), pending, false, false},
		"mailbox unknown":       {trouble("rcpt", said(550, smtp.EnhancedCode{5, 1, 1})), failed, false, true},
		"relaying denied":       {trouble("rcpt", said(554, smtp.EnhancedCode{5, 7, 1})), failed, false, false},
		"cut at the address":    {trouble("rcpt", errCut), pending, false, false},
		"content put off":       {trouble("data", said(452, smtp.EnhancedCode{4, 3, 1})), pending, false, false},
		"content refused":       {trouble("data", said(554, smtp.EnhancedCode{5, 6, 0})), failed, false, false},
		"cut before the answer": {trouble("data", errCut), pending, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
				w := newWorld(t, db)
				sub := w.create(t, daily("anna@example.com"))
				w.clock.move(10 * time.Minute)
				w.post.do(c.does)
				w.deliver(t)
				d := w.deliveries(t)[0]
				if d.GetStatus() != c.want || d.GetInDoubt() != c.doubt || d.GetLastError() == "" || strings.ContainsAny(d.GetLastError(), "\r\n@") || d.GetAttempts() != 1 {
					t.Fatal(d)
				}
				got, err := w.GetSubscription(t.Context(), &reportv1.GetSubscriptionRequest{Brand: demo, SubscriptionId: sub.GetId()})
				must(t, err)
				if stopped := got.GetSubscription().GetState() == reportv1.Subscription_STATE_STOPPED; stopped != c.stops || stopped == (got.GetSubscription().GetStoppedBecause() == "") {
					t.Error(got, d)
				}
				w.post.do(nil)
				w.deliver(t)
				if again := w.deliveries(t)[0]; again.GetAttempts() != 1 {
					t.Fatal("tried again at once:", again)
				}
				w.clock.move(20 * time.Second)
				w.deliver(t)
				d = w.deliveries(t)[0]
				if c.want == pending && (d.GetStatus() != sent || d.GetAttempts() != 2 || d.GetLastError() != "") || c.want != pending && d.GetStatus() != c.want {
					t.Fatal(d)
				}
				ids := map[string]bool{}
				for _, l := range w.post.letters() {
					ids[l.id()] = true
				}
				if arrived := len(w.post.letters()) > 0; arrived && (len(ids) != 1 || !ids[d.GetId()+"@rapport.test"]) {
					t.Error(ids)
				}
			})
		})
	}
}

// With the mail server down for longer than anybody waits, each delivery ends as failed,
// and says so; the pauses grow meanwhile.
func TestGivenUp(t *testing.T) {
	w := newWorld(t, sqldbtest.Open(t, sqldbtest.SQLite(t)))
	w.create(t, daily("anna@example.com"))
	w.clock.move(10 * time.Minute)
	w.post.do(trouble("connect", errCut))
	w.deliver(t)
	first := w.deliveries(t)[0]
	for range 200 {
		d := w.deliveries(t)
		last := d[len(d)-1]
		if last.GetStatus() != pending {
			break
		}
		w.clock.set(last.GetNextAttemptAt().AsTime())
		w.deliver(t)
	}
	all := w.deliveries(t)
	d := all[len(all)-1]
	if d.GetId() != first.GetId() || d.GetStatus() != failed || !strings.HasPrefix(d.GetLastError(), "given up: the mail server") || d.GetAttempts() < 60 || d.GetAttempts() > 120 {
		t.Error(d)
	}
	if took := d.GetDoneAt().AsTime().Sub(first.GetDueAt().AsTime()); took < 70*time.Hour || took > 72*time.Hour {
		t.Error("given up after", took)
	}
}

// Nobody was there for days: the last report that was due comes, once, and says how many
// did not.
func TestMissed(t *testing.T) {
	w := newWorld(t, sqldbtest.Open(t, sqldbtest.SQLite(t)))
	w.create(t, daily("anna@example.com"))
	w.clock.move(5*24*time.Hour + 3*time.Hour)
	w.deliver(t)
	all := w.deliveries(t)
	if len(all) != 1 || all[0].GetMissed() != 5 || all[0].GetStart() != "2026-03-06" || all[0].GetStatus() != sent || !all[0].GetDueAt().AsTime().Equal(monday.Add(5*24*time.Hour+10*time.Minute)) {
		t.Fatal(all)
	}
	if l := w.post.letters()[0]; !strings.Contains(l.plain, "could not be sent: 5.") || !strings.Contains(l.subject(t), "6 March 2026") {
		t.Error(l.subject(t), l.plain)
	}
}

// A clock that jumps ahead and comes back neither repeats a report nor silences it.
func TestClockJumps(t *testing.T) {
	w := newWorld(t, sqldbtest.Open(t, sqldbtest.SQLite(t)))
	w.create(t, daily("anna@example.com"))
	w.clock.move(10 * time.Minute)
	w.deliver(t)
	w.clock.move(400 * 24 * time.Hour)
	w.deliver(t)
	w.clock.set(monday.Add(10 * time.Minute))
	w.deliver(t)
	if n := len(w.post.letters()); n != 2 {
		t.Fatalf("%d letters", n)
	}
	for day := 1; day <= 3; day++ {
		w.clock.set(monday.Add(time.Duration(day)*24*time.Hour + 10*time.Minute))
		w.deliver(t)
		if n := len(w.post.letters()); n != 2+day {
			t.Fatalf("day %d: %d letters: %v", day, n, w.deliveries(t))
		}
	}
}

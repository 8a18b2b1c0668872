package outbox

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// TestADeliverySaysHowItStands: what nobody knows is said to be in doubt, what was missed
// is counted, and days are those of the report, the last one included.
func TestADeliverySaysHowItStands(t *testing.T) {
	at := timestamppb.New(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	one := &reportv1.Delivery{
		Id: "abc", DueAt: at, Start: "2026-02-23", End: "2026-03-02", Trial: true, Missed: 3, Status: reportv1.Delivery_STATUS_PENDING, Attempts: 2, InDoubt: true,
		LastError: "451 later", NextAttemptAt: at, GiveUpAt: at,
	}
	for _, l := range catalogues {
		s := &scene{Lang: l, brand: &config.Brand{Location: time.UTC}}
		got := s.deliveryRow(one)
		notes := strings.Join(got.Notes, "|")
		if got.ID != "abc" || got.Attempts != "2" || got.Error != "451 later" || got.Next == "" || got.Done != "" || !strings.Contains(got.Window, "1") || strings.Contains(got.Window, "2026-03-02") ||
			!strings.Contains(notes, l.InDoubt) || !strings.Contains(notes, l.Trial) || !strings.Contains(notes, "3") || len(got.Notes) != 4 {
			t.Errorf("%s: %+v", l.Code, got)
		}
		if done := s.deliveryRow(&reportv1.Delivery{Status: reportv1.Delivery_STATUS_FAILED, DoneAt: at, GiveUpAt: at}); done.Mood != "bad" || done.Done == "" || len(done.Notes) != 0 || done.Next != "" {
			t.Errorf("%s: %+v", l.Code, done)
		}
	}
}

// TestCadencesAreSaid: with the day that is meant where none is named.
func TestCadencesAreSaid(t *testing.T) {
	for want, c := range map[string]*reportv1.Cadence{
		"every quarter of an hour":      {Every: reportv1.Cadence_EVERY_QUARTER_HOUR},
		"every day at 09:05":            {Every: reportv1.Cadence_EVERY_DAY, Hour: 9, Minute: 5},
		"every Monday at 00:00":         {Every: reportv1.Cadence_EVERY_WEEK},
		"every Sunday at 23:59":         {Every: reportv1.Cadence_EVERY_WEEK, Weekday: 7, Hour: 23, Minute: 59},
		"every month on day 1 at 08:00": {Every: reportv1.Cadence_EVERY_MONTH, Hour: 8},
	} {
		if got := english.cadence(c); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestCustomersAreRead as people write them.
func TestCustomersAreRead(t *testing.T) {
	for text, want := range map[string]string{
		"17": "17", "anna@example.com": "KIND_EMAIL//anna@example.com", "+79161234567": "KIND_PHONE//+79161234567", "card:4000": "KIND_CARD//4000", "EXTERNAL:crm:a:7": "KIND_EXTERNAL/crm/a:7",
		"EMAIL:anna@example.com": "KIND_EMAIL//anna@example.com", "": "", "anna": "", "0": "", "-4": "", "moon:1": "", "card:": "",
	} {
		got := ""
		if ref := customer(text); ref.GetId() > 0 {
			got = "17"
		} else if id := ref.GetIdentity(); id != nil {
			got = id.GetKind().String() + "/" + id.GetNamespace() + "/" + id.GetValue()
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestEveryFieldIsNamed: a field that a form can mark has a name and says what is wrong.
func TestEveryFieldIsNamed(t *testing.T) {
	for _, l := range catalogues {
		for _, all := range []map[string]string{pathFields, reasonFields} {
			for from, name := range all {
				if name != "sections" && l.fields[name] == "" || l.wrongs[name] == "" {
					t.Errorf("%s: %s leads to %s, which says nothing", l.Code, from, name)
				}
			}
		}
		for from := range reasonFields {
			if _, known := commonv1.Reason_value["REASON_"+from]; !known {
				t.Errorf("there is no reason %s", from)
			}
		}
		for from := range l.reasons {
			if _, known := commonv1.Reason_value["REASON_"+from]; !known {
				t.Errorf("there is no reason %s", from)
			}
		}
	}
	for _, z := range zones {
		if _, err := time.LoadLocation(z); err != nil {
			t.Error(err)
		}
	}
	if shell.Langs[0].Code != catalogues[0].Code {
		t.Error("another language is the first")
	}
}

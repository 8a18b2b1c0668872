package contact

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
)

const (
	email = commonv1.ContactMode_CONTACT_MODE_EMAIL
	call  = commonv1.ContactMode_CONTACT_MODE_CALL
)

// strict is a brand with every kind of rule; calls ring, letters do not.
var strict = config.Contact{
	Quiet: "21:00-09:00", Night: config.ClockSpan{From: 21 * 60, To: 9 * 60}, QuietModes: []string{"CALL"},
	Limits:  []config.ContactLimit{{Purpose: "survey", Days: 14, Most: 1}, {Days: 7, Most: 3}, {Purpose: "news", Days: 1, Most: 1}},
	Consent: []string{"marketing"},
	Silence: map[string]int{"bereavement": 90, "default": 30, "wedding": 0},
}

func zone(t testing.TB, name string) *calendar.Zone {
	t.Helper()
	z, err := calendar.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// wall is a moment of a zone's wall clock.
func wall(t testing.TB, z *calendar.Zone, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, z.Location())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

type customer = segmentationv1.Customer

func yes(purpose string, mode commonv1.ContactMode) *segmentationv1.Consent {
	return &segmentationv1.Consent{Purpose: purpose, Mode: mode, Granted: true}
}

func no(purpose string, mode commonv1.ContactMode) *segmentationv1.Consent {
	return &segmentationv1.Consent{Purpose: purpose, Mode: mode}
}

func agreeing(consents ...*segmentationv1.Consent) *customer { return &customer{Consents: consents} }

// short is a judgement in short: rules, and the time as the wall clock shows it.
func short(z *calendar.Zone, j Judgement) (list []string) {
	for _, v := range j.Verdicts {
		text := v.Rule.String()[len("CONTACT_RULE_"):] + ": " + v.Detail
		if v.AllowedFrom != nil {
			text += " until " + v.AllowedFrom.AsTime().In(z.Location()).Format("2006-01-02 15:04")
		}
		list = append(list, text)
	}
	if !j.From.IsZero() {
		list = append(list, "from "+j.From.In(z.Location()).Format("2006-01-02 15:04"))
	}
	return list
}

func TestRules(t *testing.T) {
	for name, c := range map[string]struct {
		zone    string // Europe/Moscow if empty
		members []*customer
		made    []string // of purpose survey
		purpose string   // survey if empty
		mode    commonv1.ContactMode
		at      string
		want    []string
	}{
		"nothing forbids": {at: "2024-06-07 12:00", want: []string{"from 2024-06-07 12:00"}},
		"by night": {mode: call, at: "2024-06-07 23:30",
			want: []string{"QUIET_HOURS: quiet from 21:00-09:00 in Europe/Moscow until 2024-06-08 09:00", "from 2024-06-08 09:00"}},
		"after midnight": {mode: call, at: "2024-06-07 00:00",
			want: []string{"QUIET_HOURS: quiet from 21:00-09:00 in Europe/Moscow until 2024-06-07 09:00", "from 2024-06-07 09:00"}},
		"a letter by night": {at: "2024-06-07 23:30", want: []string{"from 2024-06-07 23:30"}},
		"the night's end":   {mode: call, at: "2024-06-07 09:00", want: []string{"from 2024-06-07 09:00"}},
		"opted out of all": {members: []*customer{agreeing(no("", 0))}, at: "2024-06-07 12:00",
			want: []string{"OPT_OUT: opted out of everything"}},
		"opted out of calls": {members: []*customer{agreeing(no("", call), yes("", 0))}, mode: call, at: "2024-06-07 12:00",
			want: []string{"OPT_OUT: opted out of everything by CALL"}},
		"the most specific decides": {members: []*customer{agreeing(no("", 0), no("survey", 0), yes("survey", email))}, at: "2024-06-07 12:00",
			want: []string{"from 2024-06-07 12:00"}},
		"of equally specific a refusal": {members: []*customer{agreeing(yes("survey", 0), no("", email))}, at: "2024-06-07 12:00",
			want: []string{"OPT_OUT: opted out of everything by EMAIL"}},
		"any number refuses": {members: []*customer{agreeing(yes("survey", email)), agreeing(no("survey", 0))}, at: "2024-06-07 12:00",
			want: []string{"OPT_OUT: opted out of survey"}},
		"no consent": {purpose: "marketing", at: "2024-06-07 12:00", want: []string{"NO_CONSENT: no consent to marketing"}},
		"any number consents": {members: []*customer{{}, agreeing(yes("marketing", 0))}, purpose: "marketing", at: "2024-06-07 12:00",
			want: []string{"from 2024-06-07 12:00"}},
		"sensitive date": {members: []*customer{{SensitiveDates: []*segmentationv1.SensitiveDate{{Month: 6, Day: 8}, {Month: 6, Day: 7}}}}, at: "2024-06-07 00:00",
			want: []string{"SENSITIVE_DATE: a sensitive date of the customer until 2024-06-09 00:00", "from 2024-06-09 00:00"}},
		"29 February in other years": {members: []*customer{{SensitiveDates: []*segmentationv1.SensitiveDate{{Month: 2, Day: 29}}}}, at: "2023-02-28 12:00",
			want: []string{"SENSITIVE_DATE: a sensitive date of the customer until 2023-03-01 00:00", "from 2023-03-01 00:00"}},
		"28 February of leap years": {members: []*customer{{SensitiveDates: []*segmentationv1.SensitiveDate{{Month: 2, Day: 29}}}}, at: "2024-02-28 12:00",
			want: []string{"from 2024-02-28 12:00"}},
		"life event": {members: []*customer{{LifeEvents: []*segmentationv1.LifeEvent{{Kind: "bereavement", Day: "2024-06-01"}, {Kind: "move", Day: "2024-06-01"}}}}, at: "2024-06-07 12:00",
			want: []string{"LIFE_EVENT: day 7 of 90 days of silence after a life event until 2024-08-30 00:00", "from 2024-08-30 00:00"}},
		"a kind that silences nothing": {members: []*customer{{LifeEvents: []*segmentationv1.LifeEvent{{Kind: "wedding", Day: "2024-06-07"}}}}, at: "2024-06-07 12:00",
			want: []string{"from 2024-06-07 12:00"}},
		"purpose's budget": {made: []string{"2024-06-01 23:59"}, at: "2024-06-14 12:00",
			want: []string{"PURPOSE_LIMIT: 1 of 1 survey contacts in 14 days until 2024-06-15 00:00", "from 2024-06-15 00:00"}},
		"a contact ahead counts too": {made: []string{"2024-06-20 12:00"}, at: "2024-06-07 12:00",
			want: []string{"PURPOSE_LIMIT: 1 of 1 survey contacts in 14 days until 2024-07-04 00:00", "from 2024-07-04 00:00"}},
		"all together": {made: []string{"2024-06-07 10:00", "2024-06-07 11:00", "2024-06-05 00:00"}, purpose: "service", mode: call, at: "2024-06-07 12:00",
			want: []string{"OVERALL_LIMIT: 3 of 3 contacts in 7 days until 2024-06-12 00:00", "from 2024-06-12 09:00"}},
		"every rule, in order": {members: []*customer{{SensitiveDates: []*segmentationv1.SensitiveDate{{Month: 6, Day: 7}},
			LifeEvents: []*segmentationv1.LifeEvent{{Kind: "x", Day: "2024-06-07"}}}}, made: []string{"2024-06-07 10:00"}, mode: call, at: "2024-06-07 22:00",
			want: []string{"SENSITIVE_DATE: a sensitive date of the customer until 2024-06-08 00:00",
				"LIFE_EVENT: day 1 of 30 days of silence after a life event until 2024-07-07 00:00",
				"QUIET_HOURS: quiet from 21:00-09:00 in Europe/Moscow until 2024-06-08 09:00",
				"PURPOSE_LIMIT: 1 of 1 survey contacts in 14 days until 2024-06-21 00:00", "from 2024-07-07 09:00"}},
		"erased": {members: []*customer{{}, {Erased: true, Consents: []*segmentationv1.Consent{no("", 0)}}}, at: "2024-06-07 12:00",
			want: []string{"ERASED: the customer was erased"}},
		"a night of seven hours": {zone: "Europe/Berlin", mode: call, at: "2024-03-30 22:00",
			want: []string{"QUIET_HOURS: quiet from 21:00-09:00 in Europe/Berlin until 2024-03-31 09:00", "from 2024-03-31 09:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			z := zone(t, "Europe/Moscow")
			if c.zone != "" {
				z = zone(t, c.zone)
			}
			p := &Person{Members: c.members, Zone: z}
			for _, at := range c.made {
				p.Made = append(p.Made, Made{Purpose: "survey", At: wall(t, z, at)})
			}
			ask := Ask{Purpose: "survey", Mode: email, At: wall(t, z, c.at)}
			if c.purpose != "" {
				ask.Purpose = c.purpose
			}
			if c.mode != 0 {
				ask.Mode = c.mode
			}
			if diff := cmp.Diff(c.want, short(z, Judge(&strict, p, ask)), protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Once a day is once in a day of the calendar: neither 24 hours of waiting after
// a late letter, nor two on the day on which clocks go back.
func TestOnceADayIsNotOnceIn24Hours(t *testing.T) {
	z := zone(t, "Europe/Berlin")
	for _, c := range []struct {
		made, at string
		allowed  bool
	}{
		{"2024-06-07 23:59", "2024-06-08 00:00", true},
		{"2024-06-07 00:00", "2024-06-07 23:59", false},
		{"2024-10-27 00:00", "2024-10-27 23:59", false},
	} {
		p := &Person{Zone: z, Made: []Made{{Purpose: "news", At: wall(t, z, c.made)}}}
		j := Judge(&strict, p, Ask{Purpose: "news", Mode: email, At: wall(t, z, c.at)})
		if j.Allowed() != c.allowed {
			t.Errorf("%s after %s: %v", c.at, c.made, short(z, j))
		}
	}
}

package config

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
)

func parse(t *testing.T, text string) *Brand {
	t.Helper()
	brands, err := ParseBrands([]byte(head + text))
	if err != nil {
		t.Fatal(err)
	}
	return brands.All()[0]
}

func TestPartsRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"too many identities": {"    identities:\n      max_per_kind: 51\n", "line 7: max_per_kind 51"},
		"blocked kind":        {"    identities:\n      blocked:\n        - EMAIL:a@b.c\n        - FAX:1\n", "line 9: blocked identity \"FAX:1\""},
		"blocked nothing":     {"    identities: {blocked: ['PHONE: ']}\n", "line 6: blocked identity"},
		"blocked namespace":   {"    identities: {blocked: ['EXTERNAL:7']}\n", "EXTERNAL:namespace:value"},
		"quiet":               {"    contact:\n      quiet: 21-9\n", "line 7: quiet: \"21-9\" is not a span"},
		"always quiet":        {"    contact: {quiet: '00:00-24:00'}\n", "no time"},
		"quiet nothing":       {"    contact: {quiet: '09:00-09:00'}\n", "not a span"},
		"quiet mode":          {"    contact:\n      quiet_modes:\n        - CALL\n        - FAX\n", "line 9: quiet mode \"FAX\""},
		"limit days":          {"    contact:\n      limits:\n        - purpose: x\n          days: 0\n          most: 1\n", "line 9: limit 1: days 0"},
		"limit most":          {"    contact:\n      limits:\n        - {days: 1, most: 1}\n        - {days: 2}\n", "line 9: limit 2: most 0"},
		"limit twice":         {"    contact: {limits: [{days: 1, most: 1}, {days: 1, most: 2}]}\n", "limit 2: there is one"},
		"consent twice":       {"    contact: {consent: [a, a]}\n", "consent \"a\""},
		"silence":             {"    contact:\n      silence:\n        bereavement: 400\n", "line 8: silence after bereavement"},
		"late":                {"    norms:\n      late: hour\n", "line 7: late \"hour\""},
		"grace":               {"    norms:\n      grace: -1s\n", "line 7: grace -1s"},
		"channel":             {"    norms:\n      channels:\n        FAST: {late: day}\n", "line 8: channel \"FAST\""},
		"channel's late":      {"    norms:\n      channels:\n        EXPRESS:\n          late: never\n", "line 9: late \"never\""},
		"occasion":            {"    receipts:\n      - occasion: Dinner\n        min_items: 1\n", "line 7: occasion \"Dinner\""},
		"items":               {"    receipts:\n      - occasion: a\n        min_items: 3\n        max_items: 2\n", "line 9: a: items from 3 to 2"},
		"hours":               {"    receipts:\n      - occasion: a\n        hours: 24:00-02:00\n", "line 8: a: hours"},
		"weekday":             {"    receipts:\n      - occasion: a\n        weekdays:\n          - mon\n          - friday\n", "line 10: weekday \"friday\""},
		"empty rule":          {"    receipts:\n      - occasion: a\n", "line 7: a: says nothing"},
		"unknown key":         {"    contact:\n      quite: x\n", "line 7: key quite is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseBrands([]byte(head + c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestPartsDefaults(t *testing.T) {
	b := parse(t, "")
	if b.Identities.MaxPerKind != 10 || b.Norms.Late != LateTimestamp || b.Norms.Grace != 0 || !b.Contact.Night.Empty() {
		t.Errorf("got %+v", b)
	}
	if got := b.Contact.SilenceAfter("bereavement"); got != 30 {
		t.Errorf("silent for %d days", got)
	}
}

func TestNormsFor(t *testing.T) {
	b := parse(t, "    norms: {late: day, grace: 1h, channels: {EXPRESS: {grace: 10m}, COURIER: {late: timestamp}}}\n")
	for channel, want := range map[string]Norm{
		"STORE": {LateDay, time.Hour}, "EXPRESS": {LateDay, 10 * time.Minute}, "COURIER": {LateTimestamp, 0}, "": {LateDay, time.Hour},
	} {
		if diff := cmp.Diff(want, b.Norms.For(channel)); diff != "" {
			t.Error(channel, diff)
		}
	}
}

func TestContactParsed(t *testing.T) {
	b := parse(t, "    contact: {quiet: '21:00-09:00', quiet_modes: [CALL], silence: {default: 7, wedding: 0}}\n"+
		"    identities: {blocked: ['PHONE: +7 495 123', 'EXTERNAL:crm:7:8']}\n")
	want := []BlockedIdentity{{Kind: "PHONE", Value: "+7 495 123"}, {Kind: "EXTERNAL", Namespace: "crm", Value: "7:8"}}
	if diff := cmp.Diff(want, b.Identities.Nobody); diff != "" {
		t.Error(diff)
	}
	c := b.Contact
	if c.Night != (ClockSpan{21 * 60, 9 * 60}) || !c.Quiets("CALL") || c.Quiets("EMAIL") ||
		c.SilenceAfter("wedding") != 0 || c.SilenceAfter("bereavement") != 7 {
		t.Errorf("got %+v", c)
	}
}

func TestClockSpan(t *testing.T) {
	for text, want := range map[string][]int{ // minutes in it, then minutes not in it
		"21:00-09:00": {1260, 1439, 0, 539, -1, 540, 1259},
		"09:00-18:00": {540, 1079, -1, 539, 1080, 0},
		"00:00-24:00": {0, 720, 1439, -1},
		"22:00-24:00": {1320, 1439, -1, 0, 1319},
		"22:00-00:00": {1320, 1439, -1, 0, 1319},
	} {
		span, err := parseClockSpan(text)
		if err != nil {
			t.Fatal(err)
		}
		in := true
		for _, minute := range want {
			if minute < 0 {
				in = false
			} else if span.Has(minute) != in {
				t.Errorf("%s at %d: got %v", text, minute, !in)
			}
		}
	}
}

func TestReceiptRuleAt(t *testing.T) {
	b := parse(t, "    receipts:\n      - {occasion: late.snack, hours: '22:00-02:00', weekdays: [sat]}\n      - {occasion: big, min_items: 9}\n")
	night, big := &b.Receipts[0], &b.Receipts[1]
	if !night.At(time.Saturday, 60) || !night.At(time.Saturday, 1380) || night.At(time.Sunday, 60) || night.At(time.Saturday, 720) {
		t.Error("hours over midnight")
	}
	if !big.At(time.Wednesday, 0) {
		t.Error("a rule without hours looks at all")
	}
}

// The names that may stand in brands.yaml are those of the contract.
func TestNamesAreTheContracts(t *testing.T) {
	for prefix, c := range map[string]struct {
		ours   []string
		theirs map[string]int32
	}{
		"CONTACT_MODE_": {contactModes, commonv1.ContactMode_value},
		"CHANNEL_":      {channels, commonv1.Channel_value},
		"KIND_":         {identityKinds, commonv1.Identity_Kind_value},
	} {
		var want []string
		for name, n := range c.theirs {
			if n != 0 {
				want = append(want, strings.TrimPrefix(name, prefix))
			}
		}
		got := slices.Clone(c.ours)
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(prefix, diff)
		}
	}
}

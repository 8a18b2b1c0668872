package contact

import (
	"fmt"
	"slices"
	"strings"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
)

// bansOn lays out what the rules forbid from the time asked for on, in the order
// of ContactRule.
func bansOn(rules *config.Contact, p *Person, ask Ask) []ban {
	if slices.ContainsFunc(p.Members, (*segmentationv1.Customer).GetErased) {
		return []ban{p.never(segmentationv1.ContactRule_CONTACT_RULE_ERASED, "the customer was erased")}
	}
	bans := consentBans(rules, p, ask)
	if runs := sensitiveDays(p, ask.At); len(runs) > 0 {
		bans = append(bans, p.onDays(segmentationv1.ContactRule_CONTACT_RULE_SENSITIVE_DATE, runs,
			func(calendar.Day) string { return "a sensitive date of the customer" }))
	}
	if runs := silentDays(rules, p); len(runs) > 0 {
		bans = append(bans, p.onDays(segmentationv1.ContactRule_CONTACT_RULE_LIFE_EVENT, runs, silence(runs)))
	}
	mode := strings.TrimPrefix(ask.Mode.String(), "CONTACT_MODE_")
	if !rules.Night.Empty() && rules.Quiets(mode) {
		bans = append(bans, ban{rule: segmentationv1.ContactRule_CONTACT_RULE_QUIET_HOURS, night: rules.Night, zone: p.Zone,
			detail: func(calendar.Day) string { return "quiet from " + rules.Quiet + " in " + p.Zone.String() }})
	}
	return append(bans, limitBans(rules, p, ask)...)
}

func (p *Person) never(rule segmentationv1.ContactRule, detail string) ban {
	return ban{rule: rule, always: true, zone: p.Zone, detail: func(calendar.Day) string { return detail }}
}

func (p *Person) onDays(rule segmentationv1.ContactRule, runs []calendar.Days, detail func(calendar.Day) string) ban {
	return ban{rule: rule, days: ordered(runs), zone: p.Zone, detail: detail}
}

// consentBans: a refusal of any number refuses for the person; where a yes is
// needed, that of any number is one.
func consentBans(rules *config.Contact, p *Person, ask Ask) []ban {
	agreed := false
	for _, m := range p.Members {
		decided := decisive(m.GetConsents(), ask)
		if decided != nil && !decided.GetGranted() {
			return []ban{p.never(segmentationv1.ContactRule_CONTACT_RULE_OPT_OUT, "opted out of "+scope(decided))}
		}
		agreed = agreed || decided != nil
	}
	if !agreed && slices.Contains(rules.Consent, ask.Purpose) {
		return []ban{p.never(segmentationv1.ContactRule_CONTACT_RULE_NO_CONSENT, "no consent to "+ask.Purpose)}
	}
	return nil
}

// decisive is the consent that decides: the most specific one, of equally
// specific ones a refusal; nil if none is about the contact.
func decisive(consents []*segmentationv1.Consent, ask Ask) (best *segmentationv1.Consent) {
	rank := -1
	for _, c := range consents {
		if c.GetPurpose() != "" && c.GetPurpose() != ask.Purpose ||
			c.GetMode() != commonv1.ContactMode_CONTACT_MODE_UNSPECIFIED && c.GetMode() != ask.Mode {
			continue
		}
		// Twice the number of what is named, so that a refusal fits in between.
		r := 0
		if c.GetPurpose() != "" {
			r += 2
		}
		if c.GetMode() != commonv1.ContactMode_CONTACT_MODE_UNSPECIFIED {
			r += 2
		}
		if !c.GetGranted() {
			r++
		}
		if r > rank {
			best, rank = c, r
		}
	}
	return best
}

// scope is what a consent is about, for people.
func scope(c *segmentationv1.Consent) string {
	purpose, mode := c.GetPurpose(), strings.TrimPrefix(c.GetMode().String(), "CONTACT_MODE_")
	if purpose == "" {
		purpose = "everything"
	}
	if c.GetMode() == commonv1.ContactMode_CONTACT_MODE_UNSPECIFIED {
		return purpose
	}
	return purpose + " by " + mode
}

// sensitiveDays are the sensitive dates of the years in sight. 29 February is
// kept on 28 February of years that do not have it.
func sensitiveDays(p *Person, at time.Time) (runs []calendar.Days) {
	first, _, _ := p.Zone.DayOf(at).Date()
	for _, m := range p.Members {
		for _, date := range m.GetSensitiveDates() {
			for year := first; year <= first+3; year++ {
				day := calendar.DayOn(year, time.Month(date.GetMonth()), int(date.GetDay()))
				if _, month, _ := day.Date(); month != time.Month(date.GetMonth()) {
					day = calendar.DayOn(year, time.Month(date.GetMonth())+1, 1) - 1
				}
				runs = append(runs, calendar.Days{From: day, Until: day + 1})
			}
		}
	}
	return runs
}

// silentDays are those after life events: as many as the brand says, the day of
// the event included.
func silentDays(rules *config.Contact, p *Person) (runs []calendar.Days) {
	for _, m := range p.Members {
		for _, e := range m.GetLifeEvents() {
			day, err := calendar.ParseDay(e.GetDay())
			if days := rules.SilenceAfter(e.GetKind()); err == nil && days > 0 {
				runs = append(runs, calendar.Days{From: day, Until: day + calendar.Day(days)})
			}
		}
	}
	return runs
}

// silence tells of the run that lasts longest. It does not name the event: that
// is nobody's business who only wants to send a letter.
func silence(runs []calendar.Days) func(calendar.Day) string {
	return func(day calendar.Day) string {
		var longest calendar.Days
		for _, r := range runs {
			if r.Has(day) && r.Until > longest.Until {
				longest = r
			}
		}
		return fmt.Sprintf("day %d of %d days of silence after a life event", day-longest.From+1, longest.Len())
	}
}

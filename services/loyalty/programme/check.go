package programme

import (
	"fmt"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Bounds of what the proto rules leave open.
const (
	maxLocale   = 35
	maxTitle    = 500
	maxCategory = 64
)

// CheckNew judges a programme that is to be made.
func CheckNew(p *loyaltyv1.Programme) error {
	f := fault.Invalid()
	if p.GetVersion() != 0 {
		f.Field("programme.version", "must not be given")
	}
	if p.GetCreatedAt() != nil {
		f.Field("programme.created_at", "must not be given")
	}
	check(f, p)
	return f.Err()
}

// CheckUpdate judges a programme that is to be the next version. It may be one that was
// read: what the server fills in may stand in it.
func CheckUpdate(p *loyaltyv1.Programme) error {
	f := fault.Invalid()
	if p.GetVersion() < 0 {
		f.Field("programme.version", "must be the one the programme was read with")
	}
	check(f, p)
	return f.Err()
}

func check(f *fault.Fields, p *loyaltyv1.Programme) {
	checkTitles(f, "programme.titles", p.GetTitles())
	if p.GetEffectiveFrom() != nil && p.GetEffectiveFrom().CheckValid() != nil {
		f.Field("programme.effective_from", "must be a time")
	}
	checkLifetime(f, "programme.lifetime", p.GetLifetime())
	names := map[string]bool{}
	for i, rule := range p.GetEarning() {
		at := fmt.Sprintf("programme.earning[%d]", i)
		if names[rule.GetName()] {
			f.Field(at+".name", "%q stands twice", rule.GetName())
		}
		names[rule.GetName()] = true
		checkRule(f, at, rule)
		if rule.GetWithTier() && p.GetTiers() == nil {
			f.Field(at+".with_tier", "the programme has no tiers")
		}
	}
	checkTiers(f, "programme.tiers", p.GetTiers())
}

func checkLifetime(f *fault.Fields, path string, l *loyaltyv1.Lifetime) {
	if l.GetOnDelivery() && l.GetPendingDays() > 0 {
		f.Field(path+".on_delivery", "either this or pending_days")
	}
	endOf := l.GetExpireEndOf() != commonv1.Grain_GRAIN_UNSPECIFIED
	if l.GetExpireMonths() == 0 && endOf {
		f.Field(path+".expire_end_of", "needs expire_months")
	}
	if l.GetExpireMonths() == 0 && l.GetExpireEndOfYear() {
		f.Field(path+".expire_end_of_year", "needs expire_months")
	}
	if endOf && l.GetExpireEndOfYear() {
		f.Field(path+".expire_end_of_year", "either this or expire_end_of")
	}
}

func checkRule(f *fault.Fields, path string, r *loyaltyv1.EarningRule) {
	seen := map[string]bool{}
	for i, c := range r.GetCategories() {
		at := fmt.Sprintf("%s.categories[%d]", path, i)
		switch {
		case c == "" || len(c) > maxCategory:
			f.Field(at, "must be a text of 1 to %d bytes", maxCategory)
		case seen[c]:
			f.Field(at, "%q stands twice", c)
		}
		seen[c] = true
	}
	for i, c := range r.GetChannels() {
		if _, known := commonv1.Channel_name[int32(c)]; !known {
			f.Field(fmt.Sprintf("%s.channels[%d]", path, i), "is none of the channels")
		}
	}
	if r.GetDates() == nil {
		return
	}
	start, wrong := calendar.ParseDay(r.GetDates().GetStart())
	if wrong != nil {
		f.Field(path+".dates.start", "%v", wrong)
	}
	end, wrongEnd := calendar.ParseDay(r.GetDates().GetEnd())
	if wrongEnd != nil {
		f.Field(path+".dates.end", "%v", wrongEnd)
	}
	if wrong == nil && wrongEnd == nil && end <= start {
		f.Field(path+".dates.end", "must be after start")
	}
}

func checkTiers(f *fault.Fields, path string, t *loyaltyv1.TierRules) {
	if t == nil {
		return
	}
	if t.GetBasis() == loyaltyv1.TierRules_BASIS_UNSPECIFIED {
		f.Field(path+".basis", "must be given")
	}
	if len(t.GetTiers()) == 0 {
		f.Field(path+".tiers", "must be 1 to 10; leave tiers out if there are none")
	}
	names := map[string]bool{}
	for i, tier := range t.GetTiers() {
		at := fmt.Sprintf("%s.tiers[%d]", path, i)
		if names[tier.GetName()] {
			f.Field(at+".name", "%q stands twice", tier.GetName())
		}
		names[tier.GetName()] = true
		checkTitles(f, at+".titles", tier.GetTitles())
		switch {
		case i == 0 && tier.GetThreshold() != 0:
			f.Field(at+".threshold", "must be 0 in the lowest tier")
		case i > 0 && tier.GetThreshold() <= t.GetTiers()[i-1].GetThreshold():
			f.Field(at+".threshold", "must be above the one before it")
		}
	}
}

func checkTitles(f *fault.Fields, path string, titles map[string]string) {
	for locale, title := range titles {
		if locale == "" || len(locale) > maxLocale || strings.TrimSpace(title) == "" || len(title) > maxTitle {
			f.Field(path, "must be texts of 1 to %d bytes by locale", maxTitle)
			return
		}
	}
}

package loyalty

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// memberTables are a member's account for a spreadsheet.
var memberTables = []table{
	{"entries", (*Pages).entriesTable}, {"expiries", (*Pages).expiriesTable}, {"holds", (*Pages).holdsTable},
	{"rewards", (*Pages).takenTable}, {"offers", (*Pages).personalTable},
}

func (p *Pages) memberSections(s *scene) []shell.Section {
	l := s.Lang
	part := func(id string, place shell.Place, title string, load func(context.Context, *scene) (any, error)) shell.Section {
		return shell.Section{ID: id, Place: place, Title: title, Load: func(ctx context.Context) (any, error) { return load(ctx, s) }}
	}
	out := []shell.Section{part("account", shell.Left, l.Account, p.loadAccount)}
	if len(s.programme.GetTiers().GetTiers()) > 0 {
		out = append(out, part("tier", shell.Right, l.TierHead, p.loadTier))
	}
	return append(out,
		part("expiries", shell.Left, l.Expiries, p.loadExpiries),
		part("holds", shell.Right, l.Holds, p.loadHolds),
		part("entries", shell.Bottom, l.Entries, p.loadEntries),
		part("taken", shell.Bottom, l.TakenRewards, p.loadTaken),
		part("personal", shell.Bottom, l.PersonalOffers, p.loadPersonal),
	)
}

// number is the member whose page it is.
func (s *scene) number() (int64, error) {
	id, err := strconv.ParseInt(s.ID, 10, 64)
	if err != nil || id < 1 {
		return 0, fault.NotFound(commonv1.Reason_REASON_CUSTOMER_UNKNOWN, "customer %q", s.ID)
	}
	return id, nil
}

func (p *Pages) askAccount(ctx context.Context, s *scene) (*loyaltyv1.Account, error) {
	id, err := s.number()
	if err != nil {
		return nil, err
	}
	got, err := p.points.GetAccount(ctx, &loyaltyv1.GetAccountRequest{Brand: s.Brand, ProgrammeId: s.programme.GetId(), Customer: refOf(id)})
	return got.GetAccount(), err
}

func refOf(id int64) *commonv1.CustomerRef {
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}
}

// accountData is what a member has and had.
type accountData struct {
	Available, Worth, Since, Owed, About string
	Facts                                []choiceWord
	Stands, Customer                     *shell.Choice
}

func (p *Pages) loadAccount(ctx context.Context, s *scene) (any, error) {
	a, err := p.askAccount(ctx, s)
	if err != nil {
		return nil, err
	}
	l, b := s.Lang, a.GetBalance()
	d := &accountData{
		Available: l.Count(b.GetAvailable()), Worth: s.worth(b.GetAvailable()), Since: l.NoMember,
		About: fmt.Sprintf(l.AsOf, l.Moment(p.cfg.Clock().In(s.brand.Location))),
	}
	if a.GetEnrolledAt().IsValid() {
		d.Since = fmt.Sprintf(l.MemberSince, s.on(a.GetEnrolledAt()))
	}
	if b.GetOwed() > 0 {
		d.Owed = fmt.Sprintf(l.OwesLong, l.Count(b.GetOwed()))
	}
	d.Facts = []choiceWord{
		{"held", l.accounts[loyaltyv1.AccountKind_ACCOUNT_KIND_HELD], l.Count(b.GetHeld())}, {"pending", l.accounts[loyaltyv1.AccountKind_ACCOUNT_KIND_PENDING], l.Count(b.GetPending())},
		{"earned", l.Earned, l.Count(a.GetEarned())}, {"ever-spent", l.SpentEver, l.Count(a.GetSpent())}, {"ever-expired", l.Expired, l.Count(a.GetExpired())},
		{"adjusted", l.Adjusted, s.signed(a.GetAdjusted())}, {"transferred", l.Transferred, s.signed(a.GetTransferred())},
	}
	if id := strconv.FormatInt(a.GetCustomerId(), 10); a.GetCustomerId() > 0 && id != s.ID {
		d.Stands = &shell.Choice{Name: id, Link: s.toMember(id)}
	}
	if p.people != nil {
		d.Customer = &shell.Choice{Name: l.ToCustomer, Link: s.To("/customers", s.ID, nil).String()}
	}
	return d, nil
}

// tierData is where a member stands, and what is missing to the next tier.
type tierData struct {
	Name, Held, Multiplier, Counts, Window, Missing, Projected, About string
	// Progress is how much of the way is done, in percent; negative: there is no next tier.
	Progress int
	Ladder   []rung
	Falls    []choiceWord
}

// rung is one tier of the ladder.
type rung struct {
	Name, From, Times string
	Current           bool
}

// fallsShown is how many of the amounts that will stop counting are told.
const fallsShown = 12

func (p *Pages) loadTier(ctx context.Context, s *scene) (any, error) {
	a, err := p.askAccount(ctx, s)
	if err != nil {
		return nil, err
	}
	l, t := s.Lang, a.GetTier()
	d := &tierData{Name: s.tierName(t.GetTier().GetName()), Counts: s.counts(t.GetQualifying()), Progress: -1, About: fmt.Sprintf(l.AsOf, l.Moment(p.cfg.Clock().In(s.brand.Location)))}
	d.Window = fmt.Sprintf(l.CountedFrom, s.day(t.GetWindowStart()), s.day(t.GetWindowEnd()))
	d.Held = l.ForEver
	if t.GetUntil() != "" {
		d.Held = fmt.Sprintf(l.Until, s.day(t.GetUntil()))
	}
	if t.GetSince() != "" {
		d.Held = fmt.Sprintf(l.Since, s.day(t.GetSince())) + " · " + d.Held
	}
	if next := t.GetNext(); next != nil {
		d.Missing = fmt.Sprintf(l.Missing, s.counts(t.GetMissing()), s.tierName(next.GetName()))
		d.Progress = int(math.Floor(100 * float64(t.GetQualifying()) / math.Max(1, float64(t.GetQualifying()+t.GetMissing()))))
	}
	if at := t.GetProjected(); at != nil && at.GetName() != t.GetTier().GetName() {
		d.Projected = fmt.Sprintf(l.Projected, s.tierName(at.GetName()))
	}
	for _, one := range s.programme.GetTiers().GetTiers() {
		d.Ladder = append(d.Ladder, rung{s.tierName(one.GetName()), s.counts(one.GetThreshold()), s.times(one.GetMultiplierBp()), one.GetName() == t.GetTier().GetName()})
	}
	for _, f := range t.GetFalls()[:min(len(t.GetFalls()), fallsShown)] {
		d.Falls = append(d.Falls, choiceWord{Name: s.day(f.GetDay()), Value: s.counts(f.GetAmount())})
	}
	return d, nil
}

// counts writes what counts for tiers: points, or money.
func (s *scene) counts(n int64) string {
	if s.programme.GetTiers().GetBasis() == loyaltyv1.TierRules_BASIS_SPENT {
		return s.money(n)
	}
	return s.Lang.Counted(n, s.Lang.point)
}

// times writes a multiplier in basis points.
func (s *scene) times(bp int32) string {
	if bp == 0 {
		bp = 10_000
	}
	v := float64(bp) / 10_000
	places := 0
	for places < 2 && v*math.Pow10(places) != math.Trunc(v*math.Pow10(places)) {
		places++
	}
	return "×" + s.Lang.Fixed(v, places)
}

// expiriesData is what goes when, and what may be spent from when.
type expiriesData struct {
	About, CSV       string
	Expire, Activate []expiryRow
}

type expiryRow struct {
	When, Points, Worth string
	Bar                 int
}

func (p *Pages) askBalance(ctx context.Context, s *scene) (*loyaltyv1.GetBalanceResponse, error) {
	id, err := s.number()
	if err != nil {
		return nil, err
	}
	return p.points.GetBalance(ctx, &loyaltyv1.GetBalanceRequest{Brand: s.Brand, ProgrammeId: s.programme.GetId(), Customer: refOf(id)})
}

func (p *Pages) loadExpiries(ctx context.Context, s *scene) (any, error) {
	got, err := p.askBalance(ctx, s)
	if err != nil {
		return nil, err
	}
	return &expiriesData{
		About: s.fresh(got.GetAsOf()), CSV: s.csv("expiries"),
		Expire: s.steps(got.GetExpiries(), s.Lang.Never), Activate: s.steps(got.GetPending(), s.Lang.OnDelivery),
	}, nil
}

func (s *scene) steps(all []*loyaltyv1.ExpiryStep, unset string) (out []expiryRow) {
	var most int64
	for _, e := range all {
		most = max(most, e.GetPoints())
	}
	for _, e := range all {
		row := expiryRow{When: unset, Points: s.Lang.Count(e.GetPoints()), Worth: s.worth(e.GetPoints()), Bar: bar(e.GetPoints(), most)}
		if e.GetExpiresAt().IsValid() {
			row.When = s.moment(e.GetExpiresAt())
		}
		out = append(out, row)
	}
	return out
}

// moment writes when points go: midnight belongs to the day before, which is the last they
// live on.
func (s *scene) moment(at *timestamppb.Timestamp) string {
	local := at.AsTime().In(s.brand.Location)
	if local.Hour() == 0 && local.Minute() == 0 {
		return s.Lang.Day(local.AddDate(0, 0, -1))
	}
	return s.Lang.Moment(local)
}

func (p *Pages) expiriesTable(ctx context.Context, s *scene) ([][]string, error) {
	got, err := p.askBalance(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"what", "at", "points"}}
	for _, e := range got.GetExpiries() {
		out = append(out, []string{"expires", s.instant(e.GetExpiresAt()), whole(e.GetPoints())})
	}
	for _, e := range got.GetPending() {
		out = append(out, []string{"becomes_available", s.instant(e.GetExpiresAt()), whole(e.GetPoints())})
	}
	return out, nil
}

package page

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// asked is everything about a person, as ReportService tells it once for all sections.
type asked struct {
	once sync.Once
	got  *reportv1.GetCustomer360Response
	err  error
}

// whole is everything about the person whose page it is.
func (p *Page) whole(ctx context.Context, s *scene) (*reportv1.GetCustomer360Response, error) {
	if p.report == nil {
		return nil, absentReport
	}
	s.person.once.Do(func() {
		id, err := s.number()
		if err != nil {
			s.person.err = err
			return
		}
		s.person.got, s.person.err = p.report.GetCustomer360(ctx, &reportv1.GetCustomer360Request{
			Brand: s.Brand, Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}, Events: 1,
		})
	})
	return s.person.got, s.person.err
}

// there is the section of the report, or why it is not there.
func there(got *reportv1.GetCustomer360Response, name string) (*reportv1.Section, error) {
	for _, one := range got.GetSections() {
		if one.GetName() != name {
			continue
		}
		switch one.GetStatus() {
		case reportv1.Section_STATUS_OK:
			return one, nil
		case reportv1.Section_STATUS_ABSENT:
			return one, shell.Absent(strings.ToUpper(one.GetSource()[:1]) + one.GetSource()[1:])
		case reportv1.Section_STATUS_HIDDEN:
			return one, access.Denied()
		case reportv1.Section_STATUS_MISSING:
			return one, fault.Unavailable(nil, "%s", one.GetMessage())
		}
		return one, fmt.Errorf("section %s: %s", name, one.GetMessage())
	}
	return nil, fmt.Errorf("section %s is not in the report", name)
}

// standingData is where a person stands: what it is worth, how lately and how often it
// bought, and to which segments it belongs.
type standingData struct {
	shell.Dated
	Facts    []fact
	Cell     string // of the grid of recency and frequency; empty: none was computed
	Scores   []fact
	Segments []choice
	NoCell   bool
	Missing  []string
}

func (p *Page) loadStanding(ctx context.Context, s *scene) (any, error) {
	got, err := p.whole(ctx, s)
	if err != nil {
		return nil, err
	}
	profile, err := there(got, "profile")
	if err != nil {
		return nil, err
	}
	d := &standingData{Facts: s.valueFacts(got.GetValue())}
	d.AsOf = s.fresh(got.GetCustomer().GetPurchases().GetAsOf())
	if d.AsOf == "" {
		d.AsOf = s.fresh(profile.GetAsOf())
	}
	if _, err := there(got, "rfm"); err != nil {
		d.Missing = append(d.Missing, s.missing(err, s.Lang.RfmMissing))
	} else if r := got.GetRfm(); r != nil {
		d.Cell = fmt.Sprintf("R%d\u00a0F%d\u00a0M%d", r.GetRecency(), r.GetFrequency(), r.GetMonetary())
		d.Scores = []fact{
			{s.Lang.RecencyOf, s.Lang.Counted(r.GetDays(), s.Lang.daysAgo)}, {s.Lang.FrequencyOf, s.Lang.Count(r.GetPurchases())},
			{s.Lang.MonetaryOf, s.Lang.Money(&commonv1.Money{Currency: s.brand.Currency, MinorUnits: r.GetSpent()})},
		}
	} else {
		d.NoCell = true
	}
	if _, err := there(got, "segments"); err != nil {
		d.Missing = append(d.Missing, s.missing(err, s.Lang.SegmentsMissing))
	}
	d.Segments = p.segmentsOf(ctx, s, got.GetSegmentIds())
	return d, nil
}

// valueFacts are what the person bought.
func (s *scene) valueFacts(v *reportv1.PersonValue) []fact {
	money := func(minor int64) string {
		return s.Lang.Money(&commonv1.Money{Currency: s.brand.Currency, MinorUnits: minor})
	}
	out := []fact{{s.Lang.SpentOf, money(v.GetSpent())}, {s.Lang.Purchases, s.Lang.Count(v.GetPurchases())}}
	if v.AverageCheck != nil {
		out = append(out, fact{s.Lang.CheckOf, money(int64(v.GetAverageCheck() + 0.5))})
	}
	return out
}

// segmentsOf are the segments with their names; where these cannot be read the ids
// stand in for them.
func (p *Page) segmentsOf(ctx context.Context, s *scene, ids []string) (out []choice) {
	names := map[string]string{}
	if p.people != nil && len(ids) > 0 {
		list, err := p.people.ListSegments(ctx, &segmentationv1.ListSegmentsRequest{Brand: s.Brand, PageSize: 1000})
		if err == nil {
			for _, one := range list.GetSegments() {
				names[one.GetId()] = s.localized(one.GetTitles())
			}
		}
	}
	for _, id := range ids {
		out = append(out, choice{Name: cmp.Or(names[id], id), Link: s.link(func(v *view) {
			*v = view{Brand: v.Brand, Lang: v.Lang, Code: v.Code, Days: usualDays, Page: "/segments", ID: id}
		})})
	}
	return out
}

// accountsData is what the person has in each programme.
type accountsData struct {
	shell.Dated
	Rows []accountRow
}

type accountRow struct {
	Programme, Available, Tier, Next string
	Facts                            []fact
}

func (p *Page) loadAccounts(ctx context.Context, s *scene) (any, error) {
	got, err := p.whole(ctx, s)
	if err != nil {
		return nil, err
	}
	from, err := there(got, "loyalty")
	if err != nil {
		return nil, err
	}
	d := &accountsData{}
	if d.AsOf = s.fresh(from.GetAsOf()); d.AsOf == "" {
		d.AsOf = p.now(s)
	}
	for _, a := range got.GetAccounts() {
		d.Rows = append(d.Rows, s.account(a))
	}
	return d, nil
}

func (s *scene) account(a *loyaltyv1.Account) accountRow {
	l, b, t := s.Lang, a.GetBalance(), a.GetTier()
	out := accountRow{Programme: a.GetProgrammeId(), Available: l.Count(b.GetAvailable())}
	if tier := t.GetTier(); tier != nil {
		out.Tier = cmp.Or(s.localized(tier.GetTitles()), tier.GetName())
		if next := t.GetNext(); next != nil {
			out.Next = fmt.Sprintf(l.NextTier, cmp.Or(s.localized(next.GetTitles()), next.GetName()), l.Count(t.GetMissing()))
		}
	}
	for _, f := range []struct {
		name string
		n    int64
	}{{l.HeldOf, b.GetHeld()}, {l.PendingOf, b.GetPending()}, {l.OwedOf, b.GetOwed()}, {l.EarnedOf, a.GetEarned()}, {l.RedeemedOf, a.GetSpent()}, {l.ExpiredOf, a.GetExpired()}} {
		if f.n != 0 {
			out.Facts = append(out.Facts, fact{f.name, l.Count(f.n)})
		}
	}
	return out
}

func (p *Page) loadPersonCases(ctx context.Context, s *scene) (any, error) {
	got, err := p.whole(ctx, s)
	if err != nil {
		return nil, err
	}
	from, err := there(got, "cases")
	if err != nil {
		return nil, err
	}
	d := &casesData{}
	if d.AsOf = s.fresh(from.GetAsOf()); d.AsOf == "" {
		d.AsOf = p.now(s)
	}
	var refs []*commonv1.SubjectRef
	for _, c := range got.GetCases() {
		refs = append(refs, c.GetSubjects()...)
	}
	titles := p.titles(ctx, s, refs)
	for _, c := range got.GetCases() {
		d.Cases = append(d.Cases, s.oneCase(c, titles))
	}
	return d, nil
}

// contactsData is how the person may be contacted next.
type contactsData struct {
	shell.Dated
	Best string // the first way that is allowed now; empty: none is
	Rows []contactRow
}

type contactRow struct {
	Purpose string
	Ways    []contactWay
}

type contactWay struct {
	Mode, When, Why string
	Allowed         bool
}

func (p *Page) loadNextContacts(ctx context.Context, s *scene) (any, error) {
	got, err := p.whole(ctx, s)
	if err != nil {
		return nil, err
	}
	from, err := there(got, "contacts")
	if err != nil {
		return nil, err
	}
	d, l := &contactsData{}, s.Lang
	if d.AsOf = s.fresh(from.GetAsOf()); d.AsOf == "" {
		d.AsOf = p.now(s)
	}
	for _, c := range got.GetContacts() {
		purpose := cmp.Or(l.purposes[c.GetPurpose()], c.GetPurpose())
		if n := len(d.Rows); n == 0 || d.Rows[n-1].Purpose != purpose {
			d.Rows = append(d.Rows, contactRow{Purpose: purpose})
		}
		way := contactWay{Mode: l.modes[c.GetMode()], Allowed: c.GetAllowed(), When: l.NowAllowed}
		if way.Allowed && d.Best == "" {
			d.Best = fmt.Sprintf(l.BestContact, way.Mode, purpose)
		}
		if !way.Allowed {
			way.When = l.NeverAllowed
			if at := c.GetFrom(); at.IsValid() {
				way.When = fmt.Sprintf(l.FromThen, l.Soon(at.AsTime().In(s.brand.Location)))
			}
			var why []string
			for _, rule := range c.GetForbiddenBy() {
				why = append(why, cmp.Or(l.contactRules[rule], rule))
			}
			way.Why = strings.Join(why, ", ")
		}
		last := &d.Rows[len(d.Rows)-1]
		last.Ways = append(last.Ways, way)
	}
	return d, nil
}

// now says of what is read as it is at this moment when that was.
func (p *Page) now(s *scene) string {
	return fmt.Sprintf(s.Lang.AsOf, s.Lang.Moment(p.cfg.Clock().In(s.brand.Location)))
}

// personTable is what is known of a person, one thing a line, without what names it.
func (p *Page) personTable(ctx context.Context, s *scene) ([][]string, error) {
	got, err := p.whole(ctx, s)
	if err != nil {
		return nil, err
	}
	out := shell.NewSheet()
	who, asOf := s.ID, got.GetCustomer().GetPurchases().GetAsOf()
	if v := got.GetValue(); v != nil {
		out.Count("value", who, "purchases", v.GetPurchases(), asOf)
		out.Count("value", who, "spent_minor", v.GetSpent(), asOf)
		out.Add(shell.Figure{Section: "value", Item: who, Measure: "average_check_minor", Value: v.AverageCheck, N: v.GetPurchases(), AsOf: asOf})
	}
	if r := got.GetRfm(); r != nil {
		for name, n := range map[string]int32{"recency": r.GetRecency(), "frequency": r.GetFrequency(), "monetary": r.GetMonetary()} {
			out.Count("rfm", who, name, int64(n), nil)
		}
	}
	for _, id := range got.GetSegmentIds() {
		out.Count("segment", who, id, 1, nil)
	}
	for _, a := range got.GetAccounts() {
		out.Count("loyalty", a.GetProgrammeId(), "available", a.GetBalance().GetAvailable(), nil)
		out.Count("loyalty", a.GetProgrammeId(), "held", a.GetBalance().GetHeld(), nil)
		out.Count("loyalty", a.GetProgrammeId(), "pending", a.GetBalance().GetPending(), nil)
	}
	for _, c := range got.GetCases() {
		out.Count("case", c.GetId(), c.GetCause(), 1, c.GetOpenedAt())
	}
	for _, r := range got.GetResponses() {
		for _, a := range r.GetAnswers() {
			if v := float64(a.GetScore()); a.GetText() == "" {
				out.Add(shell.Figure{Section: "response", Item: r.GetId(), Measure: a.GetQuestionId(), Value: &v, N: 1, AsOf: r.GetReceivedAt()})
			}
		}
	}
	for _, c := range got.GetContacts() {
		allowed := 0.0
		if c.GetAllowed() {
			allowed = 1
		}
		out.Add(shell.Figure{Section: "contact", Item: c.GetPurpose(), Measure: strings.TrimPrefix(c.GetMode().String(), "CONTACT_MODE_"), Value: &allowed, N: 1})
	}
	slices.SortStableFunc(out[1:], func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return out, nil
}

// shownInFull tells whether the reader asked to see identities as they are.
func (s *scene) shownInFull() bool { return s.Own.Get("identities") == "shown" }

// toIdentities is the same page with identities as they are, or masked.
func (s *scene) toIdentities(shown bool) string {
	return s.link(func(v *view) {
		if v.Own = withOwn(v.Own, "identities", "shown"); !shown {
			v.Own.Del("identities")
		}
	})
}

// customersTable are all customers by number, in pages of the largest size.
func (p *Page) customersTable(ctx context.Context, s *scene) ([][]string, error) {
	if p.people == nil {
		return nil, absentSegmentation
	}
	out := [][]string{{"number", "numbers_merged", "created_at", "erased"}}
	in := &segmentationv1.ListCustomersRequest{Brand: s.Brand, PersonsOnly: true, PageSize: 1000}
	for len(out) < maxTable {
		list, err := p.people.ListCustomers(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, c := range list.GetCustomers() {
			out = append(out, []string{strconv.FormatInt(c.GetId(), 10), strconv.Itoa(len(c.GetMemberIds())), shell.Instant(c.GetCreatedAt()), strconv.FormatBool(c.GetErased())})
		}
		if in.PageToken = list.GetNextPageToken(); in.PageToken == "" {
			break
		}
	}
	return out, nil
}

// maxTable bounds the lines of a table that is read page by page; who needs more asks
// the service itself.
const maxTable = 100_000

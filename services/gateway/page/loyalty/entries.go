package loyalty

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

const (
	// entriesShown is how many entries are on a page, entriesAtOnce how many a
	// spreadsheet asks for at once, and maxEntries how many it has.
	entriesShown  = 25
	entriesAtOnce = 1000
	maxEntries    = 20_000
)

// entriesData is a page of a member's entries, the newest first.
type entriesData struct {
	Rows             []entryRow
	Next, First, CSV string
}

type entryRow struct {
	When, Kind, Order, Where, Reason, Lots string
	Legs                                   []leg
}

// leg is points that came to an account, or went.
type leg struct {
	Points, Account string
	Minus           bool
}

func (p *Pages) askEntries(ctx context.Context, s *scene, size int32, after string) (*loyaltyv1.ListEntriesResponse, error) {
	id, err := s.number()
	if err != nil {
		return nil, err
	}
	return p.points.ListEntries(ctx, &loyaltyv1.ListEntriesRequest{
		Brand: s.Brand, ProgrammeId: s.programme.GetId(), CustomerId: id, PageSize: size, PageToken: after,
	})
}

// numbers are all that the person has; where nobody can tell, the one that was asked for.
func (p *Pages) numbers(ctx context.Context, s *scene) map[int64]bool {
	id, _ := s.number()
	out := map[int64]bool{id: true}
	if p.people == nil {
		return out
	}
	got, err := p.people.GetCustomer(ctx, &segmentationv1.GetCustomerRequest{Brand: s.Brand, Customer: refOf(id)})
	if err != nil {
		return out
	}
	for _, n := range got.GetCustomer().GetMemberIds() {
		out[n] = true
	}
	return out
}

func (p *Pages) loadEntries(ctx context.Context, s *scene) (any, error) {
	got, err := p.askEntries(ctx, s, entriesShown, s.Own.Get("after"))
	if err != nil {
		return nil, err
	}
	d := &entriesData{CSV: s.csv("entries")}
	own := p.numbers(ctx, s)
	var origins []*loyaltyv1.Origin
	for _, m := range got.GetEntries() {
		origins = append(origins, m.GetOrigin())
	}
	stores := p.names(ctx, s, origins...)
	for _, m := range got.GetEntries() {
		d.Rows = append(d.Rows, s.entry(m, own, stores))
	}
	if token := got.GetNextPageToken(); token != "" {
		d.Next = s.With("after", token).String()
	}
	if s.Own.Get("after") != "" {
		d.First = s.With("after").String()
	}
	return d, nil
}

func (s *scene) entry(m *loyaltyv1.Movement, own map[int64]bool, stores names) entryRow {
	l, o := s.Lang, m.GetOrigin()
	row := entryRow{When: loose(s.at(m.GetOccurredAt())), Kind: l.movements[m.GetKind()], Reason: m.GetReason(), Lots: s.lots(m, own)}
	for _, p := range m.GetPostings() {
		if own[p.GetCustomerId()] {
			row.Legs = append(row.Legs, leg{s.signed(p.GetPoints()), l.accounts[p.GetAccount()], p.GetPoints() < 0})
		}
	}
	row.Order = s.orderOf(o)
	if o.GetLineId() != "" {
		row.Order = joined(row.Order, fmt.Sprintf(l.OfLine, o.GetLineId()))
	}
	if m.GetSpent() > 0 {
		row.Order = joined(row.Order, s.money(m.GetSpent()))
	}
	row.Where = s.where(o, stores)
	if m.GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_TRANSFER && m.GetToCustomerId() > 0 {
		other := m.GetToCustomerId()
		if own[other] {
			other = m.GetCustomerId()
		}
		row.Where = joined(row.Where, fmt.Sprintf(l.OtherMember, other))
	}
	return row
}

// rewardOrder begins the order that points of a reward are spent on.
const rewardOrder = "reward:"

// orderOf names what points were earned by or spent on; empty: nobody said.
func (s *scene) orderOf(o *loyaltyv1.Origin) string {
	switch id := o.GetOrderId(); {
	case id == "":
		return ""
	case strings.HasPrefix(id, rewardOrder):
		return s.Lang.ForReward
	default:
		return fmt.Sprintf(s.Lang.OfOrder, id)
	}
}

// where is the channel and the store.
func (s *scene) where(o *loyaltyv1.Origin, stores names) string {
	var all []string
	if o.GetChannel() != commonv1.Channel_CHANNEL_UNSPECIFIED {
		all = append(all, s.Lang.Channel(o.GetChannel()))
	}
	for _, ref := range o.GetSubjects() {
		all = append(all, stores.of(ref))
	}
	return strings.Join(all, ", ")
}

// names are what people call subjects, by KIND:id.
type names map[string]string

func key(ref *commonv1.SubjectRef) string {
	return strings.TrimPrefix(ref.GetKind().String(), "SUBJECT_KIND_") + ":" + ref.GetId()
}

// of is a subject's name; where nobody can tell, its kind and id.
func (n names) of(ref *commonv1.SubjectRef) string {
	if name := n[key(ref)]; name != "" {
		return name
	}
	return key(ref)
}

// names asks for those of the subjects of origins. One that cannot be told is left out.
func (p *Pages) names(ctx context.Context, s *scene, origins ...*loyaltyv1.Origin) names {
	out, asked := names{}, map[string]*commonv1.SubjectRef{}
	for _, o := range origins {
		for _, ref := range o.GetSubjects() {
			asked[key(ref)] = ref
		}
	}
	if p.survey == nil {
		return out
	}
	var each sync.Mutex
	var all errgroup.Group
	all.SetLimit(8)
	for name, ref := range asked {
		all.Go(func() error {
			got, err := p.survey.GetSubject(ctx, &surveyv1.GetSubjectRequest{Brand: s.Brand, Ref: ref})
			if err == nil {
				each.Lock()
				defer each.Unlock()
				out[name] = got.GetSubject().GetName()
			}
			return nil
		})
	}
	_ = all.Wait() // nothing fails
	return out
}

// lotsTold is how many lots of an entry are told.
const lotsTold = 3

// lots says which lots were taken from, or made, and when they end: those that end together
// as one.
func (s *scene) lots(m *loyaltyv1.Movement, own map[int64]bool) string {
	var all []string
	add := func(form string, parts []*loyaltyv1.LotPart) {
		points, order := map[string]int64{}, []string(nil)
		for _, part := range parts {
			if !own[part.GetCustomerId()] {
				continue
			}
			until := s.Lang.NeverExpires
			if part.GetExpiresAt().IsValid() {
				until = loose(fmt.Sprintf(s.Lang.Until, s.moment(part.GetExpiresAt())))
			}
			if _, has := points[until]; !has {
				order = append(order, until)
			}
			points[until] += part.GetPoints()
		}
		for _, until := range order {
			all = append(all, fmt.Sprintf(form, s.Lang.Count(points[until]), until))
		}
	}
	add(s.Lang.LotTaken, m.GetTaken())
	add(s.Lang.LotGiven, m.GetGiven())
	if more := len(all) - lotsTold; more > 0 {
		all = append(all[:lotsTold], fmt.Sprintf(s.Lang.MoreLots, s.Lang.Count(int64(more))))
	}
	return strings.Join(all, "; ")
}

func (p *Pages) entriesTable(ctx context.Context, s *scene) ([][]string, error) {
	out := [][]string{{"entry", "occurred_at", "committed_at", "kind", "account", "points", "order", "line", "channel", "money_minor_units", "reason"}}
	own := p.numbers(ctx, s)
	for after := ""; ; {
		got, err := p.askEntries(ctx, s, entriesAtOnce, after)
		if err != nil {
			return nil, err
		}
		for _, m := range got.GetEntries() {
			for _, one := range m.GetPostings() {
				if own[one.GetCustomerId()] {
					out = append(out, s.postingCells(m, one))
				}
			}
		}
		if after = got.GetNextPageToken(); after == "" || len(out) > maxEntries {
			return out, nil
		}
	}
}

func (s *scene) postingCells(m *loyaltyv1.Movement, one *loyaltyv1.Posting) []string {
	o := m.GetOrigin()
	return []string{
		m.GetId(), s.instant(m.GetOccurredAt()), s.instant(m.GetCommittedAt()), strings.TrimPrefix(m.GetKind().String(), "MOVEMENT_KIND_"),
		strings.TrimPrefix(one.GetAccount().String(), "ACCOUNT_KIND_"), whole(one.GetPoints()), o.GetOrderId(), o.GetLineId(),
		o.GetChannel().String(), whole(m.GetSpent()), m.GetReason(),
	}
}

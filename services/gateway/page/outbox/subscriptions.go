package outbox

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// subscriptionsPage is how many a page lists.
const (
	subscriptionsPage = 50
	wholePage         = 1000
)

func (p *Pages) prepareSubscriptions(context.Context, *scene) error { return nil }

func (p *Pages) subscriptionsSections(s *scene) []shell.Section {
	return []shell.Section{{ID: "subscriptions", Place: shell.Top, Title: s.Lang.SubscriptionsTitle, Load: func(ctx context.Context) (any, error) { return p.loadSubscriptions(ctx, s) }}}
}

// subscriptionsData is a page of subscriptions.
type subscriptionsData struct {
	shell.Dated
	New         string
	Rows        []subscriptionRow
	Others      bool // some are of others: the owner is worth a column
	Next, First string
}

// subscriptionRow is one as it is read.
type subscriptionRow struct {
	ID, Link, What, Of  string
	To, When, Zone      string
	Next, State, Reason string
	Owner               string
	Mood                string
}

func (p *Pages) loadSubscriptions(ctx context.Context, s *scene) (any, error) {
	list, err := p.report.ListSubscriptions(ctx, &reportv1.ListSubscriptionsRequest{Brand: s.Brand, PageSize: subscriptionsPage, PageToken: s.Own.Get("after")})
	if err != nil {
		return nil, err
	}
	d := &subscriptionsData{Dated: p.seen(s), New: s.To(subscriptionsPath, newID, nil).String()}
	for _, one := range list.GetSubscriptions() {
		d.Rows = append(d.Rows, p.subscriptionRow(ctx, s, one))
		d.Others = d.Others || one.GetOwner() != s.who
	}
	if token := list.GetNextPageToken(); token != "" {
		d.Next = s.With("after", token).String()
	}
	if s.Own.Get("after") != "" {
		d.First = s.With("after").String()
	}
	return d, nil
}

// subscriptionRow puts one into words.
func (p *Pages) subscriptionRow(ctx context.Context, s *scene, one *reportv1.Subscription) subscriptionRow {
	l := s.Lang
	out := subscriptionRow{
		ID: one.GetId(), Link: s.To(subscriptionsPath, one.GetId(), nil).String(), What: l.reports[one.GetReport()], Of: l.WholeBrand, To: target(one),
		When: l.cadence(one.GetCadence()), Zone: one.GetZone(), State: l.states[one.GetState()], Owner: l.owner(one.GetOwner()), Mood: moods[one.GetState()],
		Reason: one.GetStoppedBecause(),
	}
	if ref := one.GetSubject(); ref != nil {
		out.Of = p.title(ctx, s, ref)
	}
	if at := one.GetNextAt(); at.IsValid() {
		out.Next = l.Moment(at.AsTime().In(zoneOf(one, s.brand.Location)))
	}
	return out
}

var moods = map[reportv1.Subscription_State]string{
	reportv1.Subscription_STATE_ACTIVE: "good", reportv1.Subscription_STATE_PAUSED: "same", reportv1.Subscription_STATE_STOPPED: "bad",
}

// target is whom it goes to.
func target(one *reportv1.Subscription) string {
	if name := one.GetEmail().GetName(); name != "" {
		return name + " <" + one.GetEmail().GetAddress() + ">"
	}
	return cmp.Or(one.GetEmail().GetAddress(), one.GetWebhook().GetUrl())
}

// zoneOf is the recipient's zone, by which it is due.
func zoneOf(one *reportv1.Subscription, usual *time.Location) *time.Location {
	if z, err := time.LoadLocation(one.GetZone()); err == nil && one.GetZone() != "" {
		return z
	}
	return usual
}

// owner is a name as it is read: of somebody signed in without the issuer.
func (l *words) owner(name string) string {
	if name == unsigned {
		return l.Unsigned
	}
	issuer, subject, cut := strings.Cut(name, " ")
	if cut && strings.Contains(issuer, "://") {
		return subject
	}
	return name
}

// cadence says when reports are due.
func (l *words) cadence(c *reportv1.Cadence) string {
	at := fmt.Sprintf("%02d:%02d", c.GetHour(), c.GetMinute())
	switch c.GetEvery() {
	case reportv1.Cadence_EVERY_QUARTER_HOUR:
		return l.EveryQuarter
	case reportv1.Cadence_EVERY_DAY:
		return fmt.Sprintf(l.EveryDay, at)
	case reportv1.Cadence_EVERY_WEEK:
		return fmt.Sprintf(l.EveryWeek, l.weekdays[max(c.GetWeekday(), 1)], at)
	case reportv1.Cadence_EVERY_MONTH:
		return fmt.Sprintf(l.EveryMonth, strconv.Itoa(int(max(c.GetDay(), 1))), at)
	}
	return ""
}

// subscriptionsTable is the whole list, whatever page is shown.
func (p *Pages) subscriptionsTable(ctx context.Context, s *scene) ([][]string, error) {
	out := [][]string{{"id", "report", "subject", "sections", "metric", "days", "every", "hour", "minute", "weekday", "day", "zone", "locale", "email", "webhook", "state", "stopped_because", "owner", "next_at", "created_at", "rights_until"}}
	in := &reportv1.ListSubscriptionsRequest{Brand: s.Brand, PageSize: wholePage}
	for {
		list, err := p.report.ListSubscriptions(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, one := range list.GetSubscriptions() {
			c := one.GetCadence()
			out = append(out, []string{
				one.GetId(), strings.TrimPrefix(one.GetReport().String(), "REPORT_KIND_"), subjectText(one.GetSubject()), strings.Join(one.GetSections(), " "), one.GetMetric(), fmt.Sprint(one.GetDays()),
				strings.TrimPrefix(c.GetEvery().String(), "EVERY_"), fmt.Sprint(c.GetHour()), fmt.Sprint(c.GetMinute()), fmt.Sprint(c.GetWeekday()), fmt.Sprint(c.GetDay()),
				one.GetZone(), one.GetLocale(), one.GetEmail().GetAddress(), one.GetWebhook().GetUrl(), strings.TrimPrefix(one.GetState().String(), "STATE_"), one.GetStoppedBecause(),
				one.GetOwner(), shell.Instant(one.GetNextAt()), shell.Instant(one.GetCreatedAt()), shell.Instant(one.GetRightsUntil()),
			})
		}
		if in.PageToken = list.GetNextPageToken(); in.PageToken == "" {
			return out, nil
		}
	}
}

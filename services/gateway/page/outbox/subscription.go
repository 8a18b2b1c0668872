package outbox

import (
	"context"
	"fmt"
	"strings"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// subscribed is the subscription that a page shows, and which deliveries of it.
type subscribed struct {
	got    *reportv1.Subscription
	status reportv1.Delivery_Status
}

// statuses can be chosen among deliveries, by what an address calls them.
var statuses = []struct {
	name   string
	status reportv1.Delivery_Status
}{
	{"", reportv1.Delivery_STATUS_UNSPECIFIED}, {"pending", reportv1.Delivery_STATUS_PENDING}, {"sent", reportv1.Delivery_STATUS_SENT},
	{"failed", reportv1.Delivery_STATUS_FAILED}, {"cancelled", reportv1.Delivery_STATUS_CANCELLED},
}

func (p *Pages) prepareSubscription(ctx context.Context, s *scene) error {
	found := false
	for _, one := range statuses {
		if one.name == s.Own.Get("status") {
			s.sub.status, found = one.status, true
		}
	}
	if !found {
		return unknownThing("status", "is one of pending, sent, failed and cancelled")
	}
	got, err := p.report.GetSubscription(ctx, &reportv1.GetSubscriptionRequest{Brand: s.Brand, SubscriptionId: s.ID})
	if err != nil {
		return err
	}
	s.sub.got = got.GetSubscription()
	row := p.subscriptionRow(ctx, s, s.sub.got)
	s.name, s.kind = row.What+": "+row.Of, row.State
	return nil
}

func (p *Pages) subscriptionSections(s *scene) []shell.Section {
	l := s.Lang
	out := []shell.Section{
		{ID: "subscription", Place: shell.Left, Title: l.SubscriptionTitle, Load: func(ctx context.Context) (any, error) { return p.loadSubscription(ctx, s) }},
		{ID: "handle", Place: shell.Left, Title: l.HandleTitle, Load: func(context.Context) (any, error) { return s.handling(), nil }},
		{ID: "deliveries", Place: shell.Bottom, Title: l.DeliveriesTitle, Load: func(ctx context.Context) (any, error) { return p.loadDeliveries(ctx, s) }},
	}
	if s.sub.got.GetOwner() == s.who {
		out = append(out, shell.Section{ID: "subscribe", Place: shell.Right, Title: l.ChangeTitle, Load: func(ctx context.Context) (any, error) { return p.subscribeForm(ctx, s, s.sub.got), nil }})
	}
	return out
}

// subscriptionData is all that there is to know of one.
type subscriptionData struct {
	shell.Dated
	subscriptionRow
	Failed, Secret                  string
	Sections, Metric, Days, Locale  string
	Created, Rights, Others, Ranges string
}

func (p *Pages) loadSubscription(ctx context.Context, s *scene) (any, error) {
	l, one := s.Lang, s.sub.got
	d := &subscriptionData{
		Dated: p.seen(s), subscriptionRow: p.subscriptionRow(ctx, s, one), Secret: s.form.told, Metric: one.GetMetric(), Locale: l.locales[one.GetLocale()],
		Created: s.moment(one.GetCreatedAt()), Rights: s.moment(one.GetRightsUntil()),
	}
	if s.form.value("do") != "change" {
		d.Failed = s.form.failed
	}
	for _, name := range one.GetSections() {
		d.Sections += ", " + l.section(name)
	}
	d.Sections = strings.TrimPrefix(d.Sections, ", ")
	if one.GetDays() > 0 {
		d.Days = l.Counted(int64(one.GetDays()), l.days)
	}
	if one.GetOwner() != s.who {
		d.Others = l.OfOthers
	}
	return d, nil
}

// handlingData are the steps that can be taken with one.
type handlingData struct {
	Action, Etag, Request           string
	Pause, Resume, Send, Rotate, Do bool
	Wrong                           string // of the deletion that was not meant
	Stopped                         string
}

func (s *scene) handling() any {
	one := s.sub.got
	own := one.GetOwner() == s.who
	d := &handlingData{Action: s.Path() + "?" + s.Values().Encode(), Etag: fmt.Sprint(one.GetEtag()), Request: s.form.request(), Wrong: s.form.wrong["sure"], Do: true}
	switch one.GetState() {
	case reportv1.Subscription_STATE_PAUSED:
		d.Resume, d.Send = true, true
	case reportv1.Subscription_STATE_STOPPED:
		d.Resume, d.Stopped = own, s.Lang.StartAgain
		if !own {
			d.Stopped = s.Lang.OwnersToStart
		}
	default:
		d.Pause, d.Send = true, true
	}
	d.Rotate = own && one.GetWebhook() != nil
	return d
}

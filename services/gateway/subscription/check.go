package subscription

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/subscription/letter"
	"github.com/rapport-cx/rapport/services/gateway/subscription/occasion"
)

// brand is one brand and its calendar.
type brand struct {
	*config.Brand
	zone *calendar.Zone
}

// brand is one that was entered, and so is there.
func (s *Server) brand(id string) brand {
	b, err := s.cfg.Brands.Get(id)
	if err != nil {
		return brand{}
	}
	z, err := s.zone(b.Location.String())
	if err != nil {
		z = calendar.In(b.Location)
	}
	return brand{b, z}
}

// check fills in what is left open, and refuses what cannot be subscribed to: what is
// wrong in itself and, with ask, what the caller could not read today.
func (s *Server) check(ctx context.Context, id string, sub *reportv1.Subscription, ask bool) error {
	b, f := s.brand(id), fault.Invalid()
	sub.Zone = cmp.Or(sub.GetZone(), b.Location.String())
	if sub.GetLocale() == "" {
		sub.Locale = language(b.Locales)
	}
	sub.State, sub.NextAt, sub.StoppedBecause, sub.Owner, sub.CreatedAt, sub.RightsUntil = 0, nil, "", "", nil, nil
	if _, err := s.zone(sub.GetZone()); err != nil {
		f.Field("subscription.zone", "is no zone such as Europe/Moscow")
	}
	checkCadence(sub, f)
	if sub.GetReport() == reportv1.ReportKind_REPORT_KIND_SCORECARD {
		if sub.GetSubject() == nil {
			f.Field("subscription.subject", "is needed: a scorecard is of somebody")
		}
		if len(sub.GetSections()) > 0 {
			f.Field("subscription.sections", "are those of an omnichannel report")
		}
	} else if sub.GetMetric() != "" {
		f.Field("subscription.metric", "is that of a scorecard")
	}
	if hook := sub.GetWebhook(); hook != nil {
		if err := s.hooks.Check(hook.GetUrl()); err != nil {
			f.Field("subscription.webhook.url", "%s", err)
		}
	}
	if err := f.Err(); err != nil {
		return err
	}
	if sub.GetEmail() != nil && s.mail == nil {
		return fault.Precondition(commonv1.Reason_REASON_MAIL_UNCONFIGURED, "this deployment has no mail server (--smtp)")
	}
	if !ask {
		return nil
	}
	return s.readable(ctx, id, sub)
}

func checkCadence(sub *reportv1.Subscription, f *fault.Fields) {
	c := sub.GetCadence()
	quarters := c.GetEvery() == reportv1.Cadence_EVERY_QUARTER_HOUR
	if quarters && (c.GetHour() != 0 || c.GetMinute() != 0) {
		f.Field("subscription.cadence", "has no hour and no minute where it is every quarter hour")
	}
	if c.GetWeekday() != 0 && c.GetEvery() != reportv1.Cadence_EVERY_WEEK {
		f.Field("subscription.cadence.weekday", "is for every week")
	}
	if c.GetDay() != 0 && c.GetEvery() != reportv1.Cadence_EVERY_MONTH {
		f.Field("subscription.cadence.day", "is for every month")
	}
	if quarters && sub.GetDays() != 0 && sub.GetReport() == reportv1.ReportKind_REPORT_KIND_OMNICHANNEL {
		f.Field("subscription.days", "is not for every quarter hour, which is of the day so far")
	}
}

// language is the first of a brand's that letters are written in.
func language(locales []string) string {
	for _, l := range locales {
		if slices.Contains(letter.Languages(), l) {
			return l
		}
	}
	return letter.Languages()[0]
}

// readable asks for the report of today with the caller's own rights: what it may not
// have now it cannot subscribe to, and a mistyped name shows at once.
func (s *Server) readable(ctx context.Context, brand string, sub *reportv1.Subscription) error {
	today := s.brand(brand).zone.DayOf(s.cfg.Clock())
	got, err := s.ask(ctx, brand, sub, calendar.Days{From: today, Until: today + 1})
	switch fault.Code(err) {
	case codes.OK:
		if got.standing() == hidden {
			return access.Denied()
		}
	case codes.NotFound, codes.PermissionDenied, codes.InvalidArgument, codes.Unauthenticated:
		return err
	}
	return nil // what is down now may be up when it is due
}

// told is a subscription as its owner is told of it.
func (s *Server) told(h *held) (*reportv1.Subscription, error) {
	out, err := s.opened(h)
	if err != nil {
		return nil, err
	}
	if !h.due.IsZero() {
		out.NextAt = timestamppb.New(h.due)
	}
	return out, nil
}

// reachOf is how far ahead a subscription can be due.
func reachOf(sub *reportv1.Subscription) time.Duration {
	return occasion.Cadence{Cadence: sub.GetCadence()}.Reach()
}

// checkDashboard refuses an address that links could not begin with.
func checkDashboard(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("--dashboard-url %s: write it as https://rapport.example.com", address)
	}
	return nil
}

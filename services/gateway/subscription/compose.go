package subscription

import (
	"context"
	"encoding/json"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/gateway/subscription/carrier"
	"github.com/rapport-cx/rapport/services/gateway/subscription/letter"
)

// usualDays are a scorecard's.
const usualDays = 28

// composed is a report of one of the kinds.
type composed struct {
	omnichannel *reportv1.GetOmnichannelReportResponse
	scorecard   *reportv1.GetSubjectScorecardResponse
}

// ask asks for the report of a subscription for some days.
func (s *Server) ask(ctx context.Context, brand string, sub *reportv1.Subscription, days calendar.Days) (*composed, error) {
	out := &composed{}
	var err error
	if sub.GetReport() == reportv1.ReportKind_REPORT_KIND_SCORECARD {
		out.scorecard, err = s.reports.GetSubjectScorecard(ctx, &reportv1.GetSubjectScorecardRequest{
			Brand: brand, Subject: sub.GetSubject(), Metric: sub.GetMetric(), Days: sub.GetDays(),
		})
		return out, err
	}
	out.omnichannel, err = s.reports.GetOmnichannelReport(ctx, &reportv1.GetOmnichannelReportRequest{
		Brand: brand, Subject: sub.GetSubject(), Sections: sub.GetSections(),
		Window: &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: days.From.String(), End: days.Until.String()}}},
	})
	return out, err
}

func (c *composed) sections() []*reportv1.Section {
	if c.scorecard != nil {
		return c.scorecard.GetSections()
	}
	return c.omnichannel.GetSections()
}

// standing is what there is of a report.
type standing int

const (
	something standing = iota
	// nothing could be had, which may be otherwise later.
	nothing
	// hidden is all of it.
	hidden
)

func (c *composed) standing() standing {
	seen := map[reportv1.Section_Status]bool{}
	for _, s := range c.sections() {
		seen[s.GetStatus()] = true
	}
	switch {
	case seen[reportv1.Section_STATUS_OK]:
		return something
	case seen[reportv1.Section_STATUS_HIDDEN] && !seen[reportv1.Section_STATUS_MISSING] && !seen[reportv1.Section_STATUS_FAILED]:
		return hidden
	}
	return nothing
}

// why names what failed.
func (c *composed) why() string {
	var out []string
	for _, s := range c.sections() {
		if s.GetStatus() != reportv1.Section_STATUS_OK {
			out = append(out, s.GetName()+" "+strings.ToLower(strings.TrimPrefix(s.GetStatus().String(), "STATUS_")))
		}
	}
	return strings.Join(out, ", ")
}

// letter is the report as an e-mail.
func (s *Server) letter(ctx context.Context, h *held, d *delivery, to *reportv1.EmailTarget, got *composed) (carrier.Letter, error) {
	sub, b := h.subscription(), s.brand(h.brand)
	days, err := windowOf(d)
	if err != nil {
		return carrier.Letter{}, err
	}
	c, err := s.cadence(sub)
	if err != nil {
		return carrier.Letter{}, err
	}
	open := sub.GetCadence().GetEvery() == reportv1.Cadence_EVERY_QUARTER_HOUR
	due := d.GetDueAt().AsTime().In(c.Zone.Location())
	if got.scorecard != nil {
		// It says what it is of itself: a window that rolls on with today.
		today := b.zone.DayOf(s.cfg.Clock())
		n := calendar.Day(usualDays)
		if sub.GetDays() > 0 {
			n = calendar.Day(sub.GetDays())
		}
		days, open, due = calendar.Days{From: today + 1 - n, Until: today + 1}, true, s.cfg.Clock().In(c.Zone.Location())
	}
	stop := s.unsubscribe(h, to)
	written, err := letter.Write(sub.GetLocale(), letter.Content{
		Brand: b.Brand, Scope: s.scope(ctx, h), Window: days, Due: due, Live: open, Missed: d.GetMissed(), Trial: d.GetTrial(), Name: to.GetName(),
		Owner: h.owner(), Omnichannel: got.omnichannel, Scorecard: got.scorecard, Page: s.live(h, days), Unsubscribe: stop, RightsUntil: s.ending(sub),
	})
	return carrier.Letter{
		ID: d.GetId(), To: mail.Address{Name: to.GetName(), Address: to.GetAddress()}, Subject: written.Subject, HTML: written.HTML, Plain: written.Plain,
		Date: s.cfg.Clock(), Locale: sub.GetLocale(), Unsubscribe: stop,
	}, err
}

// ending is when rights end, if that is soon enough to be told.
func (s *Server) ending(sub *reportv1.Subscription) time.Time {
	if until := sub.GetRightsUntil(); until != nil && until.AsTime().Sub(s.cfg.Clock()) < warned {
		return until.AsTime()
	}
	return time.Time{}
}

// scope is how the subject is called, as far as the owner may know; empty: none.
func (s *Server) scope(ctx context.Context, h *held) string {
	ref := h.subscription().GetSubject()
	if ref == nil {
		return ""
	}
	if s.names != nil {
		if got, err := s.names.GetSubject(ctx, &surveyv1.GetSubjectRequest{Brand: h.brand, Ref: ref}); err == nil && got.GetSubject().GetName() != "" {
			return got.GetSubject().GetName()
		}
	}
	return kind(ref) + " " + ref.GetId()
}

func kind(ref *commonv1.SubjectRef) string {
	return strings.TrimPrefix(ref.GetKind().String(), "SUBJECT_KIND_")
}

// live is where the dashboard shows the same.
func (s *Server) live(h *held, days calendar.Days) string {
	if s.cfg.Dashboard == "" {
		return ""
	}
	q := url.Values{"brand": {h.brand}, "lang": {h.subscription().GetLocale()}, "from": {days.From.String()}, "to": {(days.Until - 1).String()}}
	if ref := h.subscription().GetSubject(); ref != nil {
		q.Set("subject", kind(ref)+":"+ref.GetId())
	}
	return strings.TrimSuffix(s.cfg.Dashboard, "/") + "/?" + q.Encode()
}

// document is the report as a program gets it.
func (s *Server) document(h *held, d *delivery, to *reportv1.SubscriptionTarget, got *composed) (carrier.Document, error) {
	name, message := "report.omnichannel", proto.Message(got.omnichannel)
	if got.scorecard != nil {
		name, message = "report.scorecard", got.scorecard
	}
	report, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(message)
	if err != nil {
		return carrier.Document{}, fmt.Errorf("write report: %w", err)
	}
	now := s.cfg.Clock()
	body, err := json.Marshal(map[string]any{"type": name, "timestamp": now.UTC().Format(time.RFC3339), "data": map[string]any{
		"delivery": d.GetId(), "subscription": h.id, "brand": h.brand, "dueAt": d.GetDueAt().AsTime().UTC().Format(time.RFC3339),
		"start": d.GetStart(), "end": d.GetEnd(), "missed": d.GetMissed(), "trial": d.GetTrial(), "report": json.RawMessage(report),
	}})
	return carrier.Document{ID: d.GetId(), URL: to.GetWebhook().GetUrl(), Body: body, Keys: keys(to, now), Date: now}, err
}

package outbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

func (p *Pages) prepareSubscribing(_ context.Context, s *scene) error {
	s.name = s.Lang.Subscribe
	return nil
}

func (p *Pages) subscribingSections(s *scene) []shell.Section {
	return []shell.Section{{ID: "subscribe", Place: shell.Top, Title: s.Lang.Subscribe, Load: func(ctx context.Context) (any, error) { return p.subscribeForm(ctx, s, s.wished()), nil }}}
}

// wished is a subscription as most people want it, of what the address names.
func (s *scene) wished() *reportv1.Subscription {
	out := &reportv1.Subscription{
		Report: reportv1.ReportKind_REPORT_KIND_OMNICHANNEL, Cadence: &reportv1.Cadence{Every: reportv1.Cadence_EVERY_DAY, Hour: 9}, Zone: s.brand.Location.String(), Locale: s.Lang.Code,
	}
	if ref, ok := readSubject(s.Own.Get("subject")); ok {
		out.Subject = ref
	}
	if s.Own.Get("report") == "scorecard" {
		out.Report = reportv1.ReportKind_REPORT_KIND_SCORECARD
	}
	return out
}

// subscribeData is the form of a subscription.
type subscribeData struct {
	Action, Etag, Request, Do string
	Failed                    string
	What, When, Whom          []field
	Sections                  []shell.Option
	SectionsWrong             string
	Places, Zones             []shell.Option
	Button                    string
}

// reportKinds and everies are the values of the form, in the order of the list.
var (
	reportKinds = []reportv1.ReportKind{reportv1.ReportKind_REPORT_KIND_OMNICHANNEL, reportv1.ReportKind_REPORT_KIND_SCORECARD}
	everies     = []reportv1.Cadence_Every{reportv1.Cadence_EVERY_QUARTER_HOUR, reportv1.Cadence_EVERY_DAY, reportv1.Cadence_EVERY_WEEK, reportv1.Cadence_EVERY_MONTH}
	// parts are the sections of an omnichannel report.
	parts = []string{"scores", "responses", "orders", "contacts", "loyalty", "retention", "invitations"}
	zones = []string{
		"Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Novosibirsk", "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk",
		"Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka", "Europe/Minsk", "Asia/Almaty", "Asia/Tashkent", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "UTC",
	}
)

func reportText(k reportv1.ReportKind) string { return strings.TrimPrefix(k.String(), "REPORT_KIND_") }

func everyText(e reportv1.Cadence_Every) string { return strings.TrimPrefix(e.String(), "EVERY_") }

// subscribeForm is the form, filled with what was sent, else with what one says.
func (p *Pages) subscribeForm(ctx context.Context, s *scene, one *reportv1.Subscription) any {
	l, c := s.Lang, one.GetCadence()
	d := &subscribeData{Action: s.Path() + "?" + s.Values().Encode(), Etag: fmt.Sprint(one.GetEtag()), Request: s.form.request(), Do: "change", Button: l.Save, Failed: s.form.failed}
	if one.GetId() == "" {
		d.Button = l.Begin
	} else if s.form.value("do") != "change" {
		d.Failed = ""
	}
	var kinds, every, week []shell.Option
	for _, k := range reportKinds {
		kinds = append(kinds, shell.Option{Value: reportText(k), Name: l.reports[k]})
	}
	for _, e := range everies {
		every = append(every, shell.Option{Value: everyText(e), Name: l.everies[e]})
	}
	for n := int32(1); n <= 7; n++ {
		week = append(week, shell.Option{Value: strconv.Itoa(int(n)), Name: l.weekdays[n]})
	}
	d.What = []field{
		s.choose("report", reportText(one.GetReport()), kinds...), s.field("subject", "text", subjectText(one.GetSubject())).listed("places"),
		s.choose("metric", one.GetMetric(), p.metrics(ctx, s, one.GetMetric())...).of("of-card"),
		s.number("days", one.GetDays()),
	}
	d.When = []field{
		s.choose("every", everyText(c.GetEvery()), every...), s.choose("weekday", strconv.Itoa(int(max(c.GetWeekday(), 1))), week...).of("of-week"),
		s.number("day", max(c.GetDay(), 1)).of("of-month"), s.field("at", "time", fmt.Sprintf("%02d:%02d", c.GetHour(), c.GetMinute())).of("of-time"),
		s.field("zone", "text", one.GetZone()).listed("zones"),
	}
	d.Whom = []field{
		s.field("to", "text", cmp.Or(one.GetEmail().GetAddress(), one.GetWebhook().GetUrl())).required(), s.field("name", "text", one.GetEmail().GetName()),
		s.choose("locale", one.GetLocale(), shell.Option{Value: "en", Name: l.locales["en"]}, shell.Option{Value: "ru", Name: l.locales["ru"]}),
	}
	chosen := one.GetSections()
	if s.form.sent != nil {
		chosen = s.form.sent["sections"]
	}
	for _, name := range parts {
		d.Sections = append(d.Sections, shell.Option{Value: name, Name: l.section(name), Chosen: slices.Contains(chosen, name)})
	}
	d.SectionsWrong = s.form.wrong["sections"]
	d.Places = p.places(ctx, s, commonv1.SubjectKind_SUBJECT_KIND_NETWORK, commonv1.SubjectKind_SUBJECT_KIND_REGION, commonv1.SubjectKind_SUBJECT_KIND_STORE,
		commonv1.SubjectKind_SUBJECT_KIND_SELLER, commonv1.SubjectKind_SUBJECT_KIND_COURIER)
	for _, z := range zones {
		d.Zones = append(d.Zones, shell.Option{Value: z})
	}
	return d
}

// number is a field for a whole number; 0 is left empty.
func (s *scene) number(name string, n int32) field {
	text := ""
	if n > 0 {
		text = strconv.Itoa(int(n))
	}
	return s.field(name, "number", text)
}

// metrics are what a scorecard can have in its middle.
func (p *Pages) metrics(ctx context.Context, s *scene, now string) []shell.Option {
	out := []shell.Option{{Name: s.Lang.AsUsual}}
	found := now == ""
	if p.survey != nil {
		if list, err := p.survey.ListMetrics(ctx, &surveyv1.ListMetricsRequest{Brand: s.Brand}); err == nil {
			all := list.GetMetrics()
			shell.SortMetrics(all)
			for _, m := range all {
				out = append(out, shell.Option{Value: m.GetName(), Name: s.Lang.MetricTitle(m, s.brand.Locales)})
				found = found || m.GetName() == now
			}
		}
	}
	if !found {
		out = append(out, shell.Option{Value: now, Name: now})
	}
	return out
}

// filled is a subscription with what the form says; what cannot be read is marked.
func (s *scene) filled(one *reportv1.Subscription) (*reportv1.Subscription, error) {
	f, l, out := &s.form, s.Lang, proto.CloneOf(one)
	out.Report = reportv1.ReportKind(reportv1.ReportKind_value["REPORT_KIND_"+f.value("report")])
	out.Subject, out.Sections, out.Metric, out.Zone, out.Locale = nil, nil, "", f.value("zone"), f.value("locale")
	if text := f.value("subject"); text != "" {
		ref, ok := readSubject(text)
		if out.Subject = ref; !ok {
			f.mark("subject", l.wrong("", "subject"))
		}
	}
	// What is of the other report, or of another cadence, is not meant.
	if out.Report == reportv1.ReportKind_REPORT_KIND_SCORECARD {
		out.Metric = f.value("metric")
	} else if out.Sections = f.sent["sections"]; len(out.Sections) == len(parts) {
		out.Sections = nil
	}
	out.Days = s.readNumber("days")
	c := &reportv1.Cadence{Every: reportv1.Cadence_Every(reportv1.Cadence_Every_value["EVERY_"+f.value("every")])}
	out.Cadence = c
	switch c.GetEvery() {
	case reportv1.Cadence_EVERY_WEEK:
		c.Weekday = s.readNumber("weekday")
	case reportv1.Cadence_EVERY_MONTH:
		if c.Day = s.readNumber("day"); c.GetDay() > 31 {
			f.mark("day", l.wrong("", "day"))
		}
	}
	if c.GetEvery() != reportv1.Cadence_EVERY_QUARTER_HOUR {
		at, err := time.Parse("15:04", f.value("at"))
		if err != nil {
			f.mark("at", l.wrong("", "at"))
		}
		c.Hour, c.Minute = int32(at.Hour()), int32(at.Minute())
	}
	switch to := f.value("to"); {
	case strings.Contains(to, "://"):
		out.Target = &reportv1.Subscription_Webhook{Webhook: &reportv1.WebhookTarget{Url: to}}
	case strings.Contains(to, "@"):
		out.Target = &reportv1.Subscription_Email{Email: &reportv1.EmailTarget{Address: to, Name: f.value("name")}}
	default:
		f.mark("to", l.wrong("", "to"))
	}
	if len(f.wrong) > 0 {
		return nil, errWrong
	}
	return out, nil
}

// readNumber reads a whole number; nothing is 0.
func (s *scene) readNumber(name string) int32 {
	text := s.form.value(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		s.form.mark(name, s.Lang.wrong("", name))
	}
	return int32(n)
}

// subscribe makes the subscription that the form says.
func (p *Pages) subscribe(ctx context.Context, s *scene) (*outcome, error) {
	one, err := s.filled(&reportv1.Subscription{})
	if err != nil {
		return nil, err
	}
	made, err := p.report.CreateSubscription(ctx, &reportv1.CreateSubscriptionRequest{Brand: s.Brand, Subscription: one, RequestId: s.form.request()})
	if err != nil {
		return nil, err
	}
	return s.done(made.GetSubscription().GetId(), made.GetWebhookSecret()), nil
}

// done leads to a subscription; its secret is told at once, since no address may hold it.
func (s *scene) done(id, secret string) *outcome {
	s.Address = s.To(subscriptionsPath, id, nil)
	if secret == "" {
		return &outcome{to: s.String()}
	}
	s.form.told = secret
	return &outcome{leaf: leafAt(subscriptionsPath)}
}

// leafAt is the page of one below a path.
func leafAt(path string) *leaf {
	for _, l := range leaves {
		if l.path == path && l.id == shownID {
			return l
		}
	}
	return nil
}

// amend does a step with a subscription.
func (p *Pages) amend(ctx context.Context, s *scene) (*outcome, error) {
	one := proto.CloneOf(s.sub.got)
	etag, err := strconv.ParseInt(s.form.value("etag"), 10, 64)
	if err != nil {
		return nil, unknownThing("etag", "is a number")
	}
	switch do := s.form.value("do"); do {
	case "delete":
		if s.form.value("sure") == "" {
			s.form.mark("sure", s.Lang.wrong("", "sure"))
			return nil, errWrong
		}
		_, err := p.report.DeleteSubscription(ctx, &reportv1.DeleteSubscriptionRequest{Brand: s.Brand, SubscriptionId: s.ID})
		return &outcome{to: s.To(subscriptionsPath, "", nil).String()}, err
	case "send":
		_, err := p.report.SendSubscription(ctx, &reportv1.SendSubscriptionRequest{Brand: s.Brand, SubscriptionId: s.ID, RequestId: s.form.request()})
		return &outcome{to: s.String() + "#deliveries"}, err
	case "pause", "resume":
		one.Paused = do == "pause"
	case "change":
		if one, err = s.filled(one); err != nil {
			return nil, err
		}
	case "rotate":
	default:
		return nil, unknownThing("do", "is one of change, pause, resume, send, rotate and delete")
	}
	one.Etag = etag // as its reader saw it
	out, err := p.report.UpdateSubscription(ctx, &reportv1.UpdateSubscriptionRequest{Brand: s.Brand, Subscription: one, RotateSecret: s.form.value("do") == "rotate"})
	if err != nil {
		return nil, err
	}
	return s.done(s.ID, out.GetWebhookSecret()), nil
}

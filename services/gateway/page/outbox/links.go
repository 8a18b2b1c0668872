package outbox

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// linksAtOnce is the largest page that the contract gives, linksPage what is read at once.
const (
	linksAtOnce = 100
	linksPage   = 50
	maxLinks    = 50_000
)

func (p *Pages) prepareLinks(_ context.Context, s *scene) error {
	_, err := s.linksQuestion()
	return err
}

// linksQuestion is what the address asks for: open links, or those of a customer.
func (s *scene) linksQuestion() (*surveyv1.ListSurveyLinksRequest, error) {
	out := &surveyv1.ListSurveyLinksRequest{Brand: s.Brand, SurveyId: s.Own.Get("survey"), PageSize: linksPage, PageToken: s.Own.Get("after")}
	if text := s.Own.Get("customer"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			return nil, unknownThing("customer", "is the number of a customer")
		}
		out.CustomerId = n
	}
	return out, nil
}

func (p *Pages) linksSections(s *scene) []shell.Section {
	title := s.Lang.OpenLinks
	if s.Own.Get("customer") != "" {
		title = s.Lang.LinksOf + " " + s.Own.Get("customer")
	}
	return []shell.Section{
		{ID: "which", Place: shell.Top, Title: s.Lang.WhichLinks, Load: func(ctx context.Context) (any, error) { return p.loadWhich(ctx, s), nil }},
		{ID: "links", Place: shell.Top, Title: title, Load: func(ctx context.Context) (any, error) { return p.loadLinks(ctx, s) }},
	}
}

// whichData is what can be chosen among links.
type whichData struct {
	New, Reset string
	Fields     []field
	Hidden     []shell.Hidden
}

func (p *Pages) loadWhich(ctx context.Context, s *scene) any {
	all := append([]shell.Option{{Name: s.Lang.Any}}, p.surveys(ctx, s, s.Own.Get("survey"))...)
	d := &whichData{New: s.To(linksPath, newID, nil).String(), Hidden: s.Hidden("survey", "customer", "after")}
	d.Fields = []field{s.choose("survey", s.Own.Get("survey"), all...), s.field("number", "number", s.Own.Get("customer"))}
	d.Fields[0].Hint = ""
	d.Fields[1].Name = "customer"
	if len(s.Own) > 0 {
		d.Reset = s.To(linksPath, "", nil).String()
	}
	return d
}

// surveys are those that take answers; now is one that is chosen already.
func (p *Pages) surveys(ctx context.Context, s *scene, now string) (out []shell.Option) {
	list, err := p.survey.ListSurveys(ctx, &surveyv1.ListSurveysRequest{Brand: s.Brand})
	if err != nil {
		list = nil // who may not see surveys knows which is meant
	}
	found := now == ""
	for _, one := range list.GetSurveys() {
		if one.GetState() == surveyv1.SurveyState_SURVEY_STATE_PUBLISHED || one.GetId() == now {
			out = append(out, shell.Option{Value: one.GetId(), Name: cmp.Or(s.Lang.Localized(one.GetTitle().GetTexts(), s.brand.Locales), one.GetId())})
			found = found || one.GetId() == now
		}
	}
	if !found {
		out = append(out, shell.Option{Value: now, Name: now})
	}
	return out
}

// linksData is a page of links.
type linksData struct {
	shell.Dated
	Rows        []linkRow
	Next, First string
}

// linkRow is a link as it is read.
type linkRow struct {
	ID, Link, Survey, Of, Channel, Mode string
	State, Mood, Ends, Made, Customer   string
	Order, Locale, Ended                string
}

func (p *Pages) loadLinks(ctx context.Context, s *scene) (any, error) {
	in, err := s.linksQuestion()
	if err != nil {
		return nil, err
	}
	list, err := p.survey.ListSurveyLinks(ctx, in)
	if err != nil {
		return nil, err
	}
	d := &linksData{Dated: p.seen(s)}
	for _, one := range list.GetLinks() {
		d.Rows = append(d.Rows, p.linkRow(ctx, s, one))
	}
	if token := list.GetNextPageToken(); token != "" {
		d.Next = s.With("after", token).String()
	}
	if s.Own.Get("after") != "" {
		d.First = s.With("after").String()
	}
	return d, nil
}

var linkMoods = map[surveyv1.SurveyLinkState]string{
	surveyv1.SurveyLinkState_SURVEY_LINK_STATE_USABLE: "good", surveyv1.SurveyLinkState_SURVEY_LINK_STATE_REVOKED: "bad",
}

// linkRow puts a link into words.
func (p *Pages) linkRow(ctx context.Context, s *scene, one *surveyv1.SurveyLink) linkRow {
	l := s.Lang
	out := linkRow{
		ID: one.GetId(), Link: s.toLink(one), Survey: one.GetSurveyId(), State: l.linkStates[one.GetState()], Mood: linkMoods[one.GetState()], Ends: s.moment(one.GetExpiresAt()),
		Made: s.moment(one.GetCreatedAt()), Order: one.GetOrderId(), Locale: one.GetLocale(), Ended: s.moment(one.GetEndedAt()), Mode: l.modes[one.GetMode()],
	}
	if one.GetChannel() != 0 {
		out.Channel = l.Channel(one.GetChannel())
	}
	if !one.GetExpiresAt().IsValid() {
		out.Ends = l.NoEnd
	}
	if id := one.GetCustomer().GetId(); id > 0 {
		out.Customer = strconv.FormatInt(id, 10)
	}
	if name := l.locales[out.Locale]; out.Locale != "" && name != "" {
		out.Locale = name
	}
	var names []string
	for _, ref := range one.GetSubjects() {
		names = append(names, p.title(ctx, s, ref))
	}
	out.Of = strings.Join(names, ", ")
	return out
}

// toLink is the page of a link.
func (s *scene) toLink(one *surveyv1.SurveyLink) string {
	return s.To(linksPath, one.GetId(), nil).String()
}

// linksTable is the whole list, whatever page is shown.
func (p *Pages) linksTable(ctx context.Context, s *scene) ([][]string, error) {
	out := [][]string{{"id", "survey", "version", "open", "subjects", "customer_id", "channel", "mode", "order_id", "locale", "state", "created_at", "expires_at", "ended_at", "url"}}
	in, err := s.linksQuestion()
	if err != nil {
		return nil, err
	}
	in.PageSize, in.PageToken = linksAtOnce, ""
	for len(out) < maxLinks {
		list, err := p.survey.ListSurveyLinks(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, one := range list.GetLinks() {
			var about []string
			for _, ref := range one.GetSubjects() {
				about = append(about, subjectText(ref))
			}
			customer := ""
			if id := one.GetCustomer().GetId(); id > 0 {
				customer = strconv.FormatInt(id, 10)
			}
			out = append(out, []string{
				one.GetId(), one.GetSurveyId(), strconv.Itoa(int(one.GetSurveyVersion())), strconv.FormatBool(one.GetOpen()), strings.Join(about, " "), customer,
				strings.TrimPrefix(one.GetChannel().String(), "CHANNEL_"), strings.TrimPrefix(one.GetMode().String(), "CONTACT_MODE_"), one.GetOrderId(), one.GetLocale(),
				strings.TrimPrefix(one.GetState().String(), "SURVEY_LINK_STATE_"), shell.Instant(one.GetCreatedAt()), shell.Instant(one.GetExpiresAt()), shell.Instant(one.GetEndedAt()), s.at + one.GetPath(),
			})
		}
		if in.PageToken = list.GetNextPageToken(); in.PageToken == "" {
			break
		}
	}
	return out, nil
}

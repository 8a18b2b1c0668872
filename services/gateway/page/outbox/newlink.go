package outbox

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

func (p *Pages) prepareNewLink(_ context.Context, s *scene) error {
	s.name = s.Lang.MakeLink
	return nil
}

func (p *Pages) newLinkSections(s *scene) []shell.Section {
	return []shell.Section{{ID: "new-link", Place: shell.Top, Title: s.Lang.MakeLink, Load: func(ctx context.Context) (any, error) { return p.linkForm(ctx, s), nil }}}
}

// newLinkData is the form of a link.
type newLinkData struct {
	Action, Request, Failed string
	Fields, More            []field
	Places                  []shell.Option
	Opened                  bool // something below the fold is wrong, or filled in
}

// The values of the form's field whom.
const (
	everybody = "everybody"
	oneOnly   = "one"
)

// modes are how a link is sent or found, in the order of the list.
var modes = []commonv1.ContactMode{
	commonv1.ContactMode_CONTACT_MODE_QR, commonv1.ContactMode_CONTACT_MODE_EMAIL, commonv1.ContactMode_CONTACT_MODE_SMS, commonv1.ContactMode_CONTACT_MODE_MESSENGER,
	commonv1.ContactMode_CONTACT_MODE_PUSH, commonv1.ContactMode_CONTACT_MODE_CALL, commonv1.ContactMode_CONTACT_MODE_WIDGET, commonv1.ContactMode_CONTACT_MODE_IN_PERSON,
}

func modeText(m commonv1.ContactMode) string {
	return strings.TrimPrefix(m.String(), "CONTACT_MODE_")
}

func (p *Pages) linkForm(ctx context.Context, s *scene) any {
	l := s.Lang
	d := &newLinkData{Action: s.Path() + "?" + s.Values().Encode(), Request: s.form.request(), Failed: s.form.failed}
	channels, by, languages := []shell.Option{{Name: l.NotSaid}}, []shell.Option{{Name: l.NotSaid}}, []shell.Option{{Name: l.OfBrowser}}
	for number := int32(1); commonv1.Channel_name[number] != ""; number++ {
		channels = append(channels, shell.Option{Value: strings.TrimPrefix(commonv1.Channel_name[number], "CHANNEL_"), Name: l.Channel(commonv1.Channel(number))})
	}
	for _, m := range modes {
		by = append(by, shell.Option{Value: modeText(m), Name: l.modes[m]})
	}
	for _, code := range slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(s.brand.Locales), "en", "ru")))) {
		name := l.locales[code]
		if name == "" {
			name = code
		}
		languages = append(languages, shell.Option{Value: code, Name: name})
	}
	d.Fields = []field{
		s.choose("survey", s.Own.Get("survey"), p.surveys(ctx, s, s.Own.Get("survey"))...).required(),
		s.choose("whom", everybody, shell.Option{Value: everybody, Name: l.Everybody}, shell.Option{Value: oneOnly, Name: l.OneOnly}),
		s.field("customer", "text", "").of("of-one"), s.field("subject", "text", s.Own.Get("subject")).listed("places"), s.choose("channel", "", channels...),
	}
	d.More = []field{
		s.choose("mode", "", by...), s.field("expires", "date", ""), s.choose("locale", "", languages...),
		s.field("order", "text", "").of("of-one"), s.field("experienced", "datetime-local", "").of("of-one"),
	}
	for _, f := range d.More {
		d.Opened = d.Opened || f.Wrong != "" || f.Value != ""
	}
	d.Places = p.places(ctx, s, commonv1.SubjectKind_SUBJECT_KIND_STORE, commonv1.SubjectKind_SUBJECT_KIND_PICKUP_POINT, commonv1.SubjectKind_SUBJECT_KIND_SELLER, commonv1.SubjectKind_SUBJECT_KIND_COURIER)
	return d
}

// wanted is the link that the form says; what cannot be read is marked.
func (s *scene) wanted() (*surveyv1.SurveyLink, error) {
	f, l := &s.form, s.Lang
	out := &surveyv1.SurveyLink{
		SurveyId: f.value("survey"), Open: f.value("whom") != oneOnly, Locale: f.value("locale"), Channel: commonv1.Channel(commonv1.Channel_value["CHANNEL_"+f.value("channel")]),
		Mode: commonv1.ContactMode(commonv1.ContactMode_value["CONTACT_MODE_"+f.value("mode")]),
	}
	if out.Open && out.Mode == commonv1.ContactMode_CONTACT_MODE_UNSPECIFIED {
		out.Mode = commonv1.ContactMode_CONTACT_MODE_QR
	}
	for _, text := range strings.FieldsFunc(f.value("subject"), func(r rune) bool { return r == ',' || r == ';' }) {
		ref, ok := readSubject(text)
		if out.Subjects = append(out.Subjects, ref); !ok {
			f.mark("subject", l.wrong("", "subject"))
		}
	}
	if text := f.value("expires"); text != "" {
		day, err := time.ParseInLocation(time.DateOnly, text, s.brand.Location)
		if out.ExpiresAt = timestamppb.New(day.AddDate(0, 0, 1)); err != nil { // to the end of that day
			f.mark("expires", l.wrong("", "expires"))
		}
	}
	if !out.Open {
		s.wantedOf(out)
	}
	if len(f.wrong) > 0 {
		return nil, errWrong
	}
	return out, nil
}

// wantedOf is the part of a link that is about one person.
func (s *scene) wantedOf(out *surveyv1.SurveyLink) {
	f, l := &s.form, s.Lang
	out.OrderId = f.value("order")
	if out.Customer = customer(f.value("customer")); out.Customer == nil {
		f.mark("customer", l.wrong("", "customer"))
	}
	if text := f.value("experienced"); text != "" {
		at, err := time.ParseInLocation("2006-01-02T15:04", text, s.brand.Location)
		if out.ExperiencedAt = timestamppb.New(at); err != nil {
			f.mark("experienced", l.wrong("", "experienced"))
		}
	}
}

// customer reads whom a form names: a number, an address of e-mail, a telephone with +,
// or KIND:VALUE; nil: nobody.
func customer(text string) *commonv1.CustomerRef {
	if id, err := strconv.ParseInt(text, 10, 64); err == nil && id > 0 && !strings.HasPrefix(text, "+") {
		return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}
	}
	one := &commonv1.Identity{Value: text}
	kind, value, named := strings.Cut(text, ":")
	switch {
	case strings.HasPrefix(text, "+"):
		one.Kind = commonv1.Identity_KIND_PHONE
	case !named && strings.Contains(text, "@"):
		one.Kind = commonv1.Identity_KIND_EMAIL
	case named:
		one.Kind, one.Value = commonv1.Identity_Kind(commonv1.Identity_Kind_value["KIND_"+strings.ToUpper(kind)]), value
	}
	if one.GetKind() == commonv1.Identity_KIND_EXTERNAL {
		one.Namespace, one.Value, _ = strings.Cut(value, ":")
	}
	if one.GetKind() == commonv1.Identity_KIND_UNSPECIFIED || one.GetValue() == "" {
		return nil
	}
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: one}}
}

// makeLink makes the link that the form says, and shows it at once: the form sent again
// is the same link.
func (p *Pages) makeLink(ctx context.Context, s *scene) (*outcome, error) {
	in, err := s.wanted()
	if err != nil {
		return nil, err
	}
	made, err := p.survey.CreateSurveyLink(ctx, &surveyv1.CreateSurveyLinkRequest{Brand: s.Brand, Link: in, RequestId: s.form.request()})
	if err != nil {
		return nil, err
	}
	s.link = made.GetLink()
	s.Address = s.To(linksPath, s.link.GetId(), nil)
	if id := s.link.GetCustomer().GetId(); id > 0 {
		s.Address = s.With("customer", strconv.FormatInt(id, 10))
	}
	return &outcome{leaf: leafAt(linksPath)}, nil
}

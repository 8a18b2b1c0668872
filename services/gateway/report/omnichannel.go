package report

import (
	"context"
	"slices"
	"strconv"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// The sections of an omnichannel report, in their order.
const (
	scoresSection    = "scores"
	responsesSection = "responses"
	ordersSection    = "orders"
	contactsSection  = "contacts"
	loyaltySection   = "loyalty"
	retentionSection = "retention"
	invitedSection   = "invitations"
)

var omnichannelSections = []string{scoresSection, responsesSection, ordersSection, contactsSection, loyaltySection, retentionSection, invitedSection}

// omnichannel is a report on its way: what was asked for and, of each section that is
// there, what the services said.
type omnichannel struct {
	s       *Server
	b       *brand
	w       window
	subject *commonv1.SubjectRef
	// wanted are the sections that are fetched. Some are told by one call.
	wanted   []string
	read     remembered[[]reading]
	measured remembered[measures]

	scores    []reading
	goals     []*surveyv1.Goal
	responses *surveyv1.GetMetricResponse
	orders    []*journeyv1.GetSuccessIndexResponse
	contacts  []*journeyv1.GetContactRateResponse
	points    []points
	retained  []*segmentationv1.ValuePeriod
	invited   []*surveyv1.GetInvitationStatsResponse
}

// chosen checks which sections are asked for; all if none is named.
func chosen(names, known []string) ([]string, error) {
	f := fault.Invalid()
	for i, name := range names {
		if !slices.Contains(known, name) {
			f.Field("sections["+strconv.Itoa(i)+"]", "must be one of %s", strings.Join(known, ", "))
		}
	}
	if len(names) == 0 {
		names = known
	}
	return names, f.Err()
}

// parts are the sections, each with how it is fetched.
func (o *omnichannel) parts(names []string) []part {
	all := []part{
		o.s.part(scoresSection, fromSurvey, o.fetchScores),
		o.s.part(responsesSection, fromSurvey, o.fetchResponses),
		o.s.part(ordersSection, fromJourney, o.fetchOrders),
		o.s.part(contactsSection, fromJourney, o.fetchContacts),
		o.s.part(loyaltySection, fromLoyalty, o.fetchLoyalty),
		o.s.part(retentionSection, fromSegmentation, o.fetchRetained),
		o.s.part(invitedSection, fromSurvey, o.fetchInvited),
	}
	if o.subject.GetKind() == commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE && all[6].absent == "" {
		all[6].absent = "invitations are not counted by employee"
	}
	if o.w.all && all[4].absent == "" {
		all[4].absent = "points are counted between two days"
	}
	switch {
	case all[5].absent != "":
	case o.subject != nil:
		all[5].absent = "retention is counted of the whole brand alone"
	case o.w.all:
		all[5].absent = "retention is counted between two days"
	}
	o.wanted = names
	return slices.DeleteFunc(all, func(p part) bool { return !slices.Contains(names, p.name) })
}

var byChannel = &surveyv1.GroupBy{Dimension: surveyv1.Dimension_DIMENSION_CHANNEL}

// apart asks for what several sections are made of: each tells up to when its own part of
// it holds.
func (o *omnichannel) apart(a *asking) *asking { return &asking{brand: a.brand, visits: a.visits} }

// metrics reads all metrics of the brand.
func (o *omnichannel) metrics(ctx context.Context, a *asking) ([]reading, error) {
	return o.read.get(ctx, func() ([]reading, error) {
		return o.s.allReadings(ctx, o.apart(a), o.w.beside(), o.subject, byChannel)
	})
}

func (o *omnichannel) fetchScores(ctx context.Context, a *asking) error {
	var read []reading
	var goals []*surveyv1.Goal
	err := together(ctx, func(context.Context) (err error) {
		read, err = o.metrics(ctx, a) // which goals that are not told must not end
		return err
	}, func(ctx context.Context) (err error) {
		goals, err = o.s.goals(ctx, a, o.w, o.subject)
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range read {
		for _, one := range r.at {
			a.include(one)
		}
	}
	o.scores, o.goals = read, goals
	return nil
}

// fetchResponses counts questionnaires: those with a score, which low.share is of. It is
// among the scores, where those are read.
func (o *omnichannel) fetchResponses(ctx context.Context, a *asking) error {
	var read []reading
	var err error
	if slices.Contains(o.wanted, scoresSection) {
		read, err = o.metrics(ctx, a)
	} else {
		read, err = o.s.readings(ctx, a, []*surveyv1.Metric{{Name: lowShare}}, []window{o.w}, o.subject, byChannel)
	}
	for _, r := range read {
		if r.metric.GetName() == lowShare {
			o.responses = r.at[current]
			a.include(o.responses)
		}
	}
	return err
}

// events reads what Journey measures, for the sections that are wanted of it.
func (o *omnichannel) events(ctx context.Context, a *asking) (measures, error) {
	return o.measured.get(ctx, func() (measures, error) {
		a := o.apart(a)
		filter, err := o.s.events(ctx, a, o.subject)
		if err != nil {
			return measures{}, err
		}
		return o.s.measures(ctx, a, o.w.beside(), filter, journeyv1.MeasureGroup_MEASURE_GROUP_CHANNEL,
			slices.Contains(o.wanted, ordersSection), slices.Contains(o.wanted, contactsSection))
	})
}

func (o *omnichannel) fetchOrders(ctx context.Context, a *asking) error {
	read, err := o.events(ctx, a)
	for _, one := range read.orders {
		a.include(one)
	}
	o.orders = read.orders
	return err
}

func (o *omnichannel) fetchContacts(ctx context.Context, a *asking) error {
	read, err := o.events(ctx, a)
	for _, one := range read.contacts {
		a.include(one)
	}
	o.contacts = read.contacts
	return err
}

func (o *omnichannel) fetchLoyalty(ctx context.Context, a *asking) error {
	read, err := o.s.points(ctx, a, o.w.beside(), o.subject)
	if err == nil {
		o.points = read
	}
	return err
}

func (o *omnichannel) fetchRetained(ctx context.Context, a *asking) error {
	read, err := o.s.retained(ctx, a, o.w.beside())
	if err == nil {
		o.retained = read
	}
	return err
}

// fetchInvited counts who was asked, on the day of asking, and who of them answered.
func (o *omnichannel) fetchInvited(ctx context.Context, a *asking) error {
	read, err := o.s.invited(ctx, a, o.w.beside(), o.subject)
	if err == nil {
		o.invited = read
	}
	return err
}

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
	wanted []string
	// split is what Survey's numbers are split by.
	split    []*surveyv1.GroupBy
	told     remembered[overview]
	measured remembered[measures]

	scores    []reading
	goals     []*surveyv1.Goal
	responses *surveyv1.OverviewScore
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
	if o.uninvited() && all[6].absent == "" {
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

var byChannel = []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_CHANNEL}}

// apart asks for what several sections are made of: each tells up to when its own part of
// it holds.
func (o *omnichannel) apart(a *asking) *asking { return &asking{brand: a.brand, visits: a.visits} }

// said is what Survey says, for the sections that are wanted of it. Each holds for as long
// as all of it.
func (o *omnichannel) said(ctx context.Context, a *asking) (overview, error) {
	out, err := o.told.get(ctx, func() (overview, error) {
		in := &surveyv1.GetOverviewRequest{GroupBy: o.split}
		switch {
		case slices.Contains(o.wanted, scoresSection):
			in.Parts = append(in.Parts, ofScores, ofGoals)
		case slices.Contains(o.wanted, responsesSection):
			in.Parts, in.Metrics = append(in.Parts, ofScores), []string{lowShare}
		}
		if slices.Contains(o.wanted, invitedSection) && !o.uninvited() {
			in.Parts = append(in.Parts, ofInvitations)
		}
		return o.s.overview(ctx, o.apart(a), o.w.beside(), o.subject, in)
	})
	if err == nil {
		a.include(out.answer)
	}
	return out, err
}

// uninvited tells that invitations are not counted of such a subject.
func (o *omnichannel) uninvited() bool {
	return o.subject.GetKind() == commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE
}

func (o *omnichannel) fetchScores(ctx context.Context, a *asking) error {
	said, err := o.said(ctx, a)
	o.scores, o.goals = said.scores, said.goals
	return err
}

// fetchResponses counts questionnaires: those with a score, which low.share is of.
func (o *omnichannel) fetchResponses(ctx context.Context, a *asking) error {
	said, err := o.said(ctx, a)
	for _, r := range said.scores {
		if r.metric.GetName() == lowShare {
			o.responses = r.at[current]
		}
	}
	return err
}

// events reads what Journey measures, for the sections that are wanted of it.
func (o *omnichannel) events(ctx context.Context, a *asking) (measures, error) {
	return o.measured.get(ctx, func() (measures, error) {
		a := o.apart(a)
		return o.s.measures(ctx, a, o.w.beside(), o.subject, journeyv1.MeasureGroup_MEASURE_GROUP_CHANNEL,
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
	said, err := o.said(ctx, a)
	o.invited = said.invited
	return err
}

package report

import (
	"context"
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	// usualEvents are as many as a time line has where nothing is said.
	usualEvents = 50
	// lastResponses is how many are shown.
	lastResponses = 10
	// searched bounds the responses of one person whose cases are looked for.
	searched = 1000
)

// person is a customer's 360 on its way. Each section writes its own fields of out.
type person struct {
	s   *Server
	b   *brand
	in  *reportv1.GetCustomer360Request
	out *reportv1.GetCustomer360Response

	// who is needed by all sections where the request names an identity.
	who remembered[*segmentationv1.Customer]
}

// GetCustomer360 tells everything about one person.
func (s *Server) GetCustomer360(ctx context.Context, in *reportv1.GetCustomer360Request) (*reportv1.GetCustomer360Response, error) {
	b, err := s.enter(ctx, in.GetBrand(), nil, access.Detail)
	if err != nil {
		return nil, err
	}
	if in.GetCustomer().GetRef() == nil {
		return nil, fault.Invalid().Field("customer", "must have an id or an identity").Err()
	}
	p := &person{s: s, b: b, in: in, out: &reportv1.GetCustomer360Response{}}
	p.out.Sections, err = s.gather(ctx, b, p.parts())
	if err != nil {
		return nil, err
	}
	return p.out, nil
}

func (p *person) parts() []part {
	return []part{
		p.s.part("profile", fromSegmentation, p.fetchProfile),
		p.s.part("segments", fromSegmentation, p.fetchSegments),
		p.s.part("rfm", fromSegmentation, p.fetchRfm),
		p.s.part("contacts", fromSegmentation, p.fetchContacts),
		p.s.part("responses", fromSurvey, p.fetchResponses),
		p.s.part("cases", fromSurvey, p.fetchCases),
		p.s.part("journey", fromJourney, p.fetchEvents),
		p.s.part(loyaltySection, fromLoyalty, p.fetchAccounts),
	}
}

// customer is the profile, read once.
func (p *person) customer(ctx context.Context, a *asking) (*segmentationv1.Customer, error) {
	return p.who.get(ctx, func() (*segmentationv1.Customer, error) {
		if p.s.from.Segmentation == nil {
			return nil, fault.Unimplemented(nil, "who has an identity is told by Segmentation, which is no part of this deployment")
		}
		out, err := call(ctx, a, fromSegmentation, p.s.from.Segmentation.GetCustomer, &segmentationv1.GetCustomerRequest{Brand: p.b.ID, Customer: p.in.GetCustomer()})
		return out.GetCustomer(), err
	})
}

// number is one of the person's: that of the request, which needs no asking, or the
// one that its identity belongs to.
func (p *person) number(ctx context.Context, a *asking) (int64, error) {
	if id := p.in.GetCustomer().GetId(); id != 0 {
		return id, nil
	}
	c, err := p.customer(ctx, a)
	return c.GetId(), err
}

func (p *person) fetchProfile(ctx context.Context, a *asking) error {
	c, err := p.customer(ctx, a)
	if err != nil {
		return err
	}
	p.out.Customer, p.out.Value = c, worth(c.GetPurchases())
	return nil
}

// worth is what the person bought, over all its numbers; returns are left out.
func worth(f *segmentationv1.PurchaseFacts) *reportv1.PersonValue {
	out := &reportv1.PersonValue{Purchases: f.GetPurchases(), Spent: f.GetSpent().GetMinorUnits(), First: f.GetFirstDay(), Last: f.GetLastDay()}
	if out.Purchases > 0 {
		average := float64(out.Spent) / float64(out.Purchases)
		out.AverageCheck = &average
	}
	return out
}

func (p *person) fetchSegments(ctx context.Context, a *asking) error {
	id, err := p.number(ctx, a)
	if err != nil {
		return err
	}
	out, err := call(ctx, a, fromSegmentation, p.s.from.Segmentation.GetMemberships, &segmentationv1.GetMembershipsRequest{Brand: p.b.ID, CustomerId: id})
	p.out.SegmentIds = out.GetSegmentIds()
	return err
}

// fetchRfm reads the newest run; a brand without any has no scores, which is no fault.
func (p *person) fetchRfm(ctx context.Context, a *asking) error {
	id, err := p.number(ctx, a)
	if err != nil {
		return err
	}
	out, err := call(ctx, a, fromSegmentation, p.s.from.Segmentation.GetRfm, &segmentationv1.GetRfmRequest{Brand: p.b.ID, CustomerId: id})
	if fault.Is(err, commonv1.Reason_REASON_RFM_UNKNOWN) {
		return nil
	}
	p.out.Rfm = out.GetScore()
	return err
}

func (p *person) fetchResponses(ctx context.Context, a *asking) error {
	out, err := p.responses(ctx, a, lastResponses)
	p.out.Responses = out
	return err
}

func (p *person) responses(ctx context.Context, a *asking, most int32) ([]*surveyv1.Response, error) {
	id, err := p.number(ctx, a)
	if err != nil {
		return nil, err
	}
	out, err := call(ctx, a, fromSurvey, p.s.from.Survey.ListResponses, &surveyv1.ListResponsesRequest{
		Brand: p.b.ID, PageSize: most, Filter: &surveyv1.ResponseFilter{CustomerId: id}})
	return out.GetResponses(), err
}

// fetchCases finds the open ones by the person's newest responses: a case is about
// some of them.
func (p *person) fetchCases(ctx context.Context, a *asking) error {
	responses, err := p.responses(ctx, a, searched)
	if err != nil || len(responses) == 0 {
		return err
	}
	in := &surveyv1.ListCasesRequest{Brand: p.b.ID, PageSize: searched}
	for _, r := range responses {
		in.ResponseIds = append(in.ResponseIds, r.GetId())
	}
	out, err := call(ctx, a, fromSurvey, p.s.from.Survey.ListCases, in)
	p.out.Cases = out.GetCases()
	return err
}

func (p *person) fetchEvents(ctx context.Context, a *asking) error {
	id, err := p.number(ctx, a)
	if err != nil {
		return err
	}
	in := &journeyv1.ListJourneyRequest{Brand: p.b.ID, CustomerId: id, PageSize: p.in.GetEvents()}
	if in.PageSize == 0 {
		in.PageSize = usualEvents
	}
	out, err := call(ctx, a, fromJourney, p.s.from.Journey.ListJourney, in)
	p.out.Events = out.GetEvents()
	return err
}

// fetchAccounts reads what the person has in each programme.
func (p *person) fetchAccounts(ctx context.Context, a *asking) error {
	id, err := p.number(ctx, a)
	if err != nil {
		return err
	}
	list, err := call(ctx, a, fromLoyalty, p.s.from.Loyalty.ListProgrammes, &loyaltyv1.ListProgrammesRequest{Brand: p.b.ID})
	if err != nil {
		return err
	}
	accounts := make([]*loyaltyv1.Account, len(list.GetProgrammes()))
	calls := make([]func(context.Context) error, len(accounts))
	for i, programme := range list.GetProgrammes() {
		calls[i] = func(ctx context.Context) error {
			out, err := call(ctx, a, fromLoyalty, p.s.from.Loyalty.GetAccount, &loyaltyv1.GetAccountRequest{
				Brand: p.b.ID, ProgrammeId: programme.GetId(), Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}})
			accounts[i] = out.GetAccount()
			return err
		}
	}
	if err := together(ctx, calls...); err != nil {
		return err
	}
	p.out.Accounts = slices.DeleteFunc(accounts, func(a *loyaltyv1.Account) bool { return a.GetEnrolledAt() == nil })
	return nil
}

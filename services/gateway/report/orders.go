package report

import (
	"cmp"
	"context"
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// The rates of a report, by name and in its order.
const (
	responseRate = "response_rate"
	successIndex = "success_index"
	contactRate  = "contact_rate"
	redemption   = "redemption_rate"
	retention    = "retention"
)

// about is what facts are asked about that say who was there and not what that belongs
// to: of a region or a network all that stands below it, of others the subject itself.
type about struct {
	subjects []*commonv1.SubjectRef
	under    *commonv1.SubjectRef
}

func factsOf(subject *commonv1.SubjectRef) about {
	switch subject.GetKind() {
	case commonv1.SubjectKind_SUBJECT_KIND_UNSPECIFIED:
		return about{}
	case commonv1.SubjectKind_SUBJECT_KIND_REGION, commonv1.SubjectKind_SUBJECT_KIND_NETWORK:
		return about{under: subject}
	}
	return about{subjects: []*commonv1.SubjectRef{subject}}
}

// measures are how orders went and how often customers got in touch, in each stretch of
// time.
type measures struct {
	orders   []*journeyv1.GetSuccessIndexResponse
	contacts []*journeyv1.GetContactRateResponse
}

// measures reads those that are wanted. Journey answers them from what it has counted
// before: all in one call, which costs more than an answer.
func (s *Server) measures(ctx context.Context, a *asking, of []window, subject *commonv1.SubjectRef, by journeyv1.MeasureGroup, orders, contacts bool) (measures, error) {
	in, facts := &journeyv1.BatchGetMeasuresRequest{Brand: a.brand.ID}, factsOf(subject)
	filter := &journeyv1.EventFilter{Subjects: facts.subjects}
	for _, w := range of {
		if orders {
			one := &journeyv1.GetSuccessIndexRequest{Brand: a.brand.ID, Window: w.ofEvents(), Filter: filter, Under: facts.under, GroupBy: by}
			in.Requests = append(in.Requests, &journeyv1.MeasureRequest{Measure: &journeyv1.MeasureRequest_SuccessIndex{SuccessIndex: one}})
		}
		if contacts {
			one := &journeyv1.GetContactRateRequest{Brand: a.brand.ID, Window: w.ofEvents(), Filter: filter, Under: facts.under, GroupBy: by}
			in.Requests = append(in.Requests, &journeyv1.MeasureRequest{Measure: &journeyv1.MeasureRequest_ContactRate{ContactRate: one}})
		}
	}
	var out measures
	got, err := call(ctx, a, fromJourney, s.from.Journey.BatchGetMeasures, in)
	if err != nil {
		return out, err
	}
	for _, one := range got.GetResults() {
		switch one := one.GetMeasure().(type) {
		case *journeyv1.BatchedMeasure_SuccessIndex:
			out.orders = append(out.orders, one.SuccessIndex)
		case *journeyv1.BatchedMeasure_ContactRate:
			out.contacts = append(out.contacts, one.ContactRate)
		case *journeyv1.BatchedMeasure_Error:
			// What is wrong with one is wrong with all: they ask about the same.
			return measures{}, fault.FromStatus(one.Error)
		}
	}
	return out, nil
}

// retained reads how many customers stayed: the handbook's rate over persons of the
// whole brand, which Segmentation counts. (Journey's retention is of cohorts by the
// month of the first purchase, another question.)
func (s *Server) retained(ctx context.Context, a *asking, of []window) ([]*segmentationv1.ValuePeriod, error) {
	in := make([]*segmentationv1.GetSegmentValueRequest, len(of))
	for i, w := range of {
		in[i] = &segmentationv1.GetSegmentValueRequest{Brand: a.brand.ID, Dates: w.dates()}
	}
	return s.values(ctx, a, in...)
}

// values reads what groups are worth, and who of them stayed, in one call.
func (s *Server) values(ctx context.Context, a *asking, in ...*segmentationv1.GetSegmentValueRequest) ([]*segmentationv1.ValuePeriod, error) {
	got, err := call(ctx, a, fromSegmentation, s.from.Segmentation.BatchGetSegmentValues, &segmentationv1.BatchGetSegmentValuesRequest{Brand: a.brand.ID, Requests: in})
	if err != nil {
		return nil, err
	}
	out := make([]*segmentationv1.ValuePeriod, len(in))
	for i, one := range got.GetResults() {
		if one.GetError() != nil {
			return nil, fault.FromStatus(one.GetError())
		}
		out[i] = one.GetValue().GetTotal()
	}
	return out, nil
}

// rated sets the rates of stretches of time beside each other: the first is the one
// reported, then the one before and that of the year before.
func rated(of []*reportv1.Rate) *reportv1.Rate {
	out := of[current]
	if len(of) > lastYear {
		out.Previous = difference(out.Value, of[earlier].Value, of[earlier].GetDenominator())
		out.YearBefore = difference(out.Value, of[lastYear].Value, of[lastYear].GetDenominator())
	}
	return out
}

func successRate(s *journeyv1.SuccessIndex) *reportv1.Rate {
	if s == nil {
		s = &journeyv1.SuccessIndex{}
	}
	return &reportv1.Rate{Name: successIndex, Value: s.Value, Numerator: s.GetWithinNorm(), Denominator: s.GetOrders(), Low: s.Low, High: s.High}
}

func contactsPerReceipt(c *journeyv1.ContactRate) *reportv1.Rate {
	out := &reportv1.Rate{Name: contactRate, Numerator: c.GetContacts(), Denominator: c.GetReceipts()}
	if c != nil && c.Value != nil {
		percent := 100 * c.GetValue()
		out.Value = &percent
	}
	return out
}

func retentionRate(p *segmentationv1.ValuePeriod) *reportv1.Rate {
	return &reportv1.Rate{Name: retention, Value: p.Retention, Numerator: p.GetActiveAtEnd() - p.GetCame(),
		Denominator: p.GetActiveAtStart(), Low: p.RetentionLow, High: p.RetentionHigh}
}

// ended is how many orders ended in the window, however they did.
func ended(s *journeyv1.SuccessIndex) int64 {
	n := s.GetOrders() + s.GetCancelledByCustomer()
	for _, r := range s.GetNotCollected() {
		n += r.GetCount()
	}
	return n
}

// offNorm are the reasons, the commonest first.
func offNorm(s *journeyv1.SuccessIndex) []*reportv1.Reason {
	var out []*reportv1.Reason
	for _, r := range s.GetOffNorm() {
		if r.GetOrders() > 0 {
			out = append(out, &reportv1.Reason{Code: strings.TrimPrefix(r.GetReason().String(), "OFF_NORM_REASON_"), N: r.GetOrders(), Share: r.GetShare()})
		}
	}
	slices.SortStableFunc(out, func(x, y *reportv1.Reason) int { return cmp.Compare(y.GetN(), x.GetN()) })
	return out
}

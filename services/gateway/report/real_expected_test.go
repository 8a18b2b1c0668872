package report_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// channel is what the services say of one channel, each asked for it alone; of all
// together if not split.
func (a asked) channel(t *testing.T, split bool, c commonv1.Channel) *reportv1.ChannelReport {
	t.Helper()
	out := &reportv1.ChannelReport{Channel: c}
	list, err := a.w.survey.ListMetrics(t.Context(), &surveyv1.ListMetricsRequest{Brand: a.brand})
	must(t, err)
	for _, kind := range []surveyv1.MetricKind{surveyv1.MetricKind_METRIC_KIND_NPS, surveyv1.MetricKind_METRIC_KIND_CSAT, surveyv1.MetricKind_METRIC_KIND_LOW_SHARE} {
		for _, m := range list.GetMetrics() {
			if m.GetKind() == kind {
				if l := a.line(t, m, a.scope(split, c)); l != nil {
					out.Metrics = append(out.Metrics, l)
				}
			}
		}
	}
	low, err := a.w.survey.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: a.brand, Metric: "low.share", Window: a.stretches[0].answers(), Scope: a.scope(split, c)})
	must(t, err)
	out.Responses = low.GetTotal().GetN()
	a.answered(t, out, split)
	a.happened(t, out, split)
	if !split && a.subject == nil {
		out.Rates = append(out.Rates, a.retention(t))
	}
	return out
}

// line compares the window with the other two by CompareMetric.
func (a asked) line(t *testing.T, m *surveyv1.Metric, scope *surveyv1.Scope) *reportv1.MetricLine {
	t.Helper()
	out := &reportv1.MetricLine{Metric: m}
	for i, to := range []**reportv1.Change{&out.Previous, &out.YearBefore} {
		got, err := a.w.survey.CompareMetric(t.Context(), &surveyv1.CompareMetricRequest{
			Brand: a.brand, Metric: m.GetName(),
			A: &surveyv1.MetricSide{Window: a.stretches[0].answers(), Scope: scope},
			B: &surveyv1.MetricSide{Window: a.stretches[i+1].answers(), Scope: scope},
		})
		must(t, err)
		out.Score = got.GetA()
		*to = &reportv1.Change{Then: got.GetB().Value, N: got.GetB().GetN(), Change: got.Difference, Significant: got.GetSignificant()}
	}
	if out.Score.GetN() == 0 {
		return nil
	}
	if a.brand == "olist" && m.GetKind() == surveyv1.MetricKind_METRIC_KIND_CSAT {
		out.Benchmark = proto.Float64(80)
	}
	if nps := out.Score.GetValue(); m.GetKind() == surveyv1.MetricKind_METRIC_KIND_NPS && nps > 30 {
		if out.Judgement = "good"; nps > 50 {
			out.Judgement = "excellent"
		}
	}
	return out
}

// answered is how many of those asked did, as Survey says: nobody was asked by a link.
func (a asked) answered(t *testing.T, out *reportv1.ChannelReport, split bool) {
	t.Helper()
	in := &surveyv1.GetInvitationStatsRequest{Brand: a.brand}
	if a.subject != nil {
		in.Subjects = []*commonv1.SubjectRef{a.subject}
	}
	var of [3]*surveyv1.InvitationCounts
	for i, s := range a.stretches {
		in.Window = s.answers()
		got, err := a.w.survey.GetInvitationStats(t.Context(), in)
		must(t, err)
		of[i] = got.GetTotal()
	}
	if !split {
		out.Rates = append(out.Rates, &reportv1.Rate{Name: "response_rate", Value: of[0].ResponseRate, Numerator: of[0].GetAnswered(), Denominator: of[0].GetSent(),
			Previous:   than(of[0].ResponseRate, of[1].ResponseRate, of[1].GetSent()),
			YearBefore: than(of[0].ResponseRate, of[2].ResponseRate, of[2].GetSent())})
	}
}

// happened is what Journey says.
func (a asked) happened(t *testing.T, out *reportv1.ChannelReport, split bool) {
	t.Helper()
	filter := &journeyv1.EventFilter{}
	if a.subject != nil {
		filter.Subjects = []*commonv1.SubjectRef{a.subject}
	}
	if split {
		filter.Channels = []commonv1.Channel{out.GetChannel()}
	}
	var index [3]*journeyv1.SuccessIndex
	var contacts [3]*journeyv1.ContactRate
	for i, s := range a.stretches {
		one, err := a.w.journey.GetSuccessIndex(t.Context(), &journeyv1.GetSuccessIndexRequest{Brand: a.brand, Window: s.events(), Filter: filter})
		must(t, err)
		other, err := a.w.journey.GetContactRate(t.Context(), &journeyv1.GetContactRateRequest{Brand: a.brand, Window: s.events(), Filter: filter})
		must(t, err)
		index[i], contacts[i] = one.GetTotal(), other.GetTotal()
	}
	out.Orders = index[0].GetOrders() + index[0].GetCancelledByCustomer()
	for _, r := range index[0].GetNotCollected() {
		out.Orders += r.GetCount()
	}
	for _, r := range index[0].GetOffNorm() {
		if r.GetOrders() > 0 {
			out.OffNorm = append(out.OffNorm, &reportv1.Reason{Code: strings.TrimPrefix(r.GetReason().String(), "OFF_NORM_REASON_"), N: r.GetOrders(), Share: r.GetShare()})
		}
	}
	slices.SortStableFunc(out.OffNorm, func(x, y *reportv1.Reason) int { return int(y.GetN() - x.GetN()) })
	success := &reportv1.Rate{Name: "success_index", Value: index[0].Value, Numerator: index[0].GetWithinNorm(), Denominator: index[0].GetOrders(), Low: index[0].Low, High: index[0].High,
		Previous: than(index[0].Value, index[1].Value, index[1].GetOrders()), YearBefore: than(index[0].Value, index[2].Value, index[2].GetOrders())}
	rate := &reportv1.Rate{Name: "contact_rate", Value: percent(contacts[0]), Numerator: contacts[0].GetContacts(), Denominator: contacts[0].GetReceipts(),
		Previous:   than(percent(contacts[0]), percent(contacts[1]), contacts[1].GetReceipts()),
		YearBefore: than(percent(contacts[0]), percent(contacts[2]), contacts[2].GetReceipts())}
	for _, r := range []*reportv1.Rate{success, rate} {
		if !split || r.GetNumerator()+r.GetDenominator()+r.GetPrevious().GetN()+r.GetYearBefore().GetN() > 0 {
			out.Rates = append(out.Rates, r)
		}
	}
}

// retention is what Segmentation says of who stayed.
func (a asked) retention(t *testing.T) *reportv1.Rate {
	t.Helper()
	var of [3]*segmentationv1.ValuePeriod
	for i, s := range a.stretches {
		got, err := a.w.segmentation.GetSegmentValue(t.Context(), &segmentationv1.GetSegmentValueRequest{Brand: a.brand, Dates: &commonv1.DateRange{Start: s.start, End: s.end}})
		must(t, err)
		of[i] = got.GetTotal()
	}
	out := &reportv1.Rate{Name: "retention", Value: of[0].Retention, Numerator: of[0].GetActiveAtEnd() - of[0].GetCame(), Denominator: of[0].GetActiveAtStart(),
		Low: of[0].RetentionLow, High: of[0].RetentionHigh,
		Previous:   than(of[0].Retention, of[1].Retention, of[1].GetActiveAtStart()),
		YearBefore: than(of[0].Retention, of[2].Retention, of[2].GetActiveAtStart())}
	if a.brand == "olist" {
		out.Benchmark = proto.Float64(63)
	}
	return out
}

func than(value, then *float64, n int64) *reportv1.Change {
	out := &reportv1.Change{Then: then, N: n}
	if value != nil && then != nil {
		out.Change = proto.Float64(*value - *then)
	}
	return out
}

func percent(c *journeyv1.ContactRate) *float64 {
	if c == nil || c.Value == nil {
		return nil
	}
	return proto.Float64(100 * c.GetValue())
}

package report

import (
	"context"
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// redeemed is how many points were spent, of how many that were issued.
type redeemed struct{ spent, issued int64 }

func (r *redeemed) add(of *loyaltyv1.RedemptionRate) {
	r.spent, r.issued = r.spent+of.GetSpent(), r.issued+of.GetIssued()
}

// points are those of all programmes in one stretch of time, in total and by channel.
type points struct {
	total     redeemed
	channels  map[string]*redeemed
	benchmark float64
}

// points reads what became of points of every programme, by channel; nil where there is
// none.
func (s *Server) points(ctx context.Context, a *asking, of []window, subject *commonv1.SubjectRef) ([]points, error) {
	facts := factsOf(subject)
	return s.redeemed(ctx, a, of, &loyaltyv1.RateScope{Subjects: facts.subjects, Under: facts.under}, loyaltyv1.RateSplit_RATE_SPLIT_CHANNEL)
}

// redeemed asks for the rates of a scope in each stretch of time: of its programme, or of
// every one that there is, pooled.
func (s *Server) redeemed(ctx context.Context, a *asking, of []window, scope *loyaltyv1.RateScope, split loyaltyv1.RateSplit) ([]points, error) {
	in := &loyaltyv1.BatchGetRedemptionRatesRequest{Brand: a.brand.ID, EachProgramme: scope.GetProgrammeId() == ""}
	for _, w := range of {
		one := &loyaltyv1.RateScope{ProgrammeId: scope.GetProgrammeId(), Dates: w.dates(), Subjects: scope.GetSubjects(), Under: scope.GetUnder(), SegmentId: scope.GetSegmentId()}
		in.Requests = append(in.Requests, &loyaltyv1.GetRedemptionRateRequest{Brand: a.brand.ID, Scope: one, Split: split})
	}
	got, err := call(ctx, a, fromLoyalty, s.from.Loyalty.BatchGetRedemptionRates, in)
	if err != nil || len(got.GetResults()) == 0 {
		return nil, err
	}
	var read []*loyaltyv1.GetRedemptionRateResponse
	for _, one := range got.GetResults() {
		if one.GetError() != nil {
			return nil, fault.FromStatus(one.GetError())
		}
		read = append(read, one.GetRate())
	}
	var out []points
	for programmes := range slices.Chunk(read, len(read)/len(of)) {
		out = append(out, pooled(programmes))
	}
	return out, nil
}

// pooled adds the points of programmes up: a rate of rates would weigh small ones as
// much as large ones.
func pooled(programmes []*loyaltyv1.GetRedemptionRateResponse) points {
	out := points{channels: map[string]*redeemed{}}
	for _, p := range programmes {
		out.total.add(p.GetTotal())
		out.benchmark = p.GetBenchmark()
		for _, g := range p.GetGroups() {
			channel := strings.TrimPrefix(g.GetKey(), "CHANNEL_")
			if out.channels[channel] == nil {
				out.channels[channel] = &redeemed{}
			}
			out.channels[channel].add(g)
		}
	}
	return out
}

// rate is the redemption rate of a channel, of all for an empty key.
func (p points) rate(key string) *reportv1.Rate {
	of := p.channels[key]
	if key == "" {
		of = &p.total
	}
	out := &reportv1.Rate{Name: redemption}
	if of == nil {
		return out
	}
	out.Numerator, out.Denominator = of.spent, of.issued
	if of.issued > 0 {
		percent := 100 * float64(of.spent) / float64(of.issued)
		out.Value = &percent
	}
	if key == "" {
		out.Benchmark = given(p.benchmark)
	}
	return out
}

package report

import (
	"context"
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

// points reads what became of points, by channel. A brand has few programmes, often one.
func (s *Server) points(ctx context.Context, a *asking, of []window, subject *commonv1.SubjectRef) ([]points, error) {
	return following(ctx, &a.brand.programmes, func(ctx context.Context) ([]*loyaltyv1.Programme, error) {
		list, err := call(ctx, a, fromLoyalty, s.from.Loyalty.ListProgrammes, &loyaltyv1.ListProgrammesRequest{Brand: a.brand.ID})
		return list.GetProgrammes(), err
	}, func(ctx context.Context, programmes []*loyaltyv1.Programme) ([]points, error) {
		if len(programmes) == 0 {
			return nil, nil
		}
		subjects, err := s.named(ctx, a, subject, namedInPoints)
		if err != nil {
			return nil, err
		}
		return s.redeemed(ctx, a, of, programmes, func(w window, programme string) *loyaltyv1.GetRedemptionRateRequest {
			return &loyaltyv1.GetRedemptionRateRequest{Brand: a.brand.ID, Split: loyaltyv1.RateSplit_RATE_SPLIT_CHANNEL,
				Scope: &loyaltyv1.RateScope{ProgrammeId: programme, Dates: w.dates(), Subjects: subjects}}
		})
	})
}

// redeemed asks of each programme in each stretch of time, and pools the programmes.
func (s *Server) redeemed(ctx context.Context, a *asking, of []window, programmes []*loyaltyv1.Programme,
	question func(w window, programme string) *loyaltyv1.GetRedemptionRateRequest) ([]points, error) {
	n := len(programmes)
	ask := make([]*loyaltyv1.GetRedemptionRateRequest, len(of)*n)
	for i := range ask {
		ask[i] = question(of[i/n], programmes[i%n].GetId())
	}
	read := make([]*loyaltyv1.GetRedemptionRateResponse, len(ask))
	var calls []func(context.Context) error
	for from := 0; from < len(ask); from += batched {
		until := min(len(ask), from+batched)
		calls = append(calls, func(ctx context.Context) error { return s.redemptions(ctx, a, ask[from:until], read[from:until]) })
	}
	if err := together(ctx, calls...); err != nil {
		return nil, err
	}
	out := make([]points, len(of))
	for i := range out {
		out[i] = pooled(read[i*n : (i+1)*n])
	}
	return out, nil
}

// redemptions asks for some rates in one call.
func (s *Server) redemptions(ctx context.Context, a *asking, ask []*loyaltyv1.GetRedemptionRateRequest, put []*loyaltyv1.GetRedemptionRateResponse) error {
	got, err := call(ctx, a, fromLoyalty, s.from.Loyalty.BatchGetRedemptionRates, &loyaltyv1.BatchGetRedemptionRatesRequest{Brand: a.brand.ID, Requests: ask})
	if err != nil {
		return err
	}
	for i, one := range got.GetResults() {
		if one.GetError() != nil {
			return fault.FromStatus(one.GetError())
		}
		put[i] = one.GetRate()
	}
	return nil
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

package loyalty

import (
	"context"
	"encoding/binary"
	"errors"

	"google.golang.org/protobuf/proto"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/loyalty/rate"
)

// liability is an answer, and until when it holds if nothing moves: points leave it when
// they expire, whether that was posted or not.
type liability struct {
	answer *loyaltyv1.GetLiabilityResponse
	until  int64
}

// liabilities packs them for Redis.
var liabilities = fold.Codec[liability]{
	Encode: func(l liability) ([]byte, error) {
		return proto.MarshalOptions{}.MarshalAppend(binary.BigEndian.AppendUint64(nil, uint64(l.until)), l.answer)
	},
	Decode: func(b []byte) (liability, error) {
		if len(b) < 8 {
			return liability{}, errors.New("a packed liability is damaged")
		}
		l := liability{until: int64(binary.BigEndian.Uint64(b)), answer: &loyaltyv1.GetLiabilityResponse{}}
		return l, proto.Unmarshal(b[8:], l.answer)
	},
}

// GetLiability reads what members can still spend. The response is shared: nobody may
// change it.
func (s *Server) GetLiability(ctx context.Context, in *loyaltyv1.GetLiabilityRequest) (*loyaltyv1.GetLiabilityResponse, error) {
	b, p, err := s.rated(ctx, in.GetBrand(), in.GetProgrammeId())
	if err != nil {
		return nil, err
	}
	read, err := s.recorded(ctx, b)
	if err != nil {
		return nil, err
	}
	now, today := s.clock().UnixMicro(), s.today(b)
	if in.GetDay() != "" {
		if err := s.guard.Cadence(ctx).EndOf(in.GetDay()); err != nil {
			return nil, err
		}
		day, err := calendar.ParseDay(in.GetDay())
		if err != nil {
			return nil, fault.Invalid().Field("day", "%s", err).Err()
		}
		read = both(read, calendar.Days{From: read.From, Until: day + 1})
		now, today = b.zone.StartOf(day+1).UnixMicro(), day
	}
	compute := func(ctx context.Context) (liability, error) { return s.liability(ctx, b, p, read, now) }
	found, err := fold.Ask(ctx, s.store.folds, question(b, in, read, read, today), liabilities, compute)
	if err == nil && now >= found.until {
		// Something has expired today since it was worked out.
		found, err = compute(ctx)
	}
	return found.answer, floor.Lost("read liability", err)
}

func (s *Server) liability(ctx context.Context, b *brand, p *loyaltyv1.Programme, read calendar.Days, at int64) (liability, error) {
	flows, lots, stock := rate.FlowMeasure(p.GetId()), rate.LotMeasure(p.GetId()), rate.StockMeasure(p.GetId())
	sum := rate.NewLiability(at, b.people().Person)
	measures := []string{flows, lots, stock}
	if b.defined.Load().programmes.Idle(p.GetId()) {
		measures = append(measures, rate.ClockMeasure(p.GetId()))
	}
	asOf, err := s.view(ctx, b, read, measures, func(v *fold.View[*rate.Fact]) {
		for _, clocks := range measures[3:] {
			onDays(v, clocks, read, func(_ calendar.Day, c *rate.Clocks) { sum.Clocks(c) })
		}
		onDays(v, flows, read, func(_ calendar.Day, f *rate.Flows) { sum.Flows(f) })
		onDays(v, lots, read, func(_ calendar.Day, l *rate.Lots) { sum.Lots(l) })
		onDays(v, stock, read, func(_ calendar.Day, l *rate.Stock) { sum.Stock(l) })
	})
	sum.Wind()
	out := liability{sum.Answer(b.zone), sum.Until()}
	out.answer.MinorUnits, out.answer.AsOf = worth(out.answer.GetPoints(), p.GetSpending().GetPointValue()), asOf
	return out, err
}

// worth is what points come to in money, or as much as can be told.
func worth(points, value int64) int64 {
	if value > 0 && points > (1<<63-1)/value {
		return 1<<63 - 1
	}
	return points * value
}

// GetBreakage reads what is never spent. The response is shared: nobody may change it.
func (s *Server) GetBreakage(ctx context.Context, in *loyaltyv1.GetBreakageRequest) (*loyaltyv1.GetBreakageResponse, error) {
	b, p, err := s.rated(ctx, in.GetBrand(), in.GetProgrammeId())
	if err != nil {
		return nil, err
	}
	days, recorded, err := s.dated(ctx, b, "dates", in.GetDates())
	if err != nil {
		return nil, err
	}
	today := s.today(b)
	compute := func(ctx context.Context) (*loyaltyv1.GetBreakageResponse, error) {
		flows, lots := rate.FlowMeasure(p.GetId()), rate.LotMeasure(p.GetId())
		out, cohorts := &loyaltyv1.GetBreakageResponse{}, rate.NewCohorts()
		var err error
		// What expires in the course of today is posted at once, and so is gone from here.
		at := b.zone.StartOf(today).UnixMicro()
		out.AsOf, err = s.view(ctx, b, recorded, []string{flows, lots}, func(v *fold.View[*rate.Fact]) {
			onDays(v, flows, both(days, recorded), func(_ calendar.Day, f *rate.Flows) {
				issued, expired := f.Wear()
				out.Issued, out.Expired = out.Issued+issued, out.Expired+expired
			})
			onDays(v, lots, recorded, func(day calendar.Day, l *rate.Lots) { cohorts.Lots(day, l, rate.AllDays, at) })
		})
		out.Rate = rate.Share(out.GetExpired(), out.GetIssued())
		if expected, rests, ok := cohorts.Expected(today); ok {
			out.Expected, out.Cohorts = &expected, rests
		}
		return out, err
	}
	out, err := fold.Ask(ctx, s.store.folds, question(b, in, days, recorded, today), codec[loyaltyv1.GetBreakageResponse](), compute)
	return out, floor.Lost("read breakage", err)
}

package loyalty

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/loyalty/rate"
)

// extent is the run of days that have any facts, as of one seq of the log.
type extent struct {
	mu   sync.Mutex
	seq  int64
	days calendar.Days
}

// recorded is the run of days that have any facts; empty before the first. It only changes
// with the log, so it is read again when that has moved.
func (s *Server) recorded(ctx context.Context, b *brand) (calendar.Days, error) {
	seq := s.store.folds.Applied(b.ID).Seq
	e := &b.extent
	e.mu.Lock()
	known, days := e.seq, e.days
	e.mu.Unlock()
	if seq > 0 && known == seq {
		return days, nil
	}
	first, last, ok, err := s.store.log.DayRange(ctx, b.ID)
	if err != nil || !ok {
		return calendar.Days{}, floor.Lost("read recorded days", err)
	}
	days = calendar.Days{From: calendar.Day(first), Until: calendar.Day(last) + 1}
	e.mu.Lock()
	e.seq, e.days = seq, days
	e.mu.Unlock()
	return days, nil
}

// usualDays is how many days up to today are meant where none are given.
const usualDays = 365

// dated resolves days of the brand's calendar, as the caller's cadence allows them, and
// finds those that have facts.
func (s *Server) dated(ctx context.Context, b *brand, path string, r *commonv1.DateRange) (days, recorded calendar.Days, err error) {
	if err := s.guard.Cadence(ctx).Dates(r); err != nil {
		return days, recorded, err
	}
	if r == nil {
		today := s.today(b)
		days = calendar.Days{From: today - usualDays + 1, Until: today + 1}
	} else {
		bad := fault.Invalid()
		from, err := calendar.ParseDay(r.GetStart())
		if err != nil {
			bad.Field(path+".start", "%s", err)
		}
		until, err2 := calendar.ParseDay(r.GetEnd())
		if err2 != nil {
			bad.Field(path+".end", "%s", err2)
		}
		if err == nil && err2 == nil && from >= until {
			bad.Field(path, "start must be before end")
		}
		if err := bad.Err(); err != nil {
			return days, recorded, err
		}
		days = calendar.Days{From: from, Until: until}
	}
	recorded, err = s.recorded(ctx, b)
	return days, recorded, err
}

func (s *Server) today(b *brand) calendar.Day { return b.zone.DayOf(s.clock()) }

// both are the days in two runs of them.
func both(a, b calendar.Days) calendar.Days {
	out := calendar.Days{From: max(a.From, b.From), Until: min(a.Until, b.Until)}
	out.Until = max(out.From, out.Until)
	return out
}

// spans are the days as the folds count them.
func spans(days calendar.Days) []fold.Span {
	if days.Len() <= 0 {
		return nil
	}
	return fold.Days(int32(days.From), int32(days.Until))
}

// question is a request about days, of which those in read are read. What it asks is told
// by the days found, not by those named, which move with today; and by today.
func question(b *brand, in proto.Message, days, read calendar.Days, today calendar.Day) fold.Question {
	bare := proto.Clone(in).ProtoReflect()
	for _, name := range []protoreflect.Name{"brand", "dates"} {
		if field := bare.Descriptor().Fields().ByName(name); field != nil {
			bare.Clear(field)
		}
	}
	ask := append([]byte(bare.Descriptor().Name()), 0)
	for _, day := range []calendar.Day{days.From, days.Until, read.From, read.Until, today} {
		ask = binary.BigEndian.AppendUint32(ask, uint32(day))
	}
	// A message of our own generated code can always be packed.
	ask, _ = proto.MarshalOptions{Deterministic: true}.MarshalAppend(ask, bare.Interface())
	return fold.Question{Brand: b.ID, Ask: ask, Days: spans(read)}
}

// message is a pointer to a generated message.
type message[T any] interface {
	*T
	proto.Message
}

// codec packs results for Redis.
func codec[T any, M message[T]]() fold.Codec[M] {
	return fold.Codec[M]{
		Encode: func(m M) ([]byte, error) { return proto.Marshal(m) },
		Decode: func(b []byte) (M, error) {
			m := M(new(T))
			return m, proto.Unmarshal(b, m)
		},
	}
}

// view reads slabs of days, and tells when the last fact on any of them was committed.
func (s *Server) view(ctx context.Context, b *brand, days calendar.Days, measures []string, fn func(v *fold.View[*rate.Fact])) (*timestamppb.Timestamp, error) {
	var last feed.Head
	want := fold.Want{Measures: measures, Days: spans(days)}
	err := s.store.folds.View(ctx, b.ID, want, func(v *fold.View[*rate.Fact]) error {
		last = v.Last
		fn(v)
		return ctx.Err()
	})
	if err != nil || last.Seq == 0 {
		return nil, err
	}
	return timestamppb.New(time.UnixMicro(last.At)), nil
}

// onDays calls fn with every slab of a measure on the days, in order.
func onDays[S fold.Slab[*rate.Fact]](v *fold.View[*rate.Fact], measure string, days calendar.Days, fn func(calendar.Day, S)) {
	for day := days.From; day < days.Until; day++ {
		if s, ok := v.Slab(measure, int32(day)).(S); ok {
			fn(day, s)
		}
	}
}

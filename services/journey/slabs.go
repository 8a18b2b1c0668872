package journey

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

// slabs are the slabs of some kinds of events on some days, all true at one seq of
// the log.
type slabs struct {
	view  *fold.View[*tally.Fact]
	kinds []string
	days  calendar.Days
}

// slabsOf calls fn with the slabs of every kind that is wanted and occurs on the
// days. Which do is itself read from slabs: while a new one turns up, which is
// once in a kind's life, it looks again. It returns the last fact that touched any
// of the days.
func (s *Server) slabsOf(ctx context.Context, brand string, days calendar.Days, wanted func(kind string) bool, fn func(*slabs) error) (feed.Head, error) {
	var last feed.Head
	found := &slabs{days: days}
	for again := true; again; {
		asked := found.kinds
		want := fold.Want{Measures: []fold.Measure{tally.KindsMeasure}, Days: spans(days)}
		for _, kind := range asked {
			want.Measures = append(want.Measures, tally.KindMeasure(kind))
		}
		err := s.store.folds.View(ctx, brand, want, func(v *fold.View[*tally.Fact]) error {
			found.view = v
			found.kinds = found.occurring(wanted)
			if again = slices.ContainsFunc(found.kinds, func(k string) bool { return !slices.Contains(asked, k) }); again {
				return nil
			}
			last = v.Last
			return fn(found)
		})
		if err != nil {
			return feed.Head{}, err
		}
	}
	return last, nil
}

// occurring are the kinds wanted that have events, in order.
func (s *slabs) occurring(wanted func(kind string) bool) []string {
	seen := map[string]bool{}
	for day := s.days.From; day < s.days.Until; day++ {
		kinds, ok := s.view.Slab(tally.KindsMeasure, int32(day)).(*tally.Kinds)
		if !ok {
			continue
		}
		for kind := range kinds.All() {
			if !seen[kind] && wanted(kind) {
				seen[kind] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// on calls fn with the slabs of the kinds that are wanted on a day.
func (s *slabs) on(day calendar.Day, wanted func(kind string) bool, fn func(*tally.Events)) {
	for _, kind := range s.kinds {
		if !wanted(kind) {
			continue
		}
		if e, ok := s.view.Slab(tally.KindMeasure(kind), int32(day)).(*tally.Events); ok {
			fn(e)
		}
	}
}

// question is a request about days, of which those in read are read. What it asks
// is told by the days found for its window, not by the window: that moves.
func question(b *brand, in proto.Message, days, read calendar.Days) fold.Question {
	bare := proto.Clone(in).ProtoReflect()
	for _, name := range []protoreflect.Name{"brand", "window"} {
		if field := bare.Descriptor().Fields().ByName(name); field != nil {
			bare.Clear(field)
		}
	}
	ask := append([]byte(bare.Descriptor().Name()), 0)
	for _, day := range []calendar.Day{days.From, days.Until, read.From, read.Until} {
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

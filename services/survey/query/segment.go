package query

import (
	"context"
	"encoding/binary"
	"hash/fnv"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/survey/segments"
)

// laid is a segment as it is laid over customer columns: one set for all days, or
// one for each.
type laid struct {
	people *people.Mapping
	now    *segments.Set
	then   *segments.History
}

// on are the customers in it whose answers of a day count.
func (l *laid) on(day calendar.Day) segments.Bits { return l.set(day).Bits(l.people) }

func (l *laid) set(day calendar.Day) *segments.Set {
	if l.then != nil {
		return l.then.On(day)
	}
	return l.now
}

// crowd is who is in the segments of one request. Each is asked for once, and all
// are read by one mapping, so that an answer is of one piece.
type crowd struct {
	people *people.Mapping
	sets   map[string]*segments.Set
	// seen tells what the answer is made of, for its place in the cache.
	seen []byte
}

// extra is the version of all that the answer reads beside facts.
func (a asker) extra() uint64 {
	if len(a.crowd.seen) == 0 {
		return a.version
	}
	h := fnv.New64a()
	h.Write(binary.LittleEndian.AppendUint64(nil, a.version))
	h.Write(binary.LittleEndian.AppendUint64(nil, a.crowd.people.Version()))
	h.Write(a.crowd.seen)
	return h.Sum64()
}

// members asks who is in a segment now or, with days, was at the end of each.
func (a asker) members(ctx context.Context, id string, then *calendar.Days) (*laid, error) {
	c := a.crowd
	out := &laid{people: a.people(), now: c.sets[id]}
	var err error
	switch {
	case then != nil:
		if out.then, err = a.b.Segments.Then(ctx, a.b.Name, id, *then, a.b.Zone); err != nil {
			return nil, err
		}
		out.now = out.then.Now
	case out.now == nil:
		if out.now, err = a.b.Segments.Now(ctx, a.b.Name, id); err != nil {
			return nil, err
		}
		if c.sets == nil {
			c.sets = map[string]*segments.Set{}
		}
		c.sets[id] = out.now
	}
	c.seen = binary.AppendVarint(c.seen, out.now.Seq)
	c.seen = binary.AppendVarint(c.seen, int64(out.now.Version))
	return out, nil
}

// lay asks who is in the segments of a plan, whose window must be known.
func (p *Plan) lay(ctx context.Context, a asker, s *surveyv1.Scope) error {
	var then *calendar.Days
	if s.GetSegmentTime() == surveyv1.SegmentTime_SEGMENT_TIME_THEN {
		then = &calendar.Days{From: p.window.days.From - calendar.Day(p.lead()), Until: p.window.days.Until}
	}
	if err := a.layScope(ctx, p.scope.whose, s.GetSegmentId(), then); err != nil {
		return err
	}
	for k := range p.by {
		d := &p.by[k]
		for _, id := range d.segments {
			l, err := a.members(ctx, id, then)
			if err != nil {
				return err
			}
			d.laid = append(d.laid, l)
		}
	}
	return nil
}

// layScope finds out whose answers a scope lets pass; nil: anybody's.
func (a asker) layScope(ctx context.Context, w *whose, id string, then *calendar.Days) error {
	if w == nil {
		return nil
	}
	var err error
	if id != "" {
		if w.segment, err = a.members(ctx, id, then); err != nil {
			return err
		}
	}
	if w.given {
		w.people = a.people()
		// The set itself is part of the question; who is who is not.
		a.crowd.seen = append(a.crowd.seen, 0)
	}
	return nil
}

// people is who stands for whom, the same for all of a request.
func (a asker) people() *people.Mapping {
	if a.crowd.people == nil {
		a.crowd.people = a.b.People()
	}
	return a.crowd.people
}

// ofSegments tells that an answer depends on who is in a segment.
func ofSegments(req *surveyv1.GetMetricRequest) bool {
	for _, g := range req.GetGroupBy() {
		if len(g.GetSegmentIds()) > 0 {
			return true
		}
	}
	return req.GetScope().GetSegmentId() != ""
}

// segmentsOf are the segments of a dimension on one day, in their order.
type segmentsOf []segments.Bits

func (d *dimension) membersOn(day calendar.Day) segmentsOf {
	var out segmentsOf
	for _, l := range d.laid {
		out = append(out, l.on(day))
	}
	return out
}

// of appends the places of the segments that a customer is in.
func (s segmentsOf) of(customer int64, into []int32) []int32 {
	for k, bits := range s {
		if bits.Has(customer) {
			into = append(into, int32(k))
		}
	}
	return into
}

package lake

import (
	"context"
	"errors"
	"sync/atomic"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/journey/record"
	"github.com/rapport-cx/rapport/services/journey/trail"
)

// held is the events of one question, decoded: all that the log up to at says of its
// days. Where it came from, files or log, no longer matters, so no sealing makes it
// stale: only facts do, and they are added to it.
type held struct {
	key key
	// turn lets one at a time change what follows.
	turn  chan struct{}
	ready bool
	at    feed.Cursor
	asOf  int64
	names *names
	// blocks hold the events, by customer number or order; a unit is in one alone, the
	// one that home tells if it may be in any.
	blocks []*block
	// loose are customer numbers that were merged with others when blocks were made.
	loose *block
	// joined are the persons that these make; nil: not put together yet.
	joined *joined
	// tail is what came since, and touched the units that it is about.
	tail    *tail[event]
	touched map[int64]struct{}

	answer atomic.Pointer[answer]
}

// answer is a held's events at one moment.
type answer struct {
	at     feed.Cursor
	people *people.Mapping
	trails *trail.Trails
}

func newHeld(k key) *held { return &held{key: k, turn: make(chan struct{}, 1)} }

// Load returns the events of a brand of some days, by person or by order, as the log
// has them now. Events of employees and without a customer are in no person's trail.
func (l *Lake) Load(ctx context.Context, brand string, unit journeyv1.Unit, days calendar.Days) (*trail.Trails, error) {
	if unit != journeyv1.Unit_UNIT_ORDER {
		unit = journeyv1.Unit_UNIT_PERSON
	}
	h := l.cache.get(key{brand, unit, days})
	head, err := l.log.Head(ctx, brand)
	if err != nil {
		return nil, err
	}
	who := l.people(brand, unit)
	if a := h.answer.Load(); a != nil && a.at == head.Cursor() && same(a.people, who) {
		return a.trails, nil
	}
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.turn }()
	if err := l.follow(ctx, h); err != nil {
		return nil, err
	}
	a := h.answer.Load()
	if a == nil || a.at != h.at || !same(a.people, who) {
		trails, bytes := h.view(who, l.apart)
		a = &answer{h.at, who, trails}
		h.answer.Store(a)
		l.cache.weigh(h, bytes)
	}
	return a.trails, nil
}

// people is who stands for whom; orders stand for themselves.
func (l *Lake) people(brand string, unit journeyv1.Unit) *people.Mapping {
	if unit == journeyv1.Unit_UNIT_ORDER {
		return nobody
	}
	return l.cfg.People(brand)
}

var nobody = &people.Mapping{}

func same(a, b *people.Mapping) bool { return a == b || a.Empty() && b.Empty() }

// follow brings what is held up to the head of the log.
func (l *Lake) follow(ctx context.Context, h *held) error {
	if h.ready {
		err := l.catchUp(ctx, h)
		if !errors.Is(err, feed.ErrReplaced) {
			return err
		}
	}
	return l.open(ctx, h)
}

// catchUp adds what came since.
func (l *Lake) catchUp(ctx context.Context, h *held) error {
	head, err := l.log.Head(ctx, h.key.brand)
	if err != nil || head.Cursor() == h.at {
		return err
	}
	if gap := head.Seq - h.at.Seq; gap > 0 && gap <= int64(l.few) {
		facts, err := l.log.Continue(ctx, h.key.brand, h.at, l.few)
		if err != nil {
			return err
		}
		for i := range facts {
			f := &facts[i]
			if h.key.days.Has(calendar.Day(f.Day)) {
				if err := version(f, h.take); err != nil {
					return err
				}
			}
			h.at, h.asOf = f.Cursor(), f.At
		}
		return nil
	}
	if ok, err := l.log.Has(ctx, h.key.brand, h.at); err != nil || !ok {
		return errors.Join(err, feed.ErrReplaced)
	}
	// Days are not read in the order of the log: what is left halfway is of no use.
	h.ready = false
	after := h.at.Seq
	if err := l.readTail(ctx, h, func(calendar.Day) int64 { return after }, head.Seq); err != nil {
		return err
	}
	h.at, h.asOf, h.ready = head.Cursor(), head.At, true
	return nil
}

// readTail takes in the facts of all days behind after and not behind upto.
func (l *Lake) readTail(ctx context.Context, h *held, after func(calendar.Day) int64, upto int64) error {
	first, touched, err := l.touched(ctx, h.key.brand, h.key.days)
	if err != nil {
		return err
	}
	for i, seq := range touched {
		d := first + calendar.Day(i)
		if seq <= after(d) {
			continue
		}
		if err := l.versions(ctx, h.key.brand, d, after(d), upto, h.take); err != nil {
			return err
		}
	}
	return nil
}

// take adds a version of an event to the tail.
func (h *held) take(_ *feed.Fact, p *record.Packed) error {
	e := event{number: p.Number, at: p.At, sequence: p.Sequence, channel: uint8(p.Channel)}
	if h.key.unit == journeyv1.Unit_UNIT_ORDER {
		e.unit = orderUnit(p.Order)
	} else if !p.Employee {
		e.unit = p.Who
	}
	if e.unit == 0 {
		return nil
	}
	kind, err := h.names.kind([]byte(p.Kind))
	if err != nil {
		return err
	}
	e.kind = uint16(kind)
	if len(p.Subjects) > 0 {
		if e.subjects, err = h.names.set([]byte(subjectsText(p.Subjects))); err != nil {
			return err
		}
	}
	h.tail.add(p.Sign, e)
	if h.touched != nil {
		h.touched[e.unit] = struct{}{}
	}
	return nil
}

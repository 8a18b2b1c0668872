package segment

import (
	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/field"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// verdict is of whom a rule was asked and for whom it holds.
type verdict struct{ asked, holds *roaring64.Bitmap }

// ruled is a live segment's id and rule.
type ruled struct {
	id   string
	rule *Rule
}

// findings are the verdicts of one evaluation, by segment.
type findings struct {
	day calendar.Day
	// gone are numbers that are no persons any more: in no segment.
	gone     *roaring64.Bitmap
	verdicts map[string]*verdict
}

func newFindings(day calendar.Day) *findings {
	return &findings{day: day, gone: roaring64.New(), verdicts: map[string]*verdict{}}
}

// said tells that anything was found out.
func (f *findings) said() bool { return len(f.verdicts) > 0 || !f.gone.IsEmpty() }

// of is the verdict of a segment, to be added to.
func (f *findings) of(id string) *verdict {
	v := f.verdicts[id]
	if v == nil {
		v = &verdict{roaring64.New(), roaring64.New()}
		f.verdicts[id] = v
	}
	return v
}

// add puts verdicts about persons in; what they say of somebody that was asked about
// before replaces that.
func (f *findings) add(o *findings) {
	f.gone.Or(o.gone)
	for id, v := range o.verdicts {
		mine := f.of(id)
		mine.asked.Or(v.asked)
		mine.holds.AndNot(v.asked)
		mine.holds.Or(v.holds)
	}
	for _, v := range f.verdicts {
		v.holds.AndNot(o.gone)
	}
}

// ask asks rules of persons; groups tells for each where its knowledge changed, and
// only the rules that read there are asked.
func (f *findings) ask(rules []ruled, fields *field.Catalogue, persons []*Subject, groups func(id int64) field.Group) {
	if len(persons) == 0 {
		return
	}
	asked, holds := make([][]uint64, len(rules)), make([][]uint64, len(rules))
	v := fields.Values(persons[0].Known, f.day)
	for _, p := range persons {
		v.Reset(p.Known, f.day)
		changed := groups(p.ID)
		for i := range rules {
			r := rules[i].rule
			if r.groups&changed == 0 || r.algebra() {
				continue
			}
			asked[i] = append(asked[i], uint64(p.ID))
			if r.holds(p, v) {
				holds[i] = append(holds[i], uint64(p.ID))
			}
		}
	}
	for i := range rules {
		into := f.of(rules[i].id)
		into.asked.AddMany(asked[i])
		into.holds.AddMany(holds[i])
	}
}

// askAll asks rules of persons of whom anything may be new, ascending by id.
func (f *findings) askAll(rules []ruled, fields *field.Catalogue, persons []*Subject) {
	if len(persons) == 0 {
		return
	}
	ids, holds := make([]uint64, len(persons)), make([][]uint64, len(rules))
	v := fields.Values(persons[0].Known, f.day)
	for n, p := range persons {
		v.Reset(p.Known, f.day)
		ids[n] = uint64(p.ID)
		for i := range rules {
			if r := rules[i].rule; !r.algebra() && r.holds(p, v) {
				holds[i] = append(holds[i], uint64(p.ID))
			}
		}
	}
	for i := range rules {
		if rules[i].rule.algebra() {
			continue
		}
		into := f.of(rules[i].id)
		if first, last := ids[0], ids[len(ids)-1]; last-first < uint64(len(ids)) {
			into.asked.AddRange(first, last+1)
		} else {
			into.asked.AddMany(ids)
		}
		into.holds.AddMany(holds[i])
	}
}

// move is a change of members and the base of the version it changes.
type move struct {
	*record.Membership
	base int64
}

// settle holds verdicts against who is in now: who enters and who leaves each
// segment. Algebra follows what its parts are afterwards, for everybody that anything
// was found out about.
func (l *Live) settle(f *findings) (out []move) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	touched := f.gone.Clone()
	for _, v := range f.verdicts {
		touched.Or(v.asked)
	}
	after := map[string]*roaring64.Bitmap{}
	for _, s := range l.order {
		now := roaring64.And(s.members, touched)
		then := s.then(f, now, after)
		after[s.ID()] = then
		if m := s.moved(f.day, now, then); m != nil {
			out = append(out, *m)
		}
	}
	return out
}

// moved is what leads from one set to another; nil if they are the same.
func (s *Segment) moved(day calendar.Day, now, then *roaring64.Bitmap) *move {
	entered, left := roaring64.AndNot(then, now), roaring64.AndNot(now, then)
	if entered.IsEmpty() && left.IsEmpty() {
		return nil
	}
	return &move{&record.Membership{Segment: s.ID(), Version: s.Def.GetVersion(), Day: day, Entered: entered, Left: left}, s.base}
}

// then is who of those touched is in a segment afterwards; now is who is before.
func (s *Segment) then(f *findings, now *roaring64.Bitmap, after map[string]*roaring64.Bitmap) *roaring64.Bitmap {
	if a := s.Def.GetRule().GetAlgebra(); a != nil {
		return combine(a.GetOperation(), pick(after, a.GetSegmentIds()))
	}
	then := now.Clone()
	if v := f.verdicts[s.ID()]; v != nil {
		then.AndNot(v.asked)
		then.Or(v.holds)
	}
	then.AndNot(f.gone)
	return then
}

func pick(sets map[string]*roaring64.Bitmap, ids []string) []*roaring64.Bitmap {
	out := make([]*roaring64.Bitmap, len(ids))
	for i, id := range ids {
		out[i] = sets[id]
	}
	return out
}

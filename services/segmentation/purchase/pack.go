package purchase

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// packed and visited are versions of the form below; a History has one form alone: it
// is visited if there is any visit, and packed, which has none, otherwise.
//
//	version
//	number of traits, each: kind, length, name; sorted
//	number of days, each: days since the one before, purchases, returns, spent,
//	    returned, in visited: visits, number of traits, each: steps since the one
//	    before, purchases
const (
	packed  = 1
	visited = 2
)

// Pack writes a history; equal histories are equal bytes.
func (h *History) Pack() []byte {
	traits := h.traits()
	form := h.form()
	out := binary.AppendUvarint([]byte{form}, uint64(len(traits)))
	for _, t := range traits {
		out = append(out, byte(t.Kind))
		out = binary.AppendUvarint(out, uint64(len(t.Name)))
		out = append(out, t.Name...)
	}
	out = binary.AppendUvarint(out, uint64(len(h.days)))
	before := calendar.Day(0)
	for _, d := range h.days {
		out = binary.AppendVarint(out, int64(d.Day-before))
		before = d.Day
		for _, n := range [...]int64{d.Purchases, d.Returns, d.Spent, d.Returned} {
			out = binary.AppendVarint(out, n)
		}
		if form == visited {
			out = binary.AppendVarint(out, d.Visits)
		}
		out = binary.AppendUvarint(out, uint64(len(d.Seen)))
		last := 0
		for _, s := range d.Seen {
			at, _ := slices.BinarySearchFunc(traits, s.Trait, compareTraits)
			out = binary.AppendUvarint(out, uint64(at-last))
			out = binary.AppendVarint(out, s.Purchases)
			last = at
		}
	}
	return out
}

// form is the version that the history is packed in.
func (h *History) form() byte {
	if slices.ContainsFunc(h.days, func(d Day) bool { return d.Visits != 0 }) {
		return visited
	}
	return packed
}

// traits are all that any day has, sorted.
func (h *History) traits() (all []Trait) {
	known := map[Trait]bool{}
	for _, d := range h.days {
		for _, s := range d.Seen {
			if !known[s.Trait] {
				known[s.Trait] = true
				all = append(all, s.Trait)
			}
		}
	}
	slices.SortFunc(all, compareTraits)
	return all
}

// errPacked says that bytes are not a history.
var errPacked = errors.New("history of purchases cannot be read")

// Parse reads what Pack wrote. No bytes are an empty history.
func Parse(b []byte) (*History, error) {
	h := &History{}
	if err := h.parse(b); err != nil {
		return nil, err
	}
	return h, nil
}

// parse makes an empty history what Pack wrote.
func (h *History) parse(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	r := &reader{rest: b[1:], visits: b[0] == visited}
	if b[0] != packed && b[0] != visited {
		return errPacked
	}
	var traits []Trait
	if n := r.size(); n > 0 {
		traits = make([]Trait, n)
	}
	if len(traits) > 0 {
		r.text = string(r.rest)
	}
	for i := range traits {
		traits[i] = r.trait()
		r.bad = r.bad || i > 0 && compareTraits(traits[i-1], traits[i]) >= 0
	}
	h.days = make([]Day, r.size())
	before := calendar.Day(0)
	for i := range h.days {
		h.days[i] = r.day(before, traits)
		r.bad = r.bad || i > 0 && h.days[i].Day <= before
		before = h.days[i].Day
	}
	if r.bad || len(r.rest) > 0 || h.form() != b[0] {
		return errPacked
	}
	return nil
}

// reader takes numbers off; once anything is wrong, bad stays set.
type reader struct {
	rest []byte
	bad  bool
	// text is what traits are named in: rest as it was before the first of them. All
	// names are parts of it, and seen has room for days to come: walks along everybody
	// parse millions of histories, and to find room for each part costs more than to read.
	text string
	seen []Seen
	// visits tells that days have them.
	visits bool
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// size is a number of things that follow, each of a byte at least.
func (r *reader) size() int {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > uint64(len(r.rest)-size) {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return int(n)
}

func (r *reader) trait() (t Trait) {
	if len(r.rest) == 0 {
		r.bad = true
		return t
	}
	t.Kind = TraitKind(r.rest[0])
	r.rest = r.rest[1:]
	n := r.size()
	at := len(r.text) - len(r.rest)
	t.Name = r.text[at : at+n]
	r.rest = r.rest[n:]
	return t
}

// room is a place for n traits that nobody else has; to add to it is to move it.
func (r *reader) room(n int) []Seen {
	if n > len(r.seen) {
		// A trait of a day is two bytes or more, and the day itself six.
		r.seen = make([]Seen, max(n, n+len(r.rest)/6))
	}
	out := r.seen[:n:n]
	r.seen = r.seen[n:]
	return out
}

func (r *reader) day(before calendar.Day, traits []Trait) (d Day) {
	day := int64(before) + r.varint()
	r.bad = r.bad || day < math.MinInt32 || day > math.MaxInt32
	d.Day = calendar.Day(day)
	d.Purchases, d.Returns, d.Spent, d.Returned = r.varint(), r.varint(), r.varint(), r.varint()
	if r.visits {
		d.Visits = r.varint()
	}
	n := r.size()
	if n == 0 {
		return d
	}
	d.Seen = r.room(n)
	at := uint64(0)
	for i := range d.Seen {
		step, size := binary.Uvarint(r.rest)
		if size <= 0 || i > 0 && step == 0 || step >= uint64(len(traits)) || at+step >= uint64(len(traits)) {
			r.bad, r.rest = true, nil
			return d
		}
		r.rest = r.rest[size:]
		at += step
		d.Seen[i] = Seen{Trait: traits[at], Purchases: r.varint()}
	}
	return d
}

package tally

// reader takes packed values off the front of b. After the first damage it
// yields zeros and bad stays set, so that callers check once, at the end.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) fail() {
	r.bad = true
	r.b = nil
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) uvarint() uint64 {
	v, size := short(r.b)
	if size == 0 {
		r.fail() // cut off, too long, or not the shortest form
		return 0
	}
	r.b = r.b[size:]
	return v
}

func (r *reader) varint() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// day reads a day as its difference from another.
func (r *reader) day(from int32) int32 {
	v := r.varint()
	d := int64(from) + v
	if v != int64(int32(v)) || d != int64(int32(d)) {
		r.fail()
		return 0
	}
	return int32(d)
}

// atMost reads a number that must not be above top.
func (r *reader) atMost(top uint64) uint64 {
	v := r.uvarint()
	if v > top {
		r.fail()
		return 0
	}
	return v
}

// count reads a number of elements of at least size bytes each, so that damaged
// input cannot ask for more memory than it has bytes.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.b)/size) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) set() []uint32 {
	n := r.count(1)
	if n == 0 {
		return nil
	}
	set := make([]uint32, n)
	last := uint64(0)
	for i := range set {
		step := r.atMost(uint64(Whole))
		last += step
		if last >= uint64(Whole) || i > 0 && step == 0 {
			r.fail()
			return nil
		}
		set[i] = uint32(last)
	}
	return set
}

func (r *reader) facets() []Facet {
	n := r.count(2)
	if n == 0 {
		return nil
	}
	facets := make([]Facet, n)
	for i := range facets {
		facets[i] = Facet{Name: r.string(), Value: r.string()}
		if i > 0 && facets[i].Name <= facets[i-1].Name {
			r.fail()
			return nil
		}
	}
	return facets
}

func (r *reader) string() string {
	n := r.count(1)
	if n == 0 {
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *reader) scores() []Score {
	n := r.count(3)
	if n == 0 {
		return nil
	}
	scores := make([]Score, n)
	for i := range scores {
		s := Score{Metric: uint32(r.atMost(1<<32 - 1)), Score: r.byte(), Importance: r.byte()}
		if s.Score > maxScore || s.Importance > maxImportance || i > 0 && s.Metric < scores[i-1].Metric {
			r.fail()
			return nil
		}
		scores[i] = s
	}
	return scores
}

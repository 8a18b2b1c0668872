package answer

import (
	"encoding/binary"
	"errors"
	"math"
)

// packed is the version of the form below; a History has one form alone.
//
//	version
//	number of metrics, each: length, name, number of answers, each: time since the one
//	    before, number since the one before, score
const packed = 1

// Pack writes a history; equal histories are equal bytes.
func (h *History) Pack() []byte {
	out := binary.AppendUvarint([]byte{packed}, uint64(len(h.metrics)))
	for _, m := range h.metrics {
		out = binary.AppendUvarint(out, uint64(len(m.name)))
		out = append(out, m.name...)
		out = binary.AppendUvarint(out, uint64(len(m.answers)))
		before := Answer{}
		for _, a := range m.answers {
			out = binary.AppendVarint(out, a.At-before.At)
			out = binary.AppendVarint(out, a.Response-before.Response)
			out = binary.AppendVarint(out, int64(a.Score))
			before = a
		}
	}
	return out
}

// errPacked says that bytes are not a history.
var errPacked = errors.New("history of answers cannot be read")

// Parse reads what Pack wrote.
func Parse(b []byte) (*History, error) {
	if len(b) == 0 || b[0] != packed {
		return nil, errPacked
	}
	r := &reader{rest: b[1:]}
	h := &History{metrics: make([]metric, r.size())}
	for i := range h.metrics {
		m := &h.metrics[i]
		n := r.size()
		m.name = string(r.rest[:n])
		r.rest = r.rest[n:]
		m.answers = make([]Answer, r.size())
		before := Answer{}
		for j := range m.answers {
			m.answers[j] = r.answer(before)
			before = m.answers[j]
		}
		r.bad = r.bad || len(m.answers) == 0
	}
	if r.bad || len(r.rest) > 0 {
		return nil, errPacked
	}
	return h, nil
}

// reader takes numbers off; once anything is wrong, bad stays set.
type reader struct {
	rest []byte
	bad  bool
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

func (r *reader) answer(before Answer) Answer {
	a := Answer{At: before.At + r.varint(), Response: before.Response + r.varint()}
	score := r.varint()
	r.bad = r.bad || score < math.MinInt32 || score > math.MaxInt32
	a.Score = int32(score)
	return a
}

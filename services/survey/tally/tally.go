// Package tally is what a response counts for: the packed record that folds
// read, and the two slabs it moves, histograms and columns.
//
// Subjects, metrics and surveys appear as numbers given out by the directory in
// log order, so that every replica packs the same bytes.
package tally

import (
	"encoding/binary"
	"errors"
	"slices"
)

// Tally is the counting part of one version of a response. It holds no text and
// nothing personal beyond the customer's number.
type Tally struct {
	// Sign is +1 for a recorded version and −1 for its reversal.
	Sign int32
	// Row is the log number of the version counted; a reversal carries the number
	// of the version it takes out.
	Row int64
	// Day is the official day (experience), Live the day of the answer, both in
	// days since 1970-01-01 of the brand's calendar.
	Day, Live int32
	// Quarter is the quarter hour of the answer within its local day, by elapsed
	// time from 0; at most 99, on a day of 25 hours.
	Quarter uint8
	// Hour is the clock hour of the answer, 0 to 23.
	Hour uint8
	// Channel and Mode are the numbers of the proto enums.
	Channel, Mode uint8
	// Survey is the directory's number of the survey.
	Survey uint32
	// Commented says that the response has a text that is not blank.
	Commented bool
	// Customer is the customer's number, 0 if unknown.
	Customer int64
	// Named are the subjects the response names, ascending and distinct.
	Named []uint32
	// Path is everything it counts in: Named and all ancestors as the structure
	// stood at the time; ascending and distinct.
	Path []uint32
	// Facets are the facets given, ascending by name.
	Facets []Facet
	// Scores are the scored answers, ascending by metric; LowShare's comes first,
	// if any answer of the response can be low.
	Scores []Score
}

// Facet is one declared property of a response.
type Facet struct{ Name, Value string }

// Score is one scored answer.
type Score struct {
	// Metric is the directory's number of the metric.
	Metric uint32
	// Score is 0 to 10.
	Score uint8
	// Importance is 1 to 10 for a CSI parameter, 0 otherwise.
	Importance uint8
}

// LowShare is the number of the built-in metric low.share: 1 for a questionnaire
// with a low score, 0 for one without.
const LowShare uint32 = 0

// Invitations is the number under which links stand: what counts there is how far
// somebody came, and no answer. The directory never gives this number out.
const Invitations uint32 = 1<<32 - 1

const format = 1

var errTally = errors.New("tally: packed record is damaged")

// Append packs t behind b. Sign and Row are left out: the fact's kind tells the
// one, and Row is packed only where it is not the fact's own number.
func (t *Tally) Append(b []byte) []byte {
	b = append(b, format)
	b = binary.AppendVarint(b, t.Row)
	b = binary.AppendVarint(b, int64(t.Day))
	b = binary.AppendVarint(b, int64(t.Live)-int64(t.Day)) // small: both are of one visit
	flags := byte(0)
	if t.Commented {
		flags = 1
	}
	b = append(b, t.Quarter, t.Hour, t.Channel, t.Mode, flags)
	b = binary.AppendUvarint(b, uint64(t.Survey))
	b = binary.AppendVarint(b, t.Customer)
	b = appendSet(b, t.Named)
	b = appendSet(b, t.Path)
	b = packFacets(b, t.Facets)
	b = binary.AppendUvarint(b, uint64(len(t.Scores)))
	for _, s := range t.Scores {
		b = append(binary.AppendUvarint(b, uint64(s.Metric)), s.Score, s.Importance)
	}
	return b
}

// Parse unpacks a record. Sign is 1 and Row 0 unless it was packed: the caller
// knows the fact. Values that no slab could count are refused.
func Parse(b []byte) (*Tally, error) {
	r := reader{b: b}
	if r.byte() != format {
		return nil, errTally
	}
	t := &Tally{Sign: 1, Row: r.varint()}
	t.Day = r.day(0)
	t.Live = r.day(t.Day)
	t.Quarter, t.Hour, t.Channel, t.Mode = r.byte(), r.byte(), r.byte(), r.byte()
	t.Commented = r.atMost(1) == 1
	t.Survey = uint32(r.atMost(1<<32 - 1))
	t.Customer = r.varint()
	t.Named, t.Path = r.set(), r.set()
	t.Facets = r.facets()
	t.Scores = r.scores()
	if r.bad || len(r.b) != 0 || !t.countable() {
		return nil, errTally
	}
	return t, nil
}

// countable says that the values fit the slabs' columns and cells.
func (t *Tally) countable() bool {
	return t.Row >= 0 && t.Customer >= 0 && t.Quarter <= maxQuarter && t.Hour <= maxHour && t.Channel <= maxChannel
}

// In tells whether the response counts in the subject.
func (t *Tally) In(subject uint32) bool {
	_, ok := slices.BinarySearch(t.Path, subject)
	return ok
}

// appendSet packs an ascending set as its length and differences.
func appendSet(b []byte, set []uint32) []byte {
	b = binary.AppendUvarint(b, uint64(len(set)))
	last := uint32(0)
	for _, v := range set {
		b = binary.AppendUvarint(b, uint64(v-last))
		last = v
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

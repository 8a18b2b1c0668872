// Package feed keeps a service's log: the ordered, append-only facts of each
// brand, the head that numbers them, the tail that replicas follow and the
// consumer that gives each fact its effect exactly once.
//
// A fact is signed only by its kind: what a fact of kind K means, and whether
// it adds to or takes from a number, is the owning service's business. The log
// knows order, identity (Key) and the days a fact touches.
package feed

// Fact is one entry of a brand's log. It is never changed once committed; a
// correction is another fact that names it in Of.
type Fact struct {
	// Seq is the fact's place in its brand's log, from 1, ascending in commit
	// order. Numbers may have gaps; a smaller one never appears after a larger.
	Seq int64
	// Kind is the owning service's enumeration; 0 is not used.
	Kind int16
	// Key makes the fact idempotent: at most one fact per brand carries it.
	// Empty: the fact has no key of its own.
	Key []byte
	// Day and Day2 are the days this fact touches, in days since 1970-01-01 of
	// the brand's calendar. Day2 equals Day when only one is touched. Facts that
	// touch none (a definition, a note) have NoDay in both.
	Day, Day2 int32
	// Who is the customer the fact came with, 0 if none is known.
	Who int64
	// Of is the Seq of the first fact of the thing this fact continues
	// (an amendment names the response it amends); 0 for a first fact.
	Of int64
	// CommitID is the random number of the commit that wrote the fact. Together
	// with Seq it tells this log from one restored out of a backup.
	CommitID int64
	// At is the commit time in Unix microseconds; it never decreases with Seq.
	At int64
	// Data is what folds need, packed; it never holds text or personal data.
	Data []byte
	// Body is the whole fact as a protobuf message.
	Body []byte
}

// NoDay marks a fact that belongs to no day.
const NoDay int32 = -1 << 31

// Cursor is a position in a brand's log: everything up to and including Seq
// has been seen. The zero Cursor is the beginning.
type Cursor struct {
	Seq      int64
	CommitID int64
}

// Cursor of a fact: the position just behind it.
func (f *Fact) Cursor() Cursor { return Cursor{Seq: f.Seq, CommitID: f.CommitID} }

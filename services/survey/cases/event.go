package cases

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// event is what one fact means for cases.
type event struct {
	at time.Time
	// first is the number of the response.
	first int64
	// response is what it now says; nil when it was retracted.
	response *surveyv1.Response
	amended  bool
	// reason was given for an amendment or a retraction.
	reason  string
	met     []*surveyv1.CaseRule
	comment string
	// key says whose response it is.
	key []byte
}

// errBehind says that the directory of this replica has not caught up with the
// log: the batch is taken back and comes again.
var errBehind = errors.New("the directory is behind the log")

// events reads a batch of facts. lookup gives all facts of a response; it is
// asked only where the batch ends within a reversal's commit.
func events(ctx context.Context, b Brand, facts []feed.Fact,
	lookup func(ctx context.Context, first int64) ([]feed.Fact, error)) ([]*event, error) {
	var list []*event
	for i := range facts {
		f := &facts[i]
		var e *event
		var err error
		switch f.Kind {
		case record.Response:
			e, err = recorded(b, f)
		case record.Reversal:
			amended, whole := amendedBy(f, facts[i+1:])
			if !amended && !whole {
				rest, err := lookup(ctx, f.Of)
				if err != nil {
					return nil, err
				}
				amended, _ = amendedBy(f, rest)
			}
			if !amended {
				e, err = retracted(f)
			}
		}
		if err != nil {
			return nil, err
		}
		// A response that meets no rule matters only to cases it already has.
		if e != nil && (e.amended || e.response == nil || len(e.met) > 0) {
			list = append(list, e)
		}
	}
	return list, nil
}

// amendedBy tells whether a reversal has its new version in what follows it:
// both are of one commit, a retraction stands alone. whole says that the commit
// ended before rest did, so that no other answer can come.
func amendedBy(reversal *feed.Fact, rest []feed.Fact) (found, whole bool) {
	for i := range rest {
		f := &rest[i]
		if f.Seq > reversal.Seq && f.CommitID != reversal.CommitID {
			return false, true
		}
		if f.Seq > reversal.Seq && f.Kind == record.Response && f.Of == reversal.Of {
			return true, true
		}
	}
	return false, false
}

func retracted(f *feed.Fact) (*event, error) {
	rec, err := record.Open(f)
	if err != nil {
		return nil, err
	}
	return &event{at: time.UnixMicro(f.At), first: f.Of, reason: rec.GetReason()}, nil
}

func recorded(b Brand, f *feed.Fact) (*event, error) {
	rec, err := record.Open(f)
	if err != nil {
		return nil, err
	}
	in := rec.GetResponse()
	q := b.Questionnaire(in.GetSurveyId(), in.GetSurveyVersion())
	if q == nil {
		return nil, fmt.Errorf("survey %q version %d: %w", in.GetSurveyId(), in.GetSurveyVersion(), errBehind)
	}
	e := &event{at: time.UnixMicro(f.At), first: record.First(f), amended: f.Of != 0, reason: rec.GetReason(),
		met: matching(q, in), comment: firstComment(q, in)}
	e.key = personKey(in.GetCustomer().GetId(), rec.GetIdentityHash(), e.first)
	if !e.amended && len(e.met) == 0 {
		return e, nil
	}
	// Only now: most responses open nothing, and need no subjects.
	if e.response, err = record.Read(f, b.Subject); err != nil {
		return nil, err
	}
	if slices.Contains(e.response.CountedIn, nil) {
		return nil, fmt.Errorf("subjects of response %d: %w", e.first, errBehind)
	}
	return e, nil
}

// personKey is whose case it is: the customer's number, else the identity's
// hash, else nobody's, so that each anonymous response stands alone.
func personKey(customer int64, identity []byte, first int64) []byte {
	switch {
	case customer != 0:
		return binary.BigEndian.AppendUint64([]byte{'c'}, uint64(customer))
	case len(identity) > 0:
		return append([]byte{'h'}, identity...)
	}
	return binary.BigEndian.AppendUint64([]byte{'r'}, uint64(first))
}

// anonymous tells a key that no other response can have.
func anonymous(key []byte) bool { return key[0] == 'r' }

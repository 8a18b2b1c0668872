// Package record is what Survey writes into its log: the kinds of facts, their
// bodies, and how a response's versions are read back.
//
// A response is a RESPONSE fact. An amendment is two facts of one commit, a
// REVERSAL of the version before and a RESPONSE whose Of names the first; a
// retraction is the REVERSAL alone. Links and what becomes of them are facts of their
// own. Everything else is a definition.
package record

import (
	"fmt"
	"maps"
	"strconv"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// Kinds of facts in Survey's log. Numbers are stored: never reuse one.
const (
	// Response adds one version of a response; body ResponseRecord, data a Tally.
	Response int16 = 1
	// Reversal takes one version out; body ResponseRecord with the reason alone,
	// data the Tally of the version taken out.
	Reversal int16 = 2
	// Subject replaces an entry of the directory; body Subject.
	Subject int16 = 10
	// Metric replaces a metric; body Metric.
	Metric int16 = 11
	// Survey replaces a survey; body Survey, its versions only the one published
	// by this fact, if any.
	Survey int16 = 12
	// Goal sets or removes a goal; body SetGoalRequest.
	Goal int16 = 13
	// Person is a merge, unmerge or erasure that Segmentation told of; body
	// CustomerEvent.
	Person int16 = 14
	// Reply says something to a response on behalf of who was rated, or decides about
	// what was said; body ReplyRecord.
	Reply int16 = 15
	// Link makes a personal survey link, an invitation; body LinkRecord, data a Tally.
	Link int16 = 20
	// OpenLink makes one for anybody; it belongs to no day. As Link.
	OpenLink int16 = 21
	// LinkStep says that somebody came further by a link; data a Tally, Of a personal
	// link's own fact.
	LinkStep int16 = 22
	// LinkEnd takes the link that Of names back.
	LinkEnd int16 = 23
)

// Definitions are the kinds that belong to no day: those the directory is a fold
// of, who is who, and who replied.
var Definitions = []int16{Subject, Metric, Survey, Goal, Person, Reply}

// ReplyOf reads a REPLY fact.
func ReplyOf(f *feed.Fact) (*surveyv1.ReplyRecord, error) {
	r := &surveyv1.ReplyRecord{}
	if err := proto.Unmarshal(f.Body, r); err != nil {
		return nil, fmt.Errorf("fact %d: read reply: %w", f.Seq, err)
	}
	return r, nil
}

// Tally unpacks what a RESPONSE or REVERSAL counts for; nil for other kinds.
func Tally(f *feed.Fact) (*tally.Tally, error) {
	if f.Kind != Response && f.Kind != Reversal {
		return nil, nil
	}
	t, err := tally.Parse(f.Data)
	if err != nil {
		return nil, fmt.Errorf("fact %d: %w", f.Seq, err)
	}
	if f.Kind == Reversal {
		t.Sign = -1
	} else {
		t.Row = f.Seq
	}
	return t, nil
}

// Counted unpacks whatever is folded: responses, and how far invitations came.
func Counted(f *feed.Fact) (*tally.Tally, error) {
	if f.Kind != Link && f.Kind != LinkStep {
		return Tally(f)
	}
	t, err := tally.Parse(f.Data)
	if err != nil {
		return nil, fmt.Errorf("fact %d: %w", f.Seq, err)
	}
	t.Row = f.Seq
	return t, nil
}

// First is the log number of the response's first version: its id.
func First(f *feed.Fact) int64 {
	if f.Of != 0 {
		return f.Of
	}
	return f.Seq
}

// ID renders a response's number.
func ID(first int64) string { return strconv.FormatInt(first, 10) }

// Open reads the record in a RESPONSE or REVERSAL fact.
func Open(f *feed.Fact) (*surveyv1.ResponseRecord, error) {
	r := &surveyv1.ResponseRecord{}
	if err := proto.Unmarshal(f.Body, r); err != nil {
		return nil, fmt.Errorf("fact %d: read record: %w", f.Seq, err)
	}
	return r, nil
}

// Read turns one RESPONSE fact into the response a caller sees, output fields
// filled in. refs resolves the numbers of subjects.
func Read(f *feed.Fact, refs func(uint32) *commonv1.SubjectRef) (*surveyv1.Response, error) {
	rec, err := Open(f)
	if err != nil {
		return nil, err
	}
	t, err := Tally(f)
	if err != nil {
		return nil, err
	}
	out := rec.GetResponse()
	if out == nil {
		out = &surveyv1.Response{}
	}
	out.Id, out.Version = ID(First(f)), f.Seq
	out.ReceivedAt = micros(f.At)
	out.CountedIn = countedIn(t, refs)
	if len(rec.GetJoined()) > 0 && out.Facets == nil {
		out.Facets = make(map[string]string, len(rec.GetJoined()))
	}
	maps.Copy(out.GetFacets(), rec.GetJoined())
	if f.Of != 0 {
		out.ChangedAt, out.ChangeReason = micros(f.At), rec.GetReason()
	}
	return out, nil
}

// countedIn lists the subjects named, then their ancestors.
func countedIn(t *tally.Tally, refs func(uint32) *commonv1.SubjectRef) []*commonv1.SubjectRef {
	out := make([]*commonv1.SubjectRef, 0, len(t.Path))
	named := make(map[uint32]bool, len(t.Named))
	for _, n := range t.Named {
		named[n] = true
		out = append(out, refs(n))
	}
	for _, n := range t.Path {
		if !named[n] {
			out = append(out, refs(n))
		}
	}
	return out
}

// Current reads a response out of all its facts, in log order: the newest
// version, marked if it was retracted. received_at is that of the first.
func Current(facts []feed.Fact, refs func(uint32) *commonv1.SubjectRef) (*surveyv1.Response, error) {
	var newest *feed.Fact
	for i := range facts {
		if facts[i].Kind == Response {
			newest = &facts[i]
		}
	}
	if newest == nil {
		return nil, nil
	}
	out, err := Read(newest, refs)
	if err != nil {
		return nil, err
	}
	out.ReceivedAt = micros(facts[0].At)
	if last := &facts[len(facts)-1]; last.Kind == Reversal {
		rec, err := Open(last)
		if err != nil {
			return nil, err
		}
		out.Retracted, out.ChangedAt, out.ChangeReason = true, micros(last.At), rec.GetReason()
	}
	return out, nil
}

func micros(at int64) *timestamppb.Timestamp {
	return &timestamppb.Timestamp{Seconds: at / 1e6, Nanos: int32(at % 1e6 * 1000)}
}

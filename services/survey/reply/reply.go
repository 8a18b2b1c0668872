// Package reply is who said what to which response on behalf of whom: for each
// response the facts that tell, by their numbers. What they say stays in the log and is
// read when it is shown.
package reply

import (
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// Thread is one subject's reply to one response.
type Thread struct {
	Subject *commonv1.SubjectRef
	// Versions are the numbers of what it said, in order; Decision that of what the
	// brand decided last about it, 0: nothing.
	Versions []int64
	Decision int64
}

// Facts are the numbers of all facts that tell of it.
func (t *Thread) Facts() []int64 {
	if t.Decision == 0 {
		return t.Versions
	}
	return append(slices.Clone(t.Versions), t.Decision)
}

// Newest is the version that stands.
func (t *Thread) Newest() int64 { return t.Versions[len(t.Versions)-1] }

// Book has the replies of one brand.
type Book struct {
	mu sync.RWMutex
	of map[int64][]Thread
}

// NewBook has none yet.
func NewBook() *Book { return &Book{of: map[int64][]Thread{}} }

// Apply takes a REPLY fact in. Calls come one at a time, in the order of the log.
func (b *Book) Apply(f *feed.Fact) error {
	r, err := record.ReplyOf(f)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	// What was handed out is never changed.
	all := slices.Clone(b.of[r.GetResponse()])
	at := slices.IndexFunc(all, func(t Thread) bool { return proto.Equal(t.Subject, r.GetSubject()) })
	if at < 0 {
		all = append(all, Thread{Subject: r.GetSubject()})
		at = len(all) - 1
	}
	if r.GetDecision() {
		all[at].Decision = f.Seq
	} else {
		all[at].Versions = append(slices.Clone(all[at].Versions), f.Seq)
	}
	b.of[r.GetResponse()] = all
	return nil
}

// Of are the replies to a response, in the order of their first words. They must not be
// changed.
func (b *Book) Of(response int64) []Thread {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.of[response]
}

// Find is a subject's reply to a response; false: there is none.
func (b *Book) Find(response int64, subject *commonv1.SubjectRef) (Thread, bool) {
	all := b.Of(response)
	at := slices.IndexFunc(all, func(t Thread) bool { return proto.Equal(t.Subject, subject) })
	if at < 0 {
		return Thread{}, false
	}
	return all[at], true
}

// Told is a reply as its facts tell it; with what it said before, or without. facts are
// those of the thread, by number.
func Told(t Thread, facts map[int64]*feed.Fact, earlier bool) (*surveyv1.Reply, error) {
	var all []*surveyv1.Reply
	for _, seq := range t.Versions {
		f := facts[seq]
		if f == nil {
			continue // is not asked for
		}
		one, err := version(f)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	out := all[len(all)-1]
	if len(t.Versions) > 1 {
		out.WrittenAt, out.AmendedAt = all[0].GetWrittenAt(), out.GetWrittenAt()
	}
	if earlier {
		out.Earlier = all[:len(all)-1]
	}
	if f := facts[t.Decision]; f != nil {
		decided, err := record.ReplyOf(f)
		if err != nil {
			return nil, err
		}
		if out.Withheld = decided.GetWithheld(); out.Withheld {
			out.WithheldReason = decided.GetReason()
		}
	}
	return out, nil
}

func version(f *feed.Fact) (*surveyv1.Reply, error) {
	r, err := record.ReplyOf(f)
	if err != nil {
		return nil, err
	}
	return &surveyv1.Reply{Subject: r.GetSubject(), Author: r.GetAuthor(), Text: r.GetText(), Public: r.GetPublic(), Version: f.Seq,
		WrittenAt: &timestamppb.Timestamp{Seconds: f.At / 1e6, Nanos: int32(f.At % 1e6 * 1000)}}, nil
}

package survey

import (
	"context"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/reply"
)

// ReplyToResponse says something to a response on behalf of who was rated.
func (s *Server) ReplyToResponse(ctx context.Context, in *surveyv1.ReplyToResponseRequest) (*surveyv1.ReplyToResponseResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), subjectName(in.GetSubject()), access.Work)
	if err != nil {
		return nil, err
	}
	see := s.sight(ctx, b)
	if err := see.One(in.GetSubject()); err != nil {
		return nil, err
	}
	out := &surveyv1.ReplyToResponseResponse{}
	err = s.store.change(ctx, b.ID, func(log feed.Reader, _ time.Time) ([]feed.Fact, error) {
		first, err := repliable(ctx, log, b, in)
		if err != nil {
			return nil, elsewhere(see, err)
		}
		facts, err := s.reply(ctx, log, b, first, in)
		out.Replayed = err == nil && facts == nil
		return facts, err
	})
	if err != nil {
		return nil, err
	}
	out.Reply, err = s.replyOf(ctx, b, in.GetResponseId(), in.GetSubject())
	return out, err
}

// repliable is the number of a response that may be replied to on behalf of a subject.
func repliable(ctx context.Context, log feed.Reader, b *brand, in *surveyv1.ReplyToResponseRequest) (int64, error) {
	facts, err := versions(ctx, log, b.ID, in.GetResponseId())
	if err != nil {
		return 0, err
	}
	r, err := record.Current(facts, b.book.Load().Ref)
	if err != nil {
		return 0, err
	}
	// In the order in which a caller of a part of the brand may learn of it.
	if !slices.ContainsFunc(r.GetCountedIn(), func(one *commonv1.SubjectRef) bool { return proto.Equal(one, in.GetSubject()) }) {
		if _, known := b.book.Load().Subject(in.GetSubject()); known {
			return 0, fault.NotFound(commonv1.Reason_REASON_RESPONSE_UNKNOWN, "response %q is not about it", in.GetResponseId())
		}
		return 0, fault.NotFound(commonv1.Reason_REASON_SUBJECT_UNKNOWN, "subject %s", subjectName(in.GetSubject()))
	}
	if r.GetRetracted() {
		return 0, fault.Precondition(commonv1.Reason_REASON_RESPONSE_RETRACTED, "response %s was retracted", in.GetResponseId())
	}
	rec, err := record.Open(&facts[len(facts)-1])
	if err == nil && rec.GetErased() {
		err = fault.Precondition(commonv1.Reason_REASON_CUSTOMER_ERASED, "who wrote response %s was erased", in.GetResponseId())
	}
	return facts[0].Seq, err
}

// reply is the fact of a new version; nothing if it says what stands there already.
func (s *Server) reply(ctx context.Context, log feed.Reader, b *brand, first int64, in *surveyv1.ReplyToResponseRequest) ([]feed.Fact, error) {
	next := &surveyv1.ReplyRecord{Response: first, Subject: in.GetSubject(), Author: in.GetAuthor(), Text: in.GetText(), Public: in.GetPublic()}
	have, there := b.replies.Load().Find(first, in.GetSubject())
	if there {
		facts, err := log.Get(ctx, b.ID, have.Newest())
		if err != nil || len(facts) == 0 {
			return nil, floor.Unavailable("read reply", err)
		}
		was, err := record.ReplyOf(&facts[0])
		if err != nil || proto.Equal(was, next) {
			return nil, err
		}
	}
	if v := in.GetVersion(); v != 0 && (!there || v != have.Newest()) {
		e := fault.Aborted(commonv1.Reason_REASON_VERSION_CONFLICT, "the reply to response %s is another one by now", in.GetResponseId())
		if there {
			e = e.With("version", strconv.FormatInt(have.Newest(), 10))
		}
		return nil, e
	}
	f, err := definition(record.Reply, next)
	return []feed.Fact{f}, err
}

// ModerateReply keeps a reply from the public, or lets it be seen again.
func (s *Server) ModerateReply(ctx context.Context, in *surveyv1.ModerateReplyRequest) (*surveyv1.ModerateReplyResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Amend)
	if err != nil {
		return nil, err
	}
	out := &surveyv1.ModerateReplyResponse{}
	err = s.store.change(ctx, b.ID, func(log feed.Reader, _ time.Time) ([]feed.Fact, error) {
		facts, err := versions(ctx, log, b.ID, in.GetResponseId())
		if err != nil {
			return nil, err
		}
		first := facts[0].Seq
		have, err := s.thread(ctx, log, b, first, in.GetSubject())
		if err != nil {
			return nil, err
		}
		if have.GetWithheld() == in.GetWithheld() && (!in.GetWithheld() || have.GetWithheldReason() == in.GetReason()) {
			out.Replayed = true
			return nil, nil
		}
		f, err := definition(record.Reply, &surveyv1.ReplyRecord{
			Response: first, Subject: in.GetSubject(), Decision: true, Withheld: in.GetWithheld(), Reason: in.GetReason()})
		return []feed.Fact{f}, err
	})
	if err != nil {
		return nil, err
	}
	out.Reply, err = s.replyOf(ctx, b, in.GetResponseId(), in.GetSubject())
	return out, err
}

// replyOf reads a reply as it stands.
func (s *Server) replyOf(ctx context.Context, b *brand, response string, subject *commonv1.SubjectRef) (*surveyv1.Reply, error) {
	first, err := strconv.ParseInt(response, 10, 64)
	if err != nil {
		return nil, err
	}
	return s.thread(ctx, s.store.log.Reader, b, first, subject)
}

func (s *Server) thread(ctx context.Context, log feed.Reader, b *brand, first int64, subject *commonv1.SubjectRef) (*surveyv1.Reply, error) {
	t, ok := b.replies.Load().Find(first, subject)
	if !ok {
		return nil, fault.NotFound(commonv1.Reason_REASON_REPLY_UNKNOWN, "reply of %s to response %d", subjectName(subject), first)
	}
	facts, err := log.Get(ctx, b.ID, t.Facts()...)
	if err != nil {
		return nil, floor.Unavailable("read reply", err)
	}
	return reply.Told(t, bySeq(facts), false)
}

// replied adds to responses what was said to them; with what was said before, or
// without. The responses are the caller's own.
func (s *Server) replied(ctx context.Context, b *brand, earlier bool, responses ...*surveyv1.Response) error {
	book, of := b.replies.Load(), map[*surveyv1.Response][]reply.Thread{}
	var seqs []int64
	for _, r := range responses {
		first, err := strconv.ParseInt(r.GetId(), 10, 64)
		if err != nil {
			return err
		}
		for _, t := range book.Of(first) {
			of[r] = append(of[r], t)
			seqs = append(seqs, t.Facts()...)
		}
	}
	if len(seqs) == 0 {
		return nil
	}
	var facts []feed.Fact
	for some := range slices.Chunk(seqs, repliesAtOnce) {
		more, err := s.store.log.Get(ctx, b.ID, some...)
		if err != nil {
			return floor.Unavailable("read replies", err)
		}
		facts = append(facts, more...)
	}
	known := bySeq(facts)
	for r, threads := range of {
		for _, t := range threads {
			one, err := reply.Told(t, known, earlier)
			if err != nil {
				return err
			}
			r.Replies = append(r.Replies, one)
		}
	}
	return nil
}

// repliesAtOnce bounds what one statement asks for.
const repliesAtOnce = 1000

func bySeq(facts []feed.Fact) map[int64]*feed.Fact {
	out := make(map[int64]*feed.Fact, len(facts))
	for i := range facts {
		out[facts[i].Seq] = &facts[i]
	}
	return out
}

// blankReplies takes out what was written to somebody who is erased: it may name who.
// The log is locked.
func (s *Server) blankReplies(ctx context.Context, tx *sqldb.Tx, brand string, first int64) error {
	// Another replica may have written one just before.
	if err := s.store.folds.Sync(ctx, brand); err != nil {
		return err
	}
	log := feed.In(tx)
	for _, t := range s.brands[brand].replies.Load().Of(first) {
		facts, err := log.Get(ctx, brand, t.Facts()...)
		if err != nil {
			return err
		}
		for i := range facts {
			rec, err := record.ReplyOf(&facts[i])
			if err != nil {
				return err
			}
			rec.Text, rec.Author, rec.Reason, rec.Erased = "", "", "", true
			body, err := proto.MarshalOptions{Deterministic: true}.Marshal(rec)
			if err != nil {
				return err
			}
			if err := feed.Blank(ctx, tx, brand, facts[i].Seq, body); err != nil {
				return err
			}
		}
	}
	return nil
}

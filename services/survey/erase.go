package survey

import (
	"context"
	"slices"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/survey/link"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// erasePage is how many facts of a customer are read at once.
const erasePage = 500

// erase blanks what one customer wrote, in every version of every response and in
// the cases they opened, and throws away what they had not finished. The responses are restated without comments; scores, days
// and the customer's number stay, so that no count moves.
func (s *Server) erase(ctx context.Context, tx *sqldb.Tx, brand string, customer int64) (records int64, facts []feed.Fact, err error) {
	responses, err := responsesOf(ctx, feed.In(tx), brand, customer)
	if err != nil {
		return 0, nil, err
	}
	for _, first := range responses {
		more, touched, err := s.eraseResponse(ctx, tx, brand, first)
		if err != nil {
			return 0, nil, err
		}
		records += touched
		facts = append(facts, more...)
	}
	n, err := s.desk.Erase(ctx, tx, brand, responses)
	if err != nil {
		return 0, nil, err
	}
	drafts, err := link.Erase(ctx, tx, brand, customer)
	return records + n + drafts, facts, err
}

// responsesOf are the numbers of the responses of which a version came with the
// customer, ascending.
func responsesOf(ctx context.Context, log feed.Reader, brand string, customer int64) ([]int64, error) {
	var out []int64
	before := int64(1<<63 - 1)
	for {
		facts, err := log.ReadWho(ctx, brand, customer, before, erasePage)
		if err != nil {
			return nil, err
		}
		if len(facts) == 0 {
			slices.Sort(out)
			return slices.Compact(out), nil
		}
		for i := range facts {
			if before = facts[i].Seq; facts[i].Kind == record.Response || facts[i].Kind == record.Reversal {
				out = append(out, record.First(&facts[i]))
			}
		}
	}
}

// eraseLate does the same for what came after its customer had been erased: sent by
// somebody who did not know it yet, or resolved just before. Either a response stands
// in the log before the definition that its customer was erased, and erase has seen
// it, or behind it, and this does.
func (s *Server) eraseLate(ctx context.Context, tx *sqldb.Tx, b *brand, facts []feed.Fact) error {
	now := b.mapping()
	var late []int64
	for i := range facts {
		if facts[i].Kind != record.Response || facts[i].Who == 0 || !now.Erased(facts[i].Who) {
			continue
		}
		if rec, err := record.Open(&facts[i]); err != nil {
			return err
		} else if !rec.GetErased() {
			late = append(late, record.First(&facts[i]))
		}
	}
	if len(late) == 0 {
		return nil
	}
	head, err := feed.Lock(ctx, tx, b.ID, s.clock())
	if err != nil {
		return err
	}
	slices.Sort(late)
	late = slices.Compact(late)
	var out []feed.Fact
	for _, first := range late {
		more, _, err := s.eraseResponse(ctx, tx, b.ID, first)
		if err != nil {
			return err
		}
		out = append(out, more...)
	}
	if _, err := s.desk.Erase(ctx, tx, b.ID, late); err != nil || len(out) == 0 {
		return err
	}
	return feed.Put(ctx, tx, &head, out)
}

// eraseResponse blanks all versions of a response, and restates it.
func (s *Server) eraseResponse(ctx context.Context, tx *sqldb.Tx, brand string, first int64) (facts []feed.Fact, touched int64, err error) {
	at, err := stand(ctx, feed.In(tx), brand, record.ID(first))
	if err != nil {
		return nil, 0, err
	}
	if facts, err = at.restated(reasonErased, forget); err != nil {
		return nil, 0, err
	}
	if touched, err = s.blankResponse(ctx, tx, brand, first); err != nil {
		return nil, 0, err
	}
	return facts, touched, s.blankReplies(ctx, tx, brand, first)
}

// blankResponse blanks all versions of a response, and tells if there was anything
// to blank.
func (s *Server) blankResponse(ctx context.Context, tx *sqldb.Tx, brand string, first int64) (touched int64, err error) {
	all, err := feed.In(tx).Versions(ctx, brand, first)
	if err != nil {
		return 0, err
	}
	for i := range all {
		err := blank(ctx, tx, brand, &all[i], func(rec *surveyv1.ResponseRecord) {
			if wipe(rec) {
				touched = 1
			}
		})
		if err != nil {
			return 0, err
		}
	}
	return touched, nil
}

// forget lets a version say nothing personal, and tells if it did.
func forget(rec *surveyv1.ResponseRecord, t *tally.Tally) bool {
	written := wipe(rec) || t.Commented
	t.Commented = false
	return written
}

// wipe takes what is personal out of a record, and tells if there was anything:
// texts, facets a person might be known by, the identity and its hash, what the
// source called the response, and reasons that somebody typed.
func wipe(rec *surveyv1.ResponseRecord) bool {
	rec.Erased = true
	found := len(rec.GetSealedIdentity())+len(rec.GetIdentityHash())+len(rec.GetReason()) > 0
	rec.SealedIdentity, rec.IdentityHash, rec.Reason = nil, nil, ""
	for _, a := range rec.GetResponse().GetAnswers() {
		if a.GetText() != "" {
			a.Value, found = nil, true
		}
	}
	return found
}

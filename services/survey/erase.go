package survey

import (
	"context"
	"slices"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// erasePage is how many facts of a customer are read at once.
const erasePage = 500

// erase blanks what one customer wrote, in every version of every response and in
// the cases they opened. The responses are restated without comments; scores, days
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
	return records + n, facts, err
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
			out = append(out, record.First(&facts[i]))
			before = facts[i].Seq
		}
	}
}

// eraseResponse blanks all versions of a response, and restates it.
func (s *Server) eraseResponse(ctx context.Context, tx *sqldb.Tx, brand string, first int64) (facts []feed.Fact, touched int64, err error) {
	at, err := stand(ctx, feed.In(tx), brand, record.ID(first))
	if err != nil {
		return nil, 0, err
	}
	facts, err = at.restated(reasonErased, func(rec *surveyv1.ResponseRecord, t *tally.Tally) bool {
		written := wipe(rec) || t.Commented
		t.Commented = false
		return written
	})
	if err != nil {
		return nil, 0, err
	}
	all, err := feed.In(tx).Versions(ctx, brand, first)
	if err != nil {
		return nil, 0, err
	}
	for i := range all {
		err := blank(ctx, tx, brand, &all[i], func(rec *surveyv1.ResponseRecord) {
			if wipe(rec) {
				touched = 1
			}
		})
		if err != nil {
			return nil, 0, err
		}
	}
	return facts, touched, nil
}

// wipe takes what is personal out of a record, and tells if there was anything:
// texts, facets a person might be known by, the identity and its hash, what the
// source called the response, and reasons that somebody typed.
func wipe(rec *surveyv1.ResponseRecord) bool {
	found := len(rec.GetSealedIdentity())+len(rec.GetIdentityHash())+len(rec.GetReason()) > 0
	rec.SealedIdentity, rec.IdentityHash, rec.Reason = nil, nil, ""
	for _, a := range rec.GetResponse().GetAnswers() {
		if a.GetText() != "" {
			a.Value, found = nil, true
		}
	}
	return found
}

package survey

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/survey/intake"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// arrival is a good response on its way into the log.
type arrival struct {
	fact feed.Fact
	// identity is what it came with, until it is resolved.
	identity *commonv1.Identity
	record   *surveyv1.ResponseRecord
	// newest says that the sender left the version open: the one bound at the first
	// submit stands, whatever has been published since.
	newest bool
	// tally is what it counts for; joins says that it wants to know of its order.
	tally *tally.Tally
	joins bool
	// inside tells what its sender may know of whatever came before under its key.
	inside inside
}

// pack writes the fact anew after something was told of it.
func (a *arrival) pack() (err error) {
	a.fact.Who, a.fact.Data = a.tally.Customer, a.tally.Append(a.fact.Data[:0])
	a.fact.Body, err = proto.MarshalOptions{Deterministic: true}.Marshal(a.record)
	return err
}

// receipt says where it stands.
type receipt struct {
	first, version int64
	replayed       bool
}

// SubmitResponse records one response and counts it.
func (s *Server) SubmitResponse(ctx context.Context, in *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Submit)
	if err != nil {
		return nil, err
	}
	if in.GetRequestId() == "" && in.GetResponse().GetExternalId() == "" {
		return nil, fault.Invalid().Field("request_id", "is required where response.external_id is not given").Err()
	}
	may := s.inside(ctx, b)
	if err := s.permits(ctx, b, may, in.GetResponse()); err != nil {
		return nil, err
	}
	a, err := s.judge(b, in.GetResponse(), in.GetRequestId(), s.clock())
	if outdated(err) {
		if err := s.store.folds.Sync(ctx, b.ID); err != nil {
			return nil, floor.Unavailable("read definitions", err)
		}
		a, err = s.judge(b, in.GetResponse(), in.GetRequestId(), s.clock())
	}
	if err == nil {
		err = s.resolve(ctx, b, []*arrival{&a})
	}
	var r receipt
	if err == nil {
		a.inside = may
		r, err = s.arrivals.Do(ctx, b.ID, a)
	} else {
		r, err = s.again(ctx, b, in, may, err)
	}
	if err != nil {
		return nil, err
	}
	return &surveyv1.SubmitResponseResponse{Id: record.ID(r.first), Version: r.version, Replayed: r.replayed}, nil
}

// judge finds whether a response is good, and packs it.
func (s *Server) judge(b *brand, in *surveyv1.Response, requestID string, now time.Time) (arrival, error) {
	if err := intake.CheckOutput(in); err != nil {
		return arrival{}, err
	}
	ready, err := s.rules(b).Prepare(in, now)
	if err != nil {
		return arrival{}, err
	}
	f, err := ready.Fact(intake.Key(in.GetSource(), in.GetExternalId(), requestID))
	return arrival{
		fact: f, record: ready.Record, identity: in.GetCustomer().GetIdentity(), newest: in.GetSurveyVersion() == 0, tally: ready.Tally,
		joins: in.GetOrderId() != "" && b.joins(ready.Record.GetResponse().GetSurveyId(), ready.Record.GetResponse().GetSurveyVersion()),
	}, err
}

// again answers a refused response that may be a retry.
func (s *Server) again(ctx context.Context, b *brand, in *surveyv1.SubmitResponseRequest, may inside, refusal error) (receipt, error) {
	refused := []refused{{in.GetResponse(), intake.Key(in.GetResponse().GetSource(), in.GetResponse().GetExternalId(), in.GetRequestId()), may, refusal}}
	settled, err := s.settle(ctx, b, refused)
	if err != nil {
		return receipt{}, err
	}
	return settled[0].Value, settled[0].Err
}

// outdated tells refusals that may only mean that another replica has defined
// what this one has not read yet.
func outdated(err error) bool {
	return fault.Is(err, commonv1.Reason_REASON_SUBJECT_UNKNOWN) ||
		fault.Is(err, commonv1.Reason_REASON_SURVEY_UNKNOWN) ||
		fault.Is(err, commonv1.Reason_REASON_SURVEY_NOT_OPEN) ||
		fault.Is(err, commonv1.Reason_REASON_METRIC_UNKNOWN)
}

// commit is one group commit: it writes all arrivals in one transaction, and
// tells those that came before from those that only share a key.
func (s *Server) commit(ctx context.Context, brand string, arrivals []arrival) []commit.Result[receipt] {
	results := make([]commit.Result[receipt], len(arrivals))
	if err := s.joinKnown(ctx, brand, arrivals); err != nil {
		for i := range results {
			results[i].Err = err
		}
		return results
	}
	facts := make([]feed.Fact, len(arrivals))
	for i := range arrivals {
		facts[i] = arrivals[i].fact
	}
	firsts, err := s.store.append(ctx, brand, facts)
	for i := range results {
		switch {
		case err != nil:
			results[i].Err = err
		case firsts[i] == nil:
			results[i].Value = receipt{first: facts[i].Seq, version: facts[i].Seq}
		default:
			results[i].Value, results[i].Err = replay(firsts[i], &arrivals[i])
		}
	}
	return results
}

// replay compares a response with the first one under its key: the same one
// gets the first answer again, another one is told where it differs.
func replay(first *feed.Fact, again *arrival) (receipt, error) {
	kept, err := record.Open(first)
	if err != nil {
		return receipt{}, err
	}
	if again.newest {
		again.record.Response.SurveyVersion = kept.GetResponse().GetSurveyVersion()
	}
	field := difference(kept, again.record)
	if field != "" && again.inside != nil && !again.inside(kept.GetResponse().GetSubjects()) {
		return receipt{}, access.Denied() // not even that it is there
	}
	if field != "" {
		return receipt{}, fault.Conflict(commonv1.Reason_REASON_KEY_REUSED, field,
			"response %s came under this key with another %s", record.ID(first.Seq), field)
	}
	return receipt{first: first.Seq, version: first.Seq, replayed: true}, nil
}

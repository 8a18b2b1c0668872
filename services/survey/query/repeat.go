package query

import (
	"context"
	"sync"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/directory"
)

// repeated keeps the plans of questions that are asked again and again: making
// one costs more than looking its answer up. A plan holds as long as nothing was
// written and the minute is the same, which is as fine as plans tell time.
//
// Questions are told apart as messages, not by what they say: the server hands
// out the same message for the same question.
type repeated struct {
	mu    sync.RWMutex
	at    moment
	plans map[*surveyv1.GetMetricRequest]*Plan
}

// moment is all that a plan depends on beside its request.
type moment struct {
	seq    int64
	minute int64
	book   *directory.Book
}

// maxRepeated bounds the plans kept of a moment.
const maxRepeated = 1024

// planned is Metric, remembering. Plans that split are made anew: they learn
// names while they count. So are those of a segment, which moves by itself, and of
// customers given, whose requests are too long to be kept.
func (b *Brand) planned(ctx context.Context, req *surveyv1.GetMetricRequest, now time.Time) (*Plan, error) {
	if len(req.GetGroupBy()) > 0 || ofPeople(req.GetScope()) {
		return b.Metric(ctx, req, now)
	}
	at := moment{seq: b.Engine.Applied(b.Name).Seq, minute: now.Unix() / 60, book: b.Book()}
	if p := b.repeats.find(at, req); p != nil {
		return p, nil
	}
	p, err := b.Metric(ctx, req, now)
	if err == nil {
		b.repeats.keep(at, req, p)
	}
	return p, err
}

func (r *repeated) find(at moment, req *surveyv1.GetMetricRequest) *Plan {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.at != at {
		return nil
	}
	return r.plans[req]
}

// keep drops the plans of the moment before.
func (r *repeated) keep(at moment, req *surveyv1.GetMetricRequest, p *Plan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at != at || len(r.plans) >= maxRepeated {
		r.at, r.plans = at, make(map[*surveyv1.GetMetricRequest]*Plan)
	}
	r.plans[req] = p
}

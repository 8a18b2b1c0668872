package query

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/directory"
)

// repeated keeps the plans of questions that are asked again and again: making
// one costs more than looking its answer up. A plan holds as long as nothing was
// written and the minute is the same, which is as fine as plans tell time.
type repeated struct {
	mu    sync.RWMutex
	at    moment
	plans map[string]*Plan
}

// moment is all that a plan depends on beside its request.
type moment struct {
	seq    int64
	minute int64
	book   *directory.Book
}

// maxRepeated bounds the plans kept of a moment.
const maxRepeated = 1024

var requests = sync.Pool{New: func() any { b := make([]byte, 0, 256); return &b }}

// planned is Metric, remembering. Plans that split are made anew: they learn
// names while they count.
func (b *Brand) planned(ctx context.Context, req *surveyv1.GetMetricRequest, now time.Time) (*Plan, error) {
	if len(req.GetGroupBy()) > 0 {
		return b.Metric(ctx, req, now)
	}
	room := requests.Get().(*[]byte)
	defer requests.Put(room)
	key, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend((*room)[:0], req)
	if err != nil {
		return b.Metric(ctx, req, now)
	}
	*room = key
	at := moment{seq: b.Engine.Applied(b.Name).Seq, minute: now.Unix() / 60, book: b.Book()}
	if p := b.repeats.find(at, key); p != nil {
		return p, nil
	}
	p, err := b.Metric(ctx, req, now)
	if err == nil {
		b.repeats.keep(at, key, p)
	}
	return p, err
}

func (r *repeated) find(at moment, key []byte) *Plan {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.at != at {
		return nil
	}
	return r.plans[string(key)]
}

// keep drops the plans of the moment before.
func (r *repeated) keep(at moment, key []byte, p *Plan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at != at || len(r.plans) >= maxRepeated {
		r.at, r.plans = at, make(map[string]*Plan)
	}
	r.plans[string(key)] = p
}

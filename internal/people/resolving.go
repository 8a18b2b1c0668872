package people

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/seal"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Resolved is what became of the identity of one fact: a customer's number, or
// why there will never be one.
type Resolved struct {
	Seq      int64
	Customer int64
	// Refused is set if Customer is 0: the identity belongs to nobody, or to
	// somebody who was erased. Whatever keeps it must let go of it.
	Refused error
}

// Resolving resolves a brand's sealed identities in the background. Each takes
// effect exactly once, through crashes and with any number of replicas at work.
type Resolving struct {
	Brand  string
	Sealed *Sealed
	Seal   *seal.Sealer
	// Client is Segmentation's; nil: everything stays sealed.
	Client segmentationv1.SegmentationServiceClient
	// Journal is the service's own log, which Effect's facts go to.
	Journal Journal
	// Effect gives back the facts that follow from what was resolved. The log is
	// locked; tx is for what must be seen or changed beside the log. It may run twice.
	Effect func(ctx context.Context, tx *sqldb.Tx, resolved []Resolved) ([]feed.Fact, error)
	// Every is how long to wait before looking again; 0 means a second.
	Every time.Duration
	// Told ends the wait early; nil: nothing does.
	Told <-chan struct{}
	Log  *slog.Logger
}

// errTaken rolls an effect back that a twin has had already.
var errTaken = errors.New("another replica has resolved these")

// slow bounds one request of the background.
const slow = 10 * time.Second

// Run resolves until ctx ends. A neighbour or a database that is away is told
// once and waited for.
func (r *Resolving) Run(ctx context.Context) error {
	if r.Client == nil {
		<-ctx.Done()
		return nil
	}
	every := r.Every
	if every == 0 {
		every = time.Second
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	down := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-r.Told:
		}
		err := r.Pass(ctx)
		if err != nil && !down && ctx.Err() == nil {
			r.Log.Warn("identities stay sealed for now", "brand", r.Brand, "error", err)
		}
		down = err != nil
		timer.Reset(every)
	}
}

// Pass goes over all that waits once.
func (r *Resolving) Pass(ctx context.Context) error {
	var after int64
	for {
		waiting, err := r.Sealed.Pending(ctx, r.Brand, after, atOnce)
		if err != nil || len(waiting) == 0 {
			return err
		}
		after = waiting[len(waiting)-1].Seq
		resolved, err := r.ask(ctx, waiting)
		if err != nil {
			return err
		}
		if err := r.settle(ctx, resolved); err != nil && !errors.Is(err, errTaken) {
			return err
		}
	}
}

// ask finds out whose the identities are. What cannot be had now is left out.
func (r *Resolving) ask(ctx context.Context, waiting []Waiting) ([]Resolved, error) {
	ctx, cancel := context.WithTimeout(ctx, slow)
	defer cancel()
	out := make([]Resolved, 0, len(waiting))
	identities, seqs := make([]*commonv1.Identity, 0, len(waiting)), make([]int64, 0, len(waiting))
	for _, w := range waiting {
		id, err := OpenIdentity(r.Seal, r.Brand, w.Sealed)
		if err != nil {
			// Another secret's: it could be back tomorrow, so it stays.
			r.Log.Warn("sealed identity cannot be opened", "brand", r.Brand, "seq", w.Seq, "error", err)
			continue
		}
		identities, seqs = append(identities, id), append(seqs, w.Seq)
	}
	ids, refused, err := resolve(ctx, r.Client, r.Brand, identities)
	if err != nil {
		return nil, fmt.Errorf("resolve sealed identities: %w", err)
	}
	for i, seq := range seqs {
		if ids[i] != 0 || refused[i] != nil {
			out = append(out, Resolved{Seq: seq, Customer: ids[i], Refused: refused[i]})
		}
	}
	return out, nil
}

// settle gives what was resolved its effect and forgets the identities, both or
// neither.
func (r *Resolving) settle(ctx context.Context, resolved []Resolved) error {
	if len(resolved) == 0 {
		return nil
	}
	seqs := make([]int64, len(resolved))
	for i := range resolved {
		seqs[i] = resolved[i].Seq
	}
	return r.Journal.Change(ctx, r.Brand, func(tx *sqldb.Tx) ([]feed.Fact, error) {
		n, err := r.Sealed.Delete(ctx, tx, r.Brand, seqs...)
		if err != nil {
			return nil, err
		}
		if n != len(seqs) {
			return nil, errTaken
		}
		return r.Effect(ctx, tx, resolved)
	})
}

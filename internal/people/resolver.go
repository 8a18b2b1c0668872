package people

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sony/gobreaker/v2"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// ErrAway says that Segmentation could not be asked in time: keep the identity
// sealed, and go on.
var ErrAway = errors.New("segmentation could not be asked")

// Resolver asks Segmentation whose an identity is, and takes no for an answer
// soon: intake never waits for a neighbour.
type Resolver struct {
	client   segmentationv1.SegmentationServiceClient
	patience time.Duration
	breaker  *gobreaker.TwoStepCircuitBreaker[struct{}]
}

const (
	// usualPatience is how long the intake of one fact waits.
	usualPatience = 20 * time.Millisecond
	// atOnce is how many identities one request holds.
	atOnce = 1000
	// perPatience is how many identities add as much patience again: to give out a
	// thousand numbers takes longer than one, and says nothing about the neighbour.
	perPatience = 100
	// restless is for how long a neighbour that does not answer is left alone
	// before one call tries again.
	restless = time.Second
	// failures in a row after which it is.
	failures = 3
)

// NewResolver asks client; nil: there is no Segmentation, and nothing resolves.
// Patience 0 means 20 milliseconds.
func NewResolver(client segmentationv1.SegmentationServiceClient, patience time.Duration) *Resolver {
	if patience <= 0 {
		patience = usualPatience
	}
	return &Resolver{client: client, patience: patience, breaker: gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:        "segmentation",
		Timeout:     restless,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= failures },
	})}
}

// Resolve returns the number of each identity's owner, giving out new numbers
// where there is none, or why the identity was refused for good. A number 0
// without a refusal, like all of them when err is not nil, could not be had in
// time. Never call it inside a transaction.
func (r *Resolver) Resolve(ctx context.Context, brand string, identities []*commonv1.Identity) (ids []int64, refused []error, err error) {
	if len(identities) == 0 {
		return nil, nil, nil
	}
	if r.client == nil {
		return nil, nil, ErrAway
	}
	done, err := r.breaker.Allow()
	if err != nil {
		return nil, nil, ErrAway
	}
	asked, cancel := context.WithTimeout(ctx, r.patience*time.Duration(1+len(identities)/perPatience))
	defer cancel()
	ids, refused, err = resolve(asked, r.client, brand, identities)
	if ctx.Err() != nil {
		// The caller left, which says nothing about the neighbour.
		done(nil)
		return nil, nil, ctx.Err()
	}
	if asked.Err() != nil || fault.Retryable(err) {
		done(err)
	} else {
		done(nil) // it answers, if only with a no
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrAway, err)
	}
	return ids, refused, nil
}

// resolve asks in as many requests as it takes.
func resolve(ctx context.Context, client segmentationv1.SegmentationServiceClient, brand string, identities []*commonv1.Identity) (ids []int64, refused []error, err error) {
	ids, refused = make([]int64, len(identities)), make([]error, len(identities))
	for from := 0; from < len(identities); from += atOnce {
		to := min(from+atOnce, len(identities))
		out, err := client.ResolveCustomers(ctx, &segmentationv1.ResolveCustomersRequest{Brand: brand, Identities: identities[from:to]})
		if err != nil {
			return nil, nil, err
		}
		if n := len(out.GetResults()); n != to-from {
			return nil, nil, fmt.Errorf("%d results for %d identities", n, to-from)
		}
		for i, one := range out.GetResults() {
			ids[from+i] = one.GetId()
			if e := fault.FromStatus(one.GetError()); e != nil && !fault.Retryable(e) {
				refused[from+i] = e
			}
		}
	}
	return ids, refused, nil
}

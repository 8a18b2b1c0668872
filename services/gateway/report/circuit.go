package report

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc/codes"

	"github.com/rapport-cx/rapport/internal/fault"
)

// tripAfter reports in a row to which a service gave no answer at all open its circuit.
const tripAfter = 3

// hurry is how long a service is waited for before a deadline that passed is held
// against it: a caller who gives less says nothing about the service.
const hurry = 500 * time.Millisecond

// errSilent is a visit that got no answer, errNothing one that asked nothing or whose
// caller left.
var (
	errSilent  = errors.New("no answer")
	errNothing = errors.New("nothing asked")
)

// circuit keeps reports from waiting for a service that does not answer. It counts
// visits, not calls: a report asks a service for many things at once, and after a rest
// one whole report is let through, of which all calls go out.
type circuit struct {
	steps *gobreaker.TwoStepCircuitBreaker[struct{}]
}

func newCircuit(name string, rest time.Duration, changed func(service, state string)) *circuit {
	return &circuit{gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: name, Timeout: rest,
		ReadyToTrip:   func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= tripAfter },
		IsExcluded:    func(err error) bool { return errors.Is(err, errNothing) },
		OnStateChange: func(name string, _, to gobreaker.State) { changed(name, to.String()) },
	})}
}

// open is 1 while the service is left alone.
func (c *circuit) open() int64 {
	if c.steps.State() == gobreaker.StateOpen {
		return 1
	}
	return 0
}

// visit is what one report asks of one service.
type visit struct {
	service string
	done    func(error) // nil: the service is left alone
	began   time.Time
	// answered and silent count calls.
	answered, silent atomic.Int64
}

// visit begins one; leave must end it.
func (c *circuit) visit(service string) *visit {
	v := &visit{service: service, began: time.Now()}
	// The error only says that the circuit is open, which done being nil does too.
	v.done, _ = c.steps.Allow()
	return v
}

// note takes down how a call went: an error is an answer too, unless the service was
// not reached or did not answer in time.
func (v *visit) note(ctx context.Context, err error) {
	switch fault.Code(err) {
	case codes.Unavailable:
		v.silent.Add(1)
	case codes.DeadlineExceeded:
		if time.Since(v.began) >= hurry {
			v.silent.Add(1)
		}
	case codes.Canceled:
		if ctx.Err() == nil {
			v.silent.Add(1)
		}
	default:
		v.answered.Add(1)
	}
}

// leave tells the circuit how the visit went.
func (v *visit) leave() {
	switch {
	case v.done == nil:
	case v.answered.Load() > 0:
		v.done(nil)
	case v.silent.Load() > 0:
		v.done(errSilent)
	default:
		v.done(errNothing)
	}
}

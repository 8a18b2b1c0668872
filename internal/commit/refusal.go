package commit

import (
	"errors"
	"time"

	"github.com/rapport-cx/rapport/internal/fault"
)

// Reasons of the refusals, as clients read them (rapport.common.v1.Reason).
const (
	reasonQueueFull   = "REASON_QUEUE_FULL"
	reasonUnavailable = "REASON_UNAVAILABLE"
)

// errEnded answers for a batch whose run ended its goroutine.
var errEnded = errors.New("commit ended without an answer")

func errFull(retryAfter time.Duration) error {
	return fault.Exhausted(reasonQueueFull, retryAfter, "too many writes are waiting")
}

func errClosed() error {
	return fault.Unavailable(reasonUnavailable, "the server is shutting down")
}

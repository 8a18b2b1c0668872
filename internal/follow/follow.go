// Package follow turns a neighbour's Watch stream into the Source of a
// feed.Consumer: the neighbour's facts take effect here exactly once, whatever
// happens to either side in between.
package follow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Open asks the neighbour for a stream behind a cursor; nil: from the beginning.
type Open[R any] func(ctx context.Context, brand string, after *commonv1.Cursor) (grpc.ServerStreamingClient[R], error)

// Split takes a piece of the stream apart: the facts in it, and the position
// behind it. Facts need Seq and whatever the consumer's effect looks at; CommitID
// is filled in where it matters.
type Split[R any] func(piece *R) ([]feed.Fact, *commonv1.Cursor)

// Stream follows one kind of Watch stream, for any number of brands, one consumer
// each. A stream stays open from one batch to the next.
type Stream[R any] struct {
	open  Open[R]
	split Split[R]
	clock func() time.Time
	log   *slog.Logger

	mu    sync.Mutex
	lines map[string]*line[R]
}

// line is a brand's open stream and the position it has come to.
type line[R any] struct {
	// pieces have arrived and were not asked for yet.
	pieces chan piece[R]
	at     feed.Cursor
	// failed is how the stream ended, behind pieces that were good.
	failed error
	hangUp context.CancelFunc
	// ended is closed when nobody receives any more.
	ended chan struct{}
}

// piece is what the neighbour sent, or how the stream ended.
type piece[R any] struct {
	told *R
	err  error
}

// ahead is how many pieces may wait; then the neighbour does.
const ahead = 128

// New follows the streams that open opens.
func New[R any](open Open[R], split Split[R], clock func() time.Time, log *slog.Logger) *Stream[R] {
	return &Stream[R]{open: open, split: split, clock: clock, log: log, lines: map[string]*line[R]{}}
}

// How long a neighbour that is away is left alone.
const (
	firstPause = 20 * time.Millisecond
	maxPause   = 2 * time.Second
)

// Next is the Source of a feed.Consumer. It waits for the next piece that the
// neighbour sends and adds those that are there already, up to limit facts: a
// neighbour's small commits that came during an effect, or a pause, make one batch.
// Pieces stay whole, so there may be more than limit facts: only the position behind
// a piece is one to go on from. Where no fact stands at that position, a fact of kind
// 0 brings it; effects pass over it.
//
// While the neighbour is away Next waits for it. When ctx ends so does the stream,
// so that nothing is left running; feed.ErrReplaced says that the neighbour's log
// is another one.
func (s *Stream[R]) Next(ctx context.Context, brand string, from feed.Cursor, limit int) ([]feed.Fact, error) {
	pause := firstPause
	for {
		facts, err := s.once(ctx, brand, from, limit)
		switch {
		case err == nil:
			return facts, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case fault.Is(err, commonv1.Reason_REASON_LOG_REPLACED):
			return nil, fmt.Errorf("follow the neighbour's log of %s: %w", brand, feed.ErrReplaced)
		case !away(err):
			return nil, fmt.Errorf("follow the neighbour's log of %s: %w", brand, err)
		}
		if pause == firstPause {
			s.log.Info("neighbour is away: waiting", "brand", brand, "error", err)
		}
		// Jitter, or all who wait for one neighbour come back at the same moment.
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-timer.C:
		}
		pause = min(2*pause, maxPause)
	}
}

// once waits for a piece with something new on the brand's stream, which it opens
// if there is none at that position. After an error there is none.
func (s *Stream[R]) once(ctx context.Context, brand string, from feed.Cursor, limit int) (facts []feed.Fact, err error) {
	l, err := s.line(ctx, brand, from)
	if err != nil {
		return nil, err
	}
	// The stream knows only the context that it was opened with.
	stop := context.AfterFunc(ctx, l.hangUp)
	defer func() {
		if !stop() || err != nil {
			s.drop(brand, l)
		}
	}()
	for l.at == from {
		if l.failed != nil {
			return nil, l.failed
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case p := <-l.pieces:
			facts = s.take(l, p, facts)
		}
	}
	for len(facts) < limit && l.failed == nil {
		select {
		case p := <-l.pieces:
			facts = s.take(l, p, facts)
			continue
		default:
		}
		break
	}
	return s.storable(facts, l.at), nil
}

// take adds a piece's facts, or notes that the stream has ended.
func (s *Stream[R]) take(l *line[R], p piece[R], facts []feed.Fact) []feed.Fact {
	if p.err != nil {
		l.failed = p.err
		return facts
	}
	more, cursor := s.split(p.told)
	l.at = feed.Cursor{Seq: cursor.GetSeq(), CommitID: cursor.GetCommitId()}
	return append(facts, more...)
}

// receive brings pieces in until the stream ends.
func receive[R any](ctx context.Context, stream grpc.ServerStreamingClient[R], into chan<- piece[R]) {
	for {
		told, err := stream.Recv()
		select {
		case into <- piece[R]{told, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// line is the brand's stream at a position.
func (s *Stream[R]) line(ctx context.Context, brand string, from feed.Cursor) (*line[R], error) {
	s.mu.Lock()
	l := s.lines[brand]
	s.mu.Unlock()
	if l != nil && l.at == from {
		return l, nil // and if it has failed, it says so
	}
	if l != nil {
		s.drop(brand, l) // a twin has moved the cursor, or an effect failed
	}
	open, hangUp := context.WithCancel(ctx)
	var after *commonv1.Cursor
	if from != (feed.Cursor{}) {
		after = &commonv1.Cursor{Seq: from.Seq, CommitId: from.CommitID}
	}
	stream, err := s.open(open, brand, after)
	if err != nil {
		hangUp()
		return nil, err
	}
	l = &line[R]{pieces: make(chan piece[R], ahead), at: from, hangUp: hangUp, ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		receive(open, stream, l.pieces)
	}()
	s.mu.Lock()
	s.lines[brand] = l
	s.mu.Unlock()
	return l, nil
}

// drop ends a stream.
func (s *Stream[R]) drop(brand string, l *line[R]) {
	l.hangUp()
	<-l.ended
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lines[brand] == l {
		delete(s.lines, brand)
	}
}

// storable lets the last fact stand at the position behind the piece.
func (s *Stream[R]) storable(facts []feed.Fact, to feed.Cursor) []feed.Fact {
	if n := len(facts); n > 0 && facts[n-1].Seq == to.Seq {
		facts[n-1].CommitID = to.CommitID
		return facts
	}
	return append(facts, feed.Fact{Seq: to.Seq, CommitID: to.CommitID, Day: feed.NoDay, Day2: feed.NoDay, At: s.clock().UnixMicro()})
}

// away tells a neighbour that is restarting, or out of reach, from one that says no.
func away(err error) bool {
	switch fault.Code(err) {
	case codes.Canceled, codes.DeadlineExceeded:
		return true // its side ended the call: ours is asked before
	}
	return fault.Retryable(err) || errors.Is(err, io.EOF)
}

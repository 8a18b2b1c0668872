package several

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/rapport-cx/rapport/internal/fault"
)

// Stream is that of a call in which both sides send.
type Stream[In, Out any] interface {
	Context() context.Context
	Recv() (*In, error)
	Send(*Out) error
}

// Chunks takes the chunks of a stream, which are all of one brand, and answers each in its
// turn. The next one is received and judged while the one before is finished; what was
// judged is finished also where the one behind it ends the stream.
func Chunks[In, Out, J any, Chunk interface {
	*In
	GetBrand() string
}](stream Stream[In, Out], judge func(context.Context, *In) (J, error), finish func(context.Context, J) (*Out, error)) error {
	ctx, judged, ended := stream.Context(), make(chan J, 1), make(chan error, 1)
	// Whoever waits for the next chunk is not waited for: the stream ends with the call.
	go func() {
		defer close(judged)
		ended <- receive[In, Out, J, Chunk](stream, judge, judged)
	}()
	for one := range judged {
		out, err := finish(ctx, one)
		if err != nil {
			return err
		}
		if err := stream.Send(out); err != nil {
			return err
		}
	}
	return <-ended
}

// receive judges chunk after chunk until there is none, or one ends the stream. A panic is
// that call's alone: no interceptor stands above this goroutine.
func receive[In, Out, J any, Chunk interface {
	*In
	GetBrand() string
}](stream Stream[In, Out], judge func(context.Context, *In) (J, error), judged chan<- J) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("judge chunk: panic: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, brand := stream.Context(), ""
	for {
		in, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		named := Chunk(in).GetBrand()
		if brand != "" && named != brand {
			return fault.Invalid().Field("brand", "must be %q as in the chunks before", brand).Err()
		}
		brand = named
		one, err := judge(ctx, in)
		if err != nil {
			return err
		}
		select {
		case judged <- one:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Unjudged leaves all that there is to do with a chunk to its turn.
func Unjudged[In any](_ context.Context, in *In) (*In, error) { return in, nil }

package report

import (
	"context"
	"slices"
	"sync/atomic"

	"google.golang.org/protobuf/proto"
)

// guess is a list that hardly ever changes, as it was when it was read last.
type guess[T proto.Message] struct{ last atomic.Pointer[[]T] }

// following does what depends on a list that has to be read first: with the list as it
// was last, while it is read, and once more if it turns out to be another one. So what is
// told is of the list as it is now, mostly without waiting for it.
func following[T proto.Message, U any](ctx context.Context, g *guess[T], list func(context.Context) ([]T, error), do func(context.Context, []T) (U, error)) (U, error) {
	var none, out U
	var is []T
	var failed error
	was := g.last.Load()
	err := together(ctx, func(ctx context.Context) (err error) {
		is, err = list(ctx)
		return err
	}, func(ctx context.Context) error {
		if was != nil {
			out, failed = do(ctx, *was) // which matters only if the list is the same
		}
		return nil
	})
	if err != nil {
		return none, err
	}
	if was != nil && slices.EqualFunc(*was, is, func(x, y T) bool { return proto.Equal(x, y) }) {
		return out, failed
	}
	g.last.Store(&is)
	return do(ctx, is)
}

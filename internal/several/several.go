// Package several answers several questions in one call, each as if it were asked alone:
// what is wrong with one is told in its place and does not touch the others; what may be
// asked again, or is not the caller's to ask, fails the call.
package several

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	// most is how many questions one call may ask.
	most = 200
	// atOnce is how many of them are answered side by side.
	atOnce = 4
)

// Each judges a call of n questions as a whole and answers them. brand is the one that a
// question names, which must be the call's or none; answer is asked for each, and refuse
// told what is wrong with one.
func Each(ctx context.Context, brand string, n int, of func(i int) string, answer func(ctx context.Context, i int) error, refuse func(i int, why *spb.Status)) error {
	if err := judge(brand, n, of); err != nil {
		return err
	}
	return do(ctx, &work{n: int64(n), answer: answer, refuse: refuse})
}

// judge tells what is wrong with a call of n questions as a whole.
func judge(brand string, n int, of func(i int) string) error {
	f := fault.Invalid()
	if n == 0 || n > most {
		f.Field("requests", "must be 1 to %d", most)
	}
	for i := range min(n, most) {
		if named := of(i); named != "" && named != brand {
			f.Field(fmt.Sprintf("requests[%d].brand", i), "must be that of the call")
		}
	}
	return f.Err()
}

// All answers n questions of one call that are the same but for what they are about: what
// is wrong with one fails the call.
func All(ctx context.Context, n int, answer func(ctx context.Context, i int) error) error {
	return do(ctx, &work{n: int64(n), answer: answer})
}

// work is questions that are being answered.
type work struct {
	n      int64
	next   atomic.Int64
	answer func(ctx context.Context, i int) error
	refuse func(i int, why *spb.Status) // nil: what is refused fails all

	end  context.CancelFunc
	once sync.Once
	err  error // the first
}

// alone is for how long the caller works by itself: most answers are kept, and many of
// them cost less than a goroutine.
const alone = 200 * time.Microsecond

// do answers all questions. Others help the caller where it takes long.
func do(ctx context.Context, w *work) error {
	ctx, w.end = context.WithCancel(ctx)
	defer w.end()
	var others sync.WaitGroup
	for began := time.Now(); w.one(ctx) && time.Since(began) < alone; {
	}
	for range min(w.n-w.next.Load(), atOnce) - 1 {
		others.Go(func() { w.all(ctx) })
	}
	w.all(ctx)
	others.Wait()
	return w.err
}

// all answers one question after another, until there is none left or one fails.
func (w *work) all(ctx context.Context) {
	for w.one(ctx) {
	}
}

// one answers the next question; false: there is none, or one failed.
func (w *work) one(ctx context.Context) bool {
	i := w.next.Add(1) - 1
	// Some questions may not have been answered.
	if err := ctx.Err(); err != nil {
		w.fail(err)
		return false
	}
	if i >= w.n {
		return false
	}
	err := w.answer(ctx, int(i))
	switch {
	case err == nil:
	case w.refuse != nil && fault.Refused(err):
		w.refuse(int(i), fault.Status(err))
	default:
		w.fail(err)
	}
	return true
}

func (w *work) fail(err error) {
	w.once.Do(func() { w.err = err })
	w.end()
}

// question names the brand that it is about.
type question interface {
	proto.Message
	GetBrand() string
}

// Answer answers questions of one kind; put takes each answer, or why there is none.
func Answer[Q question, A any](ctx context.Context, brand string, asked []Q, ask func(context.Context, Q) (A, error), put func(i int, out A, why *spb.Status)) error {
	return AnswerOf(ctx, brand, asked, func(in []Q) ([]Q, error) { return in, nil }, ask, put)
}

// AnswerOf is Answer for questions that stand for others, perhaps for very many: once the
// call is judged they are spread, and put is told of each that is asked.
func AnswerOf[Q question, A any](ctx context.Context, brand string, asked []Q, spread func([]Q) ([]Q, error), ask func(context.Context, Q) (A, error), put func(i int, out A, why *spb.Status)) error {
	if err := judge(brand, len(asked), func(i int) string { return asked[i].GetBrand() }); err != nil {
		return err
	}
	all, err := spread(asked)
	if err != nil {
		return err
	}
	return do(ctx, &work{n: int64(len(all)), answer: func(ctx context.Context, i int) error {
		out, err := Ask(ctx, brand, all[i], ask)
		if err == nil {
			put(i, out, nil)
		}
		return err
	}, refuse: func(i int, why *spb.Status) {
		var none A
		put(i, none, why)
	}})
}

// Ask asks one question of a brand as it would be asked alone: once it breaks no rule.
func Ask[Q proto.Message, A any](ctx context.Context, brand string, in Q, ask func(context.Context, Q) (A, error)) (A, error) {
	m := in.ProtoReflect()
	if field := m.Descriptor().Fields().ByName("brand"); !m.Has(field) {
		in = proto.CloneOf(in) // requests are shared
		in.ProtoReflect().Set(field, protoreflect.ValueOfString(brand))
	}
	if err := sound.check(in); err != nil {
		var none A
		return none, err
	}
	return ask(ctx, in)
}

// Earliest is the first of some times, of which those that are nil are not known.
func Earliest(all ...*timestamppb.Timestamp) *timestamppb.Timestamp {
	var out *timestamppb.Timestamp
	for _, at := range all {
		if at != nil && (out == nil || at.AsTime().Before(out.AsTime())) {
			out = at
		}
	}
	return out
}

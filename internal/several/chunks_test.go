package several_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/several"
)

type (
	in  = journeyv1.ImportEventsRequest
	out = journeyv1.ImportEventsResponse
)

// stream is a caller who sends chunks of brands and then hangs up, or stays.
type stream struct {
	ctx   context.Context
	send  []string
	stays bool
	heard []int32
}

func (s *stream) Context() context.Context { return s.ctx }

func (s *stream) Recv() (*in, error) {
	if len(s.send) == 0 && s.stays {
		<-s.ctx.Done()
		return nil, s.ctx.Err()
	}
	if len(s.send) == 0 {
		return nil, io.EOF
	}
	brand := s.send[0]
	s.send = s.send[1:]
	return &in{Brand: brand}, nil
}

func (s *stream) Send(o *out) error { s.heard = append(s.heard, o.GetRecorded()); return nil }

// TestChunks: chunks are finished in their order; what ends the stream does not touch what
// was judged before it, and who waits for the next chunk hears of it at once.
func TestChunks(t *testing.T) {
	for name, c := range map[string]struct {
		send         string
		stays        bool
		judge, chunk int32 // what fails, from 1
		heard        []int32
		want         string
	}{
		"all":             {send: "a a a", heard: []int32{1, 2, 3}},
		"none":            {},
		"another brand":   {send: "a a b a", stays: true, heard: []int32{1, 2}, want: "InvalidArgument"},
		"one is refused":  {send: "a a a", stays: true, judge: 3, heard: []int32{1, 2}, want: "judge"},
		"one is not done": {send: "a", stays: true, chunk: 1, want: "finish"},
		"the second":      {send: "a a a a", stays: true, chunk: 2, heard: []int32{1}, want: "finish"},
		"a panic":         {send: "a a", stays: true, judge: -2, heard: []int32{1}, want: "panic"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, end := context.WithTimeout(t.Context(), time.Minute)
			defer end()
			s, judged := &stream{ctx: ctx, send: strings.Fields(c.send), stays: c.stays}, int32(0)
			err := several.Chunks(s, func(context.Context, *in) (int32, error) {
				judged++
				switch judged {
				case c.judge:
					return 0, errors.New("judge")
				case -c.judge:
					panic("oh")
				}
				return judged, nil
			}, func(_ context.Context, n int32) (*out, error) {
				if n == c.chunk {
					return nil, errors.New("finish")
				}
				return &out{Recorded: n}, nil
			})
			got := ""
			if err != nil {
				got = fault.Code(err).String() + " " + err.Error()
			}
			if !slices.Equal(s.heard, c.heard) || !strings.Contains(got, c.want) || (c.want == "") != (err == nil) || ctx.Err() != nil {
				t.Errorf("heard %v, %v, not %v and %q", s.heard, fmt.Sprint(got), c.heard, c.want)
			}
		})
	}
}

package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"golang.org/x/sync/errgroup"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	// maxRows is what the contract allows in one request.
	maxRows = 1000
	// ahead is how many chunks may wait for their answer; it is what bounds memory.
	ahead = 4
)

// upload streams what was answered between two moments. The next chunks are made
// while those before are being committed.
func (f *filling) upload(ctx context.Context, w *World, after, until time.Time, out *Result) error {
	about := w.Count(w.clamp(after), until)
	g, ctx := errgroup.WithContext(ctx)
	stream, err := f.client.ImportResponses(ctx)
	if err != nil {
		return fmt.Errorf("import responses: %w", err)
	}
	sent := make(chan int, ahead)
	g.Go(func() error {
		defer close(sent)
		for rows := range chunks(w.Between(after, until)) {
			select {
			case sent <- len(rows):
			case <-ctx.Done():
				return nil // the receiver knows why
			}
			if stream.Send(&surveyv1.ImportResponsesRequest{Brand: f.brand, Rows: rows}) != nil {
				return nil // Recv tells why
			}
		}
		return stream.CloseSend()
	})
	g.Go(func() error {
		var done int64
		for n := range sent {
			resp, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			if err != nil {
				return fmt.Errorf("import responses: %w", err)
			}
			if bad := resp.GetRejections(); len(bad) > 0 {
				// The demo's own rows fit its own surveys; what is refused is our mistake
				// or a server in trouble, and a repeated filling goes on here.
				return fmt.Errorf("%d of %d answers refused, the first: %w", len(bad), n, fault.FromStatus(bad[0].GetError()))
			}
			done += int64(n)
			out.Recorded += int64(resp.GetRecorded())
			out.Replayed += int64(resp.GetReplayed())
			if f.ask.Progress != nil {
				f.ask.Progress(done, max(about, done))
			}
		}
		return nil
	})
	return g.Wait()
}

// clamp is the moment before which nothing was answered.
func (w *World) clamp(t time.Time) time.Time {
	if t.Before(w.first) {
		return w.first
	}
	return t
}

// chunks cuts a sequence of responses into requests.
func chunks(all iter.Seq[*surveyv1.Response]) iter.Seq[[]*surveyv1.ImportRow] {
	return func(yield func([]*surveyv1.ImportRow) bool) {
		var line int64
		rows := make([]*surveyv1.ImportRow, 0, maxRows)
		for r := range all {
			line++
			rows = append(rows, &surveyv1.ImportRow{Line: line, Response: r})
			if len(rows) == maxRows {
				if !yield(rows) {
					return
				}
				rows = make([]*surveyv1.ImportRow, 0, maxRows)
			}
		}
		if len(rows) > 0 {
			yield(rows)
		}
	}
}

// Trickle submits a response perMinute times a minute until ctx ends. A server
// that refuses one is told of and tried again at the next.
func Trickle(ctx context.Context, client surveyv1.SurveyServiceClient, w *World, perMinute float64, clock func() time.Time, complain func(error)) {
	tick := time.NewTicker(time.Duration(float64(time.Minute) / perMinute))
	defer tick.Stop()
	for n := uint64(0); ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, err := client.SubmitResponse(ctx, &surveyv1.SubmitResponseRequest{Brand: w.opts.Brand, Response: w.Live(n, clock())})
		if err != nil && ctx.Err() == nil {
			complain(err)
		}
	}
}

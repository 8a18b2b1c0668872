package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"golang.org/x/sync/errgroup"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	// maxRows is what the contract allows in one request.
	maxRows = 1000
	// ahead is how many chunks may wait for their answer; it is what bounds memory.
	ahead = 4
)

// Tally is what became of the rows of one kind.
type Tally struct {
	// Recorded are new, Replayed were there before.
	Recorded, Replayed int64
}

// stream is an import under way: Req carries rows, Resp answers them in order.
type stream[Req, Resp any] struct {
	what string
	open func(context.Context, ...grpc.CallOption) (grpc.BidiStreamingClient[Req, Resp], error)
	took func(n int, resp *Resp) error
}

// pour sends rows, each turned by pack into one of a request. The next chunks are
// made while those before are being committed.
func pour[In, Row, Req, Resp any](ctx context.Context, s stream[Req, Resp], all iter.Seq[In], pack func(line int64, in In) Row, ask func([]Row) *Req) error {
	g, ctx := errgroup.WithContext(ctx)
	calls, err := s.open(ctx)
	if err != nil {
		return fmt.Errorf("import %s: %w", s.what, err)
	}
	sent := make(chan int, ahead)
	g.Go(func() error {
		defer close(sent)
		for rows := range chunks(all, pack) {
			select {
			case sent <- len(rows):
			case <-ctx.Done():
				return nil // the receiver knows why
			}
			if calls.Send(ask(rows)) != nil {
				return nil // Recv tells why
			}
		}
		return calls.CloseSend()
	})
	g.Go(func() error {
		for n := range sent {
			resp, err := calls.Recv()
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			if err == nil {
				err = s.took(n, resp)
			}
			if err != nil {
				return fmt.Errorf("import %s: %w", s.what, err)
			}
		}
		return nil
	})
	return g.Wait()
}

// rejection is a row that was refused, of whatever kind.
type rejection interface{ GetError() *rpc.Status }

// refused tells of the first refusal. The demo's own rows fit its own definitions:
// what is refused is our mistake or a server in trouble, and a repeated filling goes
// on here.
func refused[R rejection](n int, bad []R) error {
	if len(bad) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d refused, the first: %w", len(bad), n, fault.FromStatus(bad[0].GetError()))
}

// chunks cuts a sequence into the rows of requests.
func chunks[In, Row any](all iter.Seq[In], pack func(int64, In) Row) iter.Seq[[]Row] {
	return func(yield func([]Row) bool) {
		var line int64
		rows := make([]Row, 0, maxRows)
		for in := range all {
			line++
			rows = append(rows, pack(line, in))
			if len(rows) == maxRows {
				if !yield(rows) {
					return
				}
				rows = make([]Row, 0, maxRows)
			}
		}
		if len(rows) > 0 {
			yield(rows)
		}
	}
}

// customers brings everybody in, and returns those to be merged: numbers of one
// person, the one that goes first.
func (f *filling) customers(ctx context.Context, w *World, out *Result) ([][2]int64, error) {
	var ids []int64
	s := stream[segmentationv1.UpsertCustomersRequest, segmentationv1.UpsertCustomersResponse]{
		what: "customers", open: f.Segmentation.UpsertCustomers,
		took: func(n int, resp *segmentationv1.UpsertCustomersResponse) error {
			ids = append(ids, resp.GetIds()...)
			out.Customers.Recorded += int64(resp.GetCreated())
			out.Customers.Replayed += int64(resp.GetUpdated() + resp.GetUnchanged())
			return refused(n, resp.GetRejections())
		},
	}
	err := pour(ctx, s, w.Customers(),
		func(line int64, c *segmentationv1.Customer) *segmentationv1.CustomerRow {
			return &segmentationv1.CustomerRow{Line: line, Customer: c}
		},
		func(rows []*segmentationv1.CustomerRow) *segmentationv1.UpsertCustomersRequest {
			return &segmentationv1.UpsertCustomersRequest{Brand: f.brand, Rows: rows}
		})
	if err != nil {
		return nil, err
	}
	return w.pairs(ids), nil
}

// events brings in what happened between two moments.
func (f *filling) events(ctx context.Context, w *World, after, until time.Time, out *Result) error {
	s := stream[journeyv1.ImportEventsRequest, journeyv1.ImportEventsResponse]{
		what: "events", open: f.Journey.ImportEvents,
		took: func(n int, resp *journeyv1.ImportEventsResponse) error {
			out.Events.Recorded += int64(resp.GetRecorded())
			out.Events.Replayed += int64(resp.GetReplayed())
			f.progress(n)
			return refused(n, resp.GetRejections())
		},
	}
	return pour(ctx, s, w.Events(after, until),
		func(line int64, e *journeyv1.Event) *journeyv1.EventRow {
			return &journeyv1.EventRow{Line: line, Event: e}
		},
		func(rows []*journeyv1.EventRow) *journeyv1.ImportEventsRequest {
			return &journeyv1.ImportEventsRequest{Brand: f.brand, Rows: rows}
		})
}

// answers brings in what was answered between two moments.
func (f *filling) answers(ctx context.Context, w *World, after, until time.Time, out *Result) error {
	s := stream[surveyv1.ImportResponsesRequest, surveyv1.ImportResponsesResponse]{
		what: "responses", open: f.Survey.ImportResponses,
		took: func(n int, resp *surveyv1.ImportResponsesResponse) error {
			out.Answers.Recorded += int64(resp.GetRecorded())
			out.Answers.Replayed += int64(resp.GetReplayed())
			f.progress(n)
			return refused(n, resp.GetRejections())
		},
	}
	return pour(ctx, s, w.Between(after, until),
		func(line int64, r *surveyv1.Response) *surveyv1.ImportRow {
			return &surveyv1.ImportRow{Line: line, Response: r}
		},
		func(rows []*surveyv1.ImportRow) *surveyv1.ImportResponsesRequest {
			return &surveyv1.ImportResponsesRequest{Brand: f.brand, Rows: rows}
		})
}

// progress tells how many rows of the history have been answered for.
func (f *filling) progress(n int) {
	f.done += int64(n)
	if f.ask.Progress != nil {
		f.ask.Progress(f.done, max(f.about, f.done))
	}
}

// clamp is the moment before which nothing was experienced.
func (w *World) clamp(t time.Time) time.Time {
	if t.Before(w.first) {
		return w.first
	}
	return t
}

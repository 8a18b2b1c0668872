package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/rapport/mapping"
)

const (
	// maxChunkRows is what the contract allows.
	maxChunkRows = 1000
	// maxChunkBytes keeps a chunk of long comments well below the 4 MiB a server
	// takes by default.
	maxChunkBytes = 1 << 20
	barEvery      = 100 * time.Millisecond
)

// chunk is rows on their way. They are kept until they are answered, so that
// they can be sent again.
type chunk struct {
	rows []*surveyv1.ImportRow
	raw  map[int64]string // what stands in the file, by line
	try  int
}

// upload streams one block's responses.
type upload struct {
	run  *run
	file string
	rows *mapping.Rows
	bar  *progress
	// back are chunks to send again before anything is read.
	back []*chunk
	// later are rows the server could not take just now; they go with the next stream.
	later []*chunk
	// held is the row that did not fit into the last chunk.
	held    *mapping.Row
	ended   bool
	failed  error // reading the file broke off
	local   Counts
	moved   bool // the stream at hand was answered at least once
	delayed time.Duration
}

func (r *run) responses(ctx context.Context) error {
	for _, b := range r.m.Responses {
		if err := r.upload(ctx, b); err != nil {
			return fmt.Errorf("import responses: %w", err)
		}
	}
	return nil
}

func (r *run) upload(ctx context.Context, b *mapping.Block) error {
	rows, err := r.data.Open(b, func() proto.Message { return &surveyv1.Response{} })
	if err != nil {
		return err
	}
	defer rows.Close()
	u := &upload{run: r, file: b.From(), rows: rows, bar: r.progress("responses of " + b.From())}
	err = u.all(ctx)
	if err == nil {
		u.bar.end(u.local.Read)
	}
	// What the sender counted, now that it has come to rest.
	r.summary.Read += u.local.Read
	r.summary.Skipped += u.local.Skipped
	r.summary.Rejected += u.local.Rejected
	return err
}

// all opens streams until everything is answered. It gives up when several in a
// row brought nothing.
func (u *upload) all(ctx context.Context) error {
	for try := 1; ; try++ {
		u.moved, u.delayed = false, 0
		err := u.stream(ctx)
		switch {
		case err == nil && len(u.later) == 0:
			return u.failed
		case err != nil && (!fault.Retryable(err) || ctx.Err() != nil):
			return err
		}
		if u.moved {
			try = 1
		}
		// Rows given back one by one have a bound of their own.
		if err != nil && try == maxTries {
			return err
		}
		u.back, u.later = append(u.back, u.later...), nil
		pause := max(u.delayed, firstDelay)
		if err != nil {
			pause = max(u.delayed, delay(try, err))
		}
		if err := u.run.opts.wait(ctx, pause); err != nil {
			return err
		}
	}
}

// stream sends what is left over one stream, several chunks ahead of their
// answers. What is unanswered when it breaks is in back.
func (u *upload) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := u.run.client.ImportResponses(ctx)
	if err != nil {
		return err
	}
	sent := make(chan *chunk, u.run.opts.InFlight)
	var stopped *chunk // taken, but never announced; set before sent is closed
	go func() {
		defer close(sent)
		for {
			c := u.next()
			if c == nil {
				_ = stream.CloseSend() // an error shows in Recv
				return
			}
			select {
			case <-ctx.Done():
				stopped = c
				return
			case sent <- c:
			}
			if stream.Send(&surveyv1.ImportResponsesRequest{Brand: u.run.m.Brand, Rows: c.rows}) != nil {
				return // Recv tells why
			}
		}
	}()
	for c := range sent {
		resp, err := stream.Recv()
		if err == nil {
			err = u.answered(c, resp)
		} else if errors.Is(err, io.EOF) {
			err = fault.Unavailable("", "the server ended the stream before its time")
		}
		if err == nil {
			continue
		}
		cancel()
		// In the order of the file; whatever was given back and not sent stays behind.
		back := []*chunk{c}
		for rest := range sent {
			back = append(back, rest)
		}
		if stopped != nil {
			back = append(back, stopped)
		}
		u.back = append(back, u.back...)
		return err
	}
	if stopped != nil {
		u.back = append([]*chunk{stopped}, u.back...)
		return ctx.Err()
	}
	if _, err := stream.Recv(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// next is the next chunk to send; nil at the end.
func (u *upload) next() *chunk {
	if len(u.back) > 0 {
		c := u.back[0]
		u.back = u.back[1:]
		return c
	}
	c := &chunk{raw: make(map[int64]string, u.run.opts.ChunkRows)}
	for size := 0; len(c.rows) < u.run.opts.ChunkRows; {
		row := u.read()
		if row == nil {
			break
		}
		m := row.Message.(*surveyv1.Response)
		size += proto.Size(m) + 16
		if size > maxChunkBytes && len(c.rows) > 0 {
			u.held = row
			break
		}
		c.rows = append(c.rows, &surveyv1.ImportRow{Line: row.Line, Response: m})
		c.raw[row.Line] = row.Raw
	}
	read, size := u.rows.Progress()
	u.bar.at(read, size, u.local.Read)
	if len(c.rows) == 0 {
		return nil
	}
	return c
}

// read is the next row that has a response; nil at the end.
func (u *upload) read() *mapping.Row {
	if row := u.held; row != nil {
		u.held = nil
		return row
	}
	for !u.ended {
		row, err := u.rows.Next()
		var bad *mapping.Reject
		switch {
		case errors.As(err, &bad):
			u.local.Read++
			u.local.Rejected++
			u.run.rejects.add(bad)
		case err != nil:
			u.ended = true
			if !errors.Is(err, io.EOF) {
				u.failed = err
			}
		case row.Message == nil:
			u.local.Read++
			u.local.Skipped++
		default:
			u.local.Read++
			return &row
		}
	}
	return nil
}

// answered counts what became of a chunk.
func (u *upload) answered(c *chunk, resp *surveyv1.ImportResponsesResponse) error {
	if n := int(resp.GetRecorded()) + int(resp.GetReplayed()) + len(resp.GetRejections()); n != len(c.rows) {
		return fmt.Errorf("the server answered for %d of %d rows", n, len(c.rows))
	}
	sum := &u.run.summary
	sum.Recorded += int64(resp.GetRecorded())
	sum.Replayed += int64(resp.GetReplayed())
	u.moved = u.moved || resp.GetRecorded()+resp.GetReplayed() > 0
	again := &chunk{raw: map[int64]string{}, try: c.try + 1}
	for _, rejection := range resp.GetRejections() {
		e := fault.FromStatus(rejection.GetError())
		if e != nil && fault.Retryable(e) && c.try < maxTries {
			again.take(c, rejection.GetLine())
			u.delayed = max(u.delayed, e.RetryAfter)
			continue
		}
		u.moved = true
		sum.Rejected++
		u.run.rejects.add(refused(u.file, rejection.GetLine(), c.raw[rejection.GetLine()], rejection.GetError()))
	}
	if len(again.rows) > 0 {
		u.later = append(u.later, again)
	}
	return nil
}

// take copies one row of another chunk.
func (c *chunk) take(from *chunk, line int64) {
	for _, row := range from.rows {
		if row.GetLine() == line {
			c.rows = append(c.rows, row)
			c.raw[line] = from.raw[line]
		}
	}
}

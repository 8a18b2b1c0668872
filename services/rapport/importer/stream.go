package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/proto"

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

// row is a message and where it comes from.
type row struct {
	message proto.Message
	line    int64
	raw     string
}

// chunk is rows on their way. They are kept until they are answered, so that
// they can be sent again.
type chunk struct {
	rows []row
	try  int
}

// upload streams one block's rows.
type upload struct {
	run  *run
	what cargo
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

// stream imports blocks, one after the other.
func (r *run) stream(ctx context.Context, blocks []*mapping.Block, what cargo) error {
	if len(blocks) == 0 {
		return fmt.Errorf("the mapping has no %s", what.name)
	}
	from := r.opts.Clock()
	defer func() { r.summary.Streaming = r.opts.Clock().Sub(from) }()
	for _, b := range blocks {
		if err := r.upload(ctx, b, what); err != nil {
			return fmt.Errorf("import %s: %w", what.name, err)
		}
	}
	return nil
}

func (r *run) upload(ctx context.Context, b *mapping.Block, what cargo) error {
	rows, err := r.data.Open(b, what.made)
	if err != nil {
		return err
	}
	defer rows.Close()
	u := &upload{run: r, what: what, file: b.From(), rows: rows, bar: r.progress(what.name + " of " + b.From())}
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
	stream, err := u.what.open(ctx)
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
				_ = stream.end() // an error shows in Recv
				return
			}
			select {
			case <-ctx.Done():
				stopped = c
				return
			case sent <- c:
			}
			if stream.send(c.rows) != nil {
				return // Recv tells why
			}
		}
	}()
	for c := range sent {
		resp, err := stream.recv()
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
	if _, err := stream.recv(); err != nil && !errors.Is(err, io.EOF) {
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
	c := &chunk{rows: make([]row, 0, u.run.opts.ChunkRows)}
	for size := 0; len(c.rows) < u.run.opts.ChunkRows; {
		read := u.read()
		if read == nil {
			break
		}
		size += proto.Size(read.Message) + 16
		if size > maxChunkBytes && len(c.rows) > 0 {
			u.held = read
			break
		}
		c.rows = append(c.rows, row{read.Message, read.Line, read.Raw})
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
func (u *upload) answered(c *chunk, resp answer) error {
	if n := int(resp.recorded+resp.replayed) + len(resp.refused); n != len(c.rows) {
		return fmt.Errorf("the server answered for %d of %d rows", n, len(c.rows))
	}
	sum := &u.run.summary
	sum.Recorded += int64(resp.recorded)
	sum.Replayed += int64(resp.replayed)
	u.moved = u.moved || resp.recorded+resp.replayed > 0
	again := &chunk{try: c.try + 1}
	for _, refusal := range resp.refused {
		number := refusal.GetLine()
		if number < 1 || number > int64(len(c.rows)) {
			return fmt.Errorf("the server refused row %d of %d", number, len(c.rows))
		}
		here := c.rows[number-1]
		e := fault.FromStatus(refusal.GetError())
		if e != nil && fault.Retryable(e) && c.try < maxTries {
			again.rows = append(again.rows, here)
			u.delayed = max(u.delayed, e.RetryAfter)
			continue
		}
		u.moved = true
		sum.Rejected++
		u.run.rejects.add(refused(u.file, here.line, here.raw, refusal.GetError()))
	}
	if len(again.rows) > 0 {
		u.later = append(u.later, again)
	}
	return nil
}

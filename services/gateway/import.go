package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// message is a pointer to a generated message.
type message[T any] interface {
	*T
	proto.Message
}

// importing takes a stream of JSON chunks, as many as the caller likes, and answers
// each with a line {"result": …} as soon as its good rows are durable; a last line
// {"error": …} says why it went no further. It stands in for the generated handler,
// which drops what follows a malformed chunk and answers as if all was well.
//
//	curl -T chunks.ndjson -X POST http://…/v1/responses:import
func importing[Req, Resp any, M message[Req]](s *Server, method string,
	open func(context.Context, ...grpc.CallOption) (grpc.BidiStreamingClient[Req, Resp], error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, err := s.outgoingContext(r, method)
		if err != nil {
			refuse(w, 0, ofParser(err, "header"))
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := open(ctx)
		if err != nil {
			refuse(w, 0, err)
			return
		}
		// What stops an import leaves a body half read: the connection has had its day.
		w.Header().Set("Connection", "close")
		control := http.NewResponseController(w)
		// HTTP/1.1 reads the whole request before it answers unless told otherwise; on
		// HTTP/2 both ways are open and this is an error that means nothing.
		_ = control.EnableFullDuplex()
		sent := make(chan error, 1)
		go func() { sent <- sendChunks[Req, Resp, M](r.Body, s.cfg.MaxBody, stream) }()
		out := &lines{w: w, flush: control.Flush}
		err = copyAnswers(out, stream)
		if err != nil {
			cancel()
			_ = control.SetReadDeadline(time.Now()) // the sender may wait for a chunk that never comes
		}
		// Every chunk sent is answered: what stopped the sending comes last.
		if stopped := <-sent; err == nil {
			err = stopped
		}
		if err != nil {
			out.fail(err)
			return
		}
		out.start()
	}
}

// sendChunks passes on chunk after chunk until the body ends or one is malformed.
func sendChunks[Req, Resp any, M message[Req]](body io.Reader, most int64, stream grpc.BidiStreamingClient[Req, Resp]) error {
	defer stream.CloseSend() //nolint:errcheck // a broken stream tells the receiver
	in := &allowance{in: body}
	decoder := json.NewDecoder(in)
	for n := 1; ; n++ {
		in.left = most
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case errors.Is(err, errAllowance):
				return tooLarge(fmt.Sprintf("chunk %d", n), most)
			}
			return malformed(fmt.Sprintf("chunks[%d]", n-1), err)
		}
		chunk := new(Req)
		if err := protojson.Unmarshal(raw, M(chunk)); err != nil {
			return malformed(fmt.Sprintf("chunks[%d]", n-1), err)
		}
		if err := stream.Send(chunk); err != nil {
			return nil // the receiver has the reason
		}
	}
}

var errAllowance = errors.New("allowance used up")

// allowance bounds what is read for one chunk, however long the whole body is.
type allowance struct {
	in   io.Reader
	left int64
}

// Read reads until the allowance is used up.
func (a *allowance) Read(p []byte) (int, error) {
	if a.left <= 0 {
		return 0, errAllowance
	}
	if int64(len(p)) > a.left {
		p = p[:a.left]
	}
	n, err := a.in.Read(p)
	a.left -= int64(n)
	return n, err
}

// lines writes the answers, each a line that leaves at once.
type lines struct {
	w       http.ResponseWriter
	flush   func() error
	started bool
}

// copyAnswers passes on the answers until the stream ends, well or not.
func copyAnswers[Req, Resp any](l *lines, stream grpc.BidiStreamingClient[Req, Resp]) error {
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		l.start()
		body, err := newCodec().Marshal(map[string]any{"result": answer})
		if err != nil {
			return err
		}
		if _, err := l.w.Write(append(body, '\n')); err != nil {
			return err
		}
		if err := l.flush(); err != nil {
			return err
		}
	}
}

func (l *lines) start() {
	if !l.started {
		l.w.Header().Set("Content-Type", "application/x-ndjson")
		l.started = true
	}
}

// fail ends the answer. Only before the first line can the HTTP status tell.
func (l *lines) fail(err error) {
	if !l.started {
		refuse(l.w, 0, err)
		return
	}
	fmt.Fprintf(l.w, "{\"error\":%s}\n", statusJSON(err))
}

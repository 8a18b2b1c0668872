package journey

import (
	"errors"
	"io"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

// maxRows bounds a chunk, so that an import never holds up the living for longer
// than one commit.
const maxRows = 1000

// chunk is a chunk of an import, judged.
type chunk struct {
	*batch
	rows []*journeyv1.EventRow
}

// ImportEvents takes chunks one at a time and answers each. The next one is
// received and judged while the one before commits.
func (s *Server) ImportEvents(stream grpc.BidiStreamingServer[journeyv1.ImportEventsRequest, journeyv1.ImportEventsResponse]) error {
	g, ctx := errgroup.WithContext(stream.Context())
	judged := make(chan *chunk, 1)
	g.Go(func() error {
		defer close(judged)
		var brand string
		for {
			in, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if brand != "" && in.GetBrand() != brand {
				return fault.Invalid().Field("brand", "must be %q as in the chunks before", brand).Err()
			}
			brand = in.GetBrand()
			c, err := s.judgeChunk(stream, in)
			if err != nil {
				return err
			}
			select {
			case judged <- c:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	g.Go(func() error {
		for c := range judged {
			s.commitBatch(stream.Context(), c.batch)
			if err := stream.Send(c.answer()); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// judgeChunk judges each row alone.
func (s *Server) judgeChunk(stream grpc.ServerStream, in *journeyv1.ImportEventsRequest) (*chunk, error) {
	ctx := stream.Context()
	b, err := s.enter(ctx, in.GetBrand(), access.Submit)
	if err != nil {
		return nil, err
	}
	if len(in.GetRows()) > maxRows {
		return nil, fault.Invalid().Field("rows", "must have at most %d entries", maxRows).Err()
	}
	events := make([]*journeyv1.Event, len(in.GetRows()))
	for i, row := range in.GetRows() {
		events[i] = row.GetEvent()
	}
	see, err := s.sight(ctx, b)
	if err != nil {
		return nil, err
	}
	all, err := s.judge(ctx, b, see, events)
	return &chunk{batch: all, rows: in.GetRows()}, err
}

// answer tells what became of the rows, those refused in the order of the chunk.
func (c *chunk) answer() *journeyv1.ImportEventsResponse {
	out := &journeyv1.ImportEventsResponse{}
	for i, r := range c.results {
		switch {
		case r.Err != nil:
			out.Rejections = append(out.Rejections, &journeyv1.EventRejection{Line: c.rows[i].GetLine(), Error: fault.Status(r.Err)})
		case r.Value.replayed:
			out.Replayed++
		default:
			out.Recorded++
		}
	}
	return out
}

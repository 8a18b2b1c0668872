package journey

import (
	"context"

	"google.golang.org/grpc"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/several"
)

// maxRows bounds a chunk, so that an import never holds up the living for longer
// than one commit.
const maxRows = 1000

// chunk is a chunk of an import, judged.
type chunk struct {
	*batch
	rows []*journeyv1.EventRow
}

// ImportEvents takes chunks one at a time and answers each.
func (s *Server) ImportEvents(stream grpc.BidiStreamingServer[journeyv1.ImportEventsRequest, journeyv1.ImportEventsResponse]) error {
	return several.Chunks(stream, s.judgeChunk, func(ctx context.Context, c *chunk) (*journeyv1.ImportEventsResponse, error) {
		s.commitBatch(ctx, c.batch)
		return c.answer(), nil
	})
}

// judgeChunk judges each row alone.
func (s *Server) judgeChunk(ctx context.Context, in *journeyv1.ImportEventsRequest) (*chunk, error) {
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

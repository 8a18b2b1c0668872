package survey

import (
	"cmp"
	"context"
	"slices"
	"time"

	"google.golang.org/grpc"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/several"
	"github.com/rapport-cx/rapport/services/survey/intake"
)

// maxRows bounds a chunk, so that an import never holds up the living for longer
// than one commit.
const maxRows = 1000

// chunk is a chunk judged: what can be committed, and what was refused.
type chunk struct {
	brand    *brand
	lines    []int64
	arrivals []arrival
	answer   *surveyv1.ImportResponsesResponse
}

// ImportResponses takes chunks one at a time and answers each.
func (s *Server) ImportResponses(stream grpc.BidiStreamingServer[surveyv1.ImportResponsesRequest, surveyv1.ImportResponsesResponse]) error {
	return several.Chunks(stream, s.judgeChunk, func(ctx context.Context, c *chunk) (*surveyv1.ImportResponsesResponse, error) {
		s.commitChunk(ctx, c)
		return c.answer, nil
	})
}

// judgeChunk judges each row alone. A row that names what this replica does not
// know yet makes it read the definitions once more.
func (s *Server) judgeChunk(ctx context.Context, in *surveyv1.ImportResponsesRequest) (*chunk, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Submit)
	if err != nil {
		return nil, err
	}
	if len(in.GetRows()) > maxRows {
		return nil, fault.Invalid().Field("rows", "must have at most %d entries", maxRows).Err()
	}
	now, synced, may := s.clock(), false, s.inside(ctx, b)
	var again []refused
	var lines []int64
	c := &chunk{brand: b, answer: &surveyv1.ImportResponsesResponse{}}
	for _, row := range in.GetRows() {
		if err := s.permits(ctx, b, may, row.GetResponse()); denied(err) {
			c.refuse(row.GetLine(), err)
			continue
		} else if err != nil {
			return nil, err
		}
		a, err := s.judgeRow(b, row, now)
		if outdated(err) && !synced {
			synced = true
			if err := s.store.folds.Sync(ctx, b.ID); err != nil {
				return nil, floor.Unavailable("read definitions", err)
			}
			a, err = s.judgeRow(b, row, now)
		}
		if err != nil {
			r := row.GetResponse()
			again = append(again, refused{r, intake.Key(r.GetSource(), r.GetExternalId(), ""), may, err})
			lines = append(lines, row.GetLine())
			continue
		}
		a.inside = may
		c.lines, c.arrivals = append(c.lines, row.GetLine()), append(c.arrivals, a)
	}
	settled, err := s.settle(ctx, b, again)
	if err != nil {
		return nil, err
	}
	for i, r := range settled {
		c.told(lines[i], r)
	}
	arrivals := make([]*arrival, len(c.arrivals))
	for i := range c.arrivals {
		arrivals[i] = &c.arrivals[i]
	}
	return c, s.resolve(ctx, b, arrivals)
}

// told adds what became of one row to the chunk's answer.
func (c *chunk) told(line int64, r commit.Result[receipt]) {
	switch {
	case r.Err != nil:
		c.refuse(line, r.Err)
	case r.Value.replayed:
		c.answer.Replayed++
	default:
		c.answer.Recorded++
	}
}

func (c *chunk) refuse(line int64, err error) {
	c.answer.Rejections = append(c.answer.Rejections, &surveyv1.ImportRejection{Line: line, Error: fault.Status(err)})
}

// judgeRow is judge for a row, whose fields nobody has looked at yet.
func (s *Server) judgeRow(b *brand, row *surveyv1.ImportRow, now time.Time) (arrival, error) {
	in := row.GetResponse()
	if in == nil || in.GetExternalId() == "" || in.GetSource() == "" {
		return arrival{}, fault.Invalid().Field("response.external_id", "is required with response.source, so that a second run adds nothing").Err()
	}
	if err := validate(in); err != nil {
		return arrival{}, under("response", err)
	}
	return s.judge(b, in, "", now)
}

// under puts a message's place in front of the paths of its broken rules.
func under(path string, err error) error {
	e := fault.From(err)
	if e == nil {
		return err
	}
	for i := range e.Fields {
		e.Fields[i].Path = path + "." + e.Fields[i].Path
	}
	return e
}

// commitChunk commits what is good and fills in the answer.
func (s *Server) commitChunk(ctx context.Context, c *chunk) {
	if len(c.arrivals) == 0 {
		return
	}
	for i, r := range s.arrivals.DoAll(ctx, c.brand.ID, c.arrivals) {
		c.told(c.lines[i], r)
	}
	slices.SortFunc(c.answer.Rejections, func(x, y *surveyv1.ImportRejection) int { return cmp.Compare(x.GetLine(), y.GetLine()) })
}

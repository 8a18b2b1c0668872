package segmentation

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/several"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
)

// maxRows bounds a chunk, so that an import never holds up the living for longer
// than one commit.
const maxRows = 1000

// UpsertCustomers takes chunks one at a time and answers each.
func (s *Server) UpsertCustomers(stream grpc.BidiStreamingServer[segmentationv1.UpsertCustomersRequest, segmentationv1.UpsertCustomersResponse]) error {
	return several.Chunks(stream, several.Unjudged, s.upsert)
}

// upsert judges the rows of a chunk, then applies the good ones in one commit.
func (s *Server) upsert(ctx context.Context, in *segmentationv1.UpsertCustomersRequest) (*segmentationv1.UpsertCustomersResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Submit)
	if err != nil {
		return nil, err
	}
	if len(in.GetRows()) > maxRows {
		return nil, fault.Invalid().Field("rows", "must have at most %d entries", maxRows).Err()
	}
	rows, refusals, err := s.judgeRows(ctx, b, in.GetRows())
	if err != nil {
		return nil, err
	}
	var done chunk
	if err := s.apply(ctx, b, rows, in.GetMergeConflicts(), &done); err != nil {
		return nil, err
	}
	return done.answer(in.GetRows(), rows, refusals), nil
}

// judgeRows reads each row alone: rows has nil where refusals tells why. A row
// that names what this replica does not know yet makes it read the log once more.
func (s *Server) judgeRows(ctx context.Context, b *brand, in []*segmentationv1.CustomerRow) ([]*said, []error, error) {
	rows, refusals := make([]*said, len(in)), make([]error, len(in))
	synced := false
	for i, row := range in {
		one, err := b.judge(row)
		if err != nil && !synced && mentionsAttributes(row) {
			synced = true
			if err := s.store.folds.Sync(ctx, b.ID); err != nil {
				return nil, nil, floor.Unavailable("read attributes", err)
			}
			one, err = b.judge(row)
		}
		rows[i], refusals[i] = one, err
		if err != nil {
			rows[i] = nil
		}
	}
	return rows, refusals, nil
}

func mentionsAttributes(row *segmentationv1.CustomerRow) bool {
	return len(row.GetCustomer().GetAttributes()) > 0
}

// judge reads one row, whose fields nobody has looked at yet.
func (b *brand) judge(row *segmentationv1.CustomerRow) (*said, error) {
	in := row.GetCustomer()
	if in.GetId() == 0 && len(in.GetIdentities()) == 0 {
		return nil, fault.Invalid().Field("customer.identities", "name one, or give the customer's id").Err()
	}
	if err := fault.Validate(in); err != nil {
		return nil, prefixed("customer", err)
	}
	if err := profile.Check(in, b.attributes.Load()); err != nil {
		return nil, prefixed("customer", err)
	}
	one := &said{line: row.GetLine(), in: in}
	for i, id := range in.GetIdentities() {
		known, err := b.rules.Read(id, fmt.Sprintf("customer.identities[%d]", i))
		if err != nil {
			return nil, err
		}
		one.known = append(one.known, known)
	}
	return one, nil
}

// prefixed puts a message's place in front of the paths of a refusal's fields.
func prefixed(path string, err error) error {
	refusal := fault.From(err)
	for i := range refusal.Fields {
		refusal.Fields[i].Path = path + "." + refusal.Fields[i].Path
	}
	return refusal
}

// chunk is what became of the rows that were good.
type chunk struct {
	ids      []int64
	outcomes []outcome
	refusals []error
}

// answer puts the rows refused at first sight and those refused later together.
func (c *chunk) answer(in []*segmentationv1.CustomerRow, rows []*said, refusals []error) *segmentationv1.UpsertCustomersResponse {
	out := &segmentationv1.UpsertCustomersResponse{Ids: make([]int64, len(in))}
	next := 0
	for i := range in {
		err := refusals[i]
		if rows[i] != nil {
			out.Ids[i], err = c.ids[next], c.refusals[next]
			if err == nil {
				c.count(out, c.outcomes[next])
			}
			next++
		}
		if err != nil {
			out.Rejections = append(out.Rejections, &segmentationv1.CustomerRejection{Line: in[i].GetLine(), Error: fault.Status(err)})
		}
	}
	return out
}

func (c *chunk) count(out *segmentationv1.UpsertCustomersResponse, o outcome) {
	switch o {
	case created:
		out.Created++
	case updated:
		out.Updated++
	case unchanged:
		out.Unchanged++
	}
}

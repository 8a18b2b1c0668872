package journey

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	// mostBatched is how many measures one call may ask for.
	mostBatched = 200
	// batchedAtOnce is how many of them are answered side by side.
	batchedAtOnce = 4
)

// BatchGetMeasures reads several measures in one call.
func (s *Server) BatchGetMeasures(ctx context.Context, in *journeyv1.BatchGetMeasuresRequest) (*journeyv1.BatchGetMeasuresResponse, error) {
	if _, err := s.enter(ctx, in.GetBrand(), access.Read); err != nil {
		return nil, err
	}
	if err := checkBatch(in); err != nil {
		return nil, err
	}
	out := &journeyv1.BatchGetMeasuresResponse{Results: make([]*journeyv1.BatchedMeasure, len(in.GetRequests()))}
	g, going := errgroup.WithContext(ctx)
	g.SetLimit(batchedAtOnce)
	for i, one := range in.GetRequests() {
		g.Go(func() (err error) {
			out.Results[i], err = s.batched(going, in.GetBrand(), one)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, one := range out.GetResults() {
		for _, at := range []*timestamppb.Timestamp{one.GetSuccessIndex().GetAsOf(), one.GetContactRate().GetAsOf()} {
			if at != nil && (out.AsOf == nil || at.AsTime().Before(out.GetAsOf().AsTime())) {
				out.AsOf = at
			}
		}
	}
	return out, nil
}

// checkBatch judges the call as a whole.
func checkBatch(in *journeyv1.BatchGetMeasuresRequest) error {
	f := fault.Invalid()
	if n := len(in.GetRequests()); n == 0 || n > mostBatched {
		f.Field("requests", "must be 1 to %d", mostBatched)
	}
	for i, one := range in.GetRequests() {
		if of := one.GetSuccessIndex().GetBrand() + one.GetContactRate().GetBrand(); of != "" && of != in.GetBrand() {
			f.Field(fmt.Sprintf("requests[%d]", i), "must be of the call's brand")
		}
	}
	return f.Err()
}

// batched answers one question of several. The error is of what may be asked again, or
// is nobody's to ask; a question that is wrong says so in its place.
func (s *Server) batched(ctx context.Context, brand string, in *journeyv1.MeasureRequest) (*journeyv1.BatchedMeasure, error) {
	out := &journeyv1.BatchedMeasure{}
	var err error
	switch one := in.GetMeasure().(type) {
	case *journeyv1.MeasureRequest_SuccessIndex:
		got := &journeyv1.BatchedMeasure_SuccessIndex{}
		got.SuccessIndex, err = measured(ctx, brand, one.SuccessIndex, s.GetSuccessIndex)
		out.Measure = got
	case *journeyv1.MeasureRequest_ContactRate:
		got := &journeyv1.BatchedMeasure_ContactRate{}
		got.ContactRate, err = measured(ctx, brand, one.ContactRate, s.GetContactRate)
		out.Measure = got
	default:
		err = fault.Invalid().Field("measure", "must be given").Err()
	}
	switch fault.Code(err) {
	case codes.OK:
		return out, nil
	case codes.InvalidArgument, codes.NotFound, codes.FailedPrecondition:
		return &journeyv1.BatchedMeasure{Measure: &journeyv1.BatchedMeasure_Error{Error: fault.Status(err)}}, nil
	}
	return nil, err
}

// measured asks for one measure as alone: of the brand, once no rule is broken.
func measured[Q proto.Message, A any](ctx context.Context, brand string, in Q, ask func(context.Context, Q) (A, error)) (A, error) {
	m := in.ProtoReflect()
	if field := m.Descriptor().Fields().ByName("brand"); !m.Has(field) {
		in = proto.CloneOf(in)
		in.ProtoReflect().Set(field, protoreflect.ValueOfString(brand))
	}
	if err := fault.Validate(in); err != nil {
		var none A
		return none, err
	}
	return ask(ctx, in)
}

package loyalty

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Earn gives points.
func (s *Server) Earn(ctx context.Context, in *loyaltyv1.EarnRequest) (*loyaltyv1.EarnResponse, error) {
	out, err := s.post(ctx, access.Submit, in.GetBrand(), s.earning(in))
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.EarnResponse{Movement: out.movement(), Balance: out.Record.GetBalance(), Replayed: out.Replayed}, nil
}

// Activate makes pending points of an order available.
func (s *Server) Activate(ctx context.Context, in *loyaltyv1.ActivateRequest) (*loyaltyv1.ActivateResponse, error) {
	out, err := s.post(ctx, access.Submit, in.GetBrand(), s.activating(in))
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.ActivateResponse{Movement: out.movement(), Balance: out.Record.GetBalance(), Replayed: out.Replayed}, nil
}

// Redeem spends points.
func (s *Server) Redeem(ctx context.Context, in *loyaltyv1.RedeemRequest) (*loyaltyv1.RedeemResponse, error) {
	out, err := s.post(ctx, access.Submit, in.GetBrand(), s.redeeming(in))
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.RedeemResponse{Movement: out.movement(), Balance: out.Record.GetBalance(), Replayed: out.Replayed}, nil
}

// Hold sets points aside.
func (s *Server) Hold(ctx context.Context, in *loyaltyv1.HoldRequest) (*loyaltyv1.HoldResponse, error) {
	kept := proto.CloneOf(in)
	out, err := s.post(ctx, access.Submit, in.GetBrand(), &posting{
		programme: in.GetProgrammeId(), who: in.GetCustomer(), kept: &kept.Customer,
		record: &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Hold{Hold: kept}},
	})
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.HoldResponse{
		Movement: out.movement(), Balance: out.Record.GetBalance(), Replayed: out.Replayed,
		EndsAt: timestamppb.New(time.UnixMicro(out.Record.GetEndsAt())),
	}, nil
}

// Capture spends points that were set aside.
func (s *Server) Capture(ctx context.Context, in *loyaltyv1.CaptureRequest) (*loyaltyv1.CaptureResponse, error) {
	out, err := s.post(ctx, access.Submit, in.GetBrand(), &posting{
		record: &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Capture{Capture: proto.CloneOf(in)}},
	})
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.CaptureResponse{Movement: out.movement(), Balance: out.Record.GetBalance(), Replayed: out.Replayed}, nil
}

// Void gives them back.
func (s *Server) Void(ctx context.Context, in *loyaltyv1.VoidRequest) (*loyaltyv1.VoidResponse, error) {
	out, err := s.post(ctx, access.Submit, in.GetBrand(), &posting{
		record: &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Void{Void: proto.CloneOf(in)}},
	})
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.VoidResponse{Movement: out.movement(), Balance: out.Record.GetBalance(), Replayed: out.Replayed}, nil
}

// Reverse takes back what an order did.
func (s *Server) Reverse(ctx context.Context, in *loyaltyv1.ReverseRequest) (*loyaltyv1.ReverseResponse, error) {
	out, err := s.post(ctx, access.Submit, in.GetBrand(), s.reversing(in))
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.ReverseResponse{Movement: out.movement(), Balance: out.Record.GetBalance(), Replayed: out.Replayed}, nil
}

// Adjust corrects a balance by hand.
func (s *Server) Adjust(ctx context.Context, in *loyaltyv1.AdjustRequest) (*loyaltyv1.AdjustResponse, error) {
	out, err := s.post(ctx, access.Amend, in.GetBrand(), s.adjusting(in))
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.AdjustResponse{Movement: out.movement(), Balance: out.Record.GetBalance(), Replayed: out.Replayed}, nil
}

// Transfer gives points to another member.
func (s *Server) Transfer(ctx context.Context, in *loyaltyv1.TransferRequest) (*loyaltyv1.TransferResponse, error) {
	kept := proto.CloneOf(in)
	out, err := s.post(ctx, access.Submit, in.GetBrand(), &posting{
		programme: in.GetProgrammeId(), who: in.GetFrom(), kept: &kept.From, to: in.GetTo(), keptTo: &kept.To,
		record: &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Transfer{Transfer: kept}},
	})
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.TransferResponse{Movement: out.movement(), Balance: out.Record.GetBalance(), Replayed: out.Replayed}, nil
}

// Expire posts what is due. Pieces of it share the queue with everybody else.
func (s *Server) Expire(ctx context.Context, in *loyaltyv1.ExpireRequest) (*loyaltyv1.ExpireResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Submit)
	if err != nil {
		return nil, err
	}
	left := int(in.GetLimit())
	if left == 0 {
		left = sweepMost
	}
	out := &loyaltyv1.ExpireResponse{}
	for out.More = true; left > 0 && out.More; {
		piece := min(left, sweepMost)
		n, more, err := s.sweep(ctx, b, piece, count(out))
		if err != nil {
			return nil, floor.Unavailable("post what is due", err)
		}
		left, out.More = left-n, more
	}
	return out, nil
}

func count(out *loyaltyv1.ExpireResponse) func(ledger.Outcome) {
	return func(o ledger.Outcome) {
		switch m := o.Record.GetMovement(); m.GetKind() {
		case loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE:
			out.Lots++
			for _, p := range m.GetTaken() {
				out.Points += p.GetPoints()
			}
		case loyaltyv1.MovementKind_MOVEMENT_KIND_VOID:
			out.Holds++
		case loyaltyv1.MovementKind_MOVEMENT_KIND_ACTIVATE:
			out.Activated++
		}
	}
}

// posting is a request on its way to be a task.
type posting struct {
	programme string
	record    *loyaltyv1.EntryRecord
	// who and to name members; kept are their places in the request as it is kept.
	who, to      *commonv1.CustomerRef
	kept, keptTo **commonv1.CustomerRef
	// wrong is what is wrong with its fields.
	wrong error
	task  ledger.Task
}

func (s *Server) earning(in *loyaltyv1.EarnRequest) *posting {
	kept := proto.CloneOf(in)
	f := fault.Invalid()
	if at := in.GetOccurredAt(); at != nil && at.AsTime().After(s.clock().Add(24*time.Hour)) {
		f.Field("occurred_at", "must not be more than 24 hours ahead")
	}
	if in.GetOnDelivery() && in.GetActiveFrom() != nil {
		f.Field("active_from", "must not be given with on_delivery")
	}
	return &posting{
		programme: in.GetProgrammeId(), who: in.GetCustomer(), kept: &kept.Customer, wrong: f.Err(),
		record: &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Earn{Earn: kept}},
	}
}

func (s *Server) activating(in *loyaltyv1.ActivateRequest) *posting {
	kept := proto.CloneOf(in)
	return &posting{
		programme: in.GetProgrammeId(), who: in.GetCustomer(), kept: &kept.Customer, wrong: ordered(in.GetOrigin()),
		record: &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Activate{Activate: kept}},
	}
}

func (s *Server) redeeming(in *loyaltyv1.RedeemRequest) *posting {
	kept := proto.CloneOf(in)
	return &posting{
		programme: in.GetProgrammeId(), who: in.GetCustomer(), kept: &kept.Customer,
		record: &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Redeem{Redeem: kept}},
	}
}

func (s *Server) reversing(in *loyaltyv1.ReverseRequest) *posting {
	kept := proto.CloneOf(in)
	return &posting{
		programme: in.GetProgrammeId(), who: in.GetCustomer(), kept: &kept.Customer, wrong: ordered(in.GetOrigin()),
		record: &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Reverse{Reverse: kept}},
	}
}

func (s *Server) adjusting(in *loyaltyv1.AdjustRequest) *posting {
	kept := proto.CloneOf(in)
	return &posting{
		programme: in.GetProgrammeId(), who: in.GetCustomer(), kept: &kept.Customer,
		record: &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Adjust{Adjust: kept}},
	}
}

// ordered refuses what is about an order and names none.
func ordered(o *loyaltyv1.Origin) error {
	if o.GetOrderId() == "" {
		return fault.Invalid().Field("origin.order_id", "is required").Err()
	}
	return nil
}

// outcome is what became of a request.
type outcome struct{ ledger.Outcome }

// movement is the entry as callers see it; nil if nothing moved.
func (o outcome) movement() *loyaltyv1.Movement { return record.Whole(o.Record, o.Seq, o.At) }

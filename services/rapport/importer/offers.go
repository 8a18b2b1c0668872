package importer

import (
	"context"
	"fmt"
	"io"
	"sync"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// programmes makes those of the mapping. One that is there with other rules stays.
func (r *run) programmes(ctx context.Context, client loyaltyv1.LoyaltyServiceClient) error {
	for _, p := range r.m.Programmes {
		err := r.retry(ctx, func() error {
			_, err := client.CreateProgramme(ctx, &loyaltyv1.CreateProgrammeRequest{Brand: r.m.Brand, Programme: p})
			return err
		})
		if fault.Is(err, commonv1.Reason_REASON_ALREADY_EXISTS) {
			r.say("programme %s has other rules than the mapping; it stays as it is\n", p.GetId())
			continue
		}
		if err != nil {
			return fmt.Errorf("make programme %s: %w", p.GetId(), err)
		}
	}
	return nil
}

// atOnce is how many calls of a chunk run at the same time.
const atOnce = 16

// called makes a road of calls that are no stream: take answers for one chunk.
func called(ctx context.Context, take func(context.Context, []row) (answer, error)) road {
	// As many as may be ahead of their answers, whoever reads them.
	chunks := make(chan []row, 64)
	return road{
		send: func(rows []row) error {
			select {
			case chunks <- rows:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		recv: func() (answer, error) {
			rows, more := <-chunks
			if !more {
				return answer{}, io.EOF
			}
			return take(ctx, rows)
		},
		end: func() error { close(chunks); return nil },
	}
}

// no is a row that was refused.
type no struct {
	line int64
	err  error
}

func (n no) GetLine() int64        { return n.line }
func (n no) GetError() *spb.Status { return fault.Status(n.err) }

// each answers for the rows of a chunk one by one, several at a time. one tells whether
// the row is new.
func each(ctx context.Context, rows []row, one func(context.Context, proto.Message) (bool, error)) (answer, error) {
	var out answer
	var broken error
	var mu sync.Mutex
	var all sync.WaitGroup
	free := make(chan struct{}, atOnce)
	for i, r := range rows {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			fresh, err := one(ctx, r.message)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil && (fault.Retryable(err) || ctx.Err() != nil):
				broken = err
			case err != nil:
				out.refused = append(out.refused, no{int64(i + 1), err})
			case fresh:
				out.recorded++
			default:
				out.replayed++
			}
		})
	}
	all.Wait()
	return out, broken
}

func offers(client loyaltyv1.LoyaltyServiceClient, brand string) cargo {
	open := func(ctx context.Context) (road, error) {
		have, err := client.ListOffers(ctx, &loyaltyv1.ListOffersRequest{Brand: brand})
		before := map[string]int32{}
		for _, o := range have.GetOffers() {
			before[o.GetId()] = o.GetVersion()
		}
		return called(ctx, func(ctx context.Context, rows []row) (answer, error) {
			return each(ctx, rows, func(ctx context.Context, m proto.Message) (bool, error) {
				out, err := client.UpsertOffer(ctx, &loyaltyv1.UpsertOfferRequest{Brand: brand, Offer: m.(*loyaltyv1.Offer)})
				return out.GetOffer().GetVersion() != before[out.GetOffer().GetId()], err
			})
		}), err
	}
	return cargo{"offers", func() proto.Message { return &loyaltyv1.Offer{} }, open}
}

func redemptions(client loyaltyv1.LoyaltyServiceClient, brand string) cargo {
	open := func(ctx context.Context) (road, error) {
		return called(ctx, func(ctx context.Context, rows []row) (answer, error) {
			return each(ctx, rows, func(ctx context.Context, m proto.Message) (bool, error) {
				in := m.(*loyaltyv1.RedeemOfferRequest)
				in.Brand = brand
				out, err := client.RedeemOffer(ctx, in)
				return !out.GetReplayed(), err
			})
		}), nil
	}
	return cargo{"redemptions", func() proto.Message { return &loyaltyv1.RedeemOfferRequest{} }, open}
}

func sendings(client loyaltyv1.LoyaltyServiceClient, brand string) cargo {
	open := func(ctx context.Context) (road, error) {
		return called(ctx, func(ctx context.Context, rows []row) (answer, error) { return send(ctx, client, brand, rows) }), nil
	}
	return cargo{"sendings", func() proto.Message { return &loyaltyv1.SendOfferRequest{} }, open}
}

// send puts the rows of a chunk together that send one offer at one time. Where such a
// call is refused its rows are sent one by one.
func send(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, brand string, rows []row) (out answer, err error) {
	type same struct {
		offer string
		at    int64
	}
	var order []same
	groups := map[same][]int{}
	for i, r := range rows {
		in := r.message.(*loyaltyv1.SendOfferRequest)
		at := same{in.GetOfferId(), in.GetReceivedAt().AsTime().UnixMicro()}
		if groups[at] == nil {
			order = append(order, at)
		}
		groups[at] = append(groups[at], i)
	}
	try := func(some []int) error {
		in := proto.CloneOf(rows[some[0]].message.(*loyaltyv1.SendOfferRequest))
		in.Brand = brand
		for _, i := range some[1:] {
			in.Customers = append(in.Customers, rows[i].message.(*loyaltyv1.SendOfferRequest).GetCustomers()...)
		}
		got, err := client.SendOffer(ctx, in)
		if err == nil {
			fresh := min(int32(got.GetReceived()), int32(len(some)))
			out.recorded, out.replayed = out.recorded+fresh, out.replayed+int32(len(some))-fresh
		}
		return err
	}
	for _, at := range order {
		some := groups[at]
		err := try(some)
		for i := 0; err != nil && i < len(some); i++ {
			if fault.Retryable(err) || ctx.Err() != nil {
				return out, err
			}
			if one := try(some[i : i+1]); one != nil && (fault.Retryable(one) || ctx.Err() != nil) {
				return out, one
			} else if one != nil {
				out.refused = append(out.refused, no{int64(some[i] + 1), one})
			}
		}
	}
	return out, nil
}

package loyalty

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/page"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// ask is whose balance is asked for, balance what it is as of a time.
type (
	ask struct {
		programme string
		numbers   []int64
	}
	balance struct {
		stock *ledger.Stock
		at    int64
	}
)

// GetBalance reads what a member has. Who asks at the same moment shares a statement.
func (s *Server) GetBalance(ctx context.Context, in *loyaltyv1.GetBalanceRequest) (*loyaltyv1.GetBalanceResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if _, err := s.programme(ctx, b, in.GetProgrammeId()); err != nil {
		return nil, err
	}
	who, err := s.whose(ctx, b, in.GetCustomer())
	if err != nil {
		return nil, err
	}
	var found balance
	if at := in.GetAt(); at != nil && at.AsTime().UnixMicro() < s.clock().UnixMicro() {
		found.at = at.AsTime().UnixMicro()
		found.stock, err = s.reader(b).Then(ctx, in.GetProgrammeId(), who, found.at)
	} else {
		found, err = s.balances.Do(ctx, b.ID, ask{in.GetProgrammeId(), b.people().Members(who)})
		found.at = max(found.at, s.clock().UnixMicro())
	}
	if err != nil {
		return nil, floor.Lost("read balance", err)
	}
	v := found.stock.At(found.at)
	return &loyaltyv1.GetBalanceResponse{
		Balance: v.Balance, Expiries: v.Expiries, Pending: v.Pending, AsOf: timestamppb.New(time.UnixMicro(found.at)),
	}, nil
}

// whose finds the number of a member who is asked about.
func (s *Server) whose(ctx context.Context, b *brand, ref *commonv1.CustomerRef) (who int64, err error) {
	if id := ref.GetIdentity(); id != nil {
		s.resolve(ctx, b, []*commonv1.Identity{id}, []func(int64, error){func(id int64, e error) { who, err = id, e }})
		return who, err
	}
	if ref.GetId() <= 0 {
		return 0, fault.Invalid().Field("customer.id", "must be above 0").Err()
	}
	return ref.GetId(), nil
}

// atOnce is how many numbers one statement reads.
const atOnce = 64

// readBalances answers all who ask at one moment.
func (s *Server) readBalances(ctx context.Context, brand string, asks []ask) []commit.Result[balance] {
	out := make([]commit.Result[balance], len(asks))
	for from := 0; from < len(asks); {
		to, numbers := from, []int64(nil)
		for to < len(asks) && (to == from || len(numbers)+len(asks[to].numbers) <= atOnce) {
			numbers = append(numbers, asks[to].numbers...)
			to++
		}
		slices.Sort(numbers)
		by, at, err := ledger.Stocks(ctx, s.store.db, brand, slices.Compact(numbers))
		for i := from; i < to; i++ {
			stock := &ledger.Stock{}
			for _, n := range asks[i].numbers {
				stock.Add(by[ledger.Place{Programme: asks[i].programme, Customer: n}])
			}
			out[i] = commit.Result[balance]{Value: balance{stock, at}, Err: err}
		}
		from = to
	}
	return out
}

func (s *Server) reader(b *brand) ledger.Reader {
	return ledger.Reader{DB: s.store.db, Log: s.store.log.Reader, Brand: b.ID}
}

// ListEntries pages through the entries of a person, whatever numbers they came with,
// newest first.
func (s *Server) ListEntries(ctx context.Context, in *loyaltyv1.ListEntriesRequest) (*loyaltyv1.ListEntriesResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Detail)
	if err != nil {
		return nil, err
	}
	before := int64(math.MaxInt64)
	if err := page.Read(s.tokens, in, in.GetPageToken(), &before); err != nil {
		return nil, err
	}
	size, numbers := page.Size(in.GetPageSize(), 50), b.people().Members(in.GetCustomerId())
	out := &loyaltyv1.ListEntriesResponse{}
	for {
		facts, err := s.reader(b).Entries(ctx, numbers, before, size+1)
		if err != nil {
			return nil, floor.Lost("list entries", err)
		}
		for i := range facts {
			m, err := record.Open(&facts[i])
			if err != nil {
				return nil, err
			}
			if in.GetProgrammeId() != "" && m.GetProgrammeId() != in.GetProgrammeId() {
				continue
			}
			if len(out.Entries) == size {
				out.NextPageToken, err = page.Token(s.tokens, in, before)
				return out, err
			}
			out.Entries, before = append(out.Entries, m), facts[i].Seq
		}
		if len(facts) <= size {
			return out, nil
		}
		before = facts[len(facts)-1].Seq
	}
}

// WatchEntries streams the ledger after a cursor.
func (s *Server) WatchEntries(in *loyaltyv1.WatchEntriesRequest, stream grpc.ServerStreamingServer[loyaltyv1.WatchEntriesResponse]) error {
	ctx := stream.Context()
	b, err := s.enter(ctx, in.GetBrand(), access.Detail)
	if err != nil {
		return err
	}
	from := feed.Cursor{Seq: in.GetAfter().GetSeq(), CommitID: in.GetAfter().GetCommitId()}
	err = s.store.log.Follow(ctx, b.ID, from, func(facts []feed.Fact) error {
		last := &facts[len(facts)-1]
		out := &loyaltyv1.WatchEntriesResponse{Cursor: &commonv1.Cursor{Seq: last.Seq, CommitId: last.CommitID}}
		for i := range facts {
			if facts[i].Kind != record.Movement {
				continue
			}
			m, err := record.Open(&facts[i])
			if err != nil {
				return err
			}
			out.Entries = append(out.Entries, m)
		}
		return stream.Send(out)
	})
	if errors.Is(err, feed.ErrReplaced) {
		return fault.Precondition(commonv1.Reason_REASON_LOG_REPLACED,
			"the log was restored from a backup and does not have this position: start from the beginning, or run rapport rebuild")
	}
	return floor.Lost("watch entries", err)
}

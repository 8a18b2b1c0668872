package loyalty

import (
	"context"
	"strings"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// post decides one request.
func (s *Server) post(ctx context.Context, verb access.Verb, brand string, p *posting) (outcome, error) {
	b, err := s.enter(ctx, brand, verb)
	if err != nil {
		return outcome{}, err
	}
	r := s.postAll(ctx, b, []*posting{p})[0]
	return outcome{r.Value}, r.Err
}

// postAll decides requests in their order. One that cannot be judged today may have been
// decided before: then that is the answer.
func (s *Server) postAll(ctx context.Context, b *brand, all []*posting) []commit.Result[ledger.Outcome] {
	out := make([]commit.Result[ledger.Outcome], len(all))
	refused := s.judge(ctx, b, all)
	tasks, places := make([]*ledger.Task, 0, len(all)), make([]int, 0, len(all))
	for i, p := range all {
		if refused[i] != nil {
			out[i] = s.again(ctx, b, p, refused[i])
			continue
		}
		tasks, places = append(tasks, &p.task), append(places, i)
	}
	if len(tasks) == 1 {
		r, err := s.entries.Do(ctx, b.ID, tasks[0])
		out[places[0]] = commit.Result[ledger.Outcome]{Value: r, Err: floor.Unavailable("decide", err)}
		return out
	}
	for n, r := range s.entries.DoAll(ctx, b.ID, tasks) {
		r.Err = floor.Unavailable("decide", r.Err)
		out[places[n]] = r
	}
	return out
}

// commit is one group commit.
func (s *Server) commit(ctx context.Context, brand string, tasks []*ledger.Task) []commit.Result[ledger.Outcome] {
	return s.brands[brand].keeper.Commit(ctx, tasks)
}

// asked is what every request has.
type asked interface {
	proto.Message
	GetBrand() string
	GetRequestId() string
}

// judge makes tasks of requests, and tells which cannot be.
func (s *Server) judge(ctx context.Context, b *brand, all []*posting) []error {
	refused := make([]error, len(all))
	for i, p := range all {
		in := record.Request(p.record).(asked)
		p.task = ledger.Task{Key: record.Key(in.GetRequestId()), Programme: p.programme, Record: p.record}
		unbrand(in)
		if refused[i] = p.wrong; refused[i] == nil && p.programme != "" {
			_, refused[i] = s.programme(ctx, b, p.programme)
		}
		if refused[i] == nil {
			refused[i] = s.spendable(b, p)
		}
		if refused[i] == nil {
			refused[i] = reserved(in)
		}
	}
	s.name(ctx, b, all, refused)
	return refused
}

// spendable judges points that are to be spent by what the programme says of that now.
func (s *Server) spendable(b *brand, p *posting) error {
	in, ok := record.Request(p.record).(interface {
		GetPoints() int64
		GetReceipt() int64
	})
	if !ok {
		return nil // neither spends nor holds
	}
	now, err := b.defined.Load().programmes.Terms(p.programme, s.clock())
	if err != nil {
		return err
	}
	return programme.CheckSpend(now.GetSpending(), in.GetPoints(), in.GetReceipt())
}

// unbrand takes the brand out of a request, which its log says.
func unbrand(in proto.Message) {
	m := in.ProtoReflect()
	m.Clear(m.Descriptor().Fields().ByName("brand"))
}

// name finds the numbers of those whom requests name. Identities are not kept, but told
// apart by a hash. All are asked for at once.
func (s *Server) name(ctx context.Context, b *brand, all []*posting, refused []error) {
	var identities []*commonv1.Identity
	var settle []func(id int64, err error)
	for i, p := range all {
		fix := func(ref *commonv1.CustomerRef, kept **commonv1.CustomerRef, into *int64, hash *[]byte) {
			if ref == nil {
				return
			}
			if id := ref.GetIdentity(); id != nil {
				*kept, *hash = nil, s.identityHash(b.ID, id)
				identities = append(identities, id)
				settle = append(settle, func(id int64, err error) {
					if *into = id; err != nil && refused[i] == nil {
						refused[i] = err
					}
				})
				return
			}
			*into = ref.GetId()
			if *into <= 0 && refused[i] == nil {
				refused[i] = fault.Invalid().Field("customer.id", "must be above 0").Err()
			}
		}
		fix(p.who, p.kept, &p.task.Who, &p.record.IdentityHash)
		fix(p.to, p.keptTo, &p.task.To, &p.record.ToIdentityHash)
	}
	s.resolve(ctx, b, identities, settle)
}

// resolve asks Segmentation whose identities are.
func (s *Server) resolve(ctx context.Context, b *brand, identities []*commonv1.Identity, settle []func(int64, error)) {
	if len(identities) == 0 {
		return
	}
	ids, refused, err := s.resolver.Resolve(ctx, b.ID, identities)
	for i, tell := range settle {
		switch {
		case err != nil:
			tell(0, fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "whose the identity is cannot be told now: try again").Because(err))
		case refused[i] != nil:
			tell(0, refused[i])
		case ids[i] == 0:
			tell(0, fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "whose the identity is cannot be told now: try again").Because(people.ErrAway))
		default:
			tell(ids[i], nil)
		}
	}
}

// identityHash tells a repeated request from another one under its key, whomever the
// identity belongs to by then.
func (s *Server) identityHash(brand string, id *commonv1.Identity) []byte {
	return s.hashes.Hash([]byte(brand + "\x00" + id.GetKind().String() + "\x00" + id.GetNamespace() + "\x00" + id.GetValue()))
}

// again answers a request that would be refused today and may have been decided before.
func (s *Server) again(ctx context.Context, b *brand, p *posting, refusal error) commit.Result[ledger.Outcome] {
	found, err := s.store.log.ByKey(ctx, b.ID, [][]byte{p.task.Key})
	if err != nil || len(found) == 0 {
		return commit.Result[ledger.Outcome]{Err: refusal}
	}
	out, err := ledger.Replay(&found[0], p.record)
	if err == nil {
		err = ledger.Refused(out.Record)
	}
	return commit.Result[ledger.Outcome]{Value: out, Err: err}
}

// items makes postings of a chunk.
func (s *Server) items(brand string, in []*loyaltyv1.PostItem) ([]*posting, []error) {
	out, refused := make([]*posting, len(in)), make([]error, len(in))
	for i, item := range in {
		var name string
		switch one := item.GetItem().(type) {
		case *loyaltyv1.PostItem_Earn:
			name, out[i] = "earn", s.earning(one.Earn)
		case *loyaltyv1.PostItem_Redeem:
			name, out[i] = "redeem", s.redeeming(one.Redeem)
		case *loyaltyv1.PostItem_Reverse:
			name, out[i] = "reverse", s.reversing(one.Reverse)
		case *loyaltyv1.PostItem_Adjust:
			name, out[i] = "adjust", s.adjusting(one.Adjust)
		case *loyaltyv1.PostItem_Activate:
			name, out[i] = "activate", s.activating(one.Activate)
		default:
			refused[i] = fault.Invalid().Field("item", "is required").Err()
			continue
		}
		asked := record.Request(out[i].record).(asked)
		if asked.GetBrand() != "" && asked.GetBrand() != brand {
			refused[i] = fault.Invalid().Field(name+".brand", "must be empty or %q", brand).Err()
			continue
		}
		asked.ProtoReflect().Set(asked.ProtoReflect().Descriptor().Fields().ByName("brand"), protoString(brand))
		if err := fault.Validate(asked); err != nil {
			refused[i] = under(name, err)
		}
	}
	return out, refused
}

// under puts an item's place in front of the paths of its broken rules.
func under(path string, err error) error {
	e := fault.From(err)
	if e == nil {
		return err
	}
	for i := range e.Fields {
		e.Fields[i].Path = path + "." + strings.TrimPrefix(e.Fields[i].Path, ".")
	}
	return e
}

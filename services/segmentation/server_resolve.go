package segmentation

import (
	"context"
	"maps"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/segmentation/identity"
)

// ResolveCustomers finds all that are known in one statement, and gives numbers
// to the rest in a commit shared with other callers.
func (s *Server) ResolveCustomers(ctx context.Context, in *segmentationv1.ResolveCustomersRequest) (*segmentationv1.ResolveCustomersResponse, error) {
	verb := access.Submit
	if in.GetKnownOnly() {
		verb = access.Read
	}
	b, err := s.enter(ctx, in.GetBrand(), verb)
	if err != nil {
		return nil, err
	}
	q := readAll(b.rules, in.GetIdentities())
	found, err := s.find(ctx, b, q)
	if err != nil {
		return nil, floor.Lost("find customers", err)
	}
	who := make(map[identity.Hash]welcome, len(q.known))
	var news []newcomer
	for _, k := range q.known {
		if k == nil || who[k.Hash] != (welcome{}) {
			continue
		}
		if h, ok := found[k.Hash]; ok {
			who[k.Hash] = welcome{holder: h}
		} else if !in.GetKnownOnly() {
			news = append(news, s.newcomer(b, k))
			who[k.Hash] = welcome{created: true}
		}
	}
	for i, r := range s.newcomers.DoAll(ctx, b.ID, news) {
		if r.Err != nil {
			// The rest may be in: whoever asks again is told the same numbers.
			return nil, floor.Unavailable("give out numbers", r.Err)
		}
		who[news[i].hash] = r.Value
	}
	return &segmentationv1.ResolveCustomersResponse{Results: q.answer(b, who)}, nil
}

// find looks all of them up at once, and then those that had been guessed wrong.
func (s *Server) find(ctx context.Context, b *brand, q *query) (map[identity.Hash]holder, error) {
	found, err := holders(ctx, s.store.db, b.ID, q.hashes())
	if err != nil {
		return nil, err
	}
	wrong := q.settle(b.rules, found)
	if len(wrong) == 0 {
		return found, nil
	}
	more, err := holders(ctx, s.store.db, b.ID, wrong)
	maps.Copy(found, more)
	return found, err
}

// query is a request's identities, judged.
type query struct {
	asked []*commonv1.Identity
	// known are the good ones, each once, nil where it turned out to be none; at says
	// which of them is each place's, -1 where refusals tells why none is.
	known    []*identity.Known
	at       []int
	refusals []error
	// guessed has the place of each that was not read yet.
	guessed map[int]int
}

func readAll(rules *identity.Rules, ids []*commonv1.Identity) *query {
	q := &query{asked: ids, at: make([]int, len(ids)), refusals: make([]error, len(ids)), guessed: map[int]int{}}
	first := make(map[identity.Hash]int, len(ids))
	for i, id := range ids {
		known := rules.Guess(id)
		guessed := known != nil
		if !guessed {
			var err error
			if known, err = rules.Read(id, "identity"); err != nil {
				q.at[i], q.refusals[i] = -1, err
				continue
			}
		}
		n, twice := first[known.Hash]
		if !twice {
			n = len(q.known)
			first[known.Hash] = n
			q.known = append(q.known, known)
			if guessed {
				q.guessed[n] = i
			}
		}
		q.at[i] = n
	}
	return q
}

// settle reads what was guessed and not found. It returns the hashes that are
// others than were looked up.
func (q *query) settle(rules *identity.Rules, found map[identity.Hash]holder) (wrong []identity.Hash) {
	refused := map[int]error{}
	for n, place := range q.guessed {
		guess := q.known[n]
		if _, ok := found[guess.Hash]; ok {
			continue
		}
		known, err := rules.Read(q.asked[place], "identity")
		if err != nil {
			q.known[n], refused[n] = nil, err
			continue
		}
		if q.known[n] = known; known.Hash != guess.Hash {
			wrong = append(wrong, known.Hash)
		}
	}
	if len(refused) == 0 {
		return wrong
	}
	for i, n := range q.at {
		if err := refused[n]; err != nil {
			q.at[i], q.refusals[i] = -1, err
		}
	}
	return wrong
}

func (q *query) hashes() []identity.Hash {
	all := make([]identity.Hash, len(q.known))
	for i, k := range q.known {
		all[i] = k.Hash
	}
	return all
}

// answer has a result for each place of the request.
func (q *query) answer(b *brand, who map[identity.Hash]welcome) []*segmentationv1.ResolvedCustomer {
	out := make([]*segmentationv1.ResolvedCustomer, len(q.at))
	// One piece of memory for all: a batch is mostly known customers.
	results := make([]segmentationv1.ResolvedCustomer, len(q.at))
	for i, n := range q.at {
		r := &results[i]
		out[i] = r
		if n < 0 {
			r.Error = fault.Status(q.refusals[i])
			continue
		}
		w := who[q.known[n].Hash]
		switch {
		case w.erased:
			r.Error = fault.Status(identityErased("identity"))
		case w.customer != 0:
			r.Id, r.PersonId, r.Created = w.customer, b.person(w.customer), w.created
		}
	}
	return out
}

// identityErased refuses an identity whose customer asked to be forgotten.
func identityErased(path string) error {
	return fault.Precondition(commonv1.Reason_REASON_IDENTITY_ERASED,
		"%s: its customer was erased, and nobody may have it again", path)
}

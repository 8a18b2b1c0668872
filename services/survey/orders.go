package survey

import (
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/survey/join"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// joins tells whether a survey version wants to know if orders were late.
func (b *brand) joins(surveyID string, version int32) bool {
	found, ok := b.book.Load().Survey(surveyID)
	if !ok {
		return false
	}
	v := found.Version(version)
	return v != nil && v.Facets[join.Late]
}

// anyJoins tells whether any survey does: most brands' responses need no look.
func (b *brand) anyJoins() bool {
	for _, s := range b.book.Load().Surveys() {
		for _, v := range s.Versions {
			if v.Facets[join.Late] {
				return true
			}
		}
	}
	return false
}

// joinKnown gives arrivals what is known of their orders already, so that a
// response to a delivered order is one fact and not three. What is missed here,
// because it comes between, arrived will tell.
func (s *Server) joinKnown(ctx context.Context, brand string, arrivals []arrival) error {
	var orders []string
	for i := range arrivals {
		if arrivals[i].joins {
			orders = append(orders, arrivals[i].record.GetResponse().GetOrderId())
		}
	}
	if len(orders) == 0 {
		return nil
	}
	known, err := join.Known(ctx, s.store.db, brand, orders)
	if err != nil {
		return floor.Unavailable("look up orders", err)
	}
	for i := range arrivals {
		a := &arrivals[i]
		if !a.joins || !joinFacet(a.record, a.tally, join.Late, known[a.record.GetResponse().GetOrderId()]) {
			continue
		}
		if err := a.pack(); err != nil {
			return err
		}
	}
	return nil
}

// about is a response that wants to know of its order.
type about struct {
	join.Pair
	late string // as it stands
}

// wanting finds in facts of the log the responses that want to know.
func (s *Server) wanting(b *brand, facts []feed.Fact) ([]about, error) {
	var out []about
	for i := range facts {
		if facts[i].Kind != record.Response {
			continue
		}
		rec, err := record.Open(&facts[i])
		if err != nil {
			return nil, err
		}
		r := rec.GetResponse()
		late := rec.GetJoined()[join.Late]
		if late != "" || r.GetOrderId() != "" && b.joins(r.GetSurveyId(), r.GetSurveyVersion()) {
			out = append(out, about{Pair: join.Pair{Order: r.GetOrderId(), Response: record.First(&facts[i])}, late: late})
		}
	}
	return out, nil
}

// arrived is the effect of responses of the own log: they are kept with their
// orders, and those that stand otherwise than their order does are told. The log is
// locked first: an order that Journey tells of meanwhile either is seen here, or its
// effect will see these responses.
func (s *Server) arrived(ctx context.Context, tx *sqldb.Tx, b *brand, facts []feed.Fact) error {
	if !b.anyJoins() {
		return nil
	}
	all, err := s.wanting(b, facts)
	if err != nil || len(all) == 0 {
		return err
	}
	head, err := feed.Lock(ctx, tx, b.ID, s.clock())
	if err != nil {
		return err
	}
	pairs, orders := make([]join.Pair, 0, len(all)), make([]string, 0, len(all))
	for _, a := range all {
		if a.Order != "" {
			pairs, orders = append(pairs, a.Pair), append(orders, a.Order)
		}
	}
	known := map[string]string{}
	if len(pairs) > 0 {
		if err := join.Attach(ctx, tx, b.ID, pairs); err != nil {
			return err
		}
		if known, err = join.Known(ctx, tx, b.ID, orders); err != nil {
			return err
		}
	}
	for _, order := range orders {
		if _, ok := known[order]; !ok {
			known[order] = "" // nothing known is an answer too
		}
	}
	var tell []join.Pair
	for _, a := range all {
		if known[a.Order] != a.late {
			tell = append(tell, a.Pair)
		}
	}
	return s.tell(ctx, tx, &head, tell, known)
}

// told is the effect of outcomes of Journey's feed.
func (s *Server) told(ctx context.Context, tx *sqldb.Tx, b *brand, facts []feed.Fact) error {
	late := map[string]string{}
	for i := range facts {
		if len(facts[i].Body) == 0 {
			continue // only the cursor moves
		}
		var o journeyv1.OrderOutcome
		if err := proto.Unmarshal(facts[i].Body, &o); err != nil {
			return err
		}
		late[o.GetOrderId()] = join.Value(o.Late) //nolint:protogetter // whether it is there is what counts
	}
	if len(late) == 0 {
		return nil
	}
	head, err := feed.Lock(ctx, tx, b.ID, s.clock())
	if err != nil {
		return err
	}
	if err := join.Learn(ctx, tx, b.ID, late); err != nil {
		return err
	}
	orders := make([]string, 0, len(late))
	for order := range late {
		orders = append(orders, order)
	}
	pairs, err := join.About(ctx, tx, b.ID, orders)
	if err != nil {
		return err
	}
	return s.tell(ctx, tx, &head, pairs, late)
}

// tell lets responses stand as their orders do, within the transaction that holds
// the log; late has an entry for every order of which is told.
func (s *Server) tell(ctx context.Context, tx *sqldb.Tx, head *feed.Head, pairs []join.Pair, late map[string]string) error {
	slices.SortFunc(pairs, func(a, b join.Pair) int { return int(a.Response - b.Response) })
	pairs = slices.CompactFunc(pairs, func(a, b join.Pair) bool { return a.Response == b.Response })
	var out []feed.Fact
	for _, p := range pairs {
		at, err := stand(ctx, feed.In(tx), head.Brand, record.ID(p.Response))
		if err != nil {
			return err
		}
		r := at.record.GetResponse()
		value, known := late[r.GetOrderId()]
		if !known && r.GetOrderId() != "" {
			continue // it is about another order by now: the fact that says so will tell
		}
		if !s.brands[head.Brand].joins(r.GetSurveyId(), r.GetSurveyVersion()) {
			value = ""
		}
		facts, err := at.restated(reasonJoined, func(rec *surveyv1.ResponseRecord, t *tally.Tally) bool {
			return joinFacet(rec, t, join.Late, value)
		})
		if err != nil {
			return err
		}
		out = append(out, facts...)
	}
	if len(out) == 0 {
		return nil
	}
	return feed.Put(ctx, tx, head, out)
}

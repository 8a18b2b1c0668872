package answer

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Follower keeps one brand's answers up with Survey.
type Follower struct {
	Brand string
	DB    *sqldb.DB
	Clock func() time.Time
	Log   *slog.Logger
}

// ConsumerName is whose cursor in Survey's log it is.
const ConsumerName = "answers"

// gather is how long facts of a trickle are collected.
const gather = 20 * time.Millisecond

// told is the kind of the facts that travel from Survey's stream to the effect.
const told int16 = 1

// Split takes of a piece of Survey's stream what may count. Events have no position of
// their own in Survey's log but their version, which ascends but for retractions.
func Split(piece *surveyv1.WatchResponsesResponse) ([]feed.Fact, *commonv1.Cursor) {
	facts := make([]feed.Fact, 0, len(piece.GetEvents()))
	for _, e := range piece.GetEvents() {
		// What came over the wire can be written again; if ever not, the effect says so.
		body, _ := proto.Marshal(Essence(e))
		facts = append(facts, feed.Fact{Seq: piece.GetCursor().GetSeq(), CommitID: piece.GetCursor().GetCommitId(), Kind: told,
			Day: feed.NoDay, Day2: feed.NoDay, At: e.GetCommittedAt().AsTime().UnixMicro(), Body: body})
	}
	return facts, piece.GetCursor()
}

// Essence is the part of an event that counts: texts and all else stay in Survey.
func Essence(e *surveyv1.ResponseEvent) *surveyv1.ResponseEvent {
	r := e.GetResponse()
	out := &surveyv1.ResponseEvent{Kind: e.GetKind(), Scores: e.GetScores(), Response: &surveyv1.Response{
		Id: r.GetId(), Version: r.GetVersion(), AnsweredAt: r.GetAnsweredAt(), ReceivedAt: r.GetReceivedAt(),
	}}
	if out.GetResponse().GetAnsweredAt() == nil {
		out.Response.AnsweredAt = r.GetReceivedAt()
	}
	if id := r.GetCustomer().GetId(); id != 0 {
		out.Response.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}
	}
	return out
}

// Consumer gives each of Survey's events its effect here exactly once.
func (f *Follower) Consumer(source func(ctx context.Context, brand string, from feed.Cursor, limit int) ([]feed.Fact, error)) *feed.Consumer {
	return &feed.Consumer{Name: ConsumerName, Brand: f.Brand, DB: f.DB, Source: source, Effect: f.effect,
		Every: gather, Clock: f.Clock, Log: f.Log}
}

// newer tells whether a says more of a response than b: a later version, or that the
// version does not count any more.
func newer(a, b *surveyv1.ResponseEvent) bool {
	if a.GetResponse().GetVersion() != b.GetResponse().GetVersion() {
		return a.GetResponse().GetVersion() > b.GetResponse().GetVersion()
	}
	return a.GetKind() == surveyv1.ResponseEvent_KIND_RETRACTED && b.GetKind() != surveyv1.ResponseEvent_KIND_RETRACTED
}

// batch is what is told last of each response, by key, in the order in which they came
// first.
type batch struct {
	keys  [][]byte
	byKey map[string]*surveyv1.ResponseEvent
}

func read(facts []feed.Fact) (*batch, error) {
	b := &batch{byKey: map[string]*surveyv1.ResponseEvent{}}
	for i := range facts {
		if facts[i].Kind != told {
			continue
		}
		e, err := record.AnsweredEvent(&facts[i])
		if err != nil {
			return nil, err
		}
		key := record.ResponseKey(e.GetResponse())
		was := b.byKey[string(key)]
		if was == nil {
			b.keys = append(b.keys, key)
		}
		if was == nil || newer(e, was) {
			b.byKey[string(key)] = e
		}
	}
	return b, nil
}

// effect writes what a batch changes, as facts of the own log and in the table.
func (f *Follower) effect(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) error {
	b, err := read(facts)
	if err != nil || len(b.keys) == 0 {
		return err
	}
	head, err := feed.Lock(ctx, tx, f.Brand, f.Clock())
	if err != nil {
		return err
	}
	log := feed.In(tx).Sized(head)
	changes, news, err := f.changes(ctx, log, b)
	if err != nil || len(news) == 0 {
		return err
	}
	met, err := f.met(ctx, log, changes)
	if err != nil {
		return err
	}
	if err := apply(ctx, tx, f.Brand, changes); err != nil {
		return err
	}
	return feed.Put(ctx, tx, &head, append(met, news...))
}

// change is a response that is counted in, or out again.
type change struct {
	Response
	out bool
}

// changes holds a batch against what was told before and finds what is new.
func (f *Follower) changes(ctx context.Context, log feed.Reader, b *batch) (all []change, news []feed.Fact, err error) {
	firsts, err := firstsOf(ctx, log, f.Brand, b.keys)
	if err != nil {
		return nil, nil, err
	}
	for _, key := range b.keys {
		now, first := b.byKey[string(key)], firsts[string(key)]
		if first == 0 && !counts(now) {
			continue
		}
		if first != 0 {
			was, err := latest(ctx, log, f.Brand, first)
			if err != nil {
				return nil, nil, err
			}
			if !newer(now, was) {
				continue
			}
			r, err := Of(was)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, change{r, true})
		}
		r, err := Of(now)
		if err != nil {
			return nil, nil, err
		}
		fact, err := record.Answer(now, first)
		if err != nil {
			return nil, nil, err
		}
		all, news = append(all, change{r, false}), append(news, fact)
	}
	return all, news, nil
}

// firstsOf are the numbers of the facts that have keys.
func firstsOf(ctx context.Context, log feed.Reader, brand string, keys [][]byte) (map[string]int64, error) {
	firsts := map[string]int64{}
	for some := range slices.Chunk(keys, maxListed) {
		found, err := log.ByKey(ctx, brand, some)
		if err != nil {
			return nil, err
		}
		for i := range found {
			firsts[string(found[i].Key)] = found[i].Seq
		}
	}
	return firsts, nil
}

// latest is what was told last of the response that a fact told first.
func latest(ctx context.Context, log feed.Reader, brand string, first int64) (*surveyv1.ResponseEvent, error) {
	all, err := log.Versions(ctx, brand, first)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("answer %d is not in the log", first)
	}
	return record.AnsweredEvent(&all[len(all)-1])
}

// met are facts about metrics that nobody answered before.
func (f *Follower) met(ctx context.Context, log feed.Reader, changes []change) (news []feed.Fact, err error) {
	names := map[string]bool{}
	for i := range changes {
		for _, s := range changes[i].scores {
			names[s.GetMetric()] = true
		}
	}
	sorted := slices.Sorted(maps.Keys(names))
	keys := make([][]byte, len(sorted))
	for i, name := range sorted {
		keys[i] = record.MetricKey(name)
	}
	known, err := firstsOf(ctx, log, f.Brand, keys)
	if err != nil {
		return nil, err
	}
	for i, name := range sorted {
		if known[string(keys[i])] != 0 {
			continue
		}
		fact, err := record.Meet(name)
		if err != nil {
			return nil, err
		}
		news = append(news, fact)
	}
	return news, nil
}

// apply moves the histories of all customers that changes are about.
func apply(ctx context.Context, tx *sqldb.Tx, brand string, changes []change) error {
	touched := map[int64]bool{}
	for i := range changes {
		if len(changes[i].scores) > 0 {
			touched[changes[i].Customer] = true
		}
	}
	ids := slices.Sorted(maps.Keys(touched))
	all, err := Histories(ctx, tx, brand, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if all[id] == nil {
			all[id] = &History{}
		}
	}
	for i := range changes {
		c := &changes[i]
		if len(c.scores) == 0 {
			continue
		}
		if !c.out {
			all[c.Customer].Add(&c.Response)
		} else if err := all[c.Customer].Take(&c.Response); err != nil {
			return fmt.Errorf("customer %d: %w", c.Customer, err)
		}
	}
	return save(ctx, tx, brand, ids, all)
}

package survey_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/hot/hottest"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// TestNoWrongAnswerWhateverRedisDoes has three replicas on one database and one
// Redis that is emptied, ended, stopped and made to lie while responses come in
// and are read, and in moments when none come in. Each answer must hold all that
// was surely in it and nothing that was not; in the end every answer is the
// refold of the log, on each replica.
func TestNoWrongAnswerWhateverRedisDoes(t *testing.T) {
	url, redis := sqldbtest.Postgres(t), hottest.Start(t)
	c := newChaos(t)
	// One replica as it is, and two with a mind like a sieve: one must read results
	// from Redis for each answer, the other slabs.
	for i, folding := range []fold.Config{
		{SweepEvery: 50 * time.Millisecond, WriteEvery: 30 * time.Millisecond},
		{SweepEvery: -1, WriteEvery: 30 * time.Millisecond, NoMemory: true, NoNear: true},
		{SweepEvery: -1, WriteEvery: 30 * time.Millisecond, NoMemory: true, NoNear: true, NoShared: true},
	} {
		// Redis is written and tried again soon, so that it is used in between.
		caching := hot.Options{WriteEvery: 20 * time.Millisecond, RetryAfter: 20 * time.Millisecond, ReadTimeout: 100 * time.Millisecond}
		c.replicas[i] = newReplicaWith(t, url, redis.URL(), time.Now, folding, caching)
	}
	define(t, c.replicas[0])
	if _, err := c.replicas[0].UpsertSubjects(t.Context(), &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: []*surveyv1.Subject{
		{Ref: store("n2"), Parents: below(north)}, {Ref: store("s2"), Parents: below(south)}}}); err != nil {
		t.Fatal(err)
	}
	stop := c.work()
	lies := c.torment(redis, rand.New(rand.NewPCG(5, 6)))
	stop()
	if lies == 0 {
		t.Error("nothing was ever in Redis")
	}
	for i, r := range c.replicas {
		for _, d := range wrongNumbers(t, r, refold(t, r)) {
			t.Errorf("replica %d in the end: %s", i, d)
		}
		if n, drifts, err := r.server.Verify(t.Context(), brand); err != nil || n == 0 || len(drifts) > 0 {
			t.Errorf("replica %d: verified %d slabs: %v, %v", i, n, drifts, err)
		}
	}
	t.Logf("%d responses, %d answers, %d lies", len(c.sent), c.answers, lies)
}

// torment does to Redis, in a fixed order, everything that is ever done to one.
// It returns how many values were tampered with.
func (c *chaos) torment(redis *hottest.Server, r *rand.Rand) (lies int) {
	keep := map[string][]byte{}
	keys := func() (all []string) {
		for tries := 0; len(all) < 12 && tries < 100; tries++ {
			c.await(2)
			all = redis.Keys()
		}
		return all
	}
	each := func(fn func(key string, value []byte) []byte) {
		for _, key := range keys() {
			value := redis.Read(key)
			if value == nil {
				continue
			}
			if lie := fn(key, slices.Clone(value)); lie != nil {
				redis.Write(key, lie)
				lies++
			}
		}
	}
	faults := []func(){
		redis.Flush,
		func() { redis.Shutdown(); c.await(30); redis.Restart() },
		func() { redis.Pause(); c.await(30); redis.Resume() },
		func() { keys(); lies += redis.Rubbish() },
		func() { // each value goes to the next key
			last := []byte(nil)
			each(func(_ string, value []byte) []byte { out := last; last = value; return out })
		},
		func() { // values of before come back
			each(func(key string, value []byte) []byte { keep[key] = value; return nil })
			c.await(30)
			each(func(key string, _ []byte) []byte { return keep[key] })
		},
		func() { // one bit
			each(func(_ string, value []byte) []byte { value[r.IntN(len(value))] ^= 1 << r.IntN(8); return value })
		},
		func() { each(func(_ string, value []byte) []byte { return value[:len(value)/2] }) },
		func() {
			for i, key := range keys() {
				if i%2 == 0 {
					redis.WriteList(key)
					lies++
				}
			}
		},
		func() { // values of long before
			each(func(key string, _ []byte) []byte { return keep[key] })
		},
	}
	for round := range 6 {
		for _, i := range r.Perm(len(faults)) {
			if round%2 == 1 {
				c.calm()
			}
			faults[i]()
			c.await(25)
			c.resume()
		}
	}
	return lies
}

// chaos is what was sent and acknowledged, to hold answers against.
type chaos struct {
	t        *testing.T
	replicas [3]*replica
	base     time.Time

	mu      sync.Mutex
	moved   *sync.Cond
	stopped bool
	paused  bool // writers wait
	busy    int  // writers at work
	sent    []*sending
	seen    [3]int64 // the highest seq each replica has acknowledged
	acked   int
	answers int
}

// sending is one response on its way.
type sending struct {
	store, other string // other: where an amendment moves it
	score        int32
	day          int
	mode         commonv1.ContactMode
	seq          int64 // 0: not acknowledged
	gone         bool  // it is being retracted
}

func newChaos(t *testing.T) *chaos {
	c := &chaos{t: t, base: time.Now().Truncate(time.Second)}
	c.moved = sync.NewCond(&c.mu)
	return c
}

// calm returns when no response is on its way and each replica has read the log
// to its end: from then on there is one right answer to each question.
func (c *chaos) calm() {
	c.mu.Lock()
	for c.paused = true; c.busy > 0; {
		c.moved.Wait()
	}
	c.mu.Unlock()
	for i := range c.replicas {
		c.one(i, rand.New(rand.NewPCG(7, uint64(i))))
	}
}

func (c *chaos) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused = false
	c.moved.Broadcast()
}

// turn is the beginning of a writer's turn, which ends with rest; false when the
// work is over.
func (c *chaos) turn() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.paused && !c.stopped && !c.t.Failed() {
		c.moved.Wait()
	}
	if c.stopped || c.t.Failed() {
		return false
	}
	c.busy++
	return true
}

func (c *chaos) rest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy--
	c.moved.Broadcast()
}

// await returns when so many more responses were acknowledged (unless it is
// calm) and answers judged.
func (c *chaos) await(more int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for acked, answers := c.acked+more, c.answers+more; (!c.paused && c.acked < acked || c.answers < answers) && !c.t.Failed(); {
		c.moved.Wait()
	}
}

// work lets writers and readers loose; the function returned ends them.
func (c *chaos) work() (stop func()) {
	var all sync.WaitGroup
	for i := range c.replicas {
		for n := range 2 {
			all.Go(func() { c.write(i, rand.New(rand.NewPCG(uint64(i), uint64(n)))) })
			all.Go(func() { c.read(i, rand.New(rand.NewPCG(uint64(10+i), uint64(n)))) })
		}
	}
	return func() {
		c.mu.Lock()
		c.stopped = true
		c.moved.Broadcast()
		c.mu.Unlock()
		all.Wait()
	}
}

func (c *chaos) running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.stopped && !c.t.Failed()
}

var sibling = map[string]string{"n1": "n2", "n2": "n1", "s1": "s2", "s2": "s1"}

func (c *chaos) write(i int, r *rand.Rand) {
	defer c.moved.Broadcast()
	for c.turn() {
		c.one(i, r)
		c.rest()
	}
}

// one submits, and now and then moves the response to the other store of its
// region or takes it back.
func (c *chaos) one(i int, r *rand.Rand) {
	s := &sending{store: pick(r, "n1", "n1", "n2", "s1", "s1", "s1", "s2"), score: int32(r.IntN(11)), day: r.IntN(1 + r.IntN(6)), mode: commonv1.ContactMode(1 + r.IntN(1+r.IntN(3)))}
	c.mu.Lock()
	key := fmt.Sprint("chaos ", len(c.sent))
	c.sent = append(c.sent, s)
	c.mu.Unlock()
	in := response(s.store, s.score)
	in.Mode, in.OrderId = s.mode, key
	in.AnsweredAt, in.ExperiencedAt = stamp(c.base), stamp(c.base.AddDate(0, 0, -s.day))
	out, err := c.replicas[i].SubmitResponse(c.t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: key, Response: in})
	if err != nil {
		c.t.Errorf("submit: %v", err)
		return
	}
	c.acknowledged(i, s, out.GetVersion())
	if r.IntN(5) == 0 {
		c.change(i, s, in, out.GetId(), r.IntN(2) == 0)
	}
}

func (c *chaos) acknowledged(i int, s *sending, seq int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.seq = seq
	c.seen[i] = max(c.seen[i], seq)
	c.acked++
	c.moved.Broadcast()
}

func (c *chaos) change(i int, s *sending, in *surveyv1.Response, id string, retract bool) {
	c.mu.Lock()
	if s.gone = retract; !retract {
		s.other = sibling[s.store]
	}
	c.mu.Unlock()
	var err error
	if retract {
		_, err = c.replicas[i].RetractResponse(c.t.Context(), &surveyv1.RetractResponseRequest{Brand: brand, Id: id})
	} else {
		in = proto.CloneOf(in)
		in.Id, in.Subjects = id, []*commonv1.SubjectRef{store(s.other)}
		_, err = c.replicas[i].AmendResponse(c.t.Context(), &surveyv1.AmendResponseRequest{Brand: brand, Response: in})
	}
	if err != nil {
		c.t.Errorf("change: %v", err)
	}
}

package survey_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/hot/hottest"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

const killRounds = 4

// TestKilledServerLosesNothing kills the server under concurrent submits, again
// and again. What it had acknowledged is there once, what it had not at most
// once, and every number is the refold of what is there.
func TestKilledServerLosesNothing(t *testing.T) {
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqldbtest.SQLite}, {"postgres", sqldbtest.PostgresDurable}} {
		t.Run(engine.name, func(t *testing.T) {
			l := &load{t: t, base: time.Now().Truncate(time.Second), acked: map[int]string{}}
			data, db := t.TempDir(), engine.url(t)
			r := rand.New(rand.NewPCG(1, 2))
			p := startProcess(t, data, db, "")
			define(t, p)
			for round := range killRounds {
				submitting := l.submitTo(24, p.SurveyServiceClient)
				l.await(120 + r.IntN(200))
				p.kill()
				lost := submitting()
				t.Logf("round %d: %d acknowledged, %d on their way", round, len(l.acked), len(lost))
				verify(t, data, db, "")
				endLeases(t, db)
				p = startProcess(t, data, db, "")
				// Half of those left in doubt ask again; the others never will.
				for _, i := range lost[:len(lost)/2] {
					l.submit(t.Context(), p, i)
				}
				l.audit(p)
			}
		})
	}
}

// TestKilledReplicaLosesNothing has two replicas on one database and one Redis.
// One after the other is killed; its callers go on with the other one under the
// same keys.
func TestKilledReplicaLosesNothing(t *testing.T) {
	l := &load{t: t, base: time.Now().Truncate(time.Second), acked: map[int]string{}}
	data, db, redis := t.TempDir(), sqldbtest.PostgresDurable(t), hottest.Start(t).URL()
	r := rand.New(rand.NewPCG(3, 4))
	twins := [2]*process{startProcess(t, data, db, redis), startProcess(t, data, db, redis)}
	define(t, twins[0])
	for round := range killRounds {
		submitting := l.submitTo(24, twins[0], twins[1])
		l.await(100 + r.IntN(150))
		victim := round % 2
		twins[victim].kill()
		t.Logf("round %d: replica %d killed, %d on their way or acknowledged", round, victim, l.next.Load())
		l.await(60)
		l.done.Store(true)
		if lost := submitting(); len(lost) > 0 {
			t.Errorf("%d keys got no answer from either replica", len(lost))
		}
		l.done.Store(false)
		verify(t, data, db, redis)
		endLeases(t, db)
		twins[victim] = startProcess(t, data, db, redis)
		l.audit(twins[0])
		l.audit(twins[1])
	}
}

// load is what clients sent and what they were told.
type load struct {
	t    *testing.T
	base time.Time
	next atomic.Int64
	done atomic.Bool // tells clients to finish what they are at

	mu    sync.Mutex
	acked map[int]string // response ids by the number of the key
	moved sync.Cond
	fresh []int // acknowledged since the last audit
}

// told is what the customer number i says, always the same. Half of the keys
// are the request's, half the response's own.
func (l *load) told(i int) *surveyv1.SubmitResponseRequest {
	in := response([]string{"n1", "s1", "m1"}[i%3], int32(i*7%11))
	in.Channel = commonv1.Channel(1 + i%4)
	in.OrderId = fmt.Sprint("key ", i)
	in.AnsweredAt = stamp(l.base.Add(-time.Duration(i%50) * time.Hour))
	in.ExperiencedAt = stamp(l.base.Add(-time.Duration(50+i%90) * time.Hour))
	if i%5 > 0 {
		in.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: int64(1 + i%97)}}
	}
	if i%2 == 0 {
		in.Source, in.ExternalId = "till", fmt.Sprint(i)
		return &surveyv1.SubmitResponseRequest{Brand: brand, Response: in}
	}
	return &surveyv1.SubmitResponseRequest{Brand: brand, Response: in, RequestId: in.GetOrderId()}
}

// submit sends response i and notes the answer; false if there was none.
func (l *load) submit(ctx context.Context, c surveyv1.SurveyServiceClient, i int) bool {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	out, err := c.SubmitResponse(ctx, l.told(i))
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, ok := l.acked[i]; ok && before != out.GetId() {
		l.t.Errorf("key %d is response %s and was %s", i, out.GetId(), before)
	}
	l.acked[i] = out.GetId()
	l.fresh = append(l.fresh, i)
	l.moved.Broadcast()
	return true
}

// submitTo lets so many clients submit until told to finish, or until no server
// answers: they try each in turn. The function returned waits for them and
// lists the keys left in doubt.
func (l *load) submitTo(clients int, servers ...surveyv1.SurveyServiceClient) func() []int {
	l.moved.L = &l.mu
	lost := make([][]int, clients)
	var all sync.WaitGroup
	for n := range clients {
		all.Go(func() {
			for at := n; !l.done.Load(); {
				i, ok := int(l.next.Add(1)), false
				for try := 0; try < len(servers) && !ok; try++ {
					if ok = l.submit(l.t.Context(), servers[at%len(servers)], i); !ok {
						at++
					}
				}
				if !ok {
					lost[n] = append(lost[n], i)
					return
				}
			}
		})
	}
	return func() []int {
		all.Wait()
		return slices.Concat(lost...)
	}
}

// await returns when so many more have been acknowledged.
func (l *load) await(more int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for until := len(l.acked) + more; len(l.acked) < until; {
		l.moved.Wait()
	}
}

package survey_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/hot/hottest"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// sight is how long after its acknowledgement a response was seen elsewhere.
type sight struct{ other, watch, otherWatch []time.Duration }

// watching is a WatchMetric of the total, read in the background.
type watching struct {
	t  testing.TB
	at chan int64 // n of each answer
}

func watchTotal(t testing.TB, c surveyv1.SurveyServiceClient) *watching {
	t.Helper()
	stream, err := c.WatchMetric(t.Context(), &surveyv1.WatchMetricRequest{Query: &surveyv1.GetMetricRequest{Brand: brand, Metric: "nps.network"}})
	if err != nil {
		t.Fatal(err)
	}
	w := &watching{t, make(chan int64, 100)}
	go func() {
		defer close(w.at)
		for {
			out, err := stream.Recv()
			if err != nil {
				return
			}
			w.at <- out.GetResult().GetTotal().GetN()
		}
	}()
	return w
}

// until returns when the watched total has reached n.
func (w *watching) until(n int64) {
	w.t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case got, ok := <-w.at:
			if !ok || got > n {
				w.t.Fatalf("watched n = %d, open %v; want %d", got, ok, n)
			}
			if got == n {
				return
			}
		case <-late:
			w.t.Fatalf("n = %d was not seen on WatchMetric", n)
		}
	}
}

// twins are two replicas on one PostgreSQL and one Redis, each watched.
type twins struct {
	a, b           *replica
	watchA, watchB *watching
	n              int64
}

func newTwins(t testing.TB) *twins {
	t.Helper()
	url, redis := sqldbtest.PostgresDurable(t), hottest.Start(t).URL()
	w := &twins{a: newReplica(t, url, redis, time.Now)}
	define(t, w.a)
	w.b = newReplica(t, url, redis, time.Now)
	w.watchA, w.watchB = watchTotal(t, w.a), watchTotal(t, w.b)
	w.watchA.until(0)
	w.watchB.until(0)
	return w
}

// one submits a response to the first replica and times when it is seen. It must
// be in that one's own numbers at once.
func (w *twins) one(t testing.TB, s *sight) {
	t.Helper()
	in := response("n1", int32(w.n%11))
	in.AnsweredAt, in.ExperiencedAt = stamp(time.Now()), nil
	submit(t, w.a, fmt.Sprint("visible ", w.n), in)
	w.n++
	acknowledged := time.Now()
	if got := nps(t, w.a, nil).GetN(); got != w.n {
		t.Fatalf("n = %d on the replica that acknowledged %d responses", got, w.n)
	}
	for deadline := acknowledged.Add(20 * time.Second); ; {
		got := nps(t, w.b, nil).GetN()
		if got == w.n {
			break
		}
		if got > w.n || time.Now().After(deadline) {
			t.Fatalf("n = %d on the other replica, want %d", got, w.n)
		}
	}
	s.other = append(s.other, time.Since(acknowledged))
	w.watchA.until(w.n)
	s.watch = append(s.watch, time.Since(acknowledged))
	w.watchB.until(w.n)
	s.otherWatch = append(s.otherWatch, time.Since(acknowledged))
}

// TestAcknowledgedIsVisible tells the delays; it judges only that it comes.
func TestAcknowledgedIsVisible(t *testing.T) {
	w, s := newTwins(t), &sight{}
	for range 30 {
		w.one(t, s)
	}
	for name, d := range map[string][]time.Duration{"other replica": s.other, "watch": s.watch, "watch on the other replica": s.otherWatch} {
		slices.Sort(d)
		t.Logf("%s: median %v, slowest %v", name, d[len(d)/2], d[len(d)-1])
	}
}

// BenchmarkVisible reports after how long an acknowledged response is seen
// elsewhere: the median and the slowest, in milliseconds. On the same replica it
// is there at once.
func BenchmarkVisible(b *testing.B) {
	w, s := newTwins(b), &sight{}
	b.ResetTimer()
	for range b.N {
		w.one(b, s)
	}
	for name, d := range map[string][]time.Duration{"other": s.other, "watch": s.watch, "otherwatch": s.otherWatch} {
		slices.Sort(d)
		b.ReportMetric(float64(d[len(d)/2].Microseconds())/1000, name+"-ms")
		b.ReportMetric(float64(d[len(d)-1].Microseconds())/1000, name+"-slowest-ms")
	}
}

package commit

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func instant(results *[]Result[int]) Run[int, int] {
	return func(_ context.Context, items []int) []Result[int] {
		if cap(*results) < len(items) {
			*results = make([]Result[int], len(items), 1000)
		}
		return (*results)[:len(items)]
	}
}

// BenchmarkLone is what a caller alone pays above its own commit.
func BenchmarkLone(b *testing.B) {
	var results []Result[int]
	q := New(Options{}, instant(&results))
	b.ReportAllocs()
	for i := range b.N {
		if _, err := q.Do(context.Background(), i); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCallers is the price per item with many callers, over a commit
// that costs nothing and over one that waits as for a disk.
func BenchmarkCallers(b *testing.B) {
	for _, wait := range []time.Duration{0, 300 * time.Microsecond} {
		for _, callers := range []int{16, 256} {
			b.Run(fmt.Sprintf("wait=%v/callers=%d", wait, callers), func(b *testing.B) {
				var results []Result[int]
				var commits int
				run := instant(&results)
				q := New(Options{}, func(ctx context.Context, items []int) []Result[int] {
					commits++
					time.Sleep(wait)
					return run(ctx, items)
				})
				b.ReportAllocs()
				drive(b, q, callers)
				b.ReportMetric(float64(b.N)/float64(commits), "items/commit")
			})
		}
	}
}

func drive(b *testing.B, q *Queue[int, int], callers int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for next.Add(1) <= int64(b.N) {
				_, _ = q.Do(ctx, 1)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
}

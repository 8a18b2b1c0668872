package analysis

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/services/journey/record"
	"github.com/rapport-cx/rapport/services/journey/trail"
)

// benchEvents is 1,000,000 or what RAPPORT_BENCH_EVENTS says; a tenth as many units.
var benchEvents = sync.OnceValue(func() int {
	n, err := strconv.Atoi(os.Getenv("RAPPORT_BENCH_EVENTS"))
	if err != nil {
		n = 1_000_000
	}
	return n
})

var benchKinds = []string{
	"visit", "visit.page", "cart.add", "order.placed", "order.approved", "order.shipped",
	"order.delivered", "purchase", "return", "contact.call", "contact.chat", "visit.app",
}

// benchTrails are units that go forward by chance, in 16 parts.
var benchTrails = sync.OnceValue(func() *trail.Trails {
	n, r := benchEvents(), rand.New(rand.NewPCG(1, 2))
	t := &trail.Trails{Names: &trail.Names{Kinds: benchKinds, Subjects: [][]record.Subject{nil}}}
	for i := range 200 {
		store := record.Subject{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, ID: strconv.Itoa(i)}
		t.Names.Subjects = append(t.Names.Subjects, []record.Subject{store})
	}
	for range 16 {
		t.Parts = append(t.Parts, benchPart(r, n/16))
	}
	return t
})

func benchPart(r *rand.Rand, events int) *trail.Part {
	p := &trail.Part{First: []uint32{0}}
	for len(p.At) < events {
		at := int64(1_700_000_000_000_000) + r.Int64N(300*86_400_000_000)
		for range 1 + r.IntN(19) {
			at += r.Int64N(10 * 86_400_000_000)
			kind := min(r.IntN(len(benchKinds)), r.IntN(len(benchKinds)))
			p.At, p.Kind = append(p.At, at), append(p.Kind, uint16(kind))
			p.Channel = append(p.Channel, uint8(r.IntN(12)))
			p.Subjects = append(p.Subjects, uint32(r.IntN(201)))
		}
		p.Units = append(p.Units, int64(len(p.Units)))
		p.First = append(p.First, uint32(len(p.At)))
	}
	return p
}

func bench(b *testing.B, ask func(*trail.Trails) error) {
	t := benchTrails()
	b.ReportAllocs()
	for b.Loop() {
		if err := ask(t); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(benchEvents())*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mevents/s")
}

func benchFunnel() Funnel {
	q := steps("visit", "cart.add", "order.placed", "order.shipped", "order.delivered")
	q.Steps[3].Within = 30 * 86_400_000_000
	return q
}

func BenchmarkFunnel(b *testing.B) {
	q := benchFunnel()
	bench(b, func(t *trail.Trails) error { _, err := q.Ask(context.Background(), t); return err })
}

func BenchmarkFunnelBySubject(b *testing.B) {
	q := benchFunnel()
	q.Group.Subject = commonv1.SubjectKind_SUBJECT_KIND_STORE
	bench(b, func(t *trail.Trails) error { _, err := q.Ask(context.Background(), t); return err })
}

// Nearly every unit goes its own way: the worst that paths can meet.
func BenchmarkPaths(b *testing.B) {
	q := Paths{Top: 20}
	bench(b, func(t *trail.Trails) error { _, err := q.Ask(context.Background(), t); return err })
}

func BenchmarkPathsOfFive(b *testing.B) {
	q := Paths{Top: 20, Length: 5, Collapse: true}
	bench(b, func(t *trail.Trails) error { _, err := q.Ask(context.Background(), t); return err })
}

func BenchmarkTransitions(b *testing.B) {
	q := Transitions{Top: 1000}
	bench(b, func(t *trail.Trails) error { _, err := q.Ask(context.Background(), t); return err })
}

func BenchmarkDurations(b *testing.B) {
	q := Durations{End: 1 << 62, Stages: []Stage{
		{From: Filter{Kinds: []string{"order.placed"}}, To: Filter{Kinds: []string{"order.approved"}}},
		{From: Filter{Kinds: []string{"order.shipped"}}, To: Filter{Kinds: []string{"order.delivered"}}},
	}}
	bench(b, func(t *trail.Trails) error { _, err := q.Ask(context.Background(), t); return err })
}

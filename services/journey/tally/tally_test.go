package tally

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/journey/record"
)

func randomEvent(r *rand.Rand) feed.Fact {
	p := record.Packed{
		Employee: r.IntN(9) == 0, Kind: fmt.Sprintf("k%d", r.IntN(3)), Channel: commonv1.Channel(r.IntN(4)),
		Touchpoint: []string{"", "desk"}[r.IntN(2)], Reason: []string{"", "late", "rude"}[r.IntN(3)],
	}
	for range r.IntN(4) {
		p.Subjects = append(p.Subjects, record.Subject{
			Kind: commonv1.SubjectKind(1 + r.IntN(3)), ID: fmt.Sprint("s", r.IntN(5)),
		})
	}
	who := int64(r.IntN(40))
	if r.IntN(5) == 0 {
		who = r.Int64()
	}
	return feed.Fact{Seq: 1, Kind: record.Event, Day: 7, Day2: 7, Who: who, Data: p.Append(nil)}
}

func randomOutcome(r *rand.Rand) feed.Fact {
	o := record.Order{
		ID: "o", Status: journeyv1.OrderOutcome_Status(1 + r.IntN(6)), Judged: r.IntN(2) == 0, Partial: r.IntN(2) == 0,
		Missorted: r.IntN(2) == 0, Channel: commonv1.Channel(r.IntN(3)), Reason: []string{"", "rain"}[r.IntN(2)],
	}
	o.Late = o.Judged && r.IntN(2) == 0
	return feed.Fact{Seq: 1, Kind: record.Outcome, Day: 7, Day2: 7, Data: o.Append(nil)}
}

// reversed takes out what f added.
func reversed(f feed.Fact) feed.Fact {
	f.Kind++
	return f
}

func foldInto(t testing.TB, facts []feed.Fact) map[string]fold.Slab[*Fact] {
	slabs := map[string]fold.Slab[*Fact]{}
	applyTo(t, slabs, facts)
	return slabs
}

// applyTo gives every fact to the slabs of the measures it moves, as the engine does.
func applyTo(t testing.TB, slabs map[string]fold.Slab[*Fact], facts []feed.Fact) {
	t.Helper()
	for i := range facts {
		f, ok, err := Decode("b", &facts[i])
		if err != nil || !ok {
			t.Fatalf("fact %d: %v %v", i, ok, err)
		}
		for _, m := range Measures(f, facts[i].Day, nil) {
			if slabs[m] == nil {
				slabs[m] = New(m)
			}
			slabs[m].Apply(facts[i].Day, f)
		}
	}
}

func foldAll(t *testing.T, facts []feed.Fact) map[string][]byte {
	t.Helper()
	slabs := foldInto(t, facts)
	out := map[string][]byte{}
	for name, s := range slabs {
		out[name] = s.AppendBinary(nil)
		again := New(name)
		if err := again.UnmarshalBinary(out[name]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(again.AppendBinary(nil), out[name]) {
			t.Fatalf("%s changes when read back", name)
		}
	}
	return out
}

func TestAnyOrderFoldsToTheSameBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		var facts, left []feed.Fact
		for range 800 {
			f := randomEvent(r)
			if r.IntN(3) == 0 {
				f = randomOutcome(r)
			}
			facts = append(facts, f)
			switch r.IntN(3) {
			case 0:
				facts = append(facts, reversed(f))
			default:
				left = append(left, f)
			}
		}
		want := foldAll(t, left)
		r.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		got := foldAll(t, facts)
		for name := range got {
			if !bytes.Equal(got[name], want[name]) && (want[name] != nil || !bytes.Equal(got[name], New(name).AppendBinary(nil))) {
				t.Fatalf("%s depends on the order of facts", name)
			}
		}
	}
}

// A slab that was read goes on like the one that was written.
func TestReadSlabMovesOn(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var facts []feed.Fact
	for range 2000 {
		facts = append(facts, randomEvent(r), randomOutcome(r))
	}
	want := foldInto(t, facts)
	half := foldInto(t, facts[:2000])
	for name, s := range half {
		again := New(name)
		if err := again.UnmarshalBinary(s.AppendBinary(nil)); err != nil {
			t.Fatal(err)
		}
		half[name] = again
	}
	applyTo(t, half, facts[2000:])
	for name := range want {
		if !bytes.Equal(half[name].AppendBinary(nil), want[name].AppendBinary(nil)) {
			t.Fatalf("%s went another way after it was read", name)
		}
	}
}

func FuzzSlab(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	var facts []feed.Fact
	for range 50 {
		facts = append(facts, randomEvent(r), randomOutcome(r))
	}
	names := []string{KindsMeasure, OrdersMeasure, KindMeasure("k1")}
	slabs := foldInto(f, facts)
	for i, name := range names {
		f.Add(uint8(i), slabs[name].AppendBinary(nil))
	}
	f.Add(uint8(2), binary.AppendUvarint([]byte{1}, 1<<40))
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		name := names[int(which)%len(names)]
		s := New(name)
		if s.UnmarshalBinary(data) != nil {
			return
		}
		if !bytes.Equal(s.AppendBinary(nil), data) {
			t.Fatalf("%s believes %x, which it never writes", name, data)
		}
	})
}

// The cost of a full day: facts in, and written back once.
func BenchmarkDay(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	facts := make([]*Fact, 30_000)
	for i := range facts {
		p := record.Packed{Kind: "purchase", Channel: commonv1.Channel(r.IntN(4)), Subjects: []record.Subject{{Kind: 3, ID: fmt.Sprint("s", r.IntN(100))}}}
		f := feed.Fact{Seq: 1, Kind: record.Event, Who: r.Int64N(1_000_000), Data: p.Append(nil)}
		facts[i], _, _ = Decode("b", &f)
	}
	var packed []byte
	b.Run("apply", func(b *testing.B) {
		for range b.N {
			s := NewEvents()
			for _, f := range facts {
				s.Apply(0, f)
			}
			packed = s.AppendBinary(nil)
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(len(packed)))
		for range b.N {
			if err := NewEvents().UnmarshalBinary(packed); err != nil {
				b.Fatal(err)
			}
		}
	})
}

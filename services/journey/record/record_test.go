package record

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
)

func randomText(r *rand.Rand) string {
	b := make([]byte, r.IntN(4)*r.IntN(40))
	for i := range b {
		b[i] = byte(r.IntN(256))
	}
	return string(b)
}

func randomSubjects(r *rand.Rand) (out []Subject) {
	for range r.IntN(4) {
		out = append(out, Subject{Kind: commonv1.SubjectKind(r.IntN(11)), ID: randomText(r)})
	}
	return out
}

func randomPacked(r *rand.Rand) Packed {
	return Packed{
		Employee: r.IntN(2) == 0, Kind: randomText(r), Channel: commonv1.Channel(r.IntN(12)), Subjects: randomSubjects(r),
		Touchpoint: randomText(r), Order: randomText(r), Reason: randomText(r),
		At: r.Int64() - r.Int64(), Promised: r.Int64() - r.Int64(), Sequence: r.Int32() - r.Int32(),
		Amount: r.Int64(), Items: r.Int64(),
	}
}

func TestPackedComesBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		want := randomPacked(r)
		f := feed.Fact{Kind: Event, Seq: 7, Who: r.Int64(), Data: want.Append(nil)}
		want.Sign, want.Number, want.Who = 1, 7, f.Who
		if r.IntN(2) == 0 {
			f.Kind, f.Of, want.Sign, want.Number = Reversal, 3, -1, 3
		}
		got, err := ParseEvent(&f)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		for cut := range f.Data {
			short := f
			short.Data = f.Data[:cut]
			if _, err := ParseEvent(&short); err == nil {
				t.Fatalf("%d of %d bytes were read", cut, len(f.Data))
			}
		}
	}
}

func TestOrderComesBack(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		want := Order{
			Sign: -1, Who: r.Int64(), ID: randomText(r), Status: journeyv1.OrderOutcome_Status(r.IntN(7)),
			Judged: r.IntN(2) == 0, Late: r.IntN(2) == 0, Partial: r.IntN(2) == 0, Missorted: r.IntN(2) == 0,
			Channel: commonv1.Channel(r.IntN(12)), Subjects: randomSubjects(r), Reason: randomText(r),
			Placed: r.Int64(), Promised: -r.Int64(), Ended: r.Int64(),
		}
		got, err := ParseOrder(&feed.Fact{Kind: OutcomeReversal, Who: want.Who, Data: want.Append(nil)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestOutcome(t *testing.T) {
	o := Order{
		Who: 5, ID: "o", Status: journeyv1.OrderOutcome_STATUS_ARRIVED, Judged: true, Partial: true,
		Subjects: []Subject{{commonv1.SubjectKind_SUBJECT_KIND_STORE, "s"}}, Placed: -1, Ended: 1_500_000,
	}
	want := &journeyv1.OrderOutcome{
		OrderId: "o", Status: journeyv1.OrderOutcome_STATUS_ARRIVED, Late: proto.Bool(false), Partial: true, CustomerId: 5,
		PlacedAt: &timestamppb.Timestamp{Seconds: -1, Nanos: 999_999_000}, EndedAt: &timestamppb.Timestamp{Seconds: 1, Nanos: 500_000_000},
		Subjects: []*commonv1.SubjectRef{{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "s"}},
	}
	if diff := cmp.Diff(want, o.Outcome(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestDaysComeBack(t *testing.T) {
	for _, want := range [][]int32{nil, {-40, -3, 0, 20000}, {7}} {
		got, err := Days(&feed.Fact{Data: AppendDays(nil, want)})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	}
	if _, err := Days(&feed.Fact{Data: []byte{0x80}}); err == nil {
		t.Error("half a number was read")
	}
}

func FuzzParse(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		p, o := randomPacked(r), Order{ID: randomText(r), Subjects: randomSubjects(r), Ended: r.Int64()}
		f.Add(p.Append(nil))
		f.Add(o.Append(nil))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fact := feed.Fact{Kind: Event, Seq: 1, Data: data}
		if p, err := ParseEvent(&fact); err == nil {
			again := fact
			again.Data = p.Append(nil)
			q, err := ParseEvent(&again)
			if diff := cmp.Diff(p, q); diff != "" || err != nil {
				t.Fatal(diff, err)
			}
		}
		fact.Kind = Outcome
		if o, err := ParseOrder(&fact); err == nil {
			again := fact
			again.Data = o.Append(nil)
			q, err := ParseOrder(&again)
			if diff := cmp.Diff(o, q); diff != "" || err != nil {
				t.Fatal(diff, err)
			}
		}
	})
}

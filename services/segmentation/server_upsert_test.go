package segmentation_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

func textValue(v string) *segmentationv1.AttributeValue {
	return &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Text{Text: v}}
}

func declare(t testing.TB, r *replica, all ...*segmentationv1.Attribute) {
	t.Helper()
	if _, err := r.DeclareAttributes(t.Context(), &segmentationv1.DeclareAttributesRequest{Brand: brand, Attributes: all}); err != nil {
		t.Fatal(err)
	}
}

var city = &segmentationv1.Attribute{Name: "city", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT, Personal: true}

func anna() *segmentationv1.Customer {
	return &segmentationv1.Customer{
		Identities: []*commonv1.Identity{email("Anna@example.org"), phone("8 916 123-45-67")},
		Attributes: map[string]*segmentationv1.AttributeValue{"city": textValue("Tver")},
		Consents:   []*segmentationv1.Consent{{Purpose: "survey", Granted: true}}, Zone: "Europe/Samara", Locale: "ru",
		SensitiveDates: []*segmentationv1.SensitiveDate{{Month: 5, Day: 9}}, LifeEvents: []*segmentationv1.LifeEvent{{Kind: "move", Day: "2026-01-02"}},
	}
}

// refused are the reasons by line.
func refused(out *segmentationv1.UpsertCustomersResponse) map[int64]string {
	m := map[int64]string{}
	for _, r := range out.GetRejections() {
		m[r.GetLine()] = fault.FromStatus(r.GetError()).Reason
	}
	return m
}

// tally is what an answer counts: created, updated, unchanged.
func tally(out *segmentationv1.UpsertCustomersResponse) [3]int32 {
	return [3]int32{out.GetCreated(), out.GetUpdated(), out.GetUnchanged()}
}

func TestUpsert(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, "", c.Now)
		declare(t, r, city)
		out := upsert(t, r, false, anna(), anna(), &segmentationv1.Customer{Identities: []*commonv1.Identity{phone("+79161234567"), card("7")}},
			&segmentationv1.Customer{Identities: []*commonv1.Identity{card("8")}})
		if !slices.Equal(out.GetIds(), []int64{1, 1, 1, 2}) || tally(out) != [3]int32{2, 1, 1} || len(out.GetRejections()) > 0 {
			t.Error(out)
		}
		c.Add(60e9)
		out = upsert(t, r, false, anna(), &segmentationv1.Customer{Id: 2, Identities: []*commonv1.Identity{email("bert@example.org")}})
		if !slices.Equal(out.GetIds(), []int64{1, 2}) || tally(out) != [3]int32{0, 1, 1} {
			t.Error(out)
		}
		got := get(t, r, 1)
		want := anna()
		want.Identities = []*commonv1.Identity{email("anna@example.org"), phone("+79161234567"), card("7")}
		want.Id, want.PersonId, want.MemberIds, want.CreatedAt, want.UpdatedAt = 1, 1, []int64{1}, got.GetCreatedAt(), got.GetCreatedAt()
		want.AttributeTimes = map[string]*timestamppb.Timestamp{"city": timestamppb.New(start)}
		if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(&segmentationv1.Customer{}, "purchases")); diff != "" {
			t.Error(diff)
		}
		if b := get(t, r, 2); !b.GetCreatedAt().AsTime().Equal(start) || !b.GetUpdatedAt().AsTime().Equal(start.Add(60e9)) {
			t.Error(b)
		}
		r.stop()
		audit(t, url, "")
	})
}

// A bad row is refused with its reason and touches neither its neighbours nor the
// numbers.
func TestUpsertRefusals(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		declare(t, r, city)
		attribute := func(name string, v *segmentationv1.AttributeValue) *segmentationv1.Customer {
			return &segmentationv1.Customer{Identities: []*commonv1.Identity{card("x")}, Attributes: map[string]*segmentationv1.AttributeValue{name: v}}
		}
		flag := &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Flag{Flag: true}}
		out := upsert(t, r, false, anna(),
			&segmentationv1.Customer{},
			&segmentationv1.Customer{Id: 99},
			&segmentationv1.Customer{Identities: []*commonv1.Identity{card("y"), phone("495 123 45 67")}},
			&segmentationv1.Customer{Identities: []*commonv1.Identity{card("y"), email("nobody")}},
			attribute("shoe", textValue("42")), attribute("city", flag),
			&segmentationv1.Customer{Identities: []*commonv1.Identity{card("1"), card("2"), card("3"), card("4")}},
			&segmentationv1.Customer{Identities: []*commonv1.Identity{card("1"), card("2"), card("3"), card("1")}},
			&segmentationv1.Customer{Identities: []*commonv1.Identity{card("3"), card("4")}},
			&segmentationv1.Customer{Identities: []*commonv1.Identity{card("3"), email("ANNA@example.org")}},
			&segmentationv1.Customer{Identities: []*commonv1.Identity{card("y")}, Zone: "Mars"},
		)
		want := map[int64]string{2: "FIELD_INVALID", 3: "CUSTOMER_UNKNOWN", 4: "IDENTITY_BLOCKED", 5: "FIELD_INVALID", 6: "ATTRIBUTE_MISMATCH",
			7: "ATTRIBUTE_MISMATCH", 8: "IDENTITY_LIMIT", 10: "IDENTITY_LIMIT", 11: "IDENTITY_CONFLICT", 12: "FIELD_INVALID"}
		if diff := cmp.Diff(want, refused(out)); diff != "" {
			t.Error(diff)
		}
		if !slices.Equal(out.GetIds(), []int64{1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0}) || tally(out) != [3]int32{2, 0, 0} {
			t.Error(out)
		}
		for _, x := range out.GetRejections() {
			e := fault.FromStatus(x.GetError())
			if e.Reason == "IDENTITY_CONFLICT" && e.Meta["ids"] != "1,2" {
				t.Error(e.Meta)
			}
			for _, f := range e.Fields {
				if !strings.HasPrefix(f.Path, "customer.") {
					t.Errorf("line %d: path %q", x.GetLine(), f.Path)
				}
			}
		}
		if got := numbers(resolve(t, r, card("x"), card("y"), card("4"))); !slices.Equal(got, []int64{3, 4, 5}) {
			t.Errorf("a refused row left something behind: %v", got)
		}
	})
}

// Asked to, a row makes one person of those its identities belong to, also of
// those that rows before it made.
func TestUpsertMerges(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, "", c.Now)
		one := func(ids ...*commonv1.Identity) *segmentationv1.Customer {
			return &segmentationv1.Customer{Identities: ids}
		}
		out := upsert(t, r, true, one(card("a")), one(card("b")), one(card("c")), one(card("b"), card("c")), one(card("c"), card("a"), email("d@example.org")), one(card("a"), card("b"), card("c")))
		if !slices.Equal(out.GetIds(), []int64{1, 2, 3, 2, 1, 1}) || tally(out) != [3]int32{3, 2, 1} {
			t.Error(out)
		}
		if got := get(t, r, 3); got.GetPersonId() != 1 || !slices.Equal(got.GetMemberIds(), []int64{1, 2, 3}) {
			t.Error(got)
		}
		for i, p := range resolve(t, r, card("a"), card("b"), card("c"), email("d@example.org")) {
			if p.GetPersonId() != 1 || p.GetId() != []int64{1, 2, 3, 1}[i] {
				t.Error(i, p)
			}
		}
		if out := upsert(t, r, false, one(card("b"), card("a"))); tally(out) != [3]int32{0, 0, 1} {
			t.Errorf("one person's identities are a conflict: %v", out)
		}
		list, err := r.ListCustomers(t.Context(), &segmentationv1.ListCustomersRequest{Brand: brand, PersonsOnly: true})
		if err != nil || list.GetNumbers() != 3 || list.GetPersons() != 1 || len(list.GetCustomers()) != 1 {
			t.Error(list, err)
		}
		r.stop()
		audit(t, url, "")
	})
}

// A telephone that a whole office shares makes no one person of it, also where conflicts
// are merged, in one chunk or in several: whoever came first have it, up to what one
// person may have, and the others are refused.
func TestUpsertOfASharedPhone(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		const office = 12
		one := func(i int, more ...*commonv1.Identity) *segmentationv1.Customer {
			return &segmentationv1.Customer{Identities: append(more, card(fmt.Sprint("c", i)))}
		}
		var alone, sharing []*segmentationv1.Customer
		for i := range office {
			alone = append(alone, one(i))
			sharing = append(sharing, one(i, phone("+79161234567")))
		}
		upsert(t, r, true, alone...)
		first, second := upsert(t, r, true, sharing[:6]...), upsert(t, r, true, sharing[6:]...)
		reasons := map[string]int{}
		for _, out := range []*segmentationv1.UpsertCustomersResponse{first, second} {
			for _, why := range refused(out) {
				reasons[why]++
			}
		}
		if most := 3; len(reasons) != 1 || reasons["IDENTITY_LIMIT"] != office-most {
			t.Errorf("refused: %v", reasons)
		}
		if got := get(t, r, 1); len(got.GetMemberIds()) != 3 {
			t.Errorf("one person: %v", got.GetMemberIds())
		}
		if got := get(t, r, office); !slices.Equal(got.GetMemberIds(), []int64{office}) {
			t.Errorf("the last one: %v", got.GetMemberIds())
		}
	})
}

// Streams that speak of the same people at once, beside callers that resolve them,
// leave one number each.
func TestUpsertTogether(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, "", c.Now)
		const streams, people = 8, 120
		var wg sync.WaitGroup
		for n := range streams {
			wg.Go(func() {
				if n%2 == 0 {
					resolve(t, r, card(fmt.Sprint(n)), card(fmt.Sprint(n+1)))
				}
				var all []*segmentationv1.Customer
				for i := range people {
					who := (i*7 + n*13) % people
					all = append(all, &segmentationv1.Customer{Identities: []*commonv1.Identity{card(fmt.Sprint(who)), email(fmt.Sprintf("%d@example.org", who))}})
				}
				if out := upsert(t, r, false, all...); len(out.GetRejections()) > 0 {
					t.Error(out.GetRejections()[0])
				}
			})
		}
		wg.Wait()
		list, err := r.ListCustomers(t.Context(), &segmentationv1.ListCustomersRequest{Brand: brand})
		if err != nil || list.GetNumbers() != people {
			t.Error(list.GetNumbers(), err)
		}
		r.stop()
		audit(t, url, "")
	})
}

// A stream has one brand and chunks have a bound.
func TestUpsertStream(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		row := &segmentationv1.CustomerRow{Customer: &segmentationv1.Customer{Identities: []*commonv1.Identity{card("1")}}}
		for name, chunks := range map[string][]*segmentationv1.UpsertCustomersRequest{
			"brand": {{Brand: brand, Rows: []*segmentationv1.CustomerRow{row}}, {Brand: "other"}},
			"rows":  {{Brand: brand, Rows: slices.Repeat([]*segmentationv1.CustomerRow{row}, 1001)}},
		} {
			stream, err := r.UpsertCustomers(t.Context())
			for i := 0; err == nil && i < len(chunks); i++ {
				err = stream.Send(chunks[i])
			}
			for err == nil {
				_, err = stream.Recv()
			}
			if err == io.EOF || fault.Reason(err) != fault.ReasonInvalid || fault.From(err).Fields[0].Path != name {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

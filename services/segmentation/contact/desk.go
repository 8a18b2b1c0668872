package contact

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Brand is what contacts need to know of a brand.
type Brand struct {
	ID    string
	Rules *config.Contact
	// Zone is where those live who have not said where.
	Zone *calendar.Zone
	// Members are all numbers of the person a number belongs to.
	Members func(id int64) []int64
	// Person is the one of them that stands for all.
	Person func(id int64) int64
	// Customers reads what is known of numbers; those never given out are left out.
	Customers func(ctx context.Context, q sqldb.Querier, ids []int64) (map[int64]*segmentationv1.Customer, error)
}

// people reads the persons behind numbers, with the contacts that count for them,
// by the number that stands for each. Numbers that were never given out have none.
// last is the brand's last answer.
func (b *Brand) people(ctx context.Context, q sqldb.Querier, last int64, ids []int64, earliest time.Time) (map[int64]*Person, error) {
	heads, all := map[int64][]int64{}, []int64(nil)
	for _, id := range ids {
		head := b.Person(id)
		if heads[head] == nil {
			heads[head] = b.Members(id)
			all = append(all, heads[head]...)
		}
	}
	known, err := b.Customers(ctx, q, all)
	if err != nil {
		return nil, err
	}
	people, of := map[int64]*Person{}, map[int64]*Person{}
	for head, members := range heads {
		if known[head] == nil {
			continue
		}
		p := &Person{Zone: b.zone(known[head], members, known)}
		for _, id := range members {
			p.Members = append(p.Members, known[id])
			of[id] = p
		}
		people[head] = p
	}
	// A day more, since days are of the zone.
	since := earliest.AddDate(0, 0, -longest(b.Rules)-1)
	err = made(ctx, q, b.ID, last, all, since, func(id int64, m Made) {
		if p := of[id]; p != nil {
			p.Made = append(p.Made, m)
		}
	})
	return people, err
}

// longest is the widest window of a brand's limits, in days.
func longest(rules *config.Contact) (days int) {
	for _, l := range rules.Limits {
		days = max(days, l.Days)
	}
	return days
}

// zone is where a person lives: what the number that stands for it says, or else
// the first of the others that says something.
func (b *Brand) zone(head *segmentationv1.Customer, members []int64, known map[int64]*segmentationv1.Customer) *calendar.Zone {
	name := head.GetZone()
	for _, id := range members {
		if name == "" {
			name = known[id].GetZone()
		}
	}
	if z := zoneNamed(name); z != nil {
		return z
	}
	return b.Zone
}

// zones are those that were asked for: to unroll one takes longer than to judge a
// thousand contacts, and there are only some hundred.
var zones sync.Map

func zoneNamed(name string) *calendar.Zone {
	if name == "" {
		return nil
	}
	if z, ok := zones.Load(name); ok {
		return z.(*calendar.Zone)
	}
	z, err := calendar.Load(name)
	if err != nil {
		return nil // was checked when it was told; the brand's will do
	}
	zones.Store(name, z)
	return z
}

// ask reads a request; now where it names no time.
func ask(in *segmentationv1.ContactRequest, now time.Time) Ask {
	at := now
	if in.GetAt() != nil {
		at = in.GetAt().AsTime()
	}
	return Ask{Purpose: in.GetPurpose(), Mode: in.GetMode(), At: at.Truncate(time.Microsecond)}
}

// named is the request with a number in the place of whatever named the customer.
func named(in *segmentationv1.ContactRequest, id int64) *segmentationv1.ContactRequest {
	out := proto.CloneOf(in)
	out.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}
	return out
}

// maxAhead is how far ahead a contact may be reserved.
const maxAhead = 30 * 24 * time.Hour

// Check judges what the proto file's rules cannot.
func Check(in *segmentationv1.ContactRequest, now time.Time) error {
	f := fault.Invalid()
	if in.GetCustomer().GetRef() == nil {
		f.Field("contact.customer", "is required: a number or an identity")
	}
	if !plain(in.GetPurpose()) {
		f.Field("contact.purpose", "must have no control characters")
	}
	if at := in.GetAt(); at != nil && !at.IsValid() {
		f.Field("contact.at", "is no time")
	} else if at != nil && at.AsTime().After(now.Add(maxAhead)) {
		f.Field("contact.at", "is more than 30 days ahead")
	}
	return f.Err()
}

// CheckRequest judges the id of a request.
func CheckRequest(id string) error {
	f := fault.Invalid()
	if !plain(id) {
		f.Field("request_id", "must have no control characters")
	}
	return f.Err()
}

// plain tells whether a text can be a key: a database may keep another character in
// the place of one that nobody sees, and two keys would be one.
func plain(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}

// Unknown refuses a customer that nobody is.
func Unknown() error {
	return fault.NotFound(commonv1.Reason_REASON_CUSTOMER_UNKNOWN, "nobody has that number or identity")
}

// Examine tells all that would be said of a contact.
func (b *Brand) Examine(ctx context.Context, q sqldb.Querier, customer int64, in *segmentationv1.ContactRequest, now time.Time) (Judgement, error) {
	asked := ask(in, now)
	last, err := lastID(ctx, q, b.ID)
	if err != nil {
		return Judgement{}, err
	}
	people, err := b.people(ctx, q, last, []int64{customer}, asked.At)
	if err != nil {
		return Judgement{}, err
	}
	p := people[b.Person(customer)]
	if p == nil {
		return Judgement{}, Unknown()
	}
	return Judge(b.Rules, p, asked), nil
}

// parseID reads the id of a reservation; 0 if it is none.
func parseID(text string) int64 {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != text {
		return 0
	}
	return id
}

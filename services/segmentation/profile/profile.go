package profile

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Profile is what is known of one number: of a Customer the attributes and their times,
// consents, dates, events, zone and locale, nothing else. Lists are sorted and have no
// repetitions, so that equal knowledge is equal bytes.
type Profile = segmentationv1.Customer

// Bounds of what one customer may have; those of the proto file bound a row.
const (
	maxAttributes = 200
	maxConsents   = 100
	maxDates      = 50
	maxEvents     = 50
)

// Pack writes a profile; nil if nothing is known.
func Pack(p *Profile) ([]byte, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(p)
	if len(b) == 0 {
		return nil, err
	}
	return b, err
}

// Parse reads what Pack wrote.
func Parse(b []byte) (*Profile, error) {
	p := &Profile{}
	if err := proto.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	return p, nil
}

var localeShape = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// Check judges what a row says of a customer, beside the rules of the proto file.
// Field paths start at the customer.
func Check(in *segmentationv1.Customer, declared *Catalogue) error {
	f := fault.Invalid()
	for _, name := range slices.Sorted(maps.Keys(in.GetAttributes())) {
		if wrong := fits(declared.Get(name), in.GetAttributes()[name]); wrong != "" {
			f.Reason(commonv1.Reason_REASON_ATTRIBUTE_MISMATCH).Field("attributes["+name+"]", "%s", wrong)
		}
	}
	for i, d := range in.GetSensitiveDates() {
		// A leap year, so that 29 February is a day.
		if day := time.Date(2024, time.Month(d.GetMonth()), int(d.GetDay()), 0, 0, 0, 0, time.UTC); day.Day() != int(d.GetDay()) {
			f.Field(fmt.Sprintf("sensitive_dates[%d].day", i), "is no day of that month")
		}
	}
	for i, e := range in.GetLifeEvents() {
		if _, err := time.Parse(time.DateOnly, e.GetDay()); err != nil {
			f.Field(fmt.Sprintf("life_events[%d].day", i), "must be a day, YYYY-MM-DD")
		}
	}
	if z := in.GetZone(); z != "" {
		if _, err := time.LoadLocation(z); err != nil || z == "Local" {
			f.Field("zone", "is not a zone such as Europe/Moscow")
		}
	}
	if l := in.GetLocale(); l != "" && !localeShape.MatchString(l) {
		f.Field("locale", "is not a language tag such as ru or pt-BR")
	}
	return f.Err()
}

// Merge is what is known after a row was told: what it does not mention stays.
// Neither argument is changed.
func Merge(was *Profile, in *segmentationv1.Customer) (*Profile, error) {
	out := proto.CloneOf(was)
	for name, v := range in.GetAttributes() {
		if v.GetValue() == nil {
			delete(out.GetAttributes(), name)
			continue
		}
		if out.Attributes == nil {
			out.Attributes = map[string]*segmentationv1.AttributeValue{}
		}
		out.Attributes[name] = v
	}
	out.Consents = union(out.GetConsents(), in.GetConsents(), byPurpose)
	out.SensitiveDates = union(out.GetSensitiveDates(), in.GetSensitiveDates(), byDate)
	out.LifeEvents = union(out.GetLifeEvents(), in.GetLifeEvents(), byEvent)
	out.Zone, out.Locale = cmp.Or(in.GetZone(), out.GetZone()), cmp.Or(in.GetLocale(), out.GetLocale())
	f := fault.Invalid()
	for _, part := range []struct {
		name      string
		has, most int
	}{
		{"attributes", len(out.GetAttributes()), maxAttributes}, {"consents", len(out.GetConsents()), maxConsents},
		{"sensitive_dates", len(out.GetSensitiveDates()), maxDates}, {"life_events", len(out.GetLifeEvents()), maxEvents},
	} {
		if part.has > part.most {
			f.Field(part.name, "would be %d with those known already, and %d is the most", part.has, part.most)
		}
	}
	return out, f.Err()
}

// Stamp notes in next when values changed that are not as they were. What was there
// before times were kept has none.
func Stamp(was, next *Profile, at time.Time) {
	for name := range was.GetAttributes() {
		if next.GetAttributes()[name] == nil {
			delete(next.GetAttributeTimes(), name)
		}
	}
	for name, v := range next.GetAttributes() {
		if proto.Equal(was.GetAttributes()[name], v) {
			continue
		}
		if next.AttributeTimes == nil {
			next.AttributeTimes = map[string]*timestamppb.Timestamp{}
		}
		next.AttributeTimes[name] = timestamppb.New(at)
	}
}

// union sorts what is known and what is told; of two that compare equal the one
// told last stays.
func union[T any](known, told []T, order func(a, b T) int) []T {
	all := slices.Concat(told, known)
	slices.Reverse(all[:len(told)])
	slices.SortStableFunc(all, order)
	all = slices.CompactFunc(all, func(a, b T) bool { return order(a, b) == 0 })
	if len(all) == 0 {
		return nil
	}
	return all
}

func byPurpose(a, b *segmentationv1.Consent) int {
	return cmp.Or(strings.Compare(a.GetPurpose(), b.GetPurpose()), cmp.Compare(a.GetMode(), b.GetMode()))
}

func byDate(a, b *segmentationv1.SensitiveDate) int {
	return cmp.Or(cmp.Compare(a.GetMonth(), b.GetMonth()), cmp.Compare(a.GetDay(), b.GetDay()))
}

func byEvent(a, b *segmentationv1.LifeEvent) int {
	return cmp.Or(strings.Compare(a.GetDay(), b.GetDay()), strings.Compare(a.GetKind(), b.GetKind()))
}

// Blank is what may stay of a profile after an erasure: attributes that are not
// personal. Even a life event's kind says something of a person.
func Blank(p *Profile, declared *Catalogue) *Profile {
	out := &Profile{}
	for name, v := range p.GetAttributes() {
		if declared.Personal(name) {
			continue
		}
		if out.Attributes == nil {
			out.Attributes = map[string]*segmentationv1.AttributeValue{}
		}
		out.Attributes[name] = v
		if at := p.GetAttributeTimes()[name]; at != nil {
			if out.AttributeTimes == nil {
				out.AttributeTimes = map[string]*timestamppb.Timestamp{}
			}
			out.AttributeTimes[name] = at
		}
	}
	return out
}

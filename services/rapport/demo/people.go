package demo

import (
	"fmt"
	"iter"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// The traits of a customer; each number means the same for ever.
const (
	ofHome = iota + 1
	ofTemper
	ofTemperToo
	ofTier
	ofPhone
	ofMail
	ofParting
	ofDevice
	ofTongue
	ofAge
	ofChildren
	ofProblem
	ofOrigin
	ofConsent
	ofDate
	ofCity
	ofFactor   // and those after it
	ofYoungest = ofFactor + 32
	ofSpender  = ofYoungest + 1
	ofCoupon   = ofYoungest + 2
	ofFresh    = ofYoungest + 3
	ofSecond   = ofYoungest + 4
)

// Some people are two customers to the chain: one by card in the shops, one by
// e-mail on the screens. Of most it is never noticed.
const (
	twoShare    = 0.04
	noticeShare = 0.25 // of these
)

func (w *World) isTwo(customer int64) bool { return w.trait(customer, ofParting) < twoShare }

// noticed tells whose two halves are found to be one person.
func (w *World) noticed(customer int64) bool {
	return w.trait(customer, ofParting) < twoShare*noticeShare
}

// card, phone and mail are stable: nobody else ever has the same.
func (w *World) card(customer int64) *commonv1.Identity {
	return &commonv1.Identity{Kind: commonv1.Identity_KIND_CARD, Value: fmt.Sprintf("7700%02d%08d", w.opts.Seed&63, customer)}
}

func (w *World) phone(customer int64) *commonv1.Identity {
	const step, all = 7_368_787, 100_000_000 // coprime: no number comes twice
	n := (customer*step + w.opts.Seed&1023) % all
	return &commonv1.Identity{Kind: commonv1.Identity_KIND_PHONE, Value: fmt.Sprintf("+79%d%08d", customer/all%10, n)}
}

func (w *World) mail(customer int64) *commonv1.Identity {
	return &commonv1.Identity{Kind: commonv1.Identity_KIND_EMAIL, Value: fmt.Sprintf("k%d.%d@mail.example", customer, w.opts.Seed)}
}

// identities are those a customer is known by in the shops, or on the screens, the
// most used first. For nearly all people both are the same.
func (w *World) identities(customer int64, online bool) []*commonv1.Identity {
	if w.isTwo(customer) {
		if online {
			return []*commonv1.Identity{w.mail(customer)}
		}
		return []*commonv1.Identity{w.card(customer)}
	}
	var out []*commonv1.Identity
	if w.trait(customer, ofTier) < cardShare {
		out = append(out, w.card(customer))
	}
	phone := w.trait(customer, ofPhone) < 0.7
	if w.trait(customer, ofMail) < 0.6 {
		out = append(out, w.mail(customer))
	} else if len(out) == 0 {
		phone = true
	}
	if phone {
		out = append(out, w.phone(customer))
	}
	if online && len(out) > 1 {
		out[0], out[1] = out[1], out[0] // a card is of little use on a screen
	}
	return out
}

// known is how an experience tells of its customer; nil: nobody knows who it was.
func (w *World) known(e *experience) *commonv1.CustomerRef {
	if e.customer == 0 {
		return nil
	}
	id := w.identities(e.customer, e.channel.online())[0]
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: id}}
}

// Customers is everybody the chain knows, as it knows them: the two halves of those
// who are two follow each other.
func (w *World) Customers() iter.Seq[*segmentationv1.Customer] {
	return func(yield func(*segmentationv1.Customer) bool) {
		for n := int64(1); n <= int64(w.people); n++ {
			whole := w.customer(n)
			if !yield(whole) {
				return
			}
			if w.isTwo(n) && !yield(&segmentationv1.Customer{
				Identities: w.identities(n, true), Attributes: map[string]*segmentationv1.AttributeValue{attributeOrigin: word("site")},
				Zone: whole.GetZone(), Locale: whole.GetLocale(),
			}) {
				return
			}
		}
	}
}

// pairs are the numbers of those who are two and noticed, given those of Customers.
func (w *World) pairs(ids []int64) [][2]int64 {
	var out [][2]int64
	row := 0
	for n := int64(1); n <= int64(w.people) && row < len(ids); n++ {
		if w.noticed(n) && row+1 < len(ids) {
			out = append(out, [2]int64{ids[row+1], ids[row]})
		}
		row++
		if w.isTwo(n) {
			row++
		}
	}
	return out
}

func (w *World) customer(n int64) *segmentationv1.Customer {
	home := w.stores[w.home(n)].region
	return &segmentationv1.Customer{
		Identities: w.identities(n, false), Attributes: w.attributes(n, home), Consents: w.consents(n), SensitiveDates: w.dates(n),
		Zone: regions[home].zone, Locale: w.locale(n),
	}
}

// home is the store nearest to where the customer lives.
func (w *World) home(customer int64) int { return pick(w.pull, w.trait(customer, ofHome)) }

// locale is the language a customer speaks: few do not speak the chain's.
func (w *World) locale(customer int64) string {
	if w.trait(customer, ofTongue) < 0.07 {
		return "en"
	}
	return "ru"
}

// consents: nobody is asked for leave to ask; some refuse. Marketing needs a yes.
func (w *World) consents(customer int64) []*segmentationv1.Consent {
	at := timestamppb.New(w.first)
	var out []*segmentationv1.Consent
	u := w.trait(customer, ofConsent)
	if u < 0.55 {
		out = append(out, &segmentationv1.Consent{Purpose: "marketing", Granted: true, At: at})
	}
	switch {
	case u > 0.97:
		out = append(out, &segmentationv1.Consent{Purpose: "survey", At: at})
	case u > 0.9:
		out = append(out, &segmentationv1.Consent{Mode: commonv1.ContactMode_CONTACT_MODE_CALL, At: at})
	}
	return out
}

// dates are days on which few want to hear nothing.
func (w *World) dates(customer int64) []*segmentationv1.SensitiveDate {
	u := w.trait(customer, ofDate)
	if u >= 0.02 {
		return nil
	}
	day := int(u / 0.02 * 365)
	at := w.opts.Anchor.AddDate(0, 0, -day)
	return []*segmentationv1.SensitiveDate{{Month: int32(at.Month()), Day: int32(at.Day())}}
}

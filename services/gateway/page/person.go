package page

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	points "github.com/rapport-cx/rapport/services/gateway/page/loyalty"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// own is the part of an address that a page alone has, of one name; empty: none.
func own(name, value string) url.Values {
	if value == "" {
		return nil
	}
	return url.Values{name: {value}}
}

// number is the customer whose page it is.
func (s *scene) number() (int64, error) {
	id, err := strconv.ParseInt(s.ID, 10, 64)
	if err != nil || id < 1 {
		return 0, fault.NotFound(commonv1.Reason_REASON_CUSTOMER_UNKNOWN, "customer %q", s.ID)
	}
	return id, nil
}

// personData is what is known of a person, without what names it.
type personData struct {
	Erased, Merged string
	Stands         *choice  // the number that stands for the person, if it is another
	Members        []choice // all numbers, if there are several
	Facts          []fact
	AsOf           string
	Account        string // where the person's points are; empty: there is no programme
	Shown          bool   // identities are as they are
	Toggle         string // where they are the other way
}

// fact is something known, by name.
type fact struct{ Name, Value string }

func (p *Page) loadPerson(ctx context.Context, s *scene) (any, error) {
	if p.people == nil {
		return nil, absentSegmentation
	}
	id, err := s.number()
	if err != nil {
		return nil, err
	}
	got, err := p.people.GetCustomer(ctx, &segmentationv1.GetCustomerRequest{
		Brand: s.Brand, Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}},
	})
	if err != nil {
		return nil, err
	}
	c, d := got.GetCustomer(), &personData{}
	if c.GetErased() {
		d.Erased = s.Lang.ErasedLong
	}
	to := func(id int64) choice {
		return choice{Name: strconv.FormatInt(id, 10), Link: s.toCustomer(id), Current: id == c.GetId()}
	}
	if c.GetPersonId() != c.GetId() {
		stands := to(c.GetPersonId())
		d.Stands = &stands
	}
	if len(c.GetMemberIds()) > 1 {
		d.Merged = fmt.Sprintf(s.Lang.MergedOf, len(c.GetMemberIds()))
		for _, m := range c.GetMemberIds() {
			d.Members = append(d.Members, to(m))
		}
	}
	d.Shown, d.Toggle = s.shownInFull(), s.toIdentities(!s.shownInFull())
	d.Facts = append(s.identityFacts(c), s.purchaseFacts(c.GetPurchases())...)
	d.Facts = append(d.Facts, p.attributeFacts(ctx, s, c)...)
	d.AsOf = s.fresh(c.GetPurchases().GetAsOf())
	if points.HasProgramme(ctx, p.points, s.Brand) {
		d.Account = points.ToAccount(s.Brand, s.Code, s.ID)
	}
	return d, nil
}

// identityFacts are the identities, masked: a page is seen by whoever stands behind
// its reader.
func (s *scene) identityFacts(c *segmentationv1.Customer) []fact {
	byKind := map[commonv1.Identity_Kind][]string{}
	for _, i := range c.GetIdentities() {
		text := i.GetValue()
		if !s.shownInFull() {
			text = shell.Masked(text)
		}
		if i.GetNamespace() != "" {
			text = i.GetNamespace() + ":" + text
		}
		byKind[i.GetKind()] = append(byKind[i.GetKind()], text)
	}
	var out []fact
	for kind := range commonv1.Identity_Kind(len(commonv1.Identity_Kind_name)) {
		if all := byKind[kind]; len(all) > 0 {
			out = append(out, fact{s.Lang.identities[kind], strings.Join(all, ", ")})
		}
	}
	if at := c.GetCreatedAt(); at.IsValid() {
		out = append(out, fact{s.Lang.Since, s.Lang.Day(at.AsTime().In(s.brand.Location))})
	}
	return out
}

// purchaseFacts sum up what was bought.
func (s *scene) purchaseFacts(f *segmentationv1.PurchaseFacts) []fact {
	l := s.Lang
	if f.GetPurchases()+f.GetReturns() == 0 {
		return []fact{{l.Purchases, l.NoPurchases}}
	}
	text := l.Count(f.GetPurchases())
	if spent := l.Money(f.GetSpent()); spent != "" {
		text += " · " + spent
	}
	out := []fact{{l.Purchases, text}}
	if f.GetReturns() > 0 {
		out = append(out, fact{l.Returns, l.Count(f.GetReturns()) + " · " + l.Money(f.GetReturned())})
	}
	first, err := time.Parse(time.DateOnly, f.GetFirstDay())
	last, err2 := time.Parse(time.DateOnly, f.GetLastDay())
	if err == nil && err2 == nil {
		out = append(out, fact{l.Bought, l.Days(first, last)})
	}
	return out
}

// attributeFacts are what else is known and is no personal data. What cannot be
// read leaves the rest.
func (p *Page) attributeFacts(ctx context.Context, s *scene, c *segmentationv1.Customer) []fact {
	if len(c.GetAttributes()) == 0 {
		return nil
	}
	list, err := p.people.ListAttributes(ctx, &segmentationv1.ListAttributesRequest{Brand: s.Brand})
	if err != nil {
		return nil
	}
	var out []fact
	for _, a := range list.GetAttributes() {
		v := c.GetAttributes()[a.GetName()]
		if v == nil || a.GetPersonal() {
			continue
		}
		text := v.GetText()
		switch v.GetValue().(type) {
		case *segmentationv1.AttributeValue_Number:
			text = s.Lang.tick(v.GetNumber())
		case *segmentationv1.AttributeValue_Flag:
			text = map[bool]string{true: s.Lang.Yes, false: s.Lang.No}[v.GetFlag()]
		}
		out = append(out, fact{cmp.Or(a.GetTitle(), a.GetName()), text})
	}
	slices.SortStableFunc(out, func(a, b fact) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

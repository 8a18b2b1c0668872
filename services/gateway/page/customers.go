package page

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// lookup is whom a search for customers found.
type lookup struct {
	Query  string
	People []choice
	err    error
}

// find searches for a customer by what a form sends in its body: an address of
// e-mail does not belong into histories and logs.
func (p *Page) find(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	err := r.ParseForm()
	l, _ := findLeaf(customersPath)
	v, wrong := readLeaf(r, r.Form, l, "")
	if err == nil {
		err = wrong
	} else {
		err = fault.Invalid().Field("q", "cannot be read").Err()
	}
	if err != nil {
		p.refuse(w, v, err)
		return
	}
	if lang := named(r.Form.Get("lang")); lang != nil {
		v.Lang, v.asked = lang, true
	}
	ctx, cancel, err := p.cfg.Calls(r, segmentationv1.SegmentationService_ResolveCustomers_FullMethodName)
	if err != nil {
		p.refuse(w, v, err)
		return
	}
	defer cancel()
	s, err := p.stageLeaf(ctx, v, l)
	if err != nil {
		p.refuse(w, v, err)
		return
	}
	p.lead(ctx, w, r, s, strings.TrimSpace(v.Own.Get("q")))
}

// lead goes to the only customer that a query can mean, or shows whom it may mean.
// No link of that page says what was searched for.
func (p *Page) lead(ctx context.Context, w http.ResponseWriter, r *http.Request, s *scene, query string) {
	s.Own = nil
	s.found = &lookup{Query: masked(query)}
	ids, err := p.whoIs(ctx, s, query)
	s.found.err = err
	if len(ids) == 1 {
		http.Redirect(w, r, s.toCustomer(ids[0]), http.StatusSeeOther)
		return
	}
	for _, id := range ids {
		s.found.People = append(s.found.People, choice{Name: s.Lang.Person + " " + strconv.FormatInt(id, 10), Link: s.toCustomer(id)})
	}
	l, _ := findLeaf(customersPath)
	p.showLeaf(ctx, w, s, l)
}

// toCustomer is the page of a customer.
func (s *scene) toCustomer(id int64) string {
	return s.link(func(v *view) {
		v.Page, v.ID, v.Own = customersPath, strconv.FormatInt(id, 10), nil
		v.Metric, v.Subject = "", nil
	})
}

// whoIs are the persons that a query may mean, ascending: by number, e-mail,
// telephone, card, or system:number.
func (p *Page) whoIs(ctx context.Context, s *scene, query string) ([]int64, error) {
	if p.people == nil {
		return nil, absentSegmentation
	}
	var ids []int64
	if id, err := strconv.ParseInt(query, 10, 64); err == nil && id > 0 {
		got, err := p.people.GetCustomer(ctx, &segmentationv1.GetCustomerRequest{
			Brand: s.Brand, Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}},
		})
		switch {
		case err == nil:
			ids = append(ids, got.GetCustomer().GetPersonId())
		case fault.Code(err).String() != "NotFound":
			return nil, err
		}
	}
	asked := identitiesOf(query)
	if len(asked) == 0 {
		return ids, nil
	}
	got, err := p.people.ResolveCustomers(ctx, &segmentationv1.ResolveCustomersRequest{Brand: s.Brand, Identities: asked, KnownOnly: true})
	if err != nil {
		return nil, err
	}
	for _, r := range got.GetResults() {
		if r.GetError() == nil && r.GetId() > 0 {
			ids = append(ids, r.GetPersonId())
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// identitiesOf are what a query may be.
func identitiesOf(query string) []*commonv1.Identity {
	if query == "" || len(query) > 256 {
		return nil
	}
	if strings.Contains(query, "@") {
		return []*commonv1.Identity{{Kind: commonv1.Identity_KIND_EMAIL, Value: query}}
	}
	out := []*commonv1.Identity{{Kind: commonv1.Identity_KIND_CARD, Value: query}}
	if strings.IndexFunc(query, unicode.IsLetter) < 0 {
		out = append(out, &commonv1.Identity{Kind: commonv1.Identity_KIND_PHONE, Value: query})
	}
	if system, value, has := strings.Cut(query, ":"); has && system != "" && value != "" && len(system) <= 64 {
		out = append(out, &commonv1.Identity{Kind: commonv1.Identity_KIND_EXTERNAL, Namespace: system, Value: value})
	}
	return out
}

// masked is an identity by which its owner knows it again, and nobody else: the
// first letter and the domain of an address, the last two digits of a number.
func masked(value string) string {
	if name, domain, mail := strings.Cut(value, "@"); mail {
		first, size := utf8.DecodeRuneInString(name)
		if size == 0 {
			return "***@" + domain
		}
		return string(first) + "***@" + domain
	}
	all := []rune(value)
	if len(all) < 5 {
		return "***"
	}
	return "***" + string(all[len(all)-2:])
}

// lookupData is the form of the search and what it found.
type lookupData struct {
	Hidden []field
	Action string
	*lookup
}

func (p *Page) loadLookup(_ context.Context, s *scene) (any, error) {
	if s.found != nil && s.found.err != nil {
		return nil, s.found.err
	}
	d := &lookupData{Hidden: s.Hidden("q", "after"), Action: customersPath, lookup: &lookup{}}
	if s.found != nil {
		d.lookup = s.found
	}
	return d, nil
}

// peopleData is a page of the customers by number.
type peopleData struct {
	Numbers, Persons string
	Rows             []personRow
	Next, First      string
}

type personRow struct{ Name, Link, Members, Since, State string }

const peopleShown = 25

func (p *Page) loadPeople(ctx context.Context, s *scene) (any, error) {
	if p.people == nil {
		return nil, absentSegmentation
	}
	list, err := p.people.ListCustomers(ctx, &segmentationv1.ListCustomersRequest{
		Brand: s.Brand, PersonsOnly: true, PageSize: peopleShown, PageToken: s.Own.Get("after"),
	})
	if err != nil {
		return nil, err
	}
	d := &peopleData{Numbers: s.Lang.Count(list.GetNumbers()), Persons: s.Lang.Count(list.GetPersons())}
	for _, c := range list.GetCustomers() {
		row := personRow{Name: strconv.FormatInt(c.GetId(), 10), Link: s.toCustomer(c.GetId())}
		if at := c.GetCreatedAt(); at.IsValid() {
			row.Since = s.Lang.Day(at.AsTime().In(s.brand.Location))
		}
		if n := len(c.GetMemberIds()); n > 1 {
			row.Members = fmt.Sprintf(s.Lang.MergedOf, n)
		}
		if c.GetErased() {
			row.State = s.Lang.Erased
		}
		d.Rows = append(d.Rows, row)
	}
	after := func(token string) string {
		return s.link(func(v *view) { v.Own = own("after", token) })
	}
	if token := list.GetNextPageToken(); token != "" {
		d.Next = after(token)
	}
	if s.Own.Get("after") != "" {
		d.First = after("")
	}
	return d, nil
}

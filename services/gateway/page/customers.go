package page

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// lookup is whom a search for customers found.
type lookup struct {
	Query  string
	People []choice
	err    error
}

// serveCustomers shows customers, or searches for the one whom a form asks for. It sends
// that in its body: an address of e-mail does not belong into histories and logs.
func (p *Page) serveCustomers(stage *shell.Stage[*scene]) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
		broken := r.ParseForm()
		ctx, s, done, ok := stage.Set(w, r, r.Form)
		if !ok {
			return
		}
		defer done()
		query := strings.TrimSpace(s.Own.Get("q"))
		switch {
		case broken != nil:
			p.refuse(w, s, fault.Invalid().Field("q", "cannot be read").Err())
		case query != "":
			p.lead(ctx, w, r, s, query)
		default:
			p.showLeaf(ctx, w, s)
		}
	}
}

// lead goes to the only customer that a query can mean, or shows whom it may mean.
// No link of that page says what was searched for.
func (p *Page) lead(ctx context.Context, w http.ResponseWriter, r *http.Request, s *scene, query string) {
	s.Own = nil
	s.found = &lookup{Query: shell.Masked(query)}
	ids, err := p.whoIs(ctx, s, query)
	s.found.err = err
	if len(ids) == 1 {
		http.Redirect(w, r, s.toCustomer(ids[0]), http.StatusSeeOther)
		return
	}
	for _, id := range ids {
		s.found.People = append(s.found.People, choice{Name: s.Lang.Person + " " + strconv.FormatInt(id, 10), Link: s.toCustomer(id)})
	}
	p.showLeaf(ctx, w, s)
}

// toCustomer is the page of a customer.
func (s *scene) toCustomer(id int64) string {
	return s.link(func(v *view) {
		v.Page, v.ID, v.Own = customersPath, strconv.FormatInt(id, 10), nil
		v.Metric, v.Subject = "", nil
	})
}

// whoIs are the persons that a query may mean, ascending.
func (p *Page) whoIs(ctx context.Context, s *scene, query string) ([]int64, error) {
	if p.people == nil {
		return nil, absentSegmentation
	}
	return shell.FindPersons(ctx, p.people, s.Brand, query)
}

// lookupData is the form of the search and what it found.
type lookupData struct {
	Hidden []shell.Hidden
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

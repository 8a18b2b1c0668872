package loyalty

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// lookup is whom a search for members found.
type lookup struct {
	Query  string
	People []shell.Choice
	err    error
}

// lookupData is the form of the search and what it found.
type lookupData struct {
	Hidden []shell.Hidden
	Action string
	*lookup
}

func (p *Pages) findSections(s *scene) []shell.Section {
	return []shell.Section{{ID: "lookup", Place: shell.Top, Title: s.Lang.FindMember, Load: func(ctx context.Context) (any, error) { return p.loadLookup(ctx, s) }}}
}

func (p *Pages) loadLookup(_ context.Context, s *scene) (any, error) {
	if p.people == nil {
		return nil, absentSegmentation
	}
	d := &lookupData{Hidden: s.Hidden("q", "days", "from", "to", "after", "table"), Action: membersPath, lookup: &lookup{}}
	if s.found != nil {
		if s.found.err != nil {
			return nil, s.found.err
		}
		d.lookup = s.found
	}
	return d, nil
}

// find searches for a member by what a form sends in its body: an address of e-mail does
// not belong into histories and logs.
func (p *Pages) find(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	broken := r.ParseForm()
	ctx, s, done, ok := p.stage(findLeaf).Set(w, r, r.Form)
	if !ok {
		return
	}
	defer done()
	if broken != nil {
		p.refuse(w, s, fault.Invalid().Field("q", "cannot be read").Err())
		return
	}
	query := strings.TrimSpace(r.Form.Get("q"))
	if query != "" && p.people != nil {
		ids, err := shell.FindPersons(ctx, p.people, s.Brand, query)
		if len(ids) == 1 {
			http.Redirect(w, r, s.toMember(strconv.FormatInt(ids[0], 10)), http.StatusSeeOther)
			return
		}
		s.found = &lookup{Query: shell.Masked(query), err: err}
		for _, id := range ids {
			number := strconv.FormatInt(id, 10)
			s.found.People = append(s.found.People, shell.Choice{Name: s.Lang.Member + " " + number, Link: s.toMember(number)})
		}
	}
	p.show(ctx, w, s)
}

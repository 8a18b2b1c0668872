package survey

import (
	"cmp"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// Reasons that a response's history gives for versions nobody asked for.
const (
	reasonJoined   = "order.late became known"
	reasonResolved = "the customer became known"
	reasonErased   = "the customer was erased"
)

// restated is the response as it stands with something told of it by a neighbour:
// its customer, a facet, or nothing personal any more. It is an amendment that is
// not judged again, since the questionnaire and the directory were what they were.
// No facts: there is nothing to change.
func (at *standing) restated(reason string, change func(*surveyv1.ResponseRecord, *tally.Tally) bool) ([]feed.Fact, error) {
	if at.retracted {
		return nil, nil
	}
	t, err := record.Tally(at.newest)
	if err != nil {
		return nil, err
	}
	next := proto.CloneOf(at.record)
	t.Row = 0 // the new version's own
	if !change(next, t) {
		return nil, nil
	}
	next.Reason = reason
	back, err := at.reversal(reason, true)
	if err != nil {
		return nil, err
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(next)
	if err != nil {
		return nil, err
	}
	return []feed.Fact{back, {
		Kind: record.Response, Of: at.first.Seq, Who: t.Customer, Day: t.Day, Day2: t.Live,
		Data: t.Append(nil), Body: body,
	}}, nil
}

// joinFacet sets a facet that a neighbour tells; an empty value takes it away. It
// reports whether that changed anything.
func joinFacet(rec *surveyv1.ResponseRecord, t *tally.Tally, name, value string) bool {
	if rec.GetJoined()[name] == value {
		return false
	}
	if rec.Joined == nil {
		rec.Joined = map[string]string{}
	}
	rec.Joined[name] = value
	if value == "" {
		delete(rec.Joined, name)
	}
	countFacets(rec, t)
	return true
}

// countFacets lets the tally count the facets given and, above them, those joined.
func countFacets(rec *surveyv1.ResponseRecord, t *tally.Tally) {
	all := maps.Clone(rec.GetResponse().GetFacets())
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, rec.GetJoined())
	t.Facets = t.Facets[:0:0]
	for name, value := range all {
		if value != "" {
			t.Facets = append(t.Facets, tally.Facet{Name: name, Value: value})
		}
	}
	slices.SortFunc(t.Facets, func(a, b tally.Facet) int { return cmp.Compare(a.Name, b.Name) })
}

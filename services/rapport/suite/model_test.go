package suite

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// How many people there are, each with an address and a card, and how many more
// that will be erased.
const (
	staying = 40
	leaving = 4
)

// owner is whose order number k is.
func owner(k int) int {
	if k%4 == 3 {
		return staying + 1 + k/4%leaving
	}
	return 1 + k%staying
}

// edge is who may be merged into whom at step k: everybody's card into the address,
// and a few addresses into others, so that there are chains.
func edge(k int) (from, into string) {
	p := owner(k)
	if k%2 == 1 && p%4 == 2 && p < staying {
		return fmt.Sprint("mail:", p), fmt.Sprint("mail:", p+1)
	}
	return fmt.Sprint("card:", p), fmt.Sprint("mail:", p)
}

// secretOf is what must be gone when somebody was erased.
func secretOf(who string) string { return "secret<" + who + ">" }

// model is what callers were told, as plainly as can be. Who is somebody's name, such
// as mail:7.
type model struct {
	base time.Time

	mu        sync.Mutex
	events    map[string]*journeyv1.Event
	responses map[string]*surveyv1.Response
	ids       map[string]string // of events and responses, by their external ids
	names     map[string]bool   // who was seen
	into      map[string]string // merges
	erasures  map[string]*segmentationv1.Erasure
	gone      map[int64]bool // numbers erased
	was       map[string]int64
	turning   map[string]*sync.Mutex
}

func newModel() *model {
	return &model{
		base:   time.Now().Truncate(time.Second),
		events: map[string]*journeyv1.Event{}, responses: map[string]*surveyv1.Response{}, ids: map[string]string{},
		names: map[string]bool{}, into: map[string]string{}, erasures: map[string]*segmentationv1.Erasure{}, gone: map[int64]bool{},
		was: map[string]int64{}, turning: map[string]*sync.Mutex{},
	}
}

// placed is when order k was placed: long enough ago to have been delivered late.
func (m *model) placed(k int) time.Time {
	return m.base.Add(-time.Duration(5+k%90) * 24 * time.Hour)
}

func (m *model) recorded(t *testing.T, e *journeyv1.Event, id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told(t, e.GetExternalId(), id)
	m.events[e.GetExternalId()] = e
	m.names[nameOf(e.GetCustomer().GetIdentity())] = true
}

func (m *model) submitted(t *testing.T, r *surveyv1.Response, id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told(t, r.GetExternalId(), id)
	m.responses[r.GetExternalId()] = r
	m.names[nameOf(r.GetCustomer().GetIdentity())] = true
}

// told holds an acknowledgement against an earlier one. Called under Lock.
func (m *model) told(t *testing.T, key, id string) {
	if was, ok := m.ids[key]; ok && was != id {
		t.Errorf("%s is number %s and was %s", key, id, was)
	}
	m.ids[key] = id
}

func (m *model) seen(who string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.names[who] = true
}

// begin keeps others from merging or parting somebody until end is called.
func (m *model) begin(who string) (end func()) {
	m.mu.Lock()
	one := m.turning[who]
	if one == nil {
		one = &sync.Mutex{}
		m.turning[who] = one
	}
	m.mu.Unlock()
	one.Lock()
	return one.Unlock
}

func (m *model) mergedInto(who string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.into[who]
}

func (m *model) merge(from, into string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if into == "" {
		delete(m.into, from)
		return
	}
	m.into[from] = into
}

func (m *model) erasedAs(who string, id int64, e *segmentationv1.Erasure) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.erasures[who], m.was[who] = e, id
	for _, n := range e.GetCustomerIds() {
		m.gone[n] = true
	}
}

// person is who stands for somebody.
func (m *model) person(who string) string {
	for m.into[who] != "" {
		who = m.into[who]
	}
	return who
}

// members are all names of somebody's person.
func (m *model) members(who string) (all []string) {
	for name := range m.names {
		if m.person(name) == m.person(who) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// late is what is known of an order: yes, no, or nothing.
func (m *model) late(order string) string {
	var promised, arrived time.Time
	for _, e := range m.events {
		if e.GetOrderId() != order {
			continue
		}
		switch e.GetKind() {
		case "order.placed":
			promised = e.GetPromisedAt().AsTime()
		case "order.delivered":
			arrived = e.GetOccurredAt().AsTime()
		}
	}
	switch {
	case promised.IsZero() || arrived.IsZero():
		return ""
	case arrived.After(promised):
		return "yes"
	}
	return "no"
}

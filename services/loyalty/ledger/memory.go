package ledger

import (
	"context"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
)

// memory is what one replica holds of a brand's accounts. It is true as of head, and is
// used only where the log ends there: whoever commits proves it. One commit at a time
// uses it.
type memory struct {
	head feed.Cursor
	// members are the accounts of numbers, in every programme; a number that is known
	// and has no account in one has none.
	members map[int64]map[string]*Account
	holds   map[int64]*Hold
	// size is about how many lots there are, over all that was ever loaded.
	size int
	// small is up to how many lots an account is read whole; of others so many at a time.
	small int
}

const (
	// usualPage is up to how many lots an account is usually read whole.
	usualPage = 256
	// roomy is how much memory keeps before it begins anew: some 100 MB.
	roomy = 1 << 20
)

func newMemory() *memory {
	return &memory{members: map[int64]map[string]*Account{}, holds: map[int64]*Hold{}, small: usualPage}
}

// account is that of a number that is known.
func (m *memory) account(programme string, customer int64) *Account {
	by := m.members[customer]
	a := by[programme]
	if a == nil {
		a = NewAccount(programme, customer)
		by[programme] = a
	}
	return a
}

// forget drops what is known of a number, and of those who share a hold with it.
func (m *memory) forget(customer int64) {
	by := m.members[customer]
	delete(m.members, customer)
	for _, a := range by {
		for _, h := range a.holds {
			delete(m.holds, h.ID)
			for _, other := range h.owners() {
				if m.members[other] != nil {
					m.forget(other)
				}
			}
		}
	}
}

// undo drops all that was changed, since it was not stored.
func (m *memory) undo(c *Changes) {
	for a := range c.Accounts {
		m.forget(a.Customer)
	}
	for id := range c.Holds {
		delete(m.holds, id)
	}
}

// kept takes in that changes are stored, and that the log ends at head.
func (m *memory) kept(c *Changes, head feed.Cursor) {
	c.kept()
	m.head = head
	m.size += len(c.Lots)
	for id, h := range c.Holds {
		if len(h.Parts) == 0 {
			delete(m.holds, id)
		}
	}
}

// catch brings memory to a head: what others wrote meanwhile is forgotten. It reads at
// most as much as it would take to begin anew.
func (m *memory) catch(ctx context.Context, log feed.Reader, head feed.Head) error {
	known := m.head != feed.Cursor{} && head.Seq-m.head.Seq < catchable && !m.full()
	if known && m.head == head.Cursor() {
		return nil
	}
	if known {
		facts, err := log.Continue(ctx, head.Brand, m.head, catchable)
		if err == nil {
			err = m.forgetAll(facts)
		}
		known = err == nil
	}
	if !known {
		page := m.small
		*m = *newMemory()
		m.small = page
	}
	m.head = head.Cursor()
	return nil
}

const catchable = 2000

// full tells that it is time to begin anew.
func (m *memory) full() bool { return m.size >= roomy || len(m.members) >= roomy }

// forgetAll forgets whoever facts touch.
func (m *memory) forgetAll(facts []feed.Fact) error {
	for i := range facts {
		if facts[i].Kind != kindMovement {
			continue
		}
		r := &loyaltyv1.EntryRecord{}
		if err := proto.Unmarshal(facts[i].Body, r); err != nil {
			return err
		}
		m.forget(facts[i].Who)
		for _, leg := range r.GetMovement().GetPostings() {
			m.forget(leg.GetCustomerId())
		}
	}
	return nil
}

// load makes numbers known, and whoever shares holds with them.
func (m *memory) load(ctx context.Context, s store, customers []int64) error {
	for {
		customers = slices.DeleteFunc(slices.Clone(customers), func(c int64) bool { return m.members[c] != nil })
		if len(customers) == 0 {
			return nil
		}
		slices.Sort(customers)
		customers = slices.Compact(customers)
		var others []int64
		for some := range slices.Chunk(customers, atOnce) {
			found, err := m.loadSome(ctx, s, some)
			if err != nil {
				for _, c := range customers {
					m.forget(c)
				}
				return err
			}
			others = append(others, found...)
		}
		customers = others
	}
}

// loadSome reads accounts, their lots and their holds, and tells who else has a part in
// those.
func (m *memory) loadSome(ctx context.Context, s store, customers []int64) (others []int64, err error) {
	fresh := make(map[int64]map[string]*Account, len(customers))
	for _, c := range customers {
		fresh[c] = map[string]*Account{}
	}
	var large []*Account
	err = s.members(ctx, customers, m.small, func(customer int64, accounts []*Account, lots []lotRow) {
		by := fresh[customer]
		if len(by) > 0 {
			return // the list has it twice
		}
		var all int64
		for _, a := range accounts {
			by[a.Programme] = a
			all += a.Lots
		}
		if all > int64(m.small) {
			large = append(large, accounts...)
			return
		}
		for _, r := range lots {
			if a := by[r.Programme]; a != nil {
				a.insert(r.Lot)
				m.size++
			}
		}
	})
	for _, a := range large {
		if err == nil {
			err = m.loadLarge(ctx, s, a)
		}
	}
	if err != nil {
		return nil, err
	}
	maps.Copy(m.members, fresh)
	return m.loadHolds(ctx, s, fresh)
}

// loadLarge reads the soonest lots of an account that has many, and all that are pending.
func (m *memory) loadLarge(ctx context.Context, s store, a *Account) error {
	later, err := s.pendingOf(ctx, a)
	if err != nil {
		return err
	}
	for _, r := range later {
		a.insert(r.Lot)
	}
	m.size += len(later)
	a.more = true
	return m.extend(ctx, s, a)
}

// extend reads the next lots of an account. The more were read the more are read next.
func (m *memory) extend(ctx context.Context, s store, a *Account) error {
	limit := min(max(m.small, len(a.active)), atOnce*10)
	found, err := s.activeAfter(ctx, a, limit)
	if err != nil {
		return err
	}
	next := make([]*Lot, len(found))
	for i, r := range found {
		next[i] = r.Lot
	}
	m.size += len(next)
	a.extend(next, len(next) < limit)
	return nil
}

// one reads one lot of an account that is behind those known.
func (m *memory) one(ctx context.Context, s store, want *Missing) error {
	a := want.Account
	found, err := s.lot(ctx, want.Lot)
	if err != nil {
		return err
	}
	l := &Lot{ID: want.Lot, ExpiresAt: want.ExpiresAt}
	if len(found) > 0 {
		l = found[0].Lot
	}
	a.loosen(l)
	return nil
}

// loadHolds reads the holds of accounts, and tells of numbers that are not known yet.
func (m *memory) loadHolds(ctx context.Context, s store, fresh map[int64]map[string]*Account) (others []int64, err error) {
	var holders []int64
	for c, by := range fresh {
		for _, a := range by {
			if a.Held > 0 {
				holders = append(holders, c)
				break
			}
		}
	}
	slices.Sort(holders)
	found, err := s.holdsOf(ctx, holders)
	if err != nil {
		return nil, err
	}
	for _, h := range joined(found) {
		if old := m.holds[h.ID]; old != nil {
			h = old
		}
		m.holds[h.ID] = h
		for _, owner := range h.owners() {
			if m.members[owner] == nil {
				others = append(others, owner)
				continue
			}
			a := m.account(h.Programme, owner)
			if !slices.Contains(a.holds, h) {
				a.holds = append(a.holds, h)
			}
		}
	}
	for _, by := range fresh {
		for _, a := range by {
			a.redue()
		}
	}
	return others, nil
}

// joined puts the parts of each hold together. Rows come in order of number.
func joined(rows []holdRow) (out []*Hold) {
	for _, r := range rows {
		if len(out) == 0 || out[len(out)-1].ID != r.ID {
			out = append(out, r.Hold)
			continue
		}
		h := out[len(out)-1]
		h.Parts = append(h.Parts, r.Parts...)
		slices.SortFunc(h.Parts, func(a, b Part) int {
			return sooner(&Lot{ID: a.Lot, ExpiresAt: a.ExpiresAt}, &Lot{ID: b.Lot, ExpiresAt: b.ExpiresAt})
		})
	}
	return out
}

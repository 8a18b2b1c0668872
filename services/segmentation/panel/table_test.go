package panel_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation/field"
	"github.com/rapport-cx/rapport/services/segmentation/panel"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
	"github.com/rapport-cx/rapport/services/segmentation/record"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
)

const brand = "shop"

// known is what somebody knows of some persons, beside a log that tells when it
// changes.
type known struct {
	t     *testing.T
	db    *sqldb.DB
	log   *feed.Log
	table *panel.Table
	now   time.Time

	mu      sync.Mutex
	last    int64
	towns   map[int64]string
	bought  map[int64][]calendar.Day
	merges  *people.Book
	catalog *field.Catalogue
	// asked are whom somebody wanted to know something of.
	asked []int64
}

func newKnown(t *testing.T, db *sqldb.DB) *known {
	t.Helper()
	if err := feed.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	k := &known{t: t, db: db, log: feed.New(db), now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), towns: map[int64]string{},
		bought: map[int64][]calendar.Day{}, merges: people.NewBook(), catalog: field.New([]*segmentationv1.Attribute{{Name: "town", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT}}, nil)}
	k.table = panel.New(panel.Source{Brand: brand, Zone: calendar.In(time.UTC), DB: db, Log: k.log.Reader, World: k.world,
		Clock: func() time.Time { k.mu.Lock(); defer k.mu.Unlock(); return k.now }})
	t.Cleanup(k.table.Close)
	return k
}

func (k *known) world(context.Context) (*segment.World, error) {
	return &segment.World{People: k.merges.Now(), Fields: k.catalog, Know: k.know,
		Last: func(context.Context, sqldb.Querier) (int64, error) { return k.last, nil }}, nil
}

func (k *known) know(_ context.Context, _ sqldb.Querier, persons []*segment.Subject, groups field.Group) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range persons {
		k.asked = append(k.asked, p.ID)
		p.Known = &field.Person{Numbers: len(p.Numbers), Purchases: &purchase.History{}}
		for _, id := range p.Numbers {
			if town := k.towns[id]; town != "" && groups&field.Attributes != 0 {
				p.Known.Attributes = profile.AttributesOf(map[string]*segmentationv1.AttributeValue{"town": {Value: &segmentationv1.AttributeValue_Text{Text: town}}})
			}
			if groups&field.Purchases != 0 {
				for _, day := range k.bought[id] {
					p.Known.Purchases.Add(&purchase.Purchase{Day: day, Amount: 100})
				}
			}
		}
	}
	return nil
}

func (k *known) today() calendar.Day { return calendar.In(time.UTC).DayOf(k.now) }

// pass lets time go on.
func (k *known) pass(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.now = k.now.Add(d)
}

func (k *known) tell(facts ...feed.Fact) {
	k.t.Helper()
	if _, _, err := k.log.Append(k.t.Context(), brand, facts, k.now); err != nil {
		k.t.Fatal(err)
	}
}

// add gives numbers out, each with a town.
func (k *known) add(towns ...string) {
	k.t.Helper()
	var facts []feed.Fact
	for _, town := range towns {
		k.last++
		k.towns[k.last] = town
		facts = append(facts, record.Create(k.last))
	}
	k.tell(facts...)
}

// counts are persons by town and by purchases in the last 7 days, and who was asked
// about for that.
func (k *known) counts() (towns, week map[string]int64, asked []int64) {
	k.t.Helper()
	k.asked = nil
	q, err := panel.Read(&segmentationv1.QueryPanelRequest{Distributions: []*segmentationv1.DistributionQuery{
		{Field: "attributes.town"}, {Field: "purchases.count_7d", Bounds: []float64{1}}}}, k.catalog, func(string) bool { return false })
	if err != nil {
		k.t.Fatal(err)
	}
	towns, week = map[string]int64{}, map[string]int64{}
	err = k.table.View(k.t.Context(), q.Fields, func(v *panel.View) error {
		all := v.Answer(q, nil).Chosen
		for _, b := range all.GetDistributions()[0].GetBuckets() {
			towns[b.GetValue()] = b.GetPersons()
		}
		for i, b := range all.GetDistributions()[1].GetBuckets() {
			week[[]string{"none", "some"}[i]] = b.GetPersons()
		}
		return nil
	})
	if err != nil {
		k.t.Fatal(err)
	}
	slices.Sort(k.asked)
	return towns, week, slices.Compact(k.asked)
}

func (k *known) expect(what string, towns map[string]int64, bought int64, asked ...int64) {
	k.t.Helper()
	gotTowns, gotWeek, gotAsked := k.counts()
	if diff := cmp.Diff(towns, gotTowns); diff != "" {
		k.t.Errorf("%s: %s", what, diff)
	}
	if gotWeek["some"] != bought {
		k.t.Errorf("%s: %v bought, want %d", what, gotWeek, bought)
	}
	if diff := cmp.Diff(asked, gotAsked); diff != "" {
		k.t.Errorf("%s: asked about %s", what, diff)
	}
}

// A table asks about everybody once, and then about those alone of whom facts tell or
// for whom a window moves.
func TestTableAsksAboutThoseTouched(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		k := newKnown(t, db)
		k.expect("nobody", map[string]int64{}, 0)
		k.add("Omsk", "Omsk", "Tver", "")
		k.bought[2] = []calendar.Day{k.today() - 6}
		k.bought[3] = []calendar.Day{k.today() - 30}
		k.tell(feed.Fact{Kind: record.Bought, Who: 2}, feed.Fact{Kind: record.Bought, Who: 3})
		k.expect("all", map[string]int64{"Omsk": 2, "Tver": 1}, 1, 1, 2, 3, 4)
		k.expect("again", map[string]int64{"Omsk": 2, "Tver": 1}, 1)
		k.towns[4] = "Perm"
		k.tell(record.Update(4))
		k.expect("updated", map[string]int64{"Omsk": 2, "Tver": 1, "Perm": 1}, 1, 4)
		k.pass(24 * time.Hour)
		k.expect("a day later", map[string]int64{"Omsk": 2, "Tver": 1, "Perm": 1}, 0, 2)
		k.pass(24 * time.Hour)
		k.expect("a day more", map[string]int64{"Omsk": 2, "Tver": 1, "Perm": 1}, 0)
		merge, err := record.Merge(1, 3, "")
		if err != nil {
			t.Fatal(err)
		}
		k.merges.Merge(1, 3)
		k.towns[3] = ""
		k.tell(merge, record.Update(3))
		k.expect("merged", map[string]int64{"Omsk": 2, "Perm": 1}, 0, 3)
		k.add("Omsk")
		k.expect("one more", map[string]int64{"Omsk": 3, "Perm": 1}, 0, 5)
	})
}

// A log that was replaced, or has too much that is new, lets the table begin anew.
func TestTableBeginsAnew(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		k := newKnown(t, db)
		k.add("Omsk", "Tver")
		k.expect("all", map[string]int64{"Omsk": 1, "Tver": 1}, 0, 1, 2)
		err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
			for _, text := range []string{"DELETE FROM fact", "DELETE FROM log_head"} {
				if _, err := tx.Exec(t.Context(), text); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		k.log = feed.New(db)
		k.last, k.towns = 0, map[int64]string{}
		k.add("Perm", "Perm", "Perm")
		k.expect("another log", map[string]int64{"Perm": 3}, 0, 1, 2, 3)
		var many []feed.Fact
		for range 21_000 {
			many = append(many, record.Update(3))
		}
		k.towns[1], k.towns[3] = "Tver", "Omsk"
		k.tell(many...)
		k.expect("far behind", map[string]int64{"Perm": 1, "Tver": 1, "Omsk": 1}, 0, 1, 2, 3)
	})
}

// What nobody asks for any more is kept up for a while, then not, and then dropped.
func TestTableForgetsWhatNobodyAsksFor(t *testing.T) {
	k := newKnown(t, sqldbtest.Open(t, sqldbtest.SQLite(t)))
	k.add("Omsk", "Tver")
	tend := func() (asked []int64) {
		t.Helper()
		k.asked = nil
		if err := k.table.Tend(t.Context()); err != nil {
			t.Fatal(err)
		}
		return k.asked
	}
	if tend(); k.table.Bytes() != 0 {
		t.Error("it holds something before it is asked")
	}
	k.expect("all", map[string]int64{"Omsk": 1, "Tver": 1}, 0, 1, 2)
	k.towns[1] = "Perm"
	k.tell(record.Update(1))
	k.pass(10 * time.Minute)
	if diff := cmp.Diff([]int64{1}, tend()); diff != "" {
		t.Error(diff)
	}
	k.expect("kept up", map[string]int64{"Perm": 1, "Tver": 1}, 0)
	k.tell(record.Update(2))
	k.pass(50 * time.Minute)
	if asked := tend(); len(asked) > 0 || k.table.Bytes() == 0 {
		t.Errorf("asked about %v, holds %d bytes", asked, k.table.Bytes())
	}
	k.pass(11 * time.Minute)
	if tend(); k.table.Bytes() != 0 {
		t.Errorf("holds %d bytes", k.table.Bytes())
	}
	k.expect("again", map[string]int64{"Perm": 1, "Tver": 1}, 0, 1, 2)
}

// Many who ask at once, for fields that nobody asked for before, while facts come: each
// sees everybody, and nobody twice.
func TestTableWithManyWhoAsk(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		k := newKnown(t, db)
		towns := make([]string, 500)
		for i := range towns {
			towns[i] = []string{"Omsk", "Tver", "Perm"}[i%3]
		}
		k.add(towns...)
		names := []string{"attributes.town", "purchases.count", "purchases.spent_30d", "customer.numbers", "purchases.days_since_last", "purchases.categories"}
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range 12 {
					in := &segmentationv1.QueryPanelRequest{Rest: true, Filters: []*segmentationv1.PanelFilter{{Filter: &segmentationv1.PanelFilter_Field{
						Field: &segmentationv1.FieldFilter{Field: "attributes.town", Values: []string{"Omsk", "Perm"}}}}}}
					for _, name := range names[:1+(w+i)%len(names)] {
						in.Distributions = append(in.Distributions, &segmentationv1.DistributionQuery{Field: name})
					}
					q, err := panel.Read(in, k.catalog, func(string) bool { return true })
					if err != nil {
						t.Error(err)
						return
					}
					err = k.table.View(t.Context(), q.Fields, func(v *panel.View) error {
						p := v.Answer(q, nil)
						if n := p.Chosen.GetPersons() + p.Rest.GetPersons(); n != v.Persons.Len() || n != 500 || p.Members.Len() != p.Chosen.GetPersons() {
							t.Errorf("%d and %d of %d", p.Chosen.GetPersons(), p.Rest.GetPersons(), v.Persons.Len())
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		for id := int64(1); id < 120; id++ {
			k.mu.Lock()
			k.towns[id] = "Tver"
			k.mu.Unlock()
			k.tell(record.Update(id))
		}
		wg.Wait()
		got, _, _ := k.counts()
		if diff := cmp.Diff(map[string]int64{"Tver": 119 + 127, "Omsk": 127, "Perm": 127}, got); diff != "" {
			t.Error(diff)
		}
	})
}

package purchase

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

func TestPurchasesEarnOnce(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s, feed := open(t, db, plain()), &stream{}
		first := event("purchase", "1", 7, 0, line("a", 3, 155), line("b", 1, 99))
		feed.tell(false, first, event("visit", "2", 7, 1), event("purchase", "3", 0, 2, line("a", 9, 900)))
		feed.tell(true, event("purchase.online", "3", 8, 2, line("a", 9, 900)))
		s.follow(feed, 2)
		feed.tell(false, first)
		feed.tell(true, first)
		s.follow(feed, 100)
		s.has(7, 4) // 4.65 and 0.99
		s.has(8, 81)
		all := s.entries()
		if len(all) != 2 || all[0].GetOrigin().GetOrderId() != "till:1" || all[0].GetOrigin().GetLineId() != "1" || all[0].GetSpent() != 465 {
			t.Errorf("%v", all)
		}
		s.counted()
	})
}

func TestReturnsTakeTheLatest(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s, feed := open(t, db, plain()), &stream{}
		feed.tell(false, event("purchase", "1", 7, 0, line("a", 10, 150)), event("purchase", "2", 7, 5, line("a", 4, 199)),
			event("purchase", "later", 7, 60, line("a", 5, 1000)))
		s.follow(feed, 100)
		s.has(7, 15+7+50)
		// The 4 of the second go, and 2 of the first, of which 8 × 1.50 stay.
		feed.tell(false, event("return", "3", 7, 10, line("a", 6, 150)))
		s.follow(feed, 100)
		s.has(7, 12+0+50)
		// 8 are left that are earlier; 3 find nothing.
		feed.tell(false, event("return", "4", 7, 20, line("a", 11, 150)), event("return", "5", 8, 20, line("a", 1, 150)))
		s.follow(feed, 100)
		s.has(7, 50)
		if diff := cmp.Diff(map[string]int64{"4": 3, "5": 1}, s.unmatched()); diff != "" {
			t.Error(diff)
		}
		// A purchase that was told late has been returned already: its 4, and 7 of the first.
		feed.tell(true, event("purchase", "6", 7, 15, line("a", 4, 300)))
		s.follow(feed, 100)
		s.has(7, 50+1)
		if diff := cmp.Diff(map[string]int64{"5": 1}, s.unmatched()); diff != "" {
			t.Error(diff)
		}
		s.counted()
	})
}

func TestReturnsOfAnOrder(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s, feed := open(t, db, plain()), &stream{}
		feed.tell(false,
			ofOrder("o1", event("purchase", "1", 7, 0, line("a", 2, 500), line("b", 1, 700))), ofOrder("o2", event("purchase", "2", 7, 1, line("a", 2, 600))),
			ofOrder("o1", event("return", "3", 7, 2, line("a", 1, 500))))
		s.follow(feed, 100)
		s.has(7, 5+7+12)
		cancel := ofOrder("o1", event("order.cancelled.shop", "4", 0, 3))
		feed.tell(false, cancel, cancel)
		s.follow(feed, 100)
		s.has(7, 12)
		// A line of it that comes after its end earns nothing.
		feed.tell(false, ofOrder("o1", event("purchase", "5", 7, 0, line("c", 1, 5000))))
		s.follow(feed, 100)
		s.has(7, 12)
		s.counted()
	})
}

// A line without an article is returned by money, a receipt without lines too.
func TestReturnsByMoney(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s, feed := open(t, db, plain()), &stream{}
		receipt := event("purchase", "1", 7, 0)
		receipt.Amount = &commonv1.Money{Currency: "RUB", MinorUnits: 2599}
		tea := line("", 0, 0)
		tea.Category, tea.Amount.MinorUnits = "tea", 1250
		back := event("return", "3", 7, 2)
		back.Amount = &commonv1.Money{Currency: "RUB", MinorUnits: 500}
		half := line("", 0, 0)
		half.Category, half.Amount.MinorUnits = "tea", 600
		feed.tell(false, receipt, event("purchase", "2", 7, 1, tea), back, event("return", "4", 7, 3, half))
		s.follow(feed, 100)
		s.has(7, 20+6)
	})
}

// Points of an order wait for its delivery, whichever is told first.
func TestDelivery(t *testing.T) {
	p := plain()
	p.Lifetime = &loyaltyv1.Lifetime{OnDelivery: true}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s, feed := open(t, db, p), &stream{}
		feed.tell(false, ofOrder("o1", event("purchase", "1", 7, 0, line("a", 2, 500))), ofOrder("o2", event("purchase", "2", 7, 0, line("a", 1, 300))),
			ofOrder("o3", event("order.delivered", "3", 0, 5)))
		s.follow(feed, 100)
		if available, pending, _ := s.points("club", 7); available != 0 || pending != 13 {
			t.Errorf("%d available, %d pending", available, pending)
		}
		feed.tell(false, ofOrder("o1", event("order.delivered", "4", 7, 9)), ofOrder("o3", event("purchase", "5", 7, 1, line("a", 1, 400))))
		s.follow(feed, 100)
		if available, pending, _ := s.points("club", 7); available != 14 || pending != 3 {
			t.Errorf("%d available, %d pending", available, pending)
		}
	})
}

// What one number bought another one of the same person brings back.
func TestReturnsOfAPerson(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s, feed := open(t, db, plain()), &stream{}
		feed.tell(false, event("purchase", "1", 7, 0, line("a", 2, 500)), event("return", "2", 8, 1, line("a", 1, 500)))
		s.follow(feed, 100)
		s.has(7, 10)
		s.people.Merge(8, 7)
		feed.tell(false, event("return", "3", 7, 2, line("a", 1, 500)))
		s.follow(feed, 100)
		s.has(7, 0)
		if diff := cmp.Diff(map[string]int64{}, s.unmatched()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTiersMultiply(t *testing.T) {
	p := plain()
	p.Earning[0].WithTier = true
	p.Tiers = &loyaltyv1.TierRules{Basis: loyaltyv1.TierRules_BASIS_SPENT, Tiers: []*loyaltyv1.Tier{
		{Name: "insider"}, {Name: "vip", Threshold: 35_000, MultiplierBp: 12_500}, {Name: "rouge", Threshold: 100_000, MultiplierBp: 15_000},
	}}
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s, feed := open(t, db, p), &stream{}
		feed.tell(false, event("purchase", "1", 7, 0, line("a", 1, 35_000)), event("purchase", "2", 8, 1, line("a", 1, 65_000)))
		s.follow(feed, 100)
		s.has(7, 350)
		s.people.Merge(8, 7)
		// Together they are at the top; without the first one no more.
		feed.tell(false, event("purchase", "3", 8, 2, line("b", 1, 1_000)), event("return", "4", 8, 3, line("a", 1, 35_000)),
			event("purchase", "5", 8, 4, line("b", 1, 1_000)))
		s.follow(feed, 1)
		// What came back was the one of 65,000, the latest: 36,000 are left.
		s.has(7, 350)
		s.has(8, 15+12)
		s.counted()
	})
}

func TestCapOfTheDay(t *testing.T) {
	p := plain()
	p.Earning[0].CapPerDay = 20
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s, feed := open(t, db, p), &stream{}
		feed.tell(false, event("purchase", "1", 7, 0, line("a", 3, 500)), event("purchase", "2", 7, 1, line("b", 3, 500)),
			event("purchase", "3", 7, 60*24, line("b", 3, 500)))
		s.follow(feed, 1)
		s.has(7, 15+5+15)
		feed.tell(false, event("return", "4", 7, 3, line("a", 3, 500)), event("purchase", "5", 7, 4, line("c", 9, 500)))
		s.follow(feed, 1)
		s.has(7, 0+5+15+15)
	})
}

func TestRulesForSegments(t *testing.T) {
	p := plain()
	p.Earning[0].SegmentId = "loyal"
	db := sqldbtest.Open(t, sqldbtest.SQLite(t))
	s, feed := open(t, db, p), &stream{}
	asked := 0
	s.f.Segments = segmentsOf(&asked, 7)
	feed.tell(false, event("purchase", "1", 7, 0, line("a", 3, 500)), event("purchase", "2", 8, 0, line("a", 3, 500)))
	s.follow(feed, 100)
	s.has(7, 15)
	s.has(8, 0)
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}

package field_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/field"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

const today calendar.Day = 20_000

var catalogue = field.New([]*segmentationv1.Attribute{
	{Name: "city", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT},
	{Name: "children", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER},
	{Name: "vip", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_BOOL},
	{Name: "birthday", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_DATE},
}, []string{"csi"})

// bought is what a person bought: mostly lately, sometimes on a day to come.
func bought(r *rand.Rand) (all []purchase.Purchase) {
	for range r.IntN(12) {
		p := purchase.Purchase{Day: today + 3 - calendar.Day(r.IntN(10)), Return: r.IntN(4) == 0, Amount: r.Int64N(1000)}
		if r.IntN(3) == 0 {
			p.Visit, p.Return, p.Amount = true, false, 0
		}
		switch r.IntN(4) {
		case 0:
			p.Day = today - calendar.Day(r.IntN(800))
		case 1:
			p.Day = today - calendar.Day(r.IntN(100))
		}
		for kind := purchase.Category; kind <= purchase.Occasion && !p.Return && !p.Visit; kind++ {
			if r.IntN(2) == 0 {
				p.Traits = append(p.Traits, purchase.Trait{Kind: kind, Name: string(rune('a' + r.IntN(3)))})
			}
		}
		all = append(all, p)
	}
	return all
}

func person(all []purchase.Purchase) *field.Person {
	h := &purchase.History{}
	for i := range all {
		h.Add(&all[i])
	}
	p := &field.Person{Created: today - 900, Purchases: h}
	if len(all) > 0 && all[0].Amount%2 == 0 {
		p.Scores = map[string]field.Score{"csi": {Value: 4, Day: all[0].Day}}
	}
	return p
}

// recount says by the words of the fields' descriptions what they are.
func recount(all []purchase.Purchase, today calendar.Day) map[string]any {
	out := map[string]any{}
	for _, days := range []int{0, 7, 30, 90, 365} {
		suffix := map[bool]string{true: "", false: fmt.Sprintf("_%dd", days)}[days == 0]
		var count, spent, returns, returned, visits int64
		traits := map[purchase.TraitKind]map[string]bool{1: {}, 2: {}, 3: {}}
		for _, p := range all {
			if p.Day > today || days > 0 && p.Day <= today-calendar.Day(days) {
				continue
			}
			if p.Visit {
				visits++
				continue
			}
			if p.Return {
				returns, returned = returns+1, returned+p.Amount
				continue
			}
			count, spent = count+1, spent+p.Amount
			for _, t := range p.Traits {
				traits[t.Kind][t.Name] = true
			}
		}
		out["visits.count"+suffix] = visits
		out["purchases.count"+suffix], out["purchases.spent"+suffix] = count, spent
		out["returns.count"+suffix], out["returns.spent"+suffix] = returns, returned
		out["purchases.average_check"+suffix] = int64(0)
		if count > 0 {
			out["purchases.average_check"+suffix] = (2*spent + count) / (2 * count)
		}
		for kind, name := range map[purchase.TraitKind][2]string{
			purchase.Category: {"categories", "category_count"}, purchase.Channel: {"channels", "channel_count"}, purchase.Occasion: {"occasions", "occasion_count"},
		} {
			out["purchases."+name[0]+suffix] = slices.Sorted(maps.Keys(traits[kind]))
			out["purchases."+name[1]+suffix] = int64(len(traits[kind]))
		}
	}
	rhythm(out, all, today)
	return out
}

func rhythm(out map[string]any, all []purchase.Purchase, today calendar.Day) {
	weeks := map[calendar.Day]bool{}
	var first, last calendar.Day
	out["visits.last_day"], out["visits.days_since_last"] = int64(0), int64(0)
	for _, p := range all {
		if p.Day > today || p.Return {
			continue
		}
		if p.Visit {
			if last := out["visits.last_day"].(int64); last == 0 || int64(p.Day) > last {
				out["visits.last_day"], out["visits.days_since_last"] = int64(p.Day), int64(today-p.Day)
			}
			continue
		}
		if len(weeks) == 0 || p.Day < first {
			first = p.Day
		}
		if len(weeks) == 0 || p.Day > last {
			last = p.Day
		}
		weeks[calendar.GrainWeek.First(p.Day)] = true
	}
	out["purchases.first_day"], out["purchases.last_day"], out["purchases.days_since_last"] = int64(first), int64(last), int64(0)
	if len(weeks) > 0 {
		out["purchases.days_since_last"] = int64(today - last)
	}
	w := calendar.GrainWeek.First(today)
	if !weeks[w] {
		w -= 7
	}
	row := int64(0)
	for ; weeks[w]; w -= 7 {
		row++
	}
	out["purchases.weeks_in_row"] = row
}

// values are the fields that purchases decide.
func values(v *field.Values) map[string]any {
	out := map[string]any{}
	for _, f := range catalogue.All() {
		if f.Group == field.Purchases || f.Group == field.Visits {
			out[f.Name], _ = v.Get(f)
		}
	}
	return out
}

func TestFieldsEqualARecount(t *testing.T) {
	var reused *field.Values
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		all := bought(r)
		p := person(all)
		if reused == nil {
			reused = catalogue.Values(p, today)
		}
		day := today + calendar.Day(r.IntN(500)-50)
		reused.Reset(p, day)
		for _, v := range []*field.Values{catalogue.Values(p, day), reused} {
			got := values(v)
			for name, x := range got {
				if list, ok := x.([]string); ok && len(list) == 0 {
					got[name] = []string(nil)
				}
			}
			if diff := cmp.Diff(recount(all, day), got); diff != "" {
				t.Fatalf("seed %d, %v: %s", seed, day, diff)
			}
		}
	}
}

// Up to the day before the next change nothing changes, and on that day something does.
func TestNextChangeIsExact(t *testing.T) {
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 2))
		p := person(bought(r))
		// The days since the last purchase change every day: without them there is
		// more to see.
		var all, windows field.Watch
		for _, f := range catalogue.All() {
			all = all.Or(field.WatchOf(f))
			if !f.Counts() {
				windows = windows.Or(field.WatchOf(f))
			}
		}
		check(t, seed, p, all.Next(p, today), func(f *field.Field) bool { return true })
		check(t, seed, p, windows.Next(p, today), func(f *field.Field) bool { return !f.Counts() })
		if all.Next(p, today) != catalogue.NextChange(p, today) {
			t.Fatal(seed)
		}
	}
}

func check(t *testing.T, seed uint64, p *field.Person, next calendar.Day, watched func(*field.Field) bool) {
	t.Helper()
	fields := slices.DeleteFunc(slices.Clone(catalogue.All()), func(f *field.Field) bool { return !watched(f) || !f.Group.Rolls() })
	read := func(day calendar.Day) (all []any) {
		v := catalogue.Values(p, day)
		for _, f := range fields {
			value, _ := v.Get(f)
			all = append(all, value)
		}
		return all
	}
	until := next
	if next == 0 {
		until = today + 1200
	}
	now := read(today)
	for d := today + 1; d < until; d++ {
		if then := read(d); !reflect.DeepEqual(now, then) {
			t.Fatalf("seed %d: next %v, but on %v %s", seed, next, d, cmp.Diff(now, then))
		}
	}
	if next != 0 && (next <= today || reflect.DeepEqual(now, read(next))) {
		t.Fatalf("seed %d: nothing changes on %v", seed, next)
	}
}

// A few fields alone, ages and categories: nothing that is watched changes before.
func TestWatchMissesNothing(t *testing.T) {
	for seed := range uint64(250) {
		r := rand.New(rand.NewPCG(seed, 3))
		p := person(bought(r))
		var fields []*field.Field
		var w field.Watch
		for range 1 + r.IntN(3) {
			f := catalogue.All()[r.IntN(len(catalogue.All()))]
			switch r.IntN(4) {
			case 0:
				f = field.CategoryWeeks(string(rune('a' + r.IntN(3))))
			case 1:
				f = field.CategoryCount("a", []int64{0, 7, 30, 90, 365}[r.IntN(5)])
			}
			fields, w = append(fields, f), w.Or(field.WatchOf(f))
		}
		age := catalogue.Get("purchases.days_since_last")
		if r.IntN(2) == 0 {
			age = catalogue.Get([]string{"visits.days_since_last", "answered_days.csi"}[r.IntN(2)])
		}
		ages := []int64{r.Int64N(40), r.Int64N(400)}
		w = w.Or(field.WatchAge(age, ages...))
		read := func(day calendar.Day) (all []any) {
			v := catalogue.Values(p, day)
			for _, f := range fields {
				value, known := v.Get(f)
				all = append(all, value, known)
			}
			_, known := v.Get(age)
			return append(all, known, v.Integer(age) < ages[0], v.Integer(age) < ages[1])
		}
		next, now := w.Next(p, today), read(today)
		for d := today + 1; d < today+1200 && (next == 0 || d < next); d++ {
			if then := read(d); !reflect.DeepEqual(now, then) {
				t.Fatalf("seed %d: next %v, but on %v %s", seed, next, d, cmp.Diff(now, then))
			}
		}
	}
	if next := (field.Watch{}).Next(person([]purchase.Purchase{{Day: today - 1}, {Day: today + 1}}), today); next != 0 {
		t.Error("nobody looks, and it turns on", next)
	}
}

func TestCategoriesOfOneName(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 4))
		all := bought(r)
		v := catalogue.Values(person(all), today)
		var a []purchase.Purchase
		for _, p := range all {
			if slices.Contains(p.Traits, purchase.Trait{Kind: purchase.Category, Name: "a"}) {
				a = append(a, p)
			}
		}
		want := recount(a, today)
		if got := v.Integer(field.CategoryWeeks("a")); got != want["purchases.weeks_in_row"] {
			t.Fatal(seed, got, want["purchases.weeks_in_row"])
		}
		if got := v.Integer(field.CategoryCount("a", 30)); got != want["purchases.count_30d"] {
			t.Fatal(seed, got, want["purchases.count_30d"])
		}
		if got := v.Integer(field.CategoryCount("a", 0)); got != want["purchases.count"] {
			t.Fatal(seed, got, want["purchases.count"])
		}
	}
	if field.CategoryCount("a", 8) != nil || field.CategoryCount("a", 1<<32+7) != nil {
		t.Error("windows that do not exist")
	}
}

func TestAttributesAreOfTheirTypes(t *testing.T) {
	texts := &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Text{Text: "1970-01-11"}}
	p := &field.Person{Attributes: profile.AttributesOf(map[string]*segmentationv1.AttributeValue{"city": texts, "birthday": texts, "children": texts, "vip": texts})}
	v := catalogue.Values(p, today)
	got := map[string]any{}
	for _, f := range catalogue.All() {
		value, known := v.Lookup(f.Name)
		got[f.Name] = fmt.Sprintf("%v %v", value, known)
	}
	want := map[string]any{}
	for name := range got {
		switch {
		case strings.HasPrefix(name, "purchases.categories"), strings.HasPrefix(name, "purchases.channels"), strings.HasPrefix(name, "purchases.occasions"):
			want[name] = "[] true"
		case strings.HasPrefix(name, "purchases.average"):
			want[name] = "0 false"
		default:
			want[name] = "0 true"
		}
	}
	maps.Copy(want, map[string]any{
		"attributes.city": "1970-01-11 true", "attributes.birthday": "10 true", "attributes.children": "0 false", "attributes.vip": "false false",
		"score.csi": "0 false", "answered_days.csi": "0 false", "visits.last_day": "0 false", "visits.days_since_last": "0 false", "rfm.recency": "0 false", "rfm.frequency": "0 false", "rfm.monetary": "0 false", "customer.numbers": "1 true",
		"purchases.first_day": "0 false", "purchases.last_day": "0 false", "purchases.days_since_last": "0 false",
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if value, known := v.Lookup("nothing"); value != nil || known {
		t.Error(value, known)
	}
}

func TestCatalogue(t *testing.T) {
	all := catalogue.Fields()
	if !slices.IsSortedFunc(all, func(a, b *segmentationv1.Field) int { return strings.Compare(a.GetName(), b.GetName()) }) {
		t.Error("not ordered")
	}
	for _, f := range all {
		rolls := strings.HasSuffix(f.GetName(), "d") && strings.Contains(f.GetName(), "_") || strings.HasSuffix(f.GetName(), "since_last") || strings.HasSuffix(f.GetName(), "weeks_in_row") ||
			strings.HasPrefix(f.GetName(), "answered_days.")
		if f.GetDescription() == "" || f.GetType() == 0 || f.GetRolls() != rolls {
			t.Error(f)
		}
	}
}

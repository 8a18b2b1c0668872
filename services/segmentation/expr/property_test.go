package expr_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/expr"
	"github.com/rapport-cx/rapport/services/segmentation/field"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// writer writes random expressions of the language.
type writer struct{ *rand.Rand }

func (w writer) one(of ...string) string { return of[w.IntN(len(of))] }

func (w writer) truth(depth int) string {
	if depth <= 0 {
		return w.one("true", "false", "attributes.vip", "has(attributes.city)", "has(score.csi)", "has(purchases.days_since_last)", "has(purchases.count)")
	}
	switch w.IntN(10) {
	case 0:
		return fmt.Sprintf("(%s && %s)", w.truth(depth-1), w.truth(depth-1))
	case 1:
		return fmt.Sprintf("%s || %s", w.truth(depth-1), w.truth(depth-1))
	case 2:
		return "!(" + w.truth(depth-1) + ")"
	case 3:
		return fmt.Sprintf("((%s) ? (%s) : %s)", w.truth(depth-1), w.truth(depth-1), w.truth(0))
	case 4:
		return fmt.Sprintf("%s %s %s", w.word(), w.one("==", "!=", "<", "<=", ">", ">="), w.word())
	case 5:
		return w.list()
	case 6:
		return fmt.Sprintf("%s.%s(%s)", w.word(), w.one("contains", "startsWith", "endsWith"), w.word())
	case 7:
		return fmt.Sprintf("purchases.days_since_last %s %d", w.one("==", "!=", "<", "<=", ">", ">="), w.IntN(60))
	}
	return fmt.Sprintf("%s %s %s", w.some(depth), w.one("==", "!=", "<", "<=", ">", ">="), w.some(depth))
}

func (w writer) some(depth int) string {
	if w.IntN(3) == 0 {
		return w.double(depth - 1)
	}
	return w.whole(depth - 1)
}

func (w writer) list() string {
	switch w.IntN(5) {
	case 0:
		return fmt.Sprintf("%s in %s", w.word(), w.texts())
	case 1:
		return fmt.Sprintf("%s.exists(c, c %s %s || %s)", w.texts(), w.one("==", "<", ">"), w.word(), w.truth(0))
	case 2:
		return fmt.Sprintf("%s.all(c, c != %s)", w.texts(), w.word())
	case 3:
		return fmt.Sprintf("%s in [1, 2, day('2024-10-01')]", w.whole(1))
	}
	return fmt.Sprintf("%s in [0.5, 2.0, -1e300]", w.double(1))
}

func (w writer) texts() string {
	return w.one("purchases.categories", "purchases.categories_30d", "purchases.channels_7d", "['a', 'Omsk']", "['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']")
}

func (w writer) word() string { return w.one("attributes.city", "'Omsk'", "''", "'a'", "'b'", "'О'") }

func (w writer) whole(depth int) string {
	if depth <= 0 || w.IntN(3) == 0 {
		return w.one("purchases.count", "purchases.count_7d", "purchases.spent_30d", "purchases.weeks_in_row", "purchases.days_since_last", "rfm.recency",
			"returns.count_90d", "attributes.birthday", "category_count('a', 30)", "category_weeks('a')", "size(purchases.categories_90d)", "attributes.city.size()",
			"0", "1", "-3", "9223372036854775807", "-9223372036854775808", "day('1990-01-01')", "2")
	}
	if w.IntN(6) == 0 {
		return fmt.Sprintf("(%s ? %s : %s)", w.truth(0), w.whole(depth-1), w.whole(depth-1))
	}
	if w.IntN(6) == 0 {
		return "-(" + w.whole(depth-1) + ")"
	}
	return fmt.Sprintf("(%s %s %s)", w.whole(depth-1), w.one("+", "-", "*"), w.whole(depth-1))
}

func (w writer) double(depth int) string {
	if depth <= 0 || w.IntN(3) == 0 {
		return w.one("score.csi", "score.csi.delivery", "attributes.family.children", "0.0", "2.0", "-1e300", "1e308", "0.1", "9223372036854775807.0")
	}
	if w.IntN(6) == 0 {
		return "-(" + w.double(depth-1) + ")"
	}
	return fmt.Sprintf("(%s %s %s)", w.double(depth-1), w.one("+", "-", "*"), w.double(depth-1))
}

func someone(r *rand.Rand) *field.Person {
	h := &purchase.History{}
	for range r.IntN(8) {
		p := purchase.Purchase{Day: today + 1 - calendar.Day(r.IntN(50)), Amount: r.Int64N(5), Return: r.IntN(5) == 0}
		if !p.Return {
			p.Traits = []purchase.Trait{{Kind: purchase.Category, Name: string(rune('a' + r.IntN(2)))}}
		}
		h.Add(&p)
	}
	attributes := map[string]*segmentationv1.AttributeValue{}
	p := &field.Person{Purchases: h, Scores: map[string]field.Score{}}
	if r.IntN(2) == 0 {
		attributes["city"] = &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Text{Text: []string{"Omsk", "Осло", "a"}[r.IntN(3)]}}
		attributes["family.children"] = &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Number{Number: float64(r.IntN(3))}}
	}
	if r.IntN(2) == 0 {
		attributes["vip"] = &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Flag{Flag: r.IntN(2) == 0}}
		attributes["birthday"] = &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Text{Text: "1990-01-01"}}
		p.Scores["csi"] = field.Score{Value: float64(r.IntN(10)) / 2}
		p.RFM = &field.Scores{Recency: int32(r.IntN(5)), Frequency: 1, Monetary: 1}
	}
	p.Attributes = profile.AttributesOf(attributes)
	return p
}

func compile(t testing.TB, text string) *expr.Rule {
	t.Helper()
	r, err := expr.Compile(catalogue, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}

// A rule and its negation split all persons, whatever the rule is; its parts are rules
// themselves; and it does not turn before the day that its watch tells.
func TestNegationSplitsEverybody(t *testing.T) {
	for seed := range uint64(700) {
		r := rand.New(rand.NewPCG(seed, 5))
		text := writer{r}.truth(1 + r.IntN(4))
		if len(text) > 3900 {
			continue
		}
		rule, other := compile(t, text), compile(t, "!("+text+")")
		for range 4 {
			p := someone(r)
			v := catalogue.Values(p, today)
			if rule.Holds(v) == other.Holds(v) {
				t.Fatalf("%s and its negation are both %v", text, rule.Holds(v))
			}
			parts, _ := rule.Explain(v)
			for _, part := range parts {
				if compile(t, part.Text).Holds(v) != part.Holds {
					t.Fatalf("%s: part %s", text, part.Text)
				}
			}
			next := rule.Watch().Next(p, today)
			for d := today + 1; d < today+130 && (next == 0 || d < next); d++ {
				if rule.Holds(catalogue.Values(p, d)) != rule.Holds(v) {
					t.Fatalf("%s turns on %v, told was %v", text, d, next)
				}
			}
		}
	}
}

// Where CEL itself has an answer it is the same.
func TestHoldsAsCELDoes(t *testing.T) {
	env, err := cel.NewEnv(cel.CrossTypeNumericComparisons(true), cel.ClearMacros(), cel.Macros(cel.ExistsMacro, cel.AllMacro),
		cel.Function("day", cel.Overload("day", []*cel.Type{cel.StringType}, cel.IntType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			d, _ := calendar.ParseDay(string(v.(types.String)))
			return types.Int(d)
		}))))
	if err != nil {
		t.Fatal(err)
	}
	answered, failed := 0, 0
	for seed := range uint64(700) {
		r := rand.New(rand.NewPCG(seed, 6))
		text := writer{r}.truth(1 + r.IntN(4))
		if strings.Contains(text, "has(") || strings.Contains(text, "category_") {
			continue // functions that CEL does not have
		}
		tree, issues := env.Parse(text)
		if issues.Err() != nil {
			t.Fatal(text, issues.Err())
		}
		program, err := env.Program(tree)
		if err != nil {
			t.Fatal(text, err)
		}
		rule := compile(t, text)
		for range 4 {
			v := catalogue.Values(someone(r), today)
			read := map[string]any{}
			for _, f := range catalogue.All() {
				read[f.Name], _ = v.Get(f)
			}
			out, _, err := program.Eval(read)
			if err != nil {
				if !strings.Contains(err.Error(), "overflow") {
					t.Fatal(text, err)
				}
				failed++
				continue
			}
			if answered++; out.Value() != rule.Holds(v) {
				t.Fatalf("%s: CEL says %v", text, out.Value())
			}
		}
	}
	if answered < 400 || failed == 0 {
		t.Errorf("%d answers of CEL, %d failures", answered, failed)
	}
}

// Whatever is typed, it is refused or it is total.
func FuzzCompile(f *testing.F) {
	for _, text := range []string{"true", "a.b.c", "has(attributes.city) && x", "purchases.categories.exists(c, c == 'x')", "[1,2][?0]", "{'a': 1}.exists(a, b, true)",
		"day('2026-01-01') in [1]", "\"\\x00\" == ''", "rapport.A{b: 1}", "(((((1)))))", ".attributes.vip", "attributes.`vip`", "category_count('a', 7) > 0", "b'x' == b'x'",
		"purchases.categories.exists(attributes, attributes.vip)", "-9223372036854775808 == -1 * 1", "true // x", "@has(1)", "attributes.?city", "[].all(x, x)"} {
		f.Add(text)
	}
	p := guest()
	f.Fuzz(func(t *testing.T, text string) {
		rule, err := expr.Compile(catalogue, text)
		if err != nil {
			return
		}
		v := catalogue.Values(p, today)
		other, err := expr.Compile(catalogue, "!("+text+"\n)")
		if err != nil {
			if len(text) < 3900 && !strings.Contains(err.Error(), "limit") {
				t.Fatal(text, err)
			}
			return
		}
		if rule.Holds(v) == other.Holds(v) {
			t.Fatal("both")
		}
		parts, _ := rule.Explain(v)
		for _, part := range parts {
			if len(part.Text) > 4000 {
				continue
			}
			if r, err := expr.Compile(catalogue, part.Text); err != nil || r.Holds(v) != part.Holds {
				t.Fatal(part, err)
			}
		}
	})
}

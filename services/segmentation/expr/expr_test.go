package expr_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/segmentation/expr"
	"github.com/rapport-cx/rapport/services/segmentation/field"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

const today calendar.Day = 20_000

func attribute(name string, kind segmentationv1.AttributeType) *segmentationv1.Attribute {
	return &segmentationv1.Attribute{Name: name, Type: kind}
}

var catalogue = field.New([]*segmentationv1.Attribute{
	attribute("city", segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT),
	attribute("family.children", segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER),
	attribute("vip", segmentationv1.AttributeType_ATTRIBUTE_TYPE_BOOL),
	attribute("birthday", segmentationv1.AttributeType_ATTRIBUTE_TYPE_DATE),
	attribute("in", segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT),
}, []string{"csi", "csi.delivery", "2024.nps"})

// guest bought twice and lives in Omsk.
func guest() *field.Person {
	h := &purchase.History{}
	for _, p := range []purchase.Purchase{
		{Day: today - 40, Amount: 100, Traits: []purchase.Trait{{Kind: purchase.Category, Name: "tea"}}},
		{Day: today - 3, Amount: 51, Traits: []purchase.Trait{{Kind: purchase.Category, Name: "toys"}, {Kind: purchase.Channel, Name: "WEB"}}},
		{Day: today, Return: true, Amount: 7},
	} {
		h.Add(&p)
	}
	return &field.Person{
		Created: today - 50, Purchases: h, RFM: &field.Scores{Recency: 5, Frequency: 2, Monetary: 3},
		Attributes: profile.AttributesOf(map[string]*segmentationv1.AttributeValue{
			"city":            {Value: &segmentationv1.AttributeValue_Text{Text: "Omsk"}},
			"family.children": {Value: &segmentationv1.AttributeValue_Number{Number: 2}},
			"birthday":        {Value: &segmentationv1.AttributeValue_Text{Text: "1990-02-28"}},
		}),
		Scores: map[string]field.Score{"csi": {Value: 4.5, Day: today}, "csi.delivery": {Value: 2, Day: today}, "2024.nps": {Value: 9, Day: today}},
	}
}

func TestHolds(t *testing.T) {
	v := catalogue.Values(guest(), today)
	for text, want := range map[string]bool{
		"purchases.count_30d >= 1 && attributes.city == 'Omsk'":       true,
		"purchases.count == 2 && purchases.count_30d == 1":            true,
		"purchases.spent == 151 && purchases.spent_7d == 51":          true,
		"purchases.average_check == 76":                               true,
		"returns.count_7d == 1 && returns.spent == 7":                 true,
		"purchases.days_since_last == 3":                              true,
		"'tea' in purchases.categories":                               true,
		"'tea' in purchases.categories_30d":                           false,
		"purchases.categories.exists(c, c.startsWith('to'))":          true,
		"purchases.categories.all(c, c != 'tea')":                     false,
		"size(purchases.categories) == 2":                             true,
		"purchases.channels_7d.size() == purchases.category_count_7d": true,
		"attributes.family.children > 1":                              true,
		"attributes.family.children == 2":                             true,
		"attributes.family.children in [1, 2]":                        true,
		"attributes.birthday < day('1990-03-01')":                     true,
		"attributes.birthday in [day('1990-02-28')]":                  true,
		"has(attributes.city) && !has(attributes.vip)":                true,
		"attributes.vip":                                                    false,
		"attributes.vip ? false : true":                                     true,
		"attributes.`in` == ''":                                             true,
		"score.csi > score.csi.delivery":                                    true,
		"score.`2024.nps` >= 9":                                             true,
		"rfm.recency + rfm.frequency * 2 - 1 == 8":                          true,
		"-rfm.recency < 0":                                                  true,
		"9223372036854775807 + purchases.count == 9223372036854775807":      true,
		"category_count('toys', 7) == 1 && category_count('tea') == 1":      true,
		"category_weeks('toys') == 1 && category_weeks('tea') == 0":         true,
		"customer.numbers == 1 && customer.created_day > day('2000-01-01')": true,
		"['a', 'b'].exists(x, x == attributes.city)":                        false,
	} {
		r, err := expr.Compile(catalogue, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := r.Holds(v); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"attributes.cty == 'x'":                  "line 1, column 1: there is no field attributes.cty",
		"true &&\n  attributes.city.name == 'x'": "line 2, column 3: there is no field attributes.city.name",
		"attributes.city == 3":                   "line 1, column 17: == does not take (string, int)",
		"purchases.count / 2 > 1":                "line 1, column 17: division can fail: multiply the other side instead",
		"purchases.count % 2 > 1":                "line 1, column 17: the remainder of a division can fail",
		"purchases.categories[0] == ''":          "line 1, column 21: looking up by index can fail: use in, exists or all",
		"int(attributes.city) > 1":               "line 1, column 4: conversions can fail",
		"attributes.city.matches('a*')":          "line 1, column 24: patterns are not part of the language: use contains, startsWith or endsWith",
		"now() > 1":                              "line 1, column 4: the current time is not part of the language: use the fields with windows",
		"purchases.count":                        "line 1, column 1: must give true or false, and gives int",
		"purchases.categories == ['tea']":        "line 1, column 22: == does not take (list(string), list(string))",
		"purchases.categories.map(c, c) == []":   "line 1, column 25: only exists and all walk lists",
		"day(attributes.city) > 1":               "line 1, column 5: day() takes a date that is written out, as in day('2026-03-08')",
		"day('2026-02-30') > 1":                  "line 1, column 5: day() takes a date that is written out, as in day('2026-03-08')",
		"has('x')":                               "line 1, column 5: has() takes a field",
		"attributes.city in [attributes.city]":   "line 1, column 21: a list has values alone that are written out",
		"category_count('tea', 8) > 1":           "line 1, column 15: takes 7, 30, 90 or 365 days",
		"category_weeks(attributes.city) > 1":    "line 1, column 15: takes the name of a category, written out",
		"1u == 1u":                               "line 1, column 1: uint is no value that rules have; segment.rule.expression line 1, column 7: uint is no value that rules have",
		"{} == {}":                               "line 1, column 1: maps and messages are not part of the language; segment.rule.expression line 1, column 7: maps and messages are not part of the language",
		"1 +":                                    "line 1, column 4: more is expected where the expression ends",
		"":                                       "line 1, column 1: more is expected where the expression ends",
		"null == null":                           "line 1, column 1: null_type is no value that rules have; segment.rule.expression line 1, column 9: null_type is no value that rules have",
		"purchases.categories.exists(c, purchases.categories.exists(d, c == d))": "line 1, column 59: exists and all cannot be put into each other",
		"purchases.categories.exists(c, d == '')":                                "line 1, column 32: there is no field d",
		"purchases.categories.exists(c, c.x == '')":                              "line 1, column 32: c has no members",
		"[1].exists(c, c == 1)":                                                  "line 1, column 1: exists and all walk lists of texts, and this is list(int)",
		"foo(1)":                                                                 "line 1, column 4: there is no function foo",
	} {
		r, err := expr.Compile(catalogue, text)
		if err == nil {
			t.Errorf("%s: let in: %v", text, r.Fields())
			continue
		}
		if f := fault.From(err); f.Reason != fault.ReasonInvalid || f.Fields[0].Path != "segment.rule.expression" {
			t.Errorf("%s: %v", text, err)
		}
		if full := "invalid request: segment.rule.expression " + want; err.Error() != full {
			t.Errorf("%s\n got %v\nwant %s", text, err, full)
		}
	}
}

func TestExplain(t *testing.T) {
	r, err := expr.Compile(catalogue, "(attributes.city == 'Omsk' || score.csi >= 4.75) && has(attributes.vip) && purchases.categories.exists(c, c == 'tea') && attributes.birthday > day('1990-01-01')")
	if err != nil {
		t.Fatal(err)
	}
	parts, values := r.Explain(catalogue.Values(guest(), today))
	if diff := cmp.Diff([]expr.Part{
		{Text: `attributes.city == 'Omsk'`, Holds: true}, {Text: "score.csi >= 4.75"}, {Text: "has(attributes.vip)"},
		{Text: `purchases.categories.exists(c, c == 'tea')`, Holds: true}, {Text: `attributes.birthday > day('1990-01-01')`, Holds: true},
	}, parts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{
		"attributes.birthday": "1990-02-28", "attributes.city": "Omsk", "attributes.vip": "not known", "purchases.categories": "tea, toys", "score.csi": "4.5",
	}, values); diff != "" {
		t.Error(diff)
	}
}

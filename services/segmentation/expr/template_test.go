package expr_test

import (
	"strings"
	"testing"

	"github.com/rapport-cx/rapport/services/segmentation/expr"
)

// filled are values for a template; strange ones where a person may type anything.
func filled(t expr.Template, strange string) map[string]string {
	values := map[string]string{}
	for _, p := range t.Parameters {
		values[p.Name] = p.Default
		switch p.Kind {
		case expr.Metric:
			values[p.Name] = "2024.nps"
		case expr.Attribute:
			values[p.Name] = "in"
		case expr.Category, expr.Channel, expr.Occasion, expr.Text:
			values[p.Name] = strange
		}
	}
	return values
}

func TestEveryTemplateIsARule(t *testing.T) {
	seen := map[string]bool{}
	for _, template := range expr.Templates() {
		if seen[template.ID] || template.Titles["ru"] == "" || template.Titles["en"] == "" {
			t.Error(template.ID)
		}
		seen[template.ID] = true
		for _, strange := range []string{"tea", "чай", `"x' || true`, "{days}", "a\\", "line\nbreak", "😀\x01"} {
			text, err := template.Expression(filled(template, strange))
			if err != nil {
				t.Fatal(template.ID, err)
			}
			text = (&expr.Cut{}).Write(text, 5)
			if _, err := expr.Compile(catalogue, text); err != nil {
				t.Errorf("%s: %s: %v", template.ID, text, err)
			}
		}
		for _, p := range template.Parameters {
			values := filled(template, "x")
			values[p.Name] = ""
			if _, err := template.Expression(values); err == nil || !strings.Contains(err.Error(), p.Name) {
				t.Error(template.ID, p.Name, "may be empty")
			}
		}
		if _, err := template.Expression(map[string]string{"more": "1"}); err == nil {
			t.Error(template.ID, "takes anything")
		}
	}
}

// What a person types stays one text: it is found as it was typed.
func TestTypedTextStaysText(t *testing.T) {
	for _, template := range expr.Templates() {
		if template.ID != "attribute" {
			continue
		}
		text, err := template.Expression(map[string]string{"attribute": "city", "value": `x" || true || "`})
		if err != nil {
			t.Fatal(err)
		}
		r, err := expr.Compile(catalogue, text)
		if err != nil || r.Holds(catalogue.Values(guest(), today)) {
			t.Error(text, err)
		}
	}
}

// Fill takes defaults for what is left out, and says under which field something is
// wrong.
func TestFill(t *testing.T) {
	text, cut, err := expr.Fill("sleepers", nil, "at")
	if err != nil || cut != nil || text != "purchases.days_since_last > 90" {
		t.Error(text, cut, err)
	}
	text, cut, err = expr.Fill("top_spenders", map[string]string{"days": "90"}, "at")
	if err != nil || cut == nil || *cut != (expr.Cut{Percent: 10, Days: 90}) || cut.Write(text, 700) != "purchases.spent_90d > 700" {
		t.Error(text, cut, err)
	}
	for id, values := range map[string]map[string]string{
		"at.id": nil, "at.parameters[percent]": {"percent": "51"}, "at.parameters[days]": {"days": "31"}, "at.parameters[more]": {"more": "1"},
	} {
		template := "top_spenders"
		if id == "at.id" {
			template = "nothing"
		}
		if _, _, err := expr.Fill(template, values, "at"); err == nil || !strings.Contains(err.Error(), id) {
			t.Error(id, err)
		}
	}
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// ruling are the ways to say a rule; exactly one is used.
type ruling struct {
	File         string   `flag:"file" help:"YAML file with the segment, or its rule alone"`
	Expression   string   `flag:"expression" help:"expression over fields, such as purchases.count_30d >= 2"`
	Template     string   `flag:"template" help:"id of a ready rule of segment templates"`
	Parameters   []string `flag:"parameter" help:"NAME=VALUE for the template; may be repeated"`
	List         []string `flag:"list" help:"customer numbers"`
	RFM          string   `flag:"rfm" help:"cells of the grid, such as R45F5 or R1"`
	Union        []string `flag:"union" help:"in any of these segments"`
	Intersection []string `flag:"intersection" help:"in all of these segments"`
	Difference   []string `flag:"difference" help:"in the first of these segments and in none of the others"`
}

// segment reads what was said. Without any rule it has none, which changes nothing of
// one that there is.
func (r *ruling) segment() (*segmentationv1.Segment, error) {
	out := &segmentationv1.Segment{}
	said := 0
	for _, way := range []struct {
		given bool
		read  func(*segmentationv1.Segment) error
	}{
		{r.File != "", r.readFile},
		{r.Expression != "", func(s *segmentationv1.Segment) error {
			s.Rule = &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: r.Expression}}
			return nil
		}},
		{r.Template != "", r.readTemplate}, {len(r.List) > 0, r.readList}, {r.RFM != "", r.readCells},
		{len(r.Union) > 0, algebra(segmentationv1.SegmentAlgebra_OPERATION_UNION, r.Union)},
		{len(r.Intersection) > 0, algebra(segmentationv1.SegmentAlgebra_OPERATION_INTERSECTION, r.Intersection)},
		{len(r.Difference) > 0, algebra(segmentationv1.SegmentAlgebra_OPERATION_DIFFERENCE, r.Difference)},
	} {
		if !way.given {
			continue
		}
		said++
		if err := way.read(out); err != nil {
			return nil, err
		}
	}
	if said > 1 {
		return nil, errors.New("one rule at a time: --file, --expression, --template, --list, --rfm, --union, --intersection or --difference")
	}
	return out, nil
}

// whole is a segment that must have a rule.
func (r *ruling) whole() (*segmentationv1.Segment, error) {
	out, err := r.segment()
	if err == nil && out.GetRule() == nil {
		err = errors.New("no rule: use --expression, --template, --rfm, --list, --union, --intersection, --difference or --file")
	}
	return out, err
}

// readFile reads YAML as the contract writes JSON. A misspelt name is an error.
func (r *ruling) readFile(into *segmentationv1.Segment) error {
	text, err := os.ReadFile(r.File)
	if err != nil {
		return err
	}
	var tree map[string]any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return fmt.Errorf("%s: %w", r.File, err)
	}
	as, err := json.Marshal(tree)
	if err != nil {
		return fmt.Errorf("%s: %w", r.File, err)
	}
	if _, whole := tree["rule"]; !whole {
		into.Rule = &segmentationv1.SegmentRule{}
		err = protojson.Unmarshal(as, into.GetRule())
	} else {
		err = protojson.Unmarshal(as, into)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", r.File, err)
	}
	return nil
}

func (r *ruling) readTemplate(into *segmentationv1.Segment) error {
	filled, err := pairs("parameter", r.Parameters)
	into.Rule = &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Template{Template: &segmentationv1.TemplateRule{Id: r.Template, Parameters: filled}}}
	return err
}

func (r *ruling) readList(into *segmentationv1.Segment) error {
	list := &segmentationv1.CustomerList{}
	for _, text := range r.List {
		id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil || id < 1 {
			return fmt.Errorf("--list %q: write customer numbers", text)
		}
		list.Ids = append(list.Ids, id)
	}
	into.Rule = &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_List{List: list}}
	return nil
}

// readCells reads R45F5: letters, each with its scores.
func (r *ruling) readCells(into *segmentationv1.Segment) error {
	out := &segmentationv1.RfmCells{}
	var axis *[]int32
	for _, c := range strings.ToUpper(r.RFM) {
		switch {
		case c == 'R':
			axis = &out.Recency
		case c == 'F':
			axis = &out.Frequency
		case c == 'M':
			axis = &out.Monetary
		case c >= '1' && c <= '5' && axis != nil:
			*axis = append(*axis, c-'0')
		default:
			return fmt.Errorf("--rfm %q: write letters and scores, such as R45F5 or R1", r.RFM)
		}
	}
	into.Rule = &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Rfm{Rfm: out}}
	return nil
}

func algebra(how segmentationv1.SegmentAlgebra_Operation, ids []string) func(*segmentationv1.Segment) error {
	return func(into *segmentationv1.Segment) error {
		into.Rule = &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Algebra{Algebra: &segmentationv1.SegmentAlgebra{Operation: how, SegmentIds: ids}}}
		return nil
	}
}

// ruleText is a rule in one line.
func ruleText(s *segmentationv1.Segment) string {
	switch rule := s.GetRule().GetRule().(type) {
	case *segmentationv1.SegmentRule_List:
		return fmt.Sprintf("list of %d", len(rule.List.GetIds()))
	case *segmentationv1.SegmentRule_Rfm:
		var out strings.Builder
		for _, axis := range []struct {
			letter string
			scores []int32
		}{{"R", rule.Rfm.GetRecency()}, {"F", rule.Rfm.GetFrequency()}, {"M", rule.Rfm.GetMonetary()}} {
			if len(axis.scores) > 0 {
				out.WriteString(axis.letter + strings.Trim(strings.ReplaceAll(fmt.Sprint(axis.scores), " ", ""), "[]"))
			}
		}
		return "RFM " + out.String()
	case *segmentationv1.SegmentRule_Algebra:
		return plainName(rule.Algebra.GetOperation(), "OPERATION_") + " of " + strings.Join(rule.Algebra.GetSegmentIds(), ", ")
	case *segmentationv1.SegmentRule_Template:
		return rule.Template.GetExpression()
	}
	return s.GetRule().GetExpression()
}

package audience

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/timestamppb"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

func (p *Pages) listSections(s *scene) []shell.Section {
	return []shell.Section{{ID: "segments", Place: shell.Top, Title: s.Lang.Segments, Load: func(ctx context.Context) (any, error) {
		return p.loadSegments(ctx, s)
	}}}
}

// segmentRow is a segment in the list.
type segmentRow struct {
	Name, Link, ID, Rule, Members, Share, Moved, Since string
	Archived                                           bool
}

// segmentsData is a page of them.
type segmentsData struct {
	New, CSV    string
	Rows        []segmentRow
	Next, First string
}

// pageRows is how many segments are on a page; of each one a past day is looked at.
const pageRows = 50

// moveDays is over how many days the list tells how members moved.
const moveDays = 7

func (p *Pages) loadSegments(ctx context.Context, s *scene) (any, error) {
	if p.people == nil {
		return nil, absentSegmentation
	}
	list, err := p.people.ListSegments(ctx, &segmentationv1.ListSegmentsRequest{Brand: s.Brand, PageSize: pageRows, PageToken: s.Own.Get("after")})
	if err != nil {
		return nil, err
	}
	all := list.GetSegments()
	before := p.membersOn(ctx, s, all, p.today(s).AddDate(0, 0, -moveDays))
	d := &segmentsData{New: s.to(newPath, "", nil), CSV: s.csv()}
	for i, g := range all {
		d.Rows = append(d.Rows, s.segmentRow(g, before[i]))
	}
	if list.GetNextPageToken() != "" {
		d.Next = s.with("after", list.GetNextPageToken())
	}
	if s.Own.Get("after") != "" {
		d.First = s.with("after")
	}
	return d, nil
}

// membersOn counts members at the end of a day; nil where the present version had
// not begun.
func (p *Pages) membersOn(ctx context.Context, s *scene, all []*segmentationv1.Segment, day time.Time) []*int64 {
	out := make([]*int64, len(all))
	var g errgroup.Group
	g.SetLimit(8)
	for i, one := range all {
		if !one.GetBeganAt().AsTime().Before(day) {
			continue
		}
		g.Go(func() error {
			then, err := p.people.ListMembers(ctx, &segmentationv1.ListMembersRequest{
				Brand: s.Brand, SegmentId: one.GetId(), Day: day.Format(time.DateOnly), PageSize: 1,
			})
			if err == nil { // else it is not told
				n := then.GetMembers()
				out[i] = &n
			}
			return nil
		})
	}
	_ = g.Wait() // nothing fails
	return out
}

func (s *scene) segmentRow(g *segmentationv1.Segment, before *int64) segmentRow {
	r := segmentRow{
		Name: s.segmentName(g), ID: g.GetId(), Link: s.to(segmentsPath, g.GetId(), nil), Rule: s.ruleKind(g.GetRule()),
		Members: s.Lang.Count(g.GetMembers()), Archived: g.GetArchived(), Moved: "–", Since: s.since(g.GetBeganAt()),
	}
	if before != nil {
		r.Moved = s.signed(g.GetMembers() - *before)
	}
	return r
}

// signed writes a change; none is ±0, so that it is seen to be known.
func (s *scene) signed(n int64) string {
	switch {
	case n > 0:
		return "+" + s.Lang.Count(n)
	case n == 0:
		return "±0"
	}
	return s.Lang.Count(n)
}

func (s *scene) since(at *timestamppb.Timestamp) string {
	if !at.IsValid() {
		return "–"
	}
	return s.Lang.Day(at.AsTime().In(s.brand.Location))
}

// instant is a time for a spreadsheet.
func (s *scene) instant(at *timestamppb.Timestamp) string {
	if !at.IsValid() {
		return ""
	}
	return at.AsTime().In(s.brand.Location).Format(time.RFC3339)
}

// ruleKind says in a word how a segment is made.
func (s *scene) ruleKind(r *segmentationv1.SegmentRule) string {
	switch r.GetRule().(type) {
	case *segmentationv1.SegmentRule_List:
		return s.Lang.RuleList
	case *segmentationv1.SegmentRule_Rfm:
		return "RFM"
	case *segmentationv1.SegmentRule_Algebra:
		return s.Lang.RuleAlgebra
	case *segmentationv1.SegmentRule_Template:
		return s.Lang.RuleTemplate
	}
	return s.Lang.RuleExpression
}

// ruleText is the rule as it was written.
func (s *scene) ruleText(r *segmentationv1.SegmentRule) string {
	switch rule := r.GetRule().(type) {
	case *segmentationv1.SegmentRule_List:
		return s.Lang.Persons(int64(len(rule.List.GetIds())))
	case *segmentationv1.SegmentRule_Rfm:
		return cells(rule.Rfm)
	case *segmentationv1.SegmentRule_Algebra:
		glue := map[segmentationv1.SegmentAlgebra_Operation]string{
			segmentationv1.SegmentAlgebra_OPERATION_UNION: " ∪ ", segmentationv1.SegmentAlgebra_OPERATION_INTERSECTION: " ∩ ",
			segmentationv1.SegmentAlgebra_OPERATION_DIFFERENCE: " ∖ ",
		}
		return strings.Join(rule.Algebra.GetSegmentIds(), glue[rule.Algebra.GetOperation()])
	case *segmentationv1.SegmentRule_Template:
		return rule.Template.GetExpression()
	}
	return r.GetExpression()
}

// cells writes which cells of the grid a rule takes.
func cells(c *segmentationv1.RfmCells) string {
	var all []string
	for _, axis := range []struct {
		name   string
		scores []int32
	}{{"R", c.GetRecency()}, {"F", c.GetFrequency()}, {"M", c.GetMonetary()}} {
		if len(axis.scores) > 0 {
			all = append(all, axis.name+strings.Trim(strings.ReplaceAll(fmt.Sprint(axis.scores), " ", ","), "[]"))
		}
	}
	return strings.Join(all, " ")
}

func (p *Pages) segmentsTable(ctx context.Context, s *scene) ([][]string, error) {
	if p.people == nil {
		return nil, absentSegmentation
	}
	list, err := p.people.ListSegments(ctx, &segmentationv1.ListSegmentsRequest{Brand: s.Brand, PageSize: maxListed, PageToken: s.Own.Get("after")})
	if err != nil {
		return nil, err
	}
	out := [][]string{{"segment", "title", "members", "version", "began_at", "rule"}}
	for _, g := range list.GetSegments() {
		out = append(out, []string{
			g.GetId(), s.segmentName(g), whole(g.GetMembers()), whole(int64(g.GetVersion())), s.instant(g.GetBeganAt()), s.ruleText(g.GetRule()),
		})
	}
	return out, nil
}

// toSegment is a segment's page.
func (s *scene) toSegment(id string) string { return s.to(segmentsPath, id, nil) }

// toPanel is the panel of a segment.
func (s *scene) toPanel(own url.Values) string { return s.to(panelPath, "", own) }

// toCustomer is a person's page.
func (s *scene) toCustomer(id int64) string { return s.to("/customers", whole(id), nil) }

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

// defining are the settings of a command that says a segment.
type defining struct {
	Titles []string `flag:"title" help:"LOCALE=TITLE, such as en=Regulars; may be repeated"`
}

func (d *defining) title(s *segmentationv1.Segment) error {
	titles, err := pairs("title", d.Titles)
	if len(titles) > 0 {
		s.Titles = titles
	}
	return err
}

// name gives a segment the id of the command line, which a file must not contradict.
func name(s *segmentationv1.Segment, args []string) error {
	if len(args) > 0 && s.GetId() != "" && s.GetId() != args[0] {
		return fmt.Errorf("the file is of segment %q, the command of %q", s.GetId(), args[0])
	}
	if len(args) > 0 {
		s.Id = args[0]
	}
	if s.GetId() == "" {
		return fmt.Errorf("no id: name the segment on the command line or in the file")
	}
	return nil
}

func createCommand(set *config.Set) *cobra.Command {
	q, rule, own := &inquiry{}, &ruling{}, &defining{}
	cmd := q.command(set, "create [SEGMENT]", "Make a segment and find its members", cobra.MaximumNArgs(1), own, scoring,
		func(ctx context.Context, args []string) (answer, error) {
			s, err := rule.whole()
			if err == nil {
				err = cmp.Or(name(s, args), own.title(s))
			}
			if err != nil {
				return answer{}, err
			}
			got, err := q.people.CreateSegment(ctx, &segmentationv1.CreateSegmentRequest{Brand: q.Brand, Segment: s})
			return answer{got, func(w io.Writer) { writeSegment(w, got.GetSegment()) }}, err
		})
	bind(set, cmd, rule)
	return cmd
}

func updateCommand(set *config.Set) *cobra.Command {
	q, rule, own := &inquiry{}, &ruling{}, &defining{}
	cmd := q.command(set, "update [SEGMENT]", "Give a segment another rule or title", cobra.MaximumNArgs(1), own, scoring,
		func(ctx context.Context, args []string) (answer, error) {
			s, err := rule.segment()
			if err == nil {
				err = cmp.Or(name(s, args), own.title(s))
			}
			if err != nil {
				return answer{}, err
			}
			if err := q.complete(ctx, s); err != nil {
				return answer{}, err
			}
			got, err := q.people.UpdateSegment(ctx, &segmentationv1.UpdateSegmentRequest{Brand: q.Brand, Segment: s})
			return answer{got, func(w io.Writer) { writeSegment(w, got.GetSegment()) }}, err
		})
	bind(set, cmd, rule)
	return cmd
}

// complete fills what was not said with what there is.
func (q *inquiry) complete(ctx context.Context, s *segmentationv1.Segment) error {
	now, err := q.people.GetSegment(ctx, &segmentationv1.GetSegmentRequest{Brand: q.Brand, SegmentId: s.GetId()})
	if err != nil {
		return err
	}
	if s.GetRule() == nil {
		s.Rule = now.GetSegment().GetRule()
		if t := s.GetRule().GetTemplate(); t != nil {
			t.Expression = "" // it is the service's to fill in
		}
	}
	if len(s.GetTitles()) == 0 {
		s.Titles = now.GetSegment().GetTitles()
	}
	s.Version = now.GetSegment().GetVersion() // somebody else may be faster: then it is refused
	return nil
}

func previewCommand(set *config.Set) *cobra.Command {
	q, rule, own := &inquiry{}, &ruling{}, &struct {
		Sample int `flag:"sample" default:"10" help:"how many members to show, at most 100"`
	}{}
	cmd := q.command(set, "preview", "Count whom a rule would have, and save nothing", cobra.NoArgs, own, scoring,
		func(ctx context.Context, _ []string) (answer, error) {
			s, err := rule.whole()
			if err != nil {
				return answer{}, err
			}
			got, err := q.people.PreviewSegment(ctx, &segmentationv1.PreviewSegmentRequest{Brand: q.Brand, Rule: s.GetRule(), Sample: int32(own.Sample)})
			return answer{got, func(w io.Writer) {
				line(w, "members", got.GetMembers())
				line(w, "persons", got.GetPersons())
				for _, id := range got.GetSampleIds() {
					line(w, "", id)
				}
			}}, err
		})
	bind(set, cmd, rule)
	return cmd
}

func archiveCommand(set *config.Set) *cobra.Command {
	q := &inquiry{}
	return q.command(set, "archive SEGMENT", "End a segment; its past stays", cobra.ExactArgs(1), &struct{}{}, alone,
		func(ctx context.Context, args []string) (answer, error) {
			got, err := q.people.ArchiveSegment(ctx, &segmentationv1.ArchiveSegmentRequest{Brand: q.Brand, SegmentId: args[0]})
			return answer{got, func(w io.Writer) { writeSegment(w, got.GetSegment()) }}, err
		})
}

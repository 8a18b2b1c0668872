package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

func segmentCommand(set *config.Set) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "segment",
		Short: "Define segments, and ask who is in them, why, and what they are worth",
		Long: `Define segments, and ask who is in them, why, and what they are worth.

A rule is an expression over the fields of "segment fields", a ready rule of
"segment templates", cells of the RFM grid, a list of customers, or other segments
put together; or a YAML file that holds the segment as the contract has it:

    id: toddlers
    titles: {en: Parents of toddlers}
    rule: {expression: 'attributes.family.youngest == "toddler"'}`,
	}
	cmd.AddCommand(
		fieldsCommand(set), templatesCommand(set), createCommand(set), updateCommand(set), listCommand(set), showCommand(set),
		previewCommand(set), archiveCommand(set), membersCommand(set), explainCommand(set), watchCommand(set),
		sampleCommand(set), compareCommand(set), valueCommand(set), panelCommand(set),
	)
	return cmd
}

func fieldsCommand(set *config.Set) *cobra.Command {
	q := &inquiry{}
	return q.command(set, "fields", "List what expressions and the panel can read", cobra.NoArgs, &struct{}{}, scoring,
		func(ctx context.Context, _ []string) (answer, error) {
			got, err := q.people.ListFields(ctx, &segmentationv1.ListFieldsRequest{Brand: q.Brand})
			return answer{got, func(w io.Writer) {
				for _, f := range got.GetFields() {
					line(w, f.GetName(), plainName(f.GetType(), "FIELD_TYPE_"), f.GetDescription())
				}
			}}, err
		})
}

func templatesCommand(set *config.Set) *cobra.Command {
	q := &inquiry{}
	return q.command(set, "templates", "List the ready rules and what they ask for", cobra.NoArgs, &struct{}{}, alone,
		func(ctx context.Context, _ []string) (answer, error) {
			got, err := q.people.ListSegmentTemplates(ctx, &segmentationv1.ListSegmentTemplatesRequest{Brand: q.Brand})
			return answer{got, func(w io.Writer) {
				for _, t := range got.GetTemplates() {
					var asked []string
					for _, p := range t.GetParameters() {
						asked = append(asked, p.GetName()+"="+p.GetDefaultValue())
					}
					line(w, t.GetId(), strings.Join(asked, " "), t.GetTitles()["en"])
				}
			}}, err
		})
}

func listCommand(set *config.Set) *cobra.Command {
	q, own := &inquiry{}, &struct {
		Archived bool `flag:"archived" help:"archived ones too"`
	}{}
	return q.command(set, "list", "List the segments with their members", cobra.NoArgs, own, alone,
		func(ctx context.Context, _ []string) (answer, error) {
			all := &segmentationv1.ListSegmentsResponse{}
			for token := ""; ; {
				got, err := q.people.ListSegments(ctx, &segmentationv1.ListSegmentsRequest{Brand: q.Brand, Archived: own.Archived, PageSize: 1000, PageToken: token})
				if err != nil {
					return answer{}, err
				}
				all.Segments = append(all.Segments, got.GetSegments()...)
				if token = got.GetNextPageToken(); token == "" {
					break
				}
			}
			return answer{all, func(w io.Writer) {
				line(w, "segment", "members", "version", "rule")
				for _, s := range all.GetSegments() {
					line(w, s.GetId(), s.GetMembers(), s.GetVersion(), ruleText(s))
				}
			}}, nil
		})
}

func showCommand(set *config.Set) *cobra.Command {
	q := &inquiry{}
	return q.command(set, "show SEGMENT", "Show a segment", cobra.ExactArgs(1), &struct{}{}, alone,
		func(ctx context.Context, args []string) (answer, error) {
			got, err := q.people.GetSegment(ctx, &segmentationv1.GetSegmentRequest{Brand: q.Brand, SegmentId: args[0]})
			return answer{got, func(w io.Writer) {
				writeSegment(w, got.GetSegment())
				line(w, "as of", got.GetAsOf().AsTime().Local().Format("2006-01-02 15:04:05"))
				line(w, "rolled to", got.GetRolledTo())
			}}, err
		})
}

func writeSegment(w io.Writer, s *segmentationv1.Segment) {
	line(w, "segment", s.GetId())
	for _, locale := range []string{"en", "ru"} {
		if t := s.GetTitles()[locale]; t != "" {
			line(w, "title "+locale, t)
		}
	}
	line(w, "rule", ruleText(s))
	line(w, "version", s.GetVersion())
	line(w, "members", s.GetMembers())
	if s.GetArchived() {
		line(w, "archived", "yes")
	}
}

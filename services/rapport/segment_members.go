package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

func membersCommand(set *config.Set) *cobra.Command {
	q, own := &inquiry{}, &struct {
		Day   string `flag:"day" help:"as of the end of this day, YYYY-MM-DD; empty: now"`
		Limit int    `flag:"limit" default:"0" help:"how many to list; 0: all"`
	}{}
	return q.command(set, "members SEGMENT", "List who is in a segment, or was at the end of a day", cobra.ExactArgs(1), own, alone,
		func(ctx context.Context, args []string) (answer, error) {
			all := &segmentationv1.ListMembersResponse{}
			for token := ""; ; {
				size := 10_000
				if own.Limit > 0 {
					size = min(size, own.Limit-len(all.GetIds()))
				}
				got, err := q.people.ListMembers(ctx, &segmentationv1.ListMembersRequest{
					Brand: q.Brand, SegmentId: args[0], Day: own.Day, PageSize: int32(size), PageToken: token,
				})
				if err != nil {
					return answer{}, err
				}
				all.Members, all.Ids = got.GetMembers(), append(all.Ids, got.GetIds()...)
				if token = got.GetNextPageToken(); token == "" || own.Limit > 0 && len(all.GetIds()) >= own.Limit {
					break
				}
			}
			return answer{all, func(w io.Writer) {
				for _, id := range all.GetIds() {
					line(w, id)
				}
			}}, nil
		})
}

func explainCommand(set *config.Set) *cobra.Command {
	q := &inquiry{}
	return q.command(set, "explain SEGMENT CUSTOMER", "Say why a customer is in a segment, or is not", cobra.ExactArgs(2), &struct{}{}, alone,
		func(ctx context.Context, args []string) (answer, error) {
			id, err := strconv.ParseInt(args[1], 10, 64)
			if err != nil {
				return answer{}, fmt.Errorf("customer %q: write a number", args[1])
			}
			got, err := q.people.ExplainMembership(ctx, &segmentationv1.ExplainMembershipRequest{Brand: q.Brand, SegmentId: args[0], CustomerId: id})
			return answer{got, func(w io.Writer) { writeWhy(w, got) }}, err
		})
}

func writeWhy(w io.Writer, got *segmentationv1.ExplainMembershipResponse) {
	line(w, "member", yes(got.GetMember()))
	if got.GetSince().IsValid() {
		line(w, "since", got.GetSince().AsTime().Local().Format("2006-01-02 15:04:05"))
	}
	for _, p := range got.GetParts() {
		line(w, "  "+p.GetText(), yes(p.GetHolds()))
	}
	for _, name := range slices.Sorted(maps.Keys(got.GetValues())) {
		line(w, name, got.GetValues()[name])
	}
}

func yes(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}

// watching are the settings of segment watch.
type watching struct {
	After string `flag:"after" help:"SEQ:COMMIT to go on behind, as the last line told; empty: from the beginning"`
	Stop  int    `flag:"stop-after" default:"0" help:"end after so many changes; 0: never"`
}

func watchCommand(set *config.Set) *cobra.Command {
	q, own := &inquiry{}, &watching{}
	cmd := &cobra.Command{
		Use: "watch [SEGMENT …]", Short: "Tell who enters and who leaves, as it happens",
		RunE: func(cmd *cobra.Command, args []string) error {
			after, err := own.cursor()
			if err != nil {
				return err
			}
			return q.connected(cmd.Context(), alone, func() error { return q.watch(cmd, args, after, own.Stop) })
		},
	}
	bind(set, cmd, own, q, &q.reach, &q.printing)
	return cmd
}

func (o *watching) cursor() (*commonv1.Cursor, error) {
	if o.After == "" {
		return nil, nil
	}
	c := &commonv1.Cursor{}
	if _, err := fmt.Sscanf(o.After, "%d:%d", &c.Seq, &c.CommitId); err != nil {
		return nil, fmt.Errorf("--after %q: write SEQ:COMMIT", o.After)
	}
	return c, nil
}

// watch prints changes until it is interrupted: with --json a message a line.
func (q *inquiry) watch(cmd *cobra.Command, ids []string, after *commonv1.Cursor, stop int) error {
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	stream, err := q.people.WatchMemberships(ctx, &segmentationv1.WatchMembershipsRequest{Brand: q.Brand, SegmentIds: ids, After: after})
	if err != nil {
		return err
	}
	for seen := 0; stop == 0 || seen < stop; {
		got, err := stream.Recv()
		if errors.Is(err, io.EOF) || cmd.Context().Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		seen += len(got.GetChanges())
		if err := q.tell(cmd.OutOrStdout(), got); err != nil {
			return err
		}
	}
	return nil
}

func (q *inquiry) tell(w io.Writer, got *segmentationv1.WatchMembershipsResponse) error {
	if len(got.GetChanges()) == 0 {
		return nil
	}
	if q.JSON {
		return json.NewEncoder(w).Encode(answer{Message: got})
	}
	for _, c := range got.GetChanges() {
		_, err := fmt.Fprintf(w, "%s  %s  version %d  +%d −%d  (%d:%d)\n", c.GetDay(), c.GetSegmentId(), c.GetVersion(),
			len(c.GetEntered()), len(c.GetLeft()), got.GetCursor().GetSeq(), got.GetCursor().GetCommitId())
		if err != nil {
			return err
		}
	}
	return nil
}

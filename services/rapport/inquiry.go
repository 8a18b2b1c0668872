package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

// inquiry are the settings of a command that asks Segmentation.
type inquiry struct {
	reach
	printing
	Brand string `flag:"brand" default:"demo" help:"the brand"`

	people segmentationv1.SegmentationServiceClient
}

// answer is what a command has to tell: to a program the whole message, to a person
// what text writes, tabs between columns.
type answer struct {
	proto.Message
	text func(w io.Writer)
}

// MarshalJSON is the message as the gateway tells it: zeros and empty lists are
// spelt out, and what is absent is left out.
func (a answer) MarshalJSON() ([]byte, error) {
	return protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(a.Message)
}

// command is one that asks and prints. Settings of its own are in own.
func (q *inquiry) command(set *config.Set, use, short string, args cobra.PositionalArgs, own any, needed []string,
	ask func(ctx context.Context, args []string) (answer, error)) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
		return q.connected(cmd.Context(), needed, func() error {
			a, err := ask(cmd.Context(), args)
			if err != nil {
				return err
			}
			return q.print(cmd.OutOrStdout(), a, func(w io.Writer) error {
				table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
				a.text(table)
				return table.Flush()
			})
		})
	}}
	bind(set, cmd, own, q, &q.reach, &q.printing)
	return cmd
}

// connected does something while the services are there.
func (q *inquiry) connected(ctx context.Context, needed []string, do func() error) (err error) {
	conn, hangUp, err := q.dial(ctx, needed...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hangUp()) }()
	q.people = segmentationv1.NewSegmentationServiceClient(conn)
	return do()
}

// The services that commands need: scores are Survey's.
var (
	alone   = []string{"segmentation"}
	scoring = []string{"segmentation", "survey"}
)

// line writes one row of a table.
func line(w io.Writer, cells ...any) {
	for i, c := range cells {
		if i > 0 {
			fmt.Fprint(w, "\t")
		}
		fmt.Fprint(w, c)
	}
	fmt.Fprintln(w)
}

// maybe writes a number that may be absent.
func maybe(v *float64, decimals int) string {
	if v == nil {
		return "–"
	}
	return strconv.FormatFloat(*v, 'f', decimals, 64)
}

// money writes minor units that may be absent as they are kept: a command line knows
// no currency.
func money(v *float64) string { return maybe(v, 0) }

// plainName is the value of an enum without its prefix, in small letters.
func plainName(name fmt.Stringer, prefix string) string {
	return strings.ToLower(strings.TrimPrefix(name.String(), prefix))
}

// pairs reads NAME=VALUE settings.
func pairs(flag string, all []string) (map[string]string, error) {
	out := map[string]string{}
	for _, one := range all {
		name, value, ok := strings.Cut(one, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--%s %q: write NAME=VALUE", flag, one)
		}
		out[name] = value
	}
	return out, nil
}

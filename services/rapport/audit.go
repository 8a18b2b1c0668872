package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rapport-cx/rapport/internal/config"
)

// looking says which records of an audit log are wanted; all that is given must hold.
type looking struct {
	printing
	Who      string `flag:"who" help:"only of callers whose name has this in it"`
	Method   string `flag:"method" help:"only of RPCs whose name has this in it, such as GetCustomer"`
	Brand    string `flag:"of" help:"only of this brand"`
	Customer int64  `flag:"customer" help:"only where this customer was read of; 0: any"`
	Since    string `flag:"since" help:"only from this day (UTC) or moment on, YYYY-MM-DD or RFC 3339; empty: all"`
}

func auditCommand(set *config.Set) *cobra.Command {
	l := &looking{}
	cmd := &cobra.Command{
		Use:   "audit FILE...",
		Short: "Tell who read personal data",
		Long: `Tell who read personal data: when, who, by which RPC, with what outcome, of which brand
and customers. FILE is what servers wrote by --audit, or their log, where that was
empty; - is standard input. Each process writes a file of its own: name them all.

A stream is recorded when it opens (OPEN), after every ten thousand customers (GOES_ON),
and when it ends.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			found, err := l.find(files)
			if err != nil {
				return err
			}
			return l.print(cmd.OutOrStdout(), found, func(w io.Writer) error { return tell(w, found) })
		},
	}
	bind(set, cmd, l, &l.printing)
	return cmd
}

// audited is one record.
type audited struct {
	Time      time.Time `json:"time"`
	Kind      string    `json:"kind"`
	Who       string    `json:"who"`
	Method    string    `json:"method"`
	Brand     string    `json:"brand"`
	Code      string    `json:"code"`
	Customers []int64   `json:"customers"`
}

// find reads the files and sorts what is wanted by time.
func (l *looking) find(files []string) ([]audited, error) {
	since, err := moment(l.Since)
	if err != nil {
		return nil, fmt.Errorf("--since: %w", err)
	}
	out := []audited{}
	for _, name := range files {
		in := io.Reader(os.Stdin)
		if name != "-" {
			f, err := os.Open(name)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			in = f
		}
		if out, err = l.read(in, since, out); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	slices.SortStableFunc(out, func(a, b audited) int { return a.Time.Compare(b.Time) })
	return out, nil
}

// read passes over lines that are no records: they may stand in a log with others.
func (l *looking) read(in io.Reader, since time.Time, into []audited) ([]audited, error) {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		var a audited
		if json.Unmarshal(line, &a) == nil && a.Kind == "audit" && l.wants(&a, since) {
			into = append(into, a)
		}
		if err == io.EOF {
			return into, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (l *looking) wants(a *audited, since time.Time) bool {
	return strings.Contains(a.Who, l.Who) && strings.Contains(a.Method, l.Method) && (l.Brand == "" || a.Brand == l.Brand) &&
		!a.Time.Before(since) && (l.Customer == 0 || slices.Contains(a.Customers, l.Customer))
}

// moment reads a day or a moment; empty is the beginning of time.
func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}
	return time.Parse(time.RFC3339, text)
}

// tell writes a line each.
func tell(w io.Writer, found []audited) error {
	for _, a := range found {
		customers := "-"
		if n := len(a.Customers); n > 20 {
			customers = fmt.Sprintf("%s and %d more", joined(a.Customers[:20]), n-20)
		} else if n > 0 {
			customers = joined(a.Customers)
		}
		if _, err := fmt.Fprintf(w, "%s  %s  %s  %s  %s  %s\n", a.Time.UTC().Format(time.RFC3339), a.Who, a.Method, a.Code, a.Brand, customers); err != nil {
			return err
		}
	}
	return nil
}

func joined(ids []int64) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = fmt.Sprint(id)
	}
	return strings.Join(out, ",")
}
